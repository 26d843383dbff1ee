"""No page and no letter that django-allauth can show is its own: those have another voice, and inline styles."""

import re
from pathlib import Path
from typing import Any

import allauth
import pytest
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Membership

pytestmark = pytest.mark.django_db

OURS = Path(settings.BASE_DIR / "templates")
THEIRS = Path(allauth.__file__).parent / "templates"
UNREACHABLE = re.compile(
    r"code|phone|passkey|email\.html|snippets/|base_|logout\.html|verified_email_required|login_by"
)
"""Pages of features that are off: codes by e-mail, phones, several addresses; and the layouts of their pages."""


def is_ours(name: str) -> bool:
    """Whether the template that is found by this name is in our own folder."""
    found: Any = get_template(name)
    return Path(found.origin.name).is_relative_to(OURS)


def _views(patterns: list[URLPattern | URLResolver]) -> list[URLPattern]:
    found = []
    for pattern in patterns:
        found += _views(pattern.url_patterns) if isinstance(pattern, URLResolver) else [pattern]
    return found


def _names() -> list[str]:
    pages = [path for path in THEIRS.glob("account/**/*") if path.is_file()]
    names = sorted(path.relative_to(THEIRS).as_posix() for path in pages)
    return [name for name in names if not UNREACHABLE.search(name) and "email_confirm_" not in name]


@pytest.mark.parametrize("name", _names())
def test_a_page_or_letter_of_theirs_is_ours(name: str) -> None:
    assert is_ours(name)


def test_every_view_of_theirs_shows_our_template() -> None:
    classes = [getattr(pattern.callback, "view_class", None) for pattern in _views(get_resolver().url_patterns)]
    names = {view.template_name for view in classes if view and any("allauth" in str(base) for base in view.__mro__)}

    foreign = [name for name in names if not is_ours(name)]

    assert len(names) > 10
    assert set(foreign) <= {"account/logout.html"}, "signing out takes a POST, and shows nothing"


@pytest.mark.parametrize(
    ("url", "heading"),
    [
        ("/sign-in", "Sign in"),
        ("/sign-in/inactive", "This account is switched off"),
        ("/sign-up", "By invitation only"),
        ("/sign-up/confirm", "Look into your mailbox"),
        ("/confirm-e-mail/x", "This link does not work"),
        ("/forgot-password", "Forgot your password?"),
        ("/forgot-password/sent", "Look into your mailbox"),
        ("/forgot-password/1-x", "This link does not work"),
        ("/forgot-password/done", "The password is set"),
    ],
)
def test_a_stranger_sees_our_page(client: Client, alice: Membership, url: str, heading: str) -> None:
    page = client.get(url).content.decode()

    assert f"<h1>{heading}</h1>" in page
    assert "heartbeet.css" in page


@pytest.mark.parametrize("url", ["/account/confirm", "/account/password", "/account/e-mail"])
def test_a_person_sees_our_page(owner: Client, url: str) -> None:
    page = owner.get(url).content.decode()

    assert "heartbeet.css" in page
    assert 'class="input"' in page
