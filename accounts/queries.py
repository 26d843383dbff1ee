"""Reads about people, organisations and tokens."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.domain import tokens
from accounts.models import AccessToken, Membership, Plan, User


def anyone_exists() -> bool:
    """Whether the first owner has been made."""
    return User.objects.exists()


def memberships_of(user: User) -> QuerySet[Membership]:
    """A person's organisations, the oldest first, with their plans."""
    return user.memberships.select_related("organization__plan", "user").order_by("id")


def live_token(plaintext: str, now: datetime) -> AccessToken | None:
    """The access token of this text if it works now, with its membership, person, organisation and plan; one query."""
    if not tokens.looks_like_token(plaintext):
        return None
    usable = AccessToken.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, membership__user__is_active=True
    )
    found = usable.select_related("membership__user", "membership__organization__plan")
    return found.filter(digest=tokens.digest(plaintext)).first()


def live_tokens(membership: Membership, now: datetime) -> QuerySet[AccessToken]:
    """The tokens of a membership that work now, the newest first."""
    usable = membership.tokens.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)
    return usable.order_by("-id")


def is_token_touch_due(token: AccessToken, now: datetime) -> bool:
    """Whether `last_used_at` is old enough to be worth a write: to the minute is exact enough for people."""
    return token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1)


def default_plan() -> Plan:
    """The plan of a new organisation on a self-hosted installation: no monitor limit, intervals from 5 s."""
    return Plan.objects.get_or_create(name="Self-hosted")[0]
