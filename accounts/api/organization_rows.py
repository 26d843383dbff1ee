"""What clients get of an organisation: its people, its invitations, its webhook secret and its audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts import webhooks
from accounts.api import shown
from accounts.domain.roles import Role
from accounts.models import AuditEvent, Invitation, Membership

_STATES = ["open", "expired"]


class MemberRow(serializers.Serializer[Membership]):
    """A person in the organisation."""

    id = shown.whole("The membership's id, which the calls about members take.")
    userId = shown.whole("The person's id, which is the same in all organisations.", "user_id")
    email = shown.text("Where the person is reached.", "user.email", format="email")
    name = shown.text("What the person is called; may be empty.", "user.name")
    role = shown.choice("What the person may do.", list(Role))
    createdAt = shown.moment("Since when.", "created_at")


class InviteRow(serializers.Serializer[Any]):
    """A seat that was offered."""

    id = shown.whole("The invitation's id.")
    email = shown.text("Whom it is for.", format="email")
    role = shown.choice("The role that it gives.", list(Role))
    status = shown.choice("`expired` seven days after it was sent; sending it again opens it again.", _STATES)
    invitedBy = shown.text("Who sent it last.", null=True)
    createdAt = shown.moment("When it was made.")
    expiresAt = shown.moment("Until when its link works.")


class NewInviteRow(InviteRow):
    """The same with its link, where no mail server could bring it."""

    link = shown.text("The link to hand over; null if it was sent by e-mail.", null=True)


class _Retiring(serializers.Serializer[webhooks.Secret]):
    """A secret that was replaced."""

    secret = shown.text("It goes on signing beside the current one.", "text")
    retiresAt = shown.moment("Until when.", "retires_at")


class WebhookSecretRow(serializers.Serializer[Any]):
    """What signs the organisation's webhooks."""

    secret = shown.text("The current secret, `whsec_…`.")
    createdAt = shown.moment("When it was made.")
    previous = _Retiring(many=True)


class AuditRow(serializers.Serializer[AuditEvent]):
    """Who did what to which thing."""

    id = shown.whole("The event's id.")
    createdAt = shown.moment("When it was done.", "created_at")
    actorUserId = shown.whole("Who did it; null is Heartbeet itself.", "actor_user_id", null=True)
    actorPatId = shown.whole("With which access token; null is in a browser.", "actor_token_id", null=True)
    actorEmail = shown.text("The person's address at that time.", "actor_email")
    action = shown.text("What was done, like `ROTATE_MONITOR_TOKEN`.")
    resource = shown.text("To what, like `monitor:17`.")
    meta = shown.mapping(
        "`changedFields` and `diff` (`{field: {from, to}}`, secrets are `{redacted: true}`), `ip`, `userAgent`, "
        "`snapshot` of what was deleted, and what else tells of the thing."
    )


def members(found: Sequence[Membership]) -> list[dict[str, Any]]:
    """The rows of members, whose users must be loaded."""
    row = MemberRow()
    return [row.to_representation(each) for each in found]


def member(found: Membership) -> dict[str, Any]:
    """The row of one member."""
    return members([found])[0]


def invites(found: Sequence[Invitation], now: datetime) -> list[dict[str, Any]]:
    """The rows of open invitations, whose inviters must be loaded."""
    row = InviteRow()
    return [row.to_representation(_invite(each, now)) for each in found]


def new_invite(found: Invitation, now: datetime, link: str) -> dict[str, Any]:
    """The row of an invitation that was just sent; `link` is '' if a letter brings it."""
    row: dict[str, Any] = NewInviteRow().to_representation({**_invite(found, now), "link": link or None})
    return row


def webhook_secret(live: Sequence[webhooks.Secret]) -> dict[str, Any]:
    """The current secret, and those that it replaced."""
    current, *previous = live
    row: dict[str, Any] = WebhookSecretRow().to_representation(
        {"secret": current.text, "createdAt": current.created_at, "previous": previous}
    )
    return row


def audit_events(found: Sequence[AuditEvent]) -> list[dict[str, Any]]:
    """The rows of events."""
    row = AuditRow()
    for event in found:
        event.meta = {"changedFields": [], "diff": {}, **event.meta}
    return [row.to_representation(event) for event in found]


def _invite(found: Invitation, now: datetime) -> dict[str, Any]:
    return {
        "id": found.id,
        "email": found.email,
        "role": found.role,
        "status": "open" if found.expires_at > now else "expired",
        "invitedBy": found.invited_by.email if found.invited_by else None,
        "createdAt": found.created_at,
        "expiresAt": found.expires_at,
    }
