"""Browsers of the cast (`tests/conftest.py`)."""

import re

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import hashers
from django.core.mail import EmailMessage
from django.test import Client

from accounts.models import Membership, User
from heartbeet.lib import clock


def sign_in(membership: Membership, *, recent: bool = True) -> Client:
    """A browser in which this member is signed in: since just now, or for so long that dangerous pages ask again."""
    browser = Client()
    browser.force_login(membership.user)
    if recent:
        prove(browser, membership.user)
    return browser


def prove(browser: Client, user: User) -> None:
    """As if this person, who is signed in there, had just given their password."""
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": clock.now().timestamp()}]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.id)
    session.save()


def link_in(letter: EmailMessage) -> str:
    """The path of the first link in a letter that leads to us."""
    found = re.search(rf"{re.escape(settings.HEARTBEET_SITE_URL)}(/\S+)", str(letter.body))
    assert found, letter.body
    return found[1]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with every password that is hashed."""
    salts: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def count(hasher: hashers.MD5PasswordHasher, password: str, salt: str) -> str:
        salts.append(salt)
        return encode(hasher, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", count)
    return salts


@pytest.fixture
def owner(alice: Membership) -> Client:
    return sign_in(alice)


@pytest.fixture
def viewer(vera: Membership) -> Client:
    return sign_in(vera)


@pytest.fixture
def outsider(charlie: Membership) -> Client:
    return sign_in(charlie)
