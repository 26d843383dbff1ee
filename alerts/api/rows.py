"""What clients get: channels and deliveries as JSON. Secrets of a channel are never in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from rest_framework import serializers

from accounts.api import shown
from alerts import ledger, queries, trials
from alerts.api import examples
from alerts.channels import registry
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Notice
from monitors.domain.status import EventKind


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel and how it has been doing."""

    channel: Channel
    last: ledger.Last | None
    flag_reason: str | None


class LastDeliveryRow(shown.Row):
    """The last message to a channel."""

    status = shown.choice("What became of it.", list(DeliveryStatus))
    at = shown.moment("When it arrived; else, when it was made.")


class ChannelRow(shown.Row):
    """A way to reach people or programs."""

    example: ClassVar = examples.CHANNEL

    id = shown.whole("Its number.", "channel.id")
    kind = shown.choice("What it is.", list(registry.CHANNELS), "channel.kind")
    name = shown.text("Its name, for people.", "channel.name")
    config = shown.mapping(
        "The part of its configuration that is not secret.", "channel.config", additionalProperties={"type": "string"}
    )
    enabled = shown.flag("Whether it is used.", "channel.is_enabled")
    isDefault = shown.flag("Whether new monitors tell it.", "channel.is_default")
    isFallback = shown.flag(
        "Whether it is told what another channel could not be told. One of an organisation is.", "channel.is_fallback"
    )
    flaggedAt = shown.moment(
        "Since when it has lost every message; the next that arrives lifts this.", "channel.flagged_at", null=True
    )
    flagReason = shown.text("The error of the last message that was lost.", "flag_reason", null=True)
    lastDelivery = LastDeliveryRow(source="last", read_only=True, allow_null=True)
    createdAt = shown.moment("When it was made.", "channel.created_at")
    updatedAt = shown.moment("When it was last changed.", "channel.updated_at")


class AttemptRow(shown.Row):
    """One try to send a message."""

    at = shown.moment("When it was sent.")
    ok = shown.flag("Whether the receiver took it.", "is_ok")
    durationMs = shown.whole("How long it took.", "duration_ms", minimum=0)
    statusCode = shown.whole("The answer's status, if there was an answer.", "status_code", null=True)
    error = shown.text("What went wrong; empty if nothing did.")
    excerpt = shown.text("The receiver's own words, cut.")


class DeliveryRow(shown.Row):
    """One message to one channel, every try to send it, and what became of it."""

    example: ClassVar = {**examples.DELIVERY, "attempts": [examples.ATTEMPT]}

    id = shown.whole("Its number.", "delivery.id")
    event = shown.choice("What it tells of an incident.", list(EventKind), "event_kind", null=True)
    notice = shown.choice("What it tells else.", [Notice.STORM, Notice.FLAGGED], "notice_kind", null=True)
    incidentId = shown.whole("The incident.", "delivery.incident_id", null=True)
    channelId = shown.whole("The channel.", "delivery.channel_id")
    channelName = shown.text("The channel's name.", "delivery.channel.name")
    kind = shown.text("The channel's kind.", "delivery.channel.kind")
    status = shown.choice(
        "`collapsed`: told inside another message; `dead`: given up.", list(DeliveryStatus), "delivery.status"
    )
    tries = shown.whole("How often it was tried.", "delivery.tries", minimum=0)
    lastError = shown.text("What went wrong last; empty if nothing did.", "delivery.last_error")
    nextTryAt = shown.moment("When it is tried next.", "delivery.next_try_at", null=True)
    createdAt = shown.moment("When it was made.", "delivery.created_at")
    deliveredAt = shown.moment("When it arrived.", "delivery.delivered_at", null=True)
    toldIn = shown.whole("The delivery whose message told this too.", "told_in_id", null=True)
    fellBackAt = shown.moment("When the fallback channel was told this instead.", "delivery.fell_back_at", null=True)
    insteadOf = shown.several(
        "The channels that could not be told, for which the fallback was told this.", "integer", "instead_of_ids"
    )
    attempts = AttemptRow(many=True, read_only=True)


class ReplayedRow(shown.Row):
    """What a replay began."""

    example: ClassVar = {"replayed": 3}

    replayed = shown.whole("How many messages are sent again.", minimum=0)


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
    """The rows of many channels, in two queries more at most. Those who may not edit them see of a URL only where it
    leads."""
    many = list(found)
    last, errors = ledger.last_of(many), ledger.last_error_of([each for each in many if each.flagged_at])
    row = ChannelRow()
    rows = [(one, row.to_representation(ChannelView(one, last.get(one.id), errors.get(one.id)))) for one in many]
    return [shown if may_edit else {**shown, "config": queries.masked(one)} for one, shown in rows]


def deliveries(found: Iterable[ledger.Entry]) -> list[dict[str, Any]]:
    """The rows of messages with their attempts."""
    row = DeliveryRow()
    return [row.to_representation(entry) for entry in found]


def test(result: trials.Result) -> dict[str, Any]:
    """What a test alert met."""
    return TestRow().to_representation(result)


def tests(results: Iterable[trials.Result]) -> dict[str, Any]:
    """What the test alerts of a monitor met."""
    return {"results": [test(result) for result in results]}
