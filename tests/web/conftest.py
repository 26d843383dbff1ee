"""The cast of the pages: the same as the API's, each with a browser of their own."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership
from tests.api.conftest import (  # noqa: F401 - fixtures
    acme,
    adam,
    alice,
    alices_monitor,
    bob,
    charlie,
    incident,
    vera,
)


@pytest.fixture(autouse=True)
def _own_limits(settings: Any) -> None:
    """Limits are counted per test: the cache, a Redis in one of the two runs, is shared."""
    settings.RATELIMIT_CACHE_PREFIX = f"{uuid4()}:"


def sign_in(membership: Membership) -> Client:
    """A browser in which this member is signed in."""
    browser = Client()
    browser.force_login(membership.user)
    return browser


@pytest.fixture
def owner(alice: Membership) -> Client:  # noqa: F811
    return sign_in(alice)


@pytest.fixture
def viewer(vera: Membership) -> Client:  # noqa: F811
    return sign_in(vera)


@pytest.fixture
def outsider(charlie: Membership) -> Client:  # noqa: F811
    return sign_in(charlie)
