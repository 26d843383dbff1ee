"""The demo, filled once for the tests of a file; what a test does to it is undone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from heartbeet.demo import fill
from heartbeet.demo.fill import Filled
from tests.demo.shorter import COMPANY
from tests.factories import NOON


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[Filled]:
    """All 40 monitors, in a transaction of their own around those of the tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        owner = User.objects.create_user("rosa@turnip.example", "correct horse battery")
        made = fill.fill(COMPANY, owner=owner, seed=1, now=NOON)
        with django_db_blocker.block():
            yield made
        transaction.set_rollback(True)


@pytest.fixture
def filled(built: Filled, db: None) -> Filled:
    return built
