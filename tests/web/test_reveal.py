"""A secret between the POST that makes it and the page that shows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.cache import SessionStore
from django.test import RequestFactory

from accounts.web import reveal

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def request_with_secret(rf: RequestFactory) -> Any:
    request = rf.get("/")
    request.session = SessionStore()
    reveal.keep(request, "monitor:17", "the secret", now=NOON)
    return request


def test_it_is_taken_once(request_with_secret: Any) -> None:
    taken = [reveal.take(request_with_secret, "monitor:17", now=NOON) for _ in range(2)]

    assert taken == ["the secret", ""]


def test_another_page_neither_gets_it_nor_throws_it_away(request_with_secret: Any) -> None:
    assert reveal.take(request_with_secret, "monitor:18", now=NOON) == ""
    assert reveal.take(request_with_secret, "monitor:17", now=NOON) == "the secret"


def test_it_does_not_wait_for_long(request_with_secret: Any) -> None:
    assert reveal.take(request_with_secret, "monitor:17", now=NOON + timedelta(minutes=6)) == ""


def test_it_waits_sealed(request_with_secret: Any) -> None:
    assert "the secret" not in repr(dict(request_with_secret.session))


def test_it_is_gone_when_the_keys_were_changed_meanwhile(request_with_secret: Any, settings: Any) -> None:
    settings.HEARTBEET_ENCRYPTION_KEYS = "other:" + "A" * 43 + "="

    assert reveal.take(request_with_secret, "monitor:17", now=NOON) == ""
