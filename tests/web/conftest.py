"""The cast of the pages: the same as the API's, each with a browser of their own."""

import pytest
from django.test import Client

from accounts.models import Membership
from tests.api.conftest import (  # noqa: F401 - fixtures
    _fresh_limits,
    acme,
    adam,
    alice,
    alices_monitor,
    bob,
    charlie,
    incident,
    vera,
)


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
