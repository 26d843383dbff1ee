"""The two houses."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from tests.tenancy import houses
from tests.tenancy.houses import House


@pytest.fixture
def acme(db: None) -> House:
    """The house whose ids everybody asks for."""
    return houses.build("canary")


@pytest.fixture
def elsewhere(db: None) -> House:
    """The house of `other`."""
    return houses.build("sparrow")


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves no trace, so that the next who asks finds the house as it was built."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
