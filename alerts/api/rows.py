"""What clients get: channels and deliveries as JSON. Secrets of a channel are never in it."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.api import shown
from alerts import queries, trials
from alerts.api import examples
from alerts.channels import registry
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery
from monitors.domain.status import EventKind


class ChannelRow(shown.Row):
    """A way to reach people or programs."""

    example: ClassVar = examples.CHANNEL

    id = shown.whole("Its number.")
    kind = shown.choice("What it is.", list(registry.CHANNELS))
    name = shown.text("Its name, for people.")
    config = shown.mapping("The part of its configuration that is not secret.", additionalProperties={"type": "string"})
    enabled = shown.flag("Whether it is used.", "is_enabled")
    isDefault = shown.flag("Whether new monitors tell it.", "is_default")
    createdAt = shown.moment("When it was made.", "created_at")
    updatedAt = shown.moment("When it was last changed.", "updated_at")


class DeliveryRow(shown.Row):
    """One message to one channel, and what became of it."""

    example: ClassVar = examples.DELIVERY

    id = shown.whole("Its number.")
    event = shown.choice("What it tells.", list(EventKind), "event.kind")
    incidentId = shown.whole("The incident.", "incident_id")
    channelId = shown.whole("The channel.", "channel_id")
    channelName = shown.text("The channel's name.", "channel.name")
    kind = shown.text("The channel's kind.", "channel.kind")
    status = shown.choice("`collapsed`: told inside another message; `dead`: given up.", list(DeliveryStatus))
    tries = shown.whole("How often it was tried.", minimum=0)
    lastError = shown.text("What went wrong last; empty if nothing did.", "last_error")
    nextTryAt = shown.moment("When it is tried next.", "next_try_at", null=True)
    createdAt = shown.moment("When it was made.", "created_at")
    deliveredAt = shown.moment("When it arrived.", "delivered_at", null=True)


class AttemptRow(shown.Row):
    """One try to send a message."""

    at = shown.moment("When it was sent.")
    ok = shown.flag("Whether the receiver took it.", "is_ok")
    durationMs = shown.whole("How long it took.", "duration_ms", minimum=0)
    statusCode = shown.whole("The answer's status, if there was an answer.", "status_code", null=True)
    error = shown.text("What went wrong; empty if nothing did.")
    excerpt = shown.text("The receiver's own words, cut.")


class TriedDeliveryRow(DeliveryRow):
    """One message to one channel, with every try to send it."""

    example: ClassVar = {**examples.DELIVERY, "attempts": [examples.ATTEMPT]}

    attempts = AttemptRow(many=True, read_only=True, source="attempts_in_order")


class TestRow(serializers.Serializer[trials.Result]):
    """What a test alert met."""

    example: ClassVar = {"channelId": 3, "kind": "email", "ok": True, "error": "", "durationMs": 184}

    channelId = shown.whole("The channel.", "channel.id")
    kind = shown.text("The channel's kind.", "channel.kind")
    ok = shown.flag("Whether the receiver took it.")
    error = shown.text("The exact error; empty if there was none.")
    durationMs = shown.whole("How long it took.", "duration_ms", minimum=0)


class TestsRow(serializers.Serializer[Any]):
    """What the test alerts of a monitor met, one for each channel that is told about it and switched on."""

    example: ClassVar = {"results": [TestRow.example]}

    results = TestRow(many=True, read_only=True)


def channels(found: Iterable[Channel], *, may_edit: bool) -> list[dict[str, Any]]:
    """The rows of many channels. Those who may not edit them see of a URL only where it leads."""
    row = ChannelRow()
    rows = [(one, row.to_representation(one)) for one in found]
    return [shown if may_edit else {**shown, "config": queries.masked(one)} for one, shown in rows]


def deliveries(found: QuerySet[Delivery]) -> list[dict[str, Any]]:
    """The rows of deliveries in the order they were made, in one query."""
    ordered = found.select_related("event", "channel").order_by("id")
    row = DeliveryRow()
    return [row.to_representation(delivery) for delivery in ordered]


def tried_deliveries(found: Iterable[Delivery]) -> list[dict[str, Any]]:
    """The rows of deliveries with their attempts; all must be loaded."""
    row = TriedDeliveryRow()
    return [row.to_representation(delivery) for delivery in found]


def test(result: trials.Result) -> dict[str, Any]:
    """What a test alert met."""
    return TestRow().to_representation(result)


def tests(results: Iterable[trials.Result]) -> dict[str, Any]:
    """What the test alerts of a monitor met."""
    return {"results": [test(result) for result in results]}
