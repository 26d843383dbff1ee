"""Known devices. A browser that has signed somebody in gets a signed cookie, and its own budget of guesses: whoever
uses up everybody else's budget for an account does not lock its owner out."""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User

COOKIE = "heartbeet_device"
AGE_SEC = 365 * 24 * 3600
_SALT = "accounts.device"


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Make this browser a known device of this person. The cookie is for the sign-in page alone."""
    if _read(request).get("user") == user.id:
        return
    value = signing.dumps({"user": user.id, "device": secrets.token_urlsafe(12)}, salt=_SALT)
    response.set_cookie(
        COOKIE,
        value,
        max_age=AGE_SEC,
        path=reverse("account_login"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known_to(request: HttpRequest, email: str) -> str:
    """The id of this browser if it is a known device of the person with this address, else ''."""
    cookie = _read(request)
    if not cookie or not User.objects.filter(id=cookie["user"], email=email.strip().lower()).exists():
        return ""
    return str(cookie["device"])


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        found: dict[str, Any] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=AGE_SEC)
    except signing.BadSignature:
        return {}
    return found
