"""The first start: someone has to be able to sign in."""

import contextlib
from datetime import datetime

from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ImproperlyConfigured, ValidationError

from accounts import operations, queries
from accounts.models import User
from alerts import onboarding


def first_start(*, now: datetime) -> str:
    """Make the owner that the environment names, if nobody exists yet. Returns a one-time link to set Heartbeet up when
    still nobody can sign in, else ''. Safe to call at every start, by several processes at once. Raises
    ImproperlyConfigured when the environment names half an owner, or one with a weak password."""
    if queries.anyone_exists():
        return ""
    if bool(settings.HEARTBEET_ADMIN_EMAIL) != bool(settings.HEARTBEET_ADMIN_PASSWORD):
        raise ImproperlyConfigured(
            "HEARTBEET_ADMIN_EMAIL and HEARTBEET_ADMIN_PASSWORD make the first owner together: set both, or neither to "
            "get a link for that."
        )
    if not settings.HEARTBEET_ADMIN_EMAIL:
        return f"{settings.HEARTBEET_SITE_URL}/setup?code={operations.make_setup_code(now)}"
    _check_password(settings.HEARTBEET_ADMIN_PASSWORD, settings.HEARTBEET_ADMIN_EMAIL)
    with contextlib.suppress(operations.AlreadySetUp):  # the process that started beside this one was first
        onboarding.first_owner(
            email=settings.HEARTBEET_ADMIN_EMAIL, password=settings.HEARTBEET_ADMIN_PASSWORD, now=now
        )
    return ""


def _check_password(password: str, email: str) -> None:
    """The first owner's password is held to what the pages ask of everybody."""
    try:
        password_validation.validate_password(password, User(email=email))
    except ValidationError as error:
        raise ImproperlyConfigured(f"HEARTBEET_ADMIN_PASSWORD is too weak: {' '.join(error.messages)}") from None
