"""What clients get: monitors and incidents as JSON, loaded in a fixed number of queries however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from alerts.models import Channel, Subscription
from monitors import operations, queries
from monitors.domain.status import RESOLVED_BY_PING, Status
from monitors.models import Incident, IncidentEvent, Monitor, Token


@dataclass(frozen=True, slots=True)
class MonitorView:
    """A monitor with everything that its row shows."""

    monitor: Monitor
    outlook: queries.Outlook
    channels: list[Channel]
    envelope: str

    @property
    def is_paused(self) -> bool:
        return self.monitor.pulse.status == Status.PAUSED

    @property
    def channel_ids(self) -> list[int]:
        return [channel.id for channel in self.channels]

    def tells(self, kind: str) -> bool:
        """Whether a channel of this kind is told about the monitor."""
        return any(channel.kind == kind for channel in self.channels)


class _Tells(serializers.Field[Any, Any, bool, Any]):
    """Whether a channel of one kind is subscribed."""

    def __init__(self, kind: str) -> None:
        super().__init__(source="*", read_only=True)
        self.kind = kind

    def to_representation(self, value: MonitorView) -> bool:
        return value.tells(self.kind)


class _Shown(serializers.Field[Any, Any, Any, Any]):
    """A value of the view as it is: text, number, boolean, list or null."""

    def __init__(self, source: str | None = None) -> None:
        super().__init__(source=source, read_only=True)

    def to_representation(self, value: Any) -> Any:
        return value


def _at(source: str) -> serializers.DateTimeField:
    return serializers.DateTimeField(source=source, read_only=True)


class MonitorRow(serializers.Serializer[MonitorView]):
    """The row of CONTRACT §5. Secrets are never in it: `heartbeatToken` is the sealed envelope."""

    id = _Shown("monitor.id")
    name = _Shown("monitor.name")
    type = _Shown("monitor.type")
    project = _Shown("monitor.project.slug")
    status = _Shown("outlook.status")
    intervalSec = _Shown("monitor.interval_sec")
    cron = serializers.SerializerMethodField()
    timezone = _Shown("monitor.timezone")
    heartbeatGraceSec = _Shown("monitor.grace_sec")
    alertThreshold = _Shown("monitor.alert_threshold")
    maxRuntimeSec = _Shown("monitor.max_runtime_sec")
    postOnly = _Shown("monitor.post_only")
    url = _Shown("monitor.url")
    timeoutMs = _Shown("monitor.timeout_ms")
    description = _Shown("monitor.description")
    tags = _Shown("monitor.tags")
    paused = _Shown("is_paused")
    locked = _Shown("monitor.locked")
    lastPingAt = _at("monitor.pulse.last_ping_at")
    nextDueAt = _at("outlook.next_due_at")
    deadlineAt = _at("outlook.deadline_at")
    pingCount = _Shown("monitor.pulse.ping_count")
    openIncidentId = _Shown("outlook.open_incident_id")
    channelIds = _Shown("channel_ids")
    hasAlertEmail = _Tells("email")
    hasAlertWebhook = _Tells("webhook")
    hasAlertSlack = _Tells("slack")
    hasAlertDiscord = _Tells("discord")
    hasAlertMsteams = _Tells("msteams")
    hasAlertTelegram = _Tells("telegram")
    heartbeatToken = _Shown("envelope")
    createdAt = _at("monitor.created_at")
    updatedAt = _at("monitor.updated_at")

    def get_cron(self, view: MonitorView) -> str | None:
        """null without a schedule by cron, so that clients can tell the two kinds apart."""
        return view.monitor.cron or None


class IncidentRow(serializers.Serializer[Incident]):
    """The row of CONTRACT §6."""

    id = _Shown()
    monitorId = _Shown("monitor_id")
    monitorName = _Shown("monitor.name")
    status = _Shown()
    severity = _Shown()
    cause = _Shown()
    title = _Shown()
    openedAt = _at("opened_at")
    acknowledgedAt = _at("acknowledged_at")
    acknowledgedBy = serializers.SerializerMethodField()
    resolvedAt = _at("resolved_at")
    durationSec = serializers.SerializerMethodField()
    autoResolved = serializers.SerializerMethodField()

    def get_acknowledgedBy(self, incident: Incident) -> str | None:
        return incident.acknowledged_by.email if incident.acknowledged_by else None

    def get_durationSec(self, incident: Incident) -> int | None:
        """How long it lasted; null while it lasts."""
        return int((incident.resolved_at - incident.opened_at).total_seconds()) if incident.resolved_at else None

    def get_autoResolved(self, incident: Incident) -> bool:
        """Whether a ping resolved it, not a person."""
        return incident.resolution in RESOLVED_BY_PING


def monitor(row: Monitor, now: datetime) -> dict[str, Any]:
    """The row of one monitor, whose pulse and project must be loaded."""
    return monitors([row], now)[0]


def monitors(found: Iterable[Monitor], now: datetime) -> list[dict[str, Any]]:
    """The rows of many monitors, in four queries."""
    many = list(found)
    ids = [row.id for row in many]
    outlooks, channels = queries.outlooks(many, now), _channels(ids)
    envelopes = dict(Token.objects.filter(monitor__in=ids, retired_at=None).values_list("monitor_id", "envelope"))
    views = [MonitorView(row, outlooks[row.id], channels.get(row.id, []), envelopes.get(row.id, "")) for row in many]
    row = MonitorRow()
    return [row.to_representation(view) for view in views]


def _channels(monitor_ids: list[int]) -> dict[int, list[Channel]]:
    live: QuerySet[Subscription] = Subscription.objects.filter(monitor__in=monitor_ids, channel__deleted_at=None)
    found: dict[int, list[Channel]] = {}
    for subscription in live.select_related("channel").order_by("channel_id"):
        found.setdefault(subscription.monitor_id, []).append(subscription.channel)
    return found


def secrets(found: operations.Secrets) -> dict[str, Any]:
    """The ingestion token in plain text with its URLs; only for those who may see it."""
    return {
        "id": found.monitor_id,
        "name": found.name,
        "heartbeatToken": found.token,
        "pingUrl": found.ping_url,
        "beetUrl": found.beet_url,
    }


def incidents(found: Iterable[Incident]) -> list[dict[str, Any]]:
    """The rows of many incidents, whose monitors and acknowledgers must be loaded."""
    row = IncidentRow()
    return [row.to_representation(one) for one in found]


def incident(found: Incident) -> dict[str, Any]:
    """The row of one incident."""
    return incidents([found])[0]


class _EventRow(serializers.Serializer[IncidentEvent]):
    """An entry of an incident's timeline."""

    seq = _Shown()
    kind = _Shown()
    at = serializers.DateTimeField(read_only=True)
    actor = serializers.SerializerMethodField()
    message = _Shown()

    def get_actor(self, event: IncidentEvent) -> str | None:
        return event.actor.email if event.actor else None


def timeline(found: Incident) -> list[dict[str, Any]]:
    """What happened in an incident, in order."""
    events = found.events.select_related("actor").order_by("seq")
    row = _EventRow()
    return [row.to_representation(event) for event in events]
