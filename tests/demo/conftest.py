"""The demo, filled once for the tests of a file; what a test does to it is undone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from heartbeet.demo import company, fill
from heartbeet.demo.fill import Filled
from heartbeet.demo.habits import period
from heartbeet.demo.plan import Company, Job
from tests.factories import NOON

RARE = timedelta(hours=3)


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[Filled]:
    """The whole company in a transaction of its own, around those of the tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        owner = User.objects.create_user("rosa@turnip.example", "correct horse battery")
        made = fill.fill(company.TURNIP_AND_SONS, owner=owner, seed=1, now=NOON)
        with django_db_blocker.block():
            yield made
        transaction.set_rollback(True)


@pytest.fixture
def filled(built: Filled, db: None) -> Filled:
    return built


@pytest.fixture
def small() -> Company:
    """A company that is filled in a moment: those of its jobs that ping a few times a day."""
    everything = company.TURNIP_AND_SONS
    return replace(everything, jobs=[job for job in everything.jobs if is_rare(job)])


def is_rare(job: Job) -> bool:
    if job.is_beet or not job.is_pinged:
        return job.habit.events_per_day < 50
    return period(job) >= RARE
