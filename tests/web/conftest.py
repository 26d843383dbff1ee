"""Browsers of the cast (`tests/conftest.py`)."""

import pytest
from django.test import Client

from accounts.models import Membership


def sign_in(membership: Membership) -> Client:
    """A browser in which this member is signed in."""
    browser = Client()
    browser.force_login(membership.user)
    return browser


@pytest.fixture
def owner(alice: Membership) -> Client:
    return sign_in(alice)


@pytest.fixture
def viewer(vera: Membership) -> Client:
    return sign_in(vera)


@pytest.fixture
def outsider(charlie: Membership) -> Client:
    return sign_in(charlie)
