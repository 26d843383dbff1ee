"""The two houses, built once for the tests of a file; what a test does to them is undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction

from tests.accounts.authenticator import SITE
from tests.tenancy import houses
from tests.tenancy.houses import House


@dataclass(frozen=True)
class Street:
    """Everyone who asks for something: the access tokens that the columns of the API's tables send, and the keys of the
    sessions that those of the pages' have; '' for nobody."""

    acme: House
    elsewhere: House
    tokens: dict[str, str]
    sessions: dict[str, str]


@pytest.fixture(autouse=True)
def _at_localhost(settings: Any) -> None:
    """Where passkeys are possible."""
    settings.HEARTBEET_SITE_URL = SITE


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


def _build() -> Street:
    acme, elsewhere = houses.build("goldfinch"), houses.build("sparrow")
    return Street(acme, elsewhere, _tokens(acme, elsewhere), _sessions(acme, elsewhere))


def _tokens(acme: House, elsewhere: House) -> dict[str, str]:
    owner = acme.members["owner"]
    return {
        "nobody": "",
        "expired": houses.expired(owner),
        "revoked": houses.revoked(owner),
        "scope": houses.token(owner, houses.UNRELATED),
        **{role: houses.token(member) for role, member in acme.members.items()},
        "other": houses.token(elsewhere.members["owner"]),
    }


def _sessions(acme: House, elsewhere: House) -> dict[str, str]:
    return {
        "nobody": "",
        "stale": houses.session(acme.members["admin"], recent=False),
        **{role: houses.session(member) for role, member in acme.members.items()},
        "other": houses.session(elsewhere.members["owner"]),
    }


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves no trace, so that the next who asks finds the house as it was built."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
