"""What clients get: people, organisations and tokens as JSON."""

from typing import Any

from rest_framework import serializers

from accounts.access import Access
from accounts.models import AccessToken


class TokenRow(serializers.Serializer[AccessToken]):
    """An access token without its text, which is kept nowhere."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField()
    expiresAt = serializers.DateTimeField(source="expires_at")
    dailyMutationLimit = serializers.IntegerField(source="daily_mutation_limit")
    lastUsedAt = serializers.DateTimeField(source="last_used_at")
    createdAt = serializers.DateTimeField(source="created_at")


def token(row: AccessToken) -> dict[str, Any]:
    """The row of one token."""
    return dict(TokenRow(row).data)


def me(access: Access, *, monitors: int) -> dict[str, Any]:
    """Who asks, where, as what, on which plan, and what of it is used."""
    plan = access.organization.plan
    return {
        "user": {"id": access.user.id, "email": access.user.email, "name": access.user.name},
        "organization": {
            "id": access.organization.id, "name": access.organization.name, "slug": access.organization.slug,
        },
        "role": access.role.value,
        "scopes": list(access.scopes),
        "plan": {
            "name": plan.name,
            "monitorLimit": plan.monitor_limit,
            "intervalFloorSec": plan.interval_floor_sec,
            "pingRetentionDays": plan.ping_retention_days,
        },
        "usage": {"monitors": monitors},
    }  # fmt: skip
