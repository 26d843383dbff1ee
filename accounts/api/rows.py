"""What clients get: people, organisations and tokens as JSON."""

from typing import Any, ClassVar

from rest_framework import serializers

from accounts import operations
from accounts.access import Access
from accounts.api import shown
from accounts.domain.roles import Role
from accounts.models import AccessToken

_TOKEN: dict[str, Any] = {
    "id": 12,
    "name": "CI",
    "prefix": "hb_Zk3vQa",
    "scopes": ["monitors:write", "secrets:read"],
    "expiresAt": None,
    "dailyMutationLimit": 1000,
    "lastUsedAt": None,
    "createdAt": "2026-11-22T18:00:00Z",
}


class TokenRow(serializers.Serializer[AccessToken]):
    """An access token without its text, which is kept nowhere."""

    example: ClassVar = _TOKEN

    id = shown.whole("Its number.")
    name = shown.text("Its name, for people.")
    prefix = shown.text("The beginning of its text, to tell it from others.")
    scopes = shown.several("What it allows.", "string")
    expiresAt = shown.moment("When it ends; null is never.", "expires_at", null=True)
    dailyMutationLimit = shown.whole(
        "Changes that it may make in a UTC day; null is the default.", "daily_mutation_limit", null=True
    )
    lastUsedAt = shown.moment("When it was last used.", "last_used_at", null=True)
    createdAt = shown.moment("When it was made.", "created_at")


class NewTokenRow(TokenRow):
    """An access token that was just made, with its text, which is shown once."""

    example: ClassVar = {**_TOKEN, "token": "hb_Zk3vQa" + ("x7Lm2Rt9Wc" * 4)[:37]}

    token = shown.text("Send it as `Authorization: Bearer …`.", "*", pattern="^hb_[A-Za-z0-9_-]{43}$")

    def to_representation(self, instance: operations.Minted) -> dict[str, Any]:  # type: ignore[override]
        return {**super().to_representation(instance.token), "token": instance.plaintext}


class UserRow(serializers.Serializer[Any]):
    """A person."""

    id = shown.whole("Their number.")
    email = shown.text("Their address.", format="email")
    name = shown.text("What they are called; may be empty.")


class OrganizationRow(serializers.Serializer[Any]):
    """An organisation."""

    id = shown.whole("Its number.")
    name = shown.text("Its name.")
    slug = shown.text("Its name in addresses.")


class PlanRow(serializers.Serializer[Any]):
    """What an organisation may use."""

    name = shown.text("Its name.")
    monitorLimit = shown.whole("How many monitors; null is any number.", "monitor_limit", null=True)
    intervalFloorSec = shown.whole("The shortest interval, in seconds.", "interval_floor_sec")
    pingRetentionDays = shown.whole("How long pings are kept.", "ping_retention_days")


class UsageRow(serializers.Serializer[Any]):
    """What of a plan is used."""

    monitors = shown.whole("Monitors.", minimum=0)


class MeRow(serializers.Serializer[Any]):
    """Who asks, where, as what, on which plan, and what of it is used."""

    example: ClassVar = {
        "user": {"id": 1, "email": "ada@example.com", "name": "Ada"},
        "organization": {"id": 1, "name": "Acme", "slug": "acme"},
        "role": "owner",
        "scopes": ["*"],
        "plan": {"name": "self-hosted", "monitorLimit": None, "intervalFloorSec": 5, "pingRetentionDays": 90},
        "usage": {"monitors": 17},
    }

    user = UserRow(source="access.user", read_only=True)
    organization = OrganizationRow(source="access.organization", read_only=True)
    role = shown.choice("The person's role there.", list(Role), "access.role")
    scopes = shown.several("What the access token allows.", "string", "access.scopes")
    plan = PlanRow(source="access.organization.plan", read_only=True)
    usage = UsageRow(read_only=True)


def token(row: AccessToken) -> dict[str, Any]:
    """The row of one token."""
    return TokenRow().to_representation(row)


def new_token(minted: operations.Minted) -> dict[str, Any]:
    """The row of a new token with its text."""
    return NewTokenRow().to_representation(minted)


def me(access: Access, *, monitors: int) -> dict[str, Any]:
    """Who asks, where, as what, on which plan, and what of it is used."""
    return MeRow().to_representation({"access": access, "usage": {"monitors": monitors}})
