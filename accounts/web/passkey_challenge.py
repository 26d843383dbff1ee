"""What a browser was asked about a passkey, until it answers: kept in the session, and good for one answer."""

from typing import Any

from django.http import HttpRequest

_KEY = "passkey_challenge"


def keep(request: HttpRequest, challenge: dict[str, Any]) -> None:
    """Remember a challenge; it replaces the one before."""
    request.session[_KEY] = challenge


def take(request: HttpRequest) -> dict[str, Any] | None:
    """The challenge, once: an answer, right or wrong, uses it up."""
    found: dict[str, Any] | None = request.session.pop(_KEY, None)
    return found
