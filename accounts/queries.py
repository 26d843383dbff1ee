"""Reads about people, organisations and tokens."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts.domain import tokens
from accounts.domain.roles import Role
from accounts.models import (
    AccessToken,
    AuditEvent,
    BrowserSession,
    Invitation,
    Membership,
    Organization,
    Plan,
    User,
    WebhookSecret,
)


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


def members(organization: Organization) -> QuerySet[Membership]:
    """Everyone in an organisation, the oldest member first."""
    return organization.memberships.select_related("user", "organization").order_by("id")


def owners(organization: Organization) -> QuerySet[User]:
    """The people an organisation belongs to, as far as they may sign in."""
    return User.objects.filter(
        memberships__organization=organization, memberships__role=Role.OWNER, is_active=True
    ).order_by("id")


def open_invitations(organization: Organization) -> QuerySet[Invitation]:
    """The invitations that were neither accepted nor revoked, also those that are too old by now."""
    found = organization.invitations.filter(accepted_at=None, revoked_at=None)
    return found.select_related("organization", "invited_by").order_by("-id")


def waiting_invitations(email: str, now: datetime) -> QuerySet[Invitation]:
    """The invitations that an address could accept now, in whatever organisations, the oldest first."""
    waiting = Invitation.objects.filter(email=email, accepted_at=None, revoked_at=None, expires_at__gt=now)
    return waiting.order_by("id")


def webhook_secrets(organization: Organization, now: datetime) -> QuerySet[WebhookSecret]:
    """The secrets that sign an organisation's webhooks now, the newest first."""
    signing = Q(retires_at=None) | Q(retires_at__gt=now)
    return organization.webhook_secrets.filter(signing).order_by("-id")


def audit_events(
    organization: Organization,
    *,
    action: str = "",
    actor: str = "",
    token_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """What was done in an organisation, the newest first. `actor` is a person's id or e-mail address."""
    found = AuditEvent.objects.filter(organization=organization).order_by("-created_at", "-id")
    if action:
        found = found.filter(action=action)
    if actor:
        is_id = actor.isascii() and actor.isdigit() and len(actor) < 19
        found = found.filter(actor_user_id=int(actor)) if is_id else found.filter(actor_email=actor.strip().lower())
    if token_id is not None:
        found = found.filter(actor_token_id=token_id)
    if since:
        found = found.filter(created_at__gte=since)
    if until:
        found = found.filter(created_at__lte=until)
    return found


def sessions_of(user: User, now: datetime) -> QuerySet[BrowserSession]:
    """Where a person is signed in, the one seen last first."""
    return user.sessions.filter(expires_at__gt=now).order_by("-seen_at")


def audit_actions(organization: Organization) -> list[str]:
    """The actions that an organisation's log knows, in alphabetical order."""
    rows = AuditEvent.objects.filter(organization=organization).order_by("action")
    return list(rows.values_list("action", flat=True).distinct())


def default_plan() -> Plan:
    """The plan of a new organisation on a self-hosted installation: no monitor limit, intervals from 5 s."""
    return Plan.objects.get_or_create(name="Self-hosted")[0]
