"""What clients get: channels and deliveries as JSON. Secrets of a channel are never in it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from alerts import operations
from alerts.models import Channel, Delivery


class ChannelRow(serializers.Serializer[Channel]):
    """A channel: `config` is the part of it that may be shown."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField()
    config = serializers.JSONField()
    enabled = serializers.BooleanField(source="is_enabled")
    isDefault = serializers.BooleanField(source="is_default")
    createdAt = serializers.DateTimeField(source="created_at")
    updatedAt = serializers.DateTimeField(source="updated_at")


class DeliveryRow(serializers.Serializer[Delivery]):
    """One message to one channel, and what became of it."""

    id = serializers.IntegerField()
    event = serializers.CharField(source="event.kind")
    incidentId = serializers.IntegerField(source="incident_id")
    channelId = serializers.IntegerField(source="channel_id")
    channelName = serializers.CharField(source="channel.name")
    kind = serializers.CharField(source="channel.kind")
    status = serializers.CharField()
    tries = serializers.IntegerField()
    lastError = serializers.CharField(source="last_error")
    nextTryAt = serializers.DateTimeField(source="next_try_at")
    createdAt = serializers.DateTimeField(source="created_at")
    deliveredAt = serializers.DateTimeField(source="delivered_at")


def channels(found: Iterable[Channel]) -> list[dict[str, Any]]:
    """The rows of many channels."""
    row = ChannelRow()
    return [row.to_representation(one) for one in found]


def deliveries(found: QuerySet[Delivery]) -> list[dict[str, Any]]:
    """The rows of deliveries in the order they were made, in one query."""
    ordered = found.select_related("event", "channel").order_by("id")
    row = DeliveryRow()
    return [row.to_representation(delivery) for delivery in ordered]


def channel(found: Channel) -> dict[str, Any]:
    """The row of one channel."""
    return channels([found])[0]


def test(channel: Channel, result: operations.TestResult) -> dict[str, Any]:
    """What a test alert met."""
    return {
        "channelId": channel.id,
        "kind": channel.kind,
        "ok": result.ok,
        "error": result.error,
        "durationMs": result.duration_ms,
    }
