"""The two houses, built once for the tests of a file; what a test does to them is undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction

from tests.tenancy import houses
from tests.tenancy.houses import House


@dataclass(frozen=True)
class Street:
    """Everyone who asks for something: `tokens` is what each column of the API's tables sends."""

    acme: House
    elsewhere: House
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[Street]:
    """The houses in a transaction of their own, around those of the tests."""
    with django_db_blocker.unblock(), undone():
        street = _build()
        with django_db_blocker.block():
            yield street


@pytest.fixture
def street(built: Street, db: None) -> Street:
    return built


@pytest.fixture
def acme(street: Street) -> House:
    """The house whose ids everybody asks for."""
    return street.acme


@pytest.fixture
def elsewhere(street: Street) -> House:
    """The house of `other`."""
    return street.elsewhere


@pytest.fixture
def tokens(street: Street) -> dict[str, str]:
    """What each column sends."""
    return street.tokens


def _build() -> Street:
    acme, elsewhere = houses.build("canary"), houses.build("sparrow")
    owner = acme.members["owner"]
    tokens = {
        "nobody": "",
        "expired": houses.expired(owner),
        "revoked": houses.revoked(owner),
        "scope": houses.token(owner, houses.UNRELATED),
        **{role: houses.token(member) for role, member in acme.members.items()},
        "other": houses.token(elsewhere.members["owner"]),
    }
    return Street(acme, elsewhere, tokens)


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves no trace, so that the next who asks finds the house as it was built."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
