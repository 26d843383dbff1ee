"""What people do about their own account. An account belongs to no organisation: what happens to it is written into the
audit log of each organisation that its person belongs to."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import transaction
from django.template.loader import render_to_string

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import AuditEvent, BrowserSession, User

FAILURES_KEPT = 20
"""Failed sign-ins of one account that are written down in an hour: a stranger who guesses must not fill the log."""


def resource(user: User) -> str:
    """How audit rows name a person."""
    return f"user:{user.id}"


@transaction.atomic
def record(*, user: User, by: Actor, action: str, meta: dict[str, Any] | None = None, now: datetime) -> None:
    """Write down what happened to a person's account, in each of their organisations."""
    for membership in user.memberships.select_related("organization").order_by("id"):
        audit.record(
            organization=membership.organization, by=by, action=action, resource=resource(user), meta=meta, now=now
        )


@transaction.atomic
def record_and_tell(
    *, user: User, by: Actor, action: str, happened: str, meta: dict[str, Any] | None = None, now: datetime
) -> None:
    """Write down that a way into a person's account changed, and tell them by a letter, so that a change by somebody
    else does not stay unseen. `happened` is its subject."""
    record(user=user, by=by, action=action, meta=meta, now=now)
    words = {"happened": happened, "by": by, "at": now, "site": settings.HEARTBEET_SITE_URL}
    text = render_to_string("accounts/letters/ways_in.txt", words)
    mail.EmailMessage(happened, text, settings.HEARTBEET_MAIL_FROM, [user.email]).send()


def record_failed_sign_in(*, email: str, by: Actor, now: datetime) -> None:
    """Write down that someone did not get in; a certain number in an hour, and only for an account that exists."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        return
    of_late = AuditEvent.objects.filter(action="SIGN_IN_FAILED", created_at__gt=now - timedelta(hours=1))
    mine = of_late.filter(organization__memberships__user=user, resource=resource(user))
    if mine.values("created_at").distinct().count() < FAILURES_KEPT:
        record(user=user, by=by, action="SIGN_IN_FAILED", now=now)


@transaction.atomic
def change_profile(*, user: User, name: str, timezone: str, by: Actor, now: datetime) -> None:
    """Change how a person is called, and in which zone they read times."""
    before = {"name": user.name, "timezone": user.timezone}
    user.name, user.timezone = name, timezone
    user.save(update_fields=["name", "timezone"])
    difference = audit.difference(before, {"name": name, "timezone": timezone})
    if difference["changedFields"]:
        record(user=user, by=by, action="UPDATE_PROFILE", meta=difference, now=now)


@transaction.atomic
def end_session(*, session: BrowserSession, by: Actor, now: datetime) -> None:
    """Sign one browser out at once."""
    if BrowserSession.objects.filter(digest=session.digest).delete()[0] and session.user:
        meta = {"session": session.digest[:8], "sessionIp": session.ip, "sessionUserAgent": session.user_agent}
        record(user=session.user, by=by, action="SESSION_REVOKED", meta=meta, now=now)


@transaction.atomic
def end_other_sessions(*, user: User, keep: str, by: Actor, now: datetime) -> int:
    """Sign a person out everywhere but in the session with the digest `keep` ('' keeps none). Returns how many."""
    ended = BrowserSession.objects.filter(user=user).exclude(digest=keep).delete()[0]
    if ended:
        record(user=user, by=by, action="SESSION_REVOKED", meta={"sessions": ended}, now=now)
    return ended
