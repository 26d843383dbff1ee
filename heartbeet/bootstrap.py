"""The first start: someone has to be able to sign in."""

import contextlib
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts import operations, queries
from alerts import onboarding


def first_start(*, now: datetime) -> str:
    """Make the owner that the environment names, if nobody exists yet. Returns a one-time link to set Heartbeet up when
    still nobody can sign in, else ''. Safe to call at every start, by several processes at once. Raises
    ImproperlyConfigured when the environment names half an owner."""
    if queries.anyone_exists():
        return ""
    if bool(settings.HEARTBEET_ADMIN_EMAIL) != bool(settings.HEARTBEET_ADMIN_PASSWORD):
        raise ImproperlyConfigured(
            "HEARTBEET_ADMIN_EMAIL and HEARTBEET_ADMIN_PASSWORD make the first owner together: set both, or neither to "
            "get a link for that."
        )
    if not settings.HEARTBEET_ADMIN_EMAIL:
        return f"{settings.HEARTBEET_SITE_URL}/setup?code={operations.make_setup_code(now)}"
    with contextlib.suppress(operations.AlreadySetUp):  # the process that started beside this one was first
        onboarding.first_owner(
            email=settings.HEARTBEET_ADMIN_EMAIL, password=settings.HEARTBEET_ADMIN_PASSWORD, now=now
        )
    return ""
