"""What clients get: monitors and incidents as JSON, loaded in a fixed number of queries however many there are."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api import shown
from alerts import ledger
from alerts.api import rows as alert_rows
from alerts.models import Subscription
from monitors import beet_evidence, operations, queries
from monitors.api import examples
from monitors.domain.fields import TYPES, VALUE_PER
from monitors.domain.policy import Policy
from monitors.domain.status import INCIDENT_CAUSES, RESOLVED_BY_PING, EventKind, IncidentStatus, Severity, Status
from monitors.models import Incident, IncidentEvent, Monitor, Token


@dataclass(frozen=True, slots=True)
class MonitorView:
    """A monitor with everything that its row shows."""

    monitor: Monitor
    outlook: queries.Outlook
    channels: dict[int, str]  # their kinds, by id
    envelope: str
    now: datetime
    secrets: operations.Secrets | None = None

    @property
    def is_snoozed(self) -> bool:
        return queries.is_snoozed(self.monitor, self.now)

    @property
    def snoozed_until(self) -> datetime | None:
        """Empty once it is over."""
        return self.monitor.snoozed_until if self.is_snoozed else None

    @property
    def cron(self) -> str | None:
        """None without a schedule by cron, so that clients can tell the two kinds apart."""
        return self.monitor.cron or None

    @property
    def rho(self) -> float | None:
        """None for what has no rhythm."""
        return self.monitor.rho if self.monitor.type == Monitor.BEET else None

    @property
    def is_paused(self) -> bool:
        return self.monitor.pulse.status == Status.PAUSED

    @property
    def channel_ids(self) -> list[int]:
        return list(self.channels)

    def tells(self, kind: str) -> bool:
        """Whether a channel of this kind is told about the monitor."""
        return kind in self.channels.values()


class _Tells(shown.Shown):
    """Whether a channel of one kind is subscribed."""

    def __init__(self, kind: str) -> None:
        super().__init__({"type": "boolean", "description": f"Whether a channel of kind `{kind}` is told."}, "*")
        self.kind = kind

    def to_representation(self, value: MonitorView) -> bool:
        return value.tells(self.kind)


class MonitorRow(shown.Row):
    """A monitor, as it is configured and as it is doing. Secrets are never in it: `heartbeatToken` is sealed."""

    example: ClassVar = examples.MONITOR

    id = shown.whole("Its number.", "monitor.id")
    name = shown.text("Its name, once in its project.", "monitor.name")
    type = shown.choice("`heartbeat`: pings are expected; `beet`: events are counted.", TYPES, "monitor.type")
    project = shown.text("The slug of its project.", "monitor.project.slug")
    status = shown.choice("How it is doing; `late` is past due and within the grace.", list(Status), "outlook.status")
    intervalSec = shown.whole("Seconds between pings; null with `cron`.", "monitor.interval_sec", null=True)
    cron = shown.text("Five fields that say when pings are due; null with `intervalSec`.", null=True)
    timezone = shown.text("The zone of `cron`, and of a beet's hours.", "monitor.timezone")
    heartbeatGraceSec = shown.whole("Seconds that a ping may be late.", "monitor.grace_sec", minimum=0)
    alertThreshold = shown.whole("Failures in a row that open an incident.", "monitor.alert_threshold", minimum=1)
    maxRuntimeSec = shown.whole("Seconds that a run may take.", "monitor.max_runtime_sec", null=True)
    postOnly = shown.flag(
        "Whether GET and HEAD are only noted, so that a link preview is no ping.", "monitor.post_only"
    )
    url = shown.text("Kept as it was sent.", "monitor.url")
    timeoutMs = shown.whole("Kept as it was sent.", "monitor.timeout_ms", null=True)
    description = shown.text("What it watches, for people.", "monitor.description")
    tags = shown.several("Slugs to find it by.", "string", "monitor.tags")
    paused = shown.flag("Whether judging is stopped by a person.", "is_paused")
    locked = shown.flag("Whether judging is stopped by the limit of the plan.", "monitor.locked")
    lastPingAt = shown.moment("When it was last pinged.", "monitor.pulse.last_ping_at", null=True)
    nextDueAt = shown.moment("When the next ping is due.", "outlook.next_due_at", null=True)
    deadlineAt = shown.moment("When silence becomes a failure.", "outlook.deadline_at", null=True)
    pingCount = shown.whole("Pings so far.", "monitor.pulse.ping_count", minimum=0)
    openIncidentId = shown.whole("Its incident that is not resolved.", "outlook.open_incident_id", null=True)
    channelIds = shown.several("The channels that are told.", "integer", "channel_ids")
    hasAlertEmail = _Tells("email")
    hasAlertWebhook = _Tells("webhook")
    hasAlertSlack = _Tells("slack")
    hasAlertDiscord = _Tells("discord")
    hasAlertMsteams = _Tells("msteams")
    hasAlertTelegram = _Tells("telegram")
    heartbeatToken = shown.text("The ingestion token, sealed: of no use to a job.", "envelope")
    createdAt = shown.moment("When it was made.", "monitor.created_at")
    updatedAt = shown.moment("When its configuration was last changed.", "monitor.updated_at")
    alertDelaySec = shown.whole(
        "Seconds until people are told; null: as the organisation.", "monitor.alert_delay_sec", null=True
    )
    remindEverySec = shown.whole(
        "Seconds between reminders; 0: none; null: as the organisation.", "monitor.remind_every_sec", null=True
    )
    recoveryThreshold = shown.whole(
        "Good pings until it is up again; null: as the organisation.", "monitor.recovery_threshold", null=True
    )
    rho = shown.number("The share of a beet's usual rate below which a drop alerts; null: no beet.", null=True)
    budgetWeeks = shown.whole(
        "Weeks per allowed false alarm of a beet; null: as the organisation.", "monitor.budget_weeks", null=True
    )
    learningSilenceSec = shown.whole(
        "The silence that alerts until a beet has learned; null: none.", "monitor.learning_silence_sec", null=True
    )
    valueBelow = shown.number("A value below it is a failure; null: no limit.", "monitor.value_below", null=True)
    valueAbove = shown.number("A value above it is a failure; null: no limit.", "monitor.value_above", null=True)
    valuePer = shown.choice(
        "What is judged: the value of each ping, or the sum or the mean of each hour.", VALUE_PER, "monitor.value_per"
    )
    valueBand = shown.flag("Whether a value outside of what is usual for its hour is a failure.", "monitor.value_band")
    snoozed = shown.flag("Whether nobody is told that incidents open.", "is_snoozed")
    snoozedUntil = shown.moment(
        "Until when; null if it is not snoozed, or until its next healthy ping.", "snoozed_until", null=True
    )


class PolicyRow(serializers.Serializer[Policy]):
    """How an organisation is alerted, where a monitor says nothing else."""

    example: ClassVar = {
        "alertDelaySec": 300,
        "remindEverySec": 14_400,
        "recoveryThreshold": 1,
        "beetBudgetWeeks": None,
    }

    alertDelaySec = shown.whole("Tell only what is still open after so many seconds.", "alert_delay_sec", minimum=0)
    remindEverySec = shown.whole(
        "Seconds between reminders while nobody has acknowledged; 0: none.", "remind_every_sec", minimum=0
    )
    recoveryThreshold = shown.whole("Good pings in a row until it is up again.", "recovery_threshold", minimum=1)
    beetBudgetWeeks = shown.whole(
        "Weeks per allowed false alarm of all beets together; null: each has a budget of its own.",
        "beet_budget_weeks",
        null=True,
    )


class SecretsRow(serializers.Serializer[operations.Secrets]):
    """The ingestion token in plain text, with the URLs that it makes."""

    example: ClassVar = examples.SECRETS

    id = shown.whole("The monitor.", "monitor_id")
    name = shown.text("The monitor's name.")
    heartbeatToken = shown.text("64 hex characters.", "token", pattern="^[0-9a-f]{64}$")
    pingUrl = shown.text("Where a job pings.", "ping_url", format="uri")
    beetUrl = shown.text("Where events are counted.", "beet_url", format="uri")


class NewMonitorRow(MonitorRow):
    """A monitor that was just made; with `?include=secrets` also its token and its URLs."""

    optional: ClassVar = ("secrets",)
    example: ClassVar = {**examples.MONITOR, "secrets": examples.SECRETS}

    secrets = SecretsRow(read_only=True)

    def to_representation(self, instance: MonitorView) -> dict[str, Any]:
        row: dict[str, Any] = super().to_representation(instance)
        return row if instance.secrets else {name: value for name, value in row.items() if name != "secrets"}


class IncidentRow(shown.Row):
    """A time in which a monitor was down."""

    example: ClassVar = examples.INCIDENT

    id = shown.whole("Its number.")
    monitorId = shown.whole("The monitor.", "monitor_id")
    monitorName = shown.text("The monitor's name.", "monitor.name")
    status = shown.choice("Whether someone is on it, and whether it is over.", list(IncidentStatus))
    severity = shown.choice("How bad it is.", list(Severity))
    cause = shown.choice("What opened it.", INCIDENT_CAUSES)
    title = shown.text("One sentence.")
    openedAt = shown.moment("Since when it is down.", "opened_at")
    acknowledgedAt = shown.moment("When someone took it on.", "acknowledged_at", null=True)
    acknowledgedBy = serializers.SerializerMethodField(help_text="The e-mail address of who took it on.")
    resolvedAt = shown.moment("When it was over.", "resolved_at", null=True)
    durationSec = serializers.SerializerMethodField(help_text="How long it lasted; null while it lasts.")
    autoResolved = serializers.SerializerMethodField(help_text="Whether a ping resolved it, not a person.")

    def get_acknowledgedBy(self, incident: Incident) -> str | None:
        return incident.acknowledged_by.email if incident.acknowledged_by else None

    def get_durationSec(self, incident: Incident) -> int | None:
        return int((incident.resolved_at - incident.opened_at).total_seconds()) if incident.resolved_at else None

    def get_autoResolved(self, incident: Incident) -> bool:
        return incident.resolution in RESOLVED_BY_PING


class EventRow(serializers.Serializer[IncidentEvent]):
    """An entry of an incident's timeline."""

    seq = shown.whole("Its place.", minimum=1)
    kind = shown.choice("What happened.", list(EventKind))
    at = shown.moment("When.")
    actor = serializers.SerializerMethodField(help_text="The e-mail address of who did it; null for Heartbeet.")
    message = shown.text("What was said.")

    def get_actor(self, event: IncidentEvent) -> str | None:
        return event.actor.email if event.actor else None


class IncidentStoryRow(IncidentRow):
    """An incident with what happened in it, and who was told."""

    example: ClassVar = {
        **examples.INCIDENT,
        "evidence": None,
        "explanation": [],
        "timeline": examples.TIMELINE,
        "deliveries": [alert_rows.DeliveryRow.example],
    }

    evidence = shown.mapping("What a rhythm or a value has to show for it; null for other causes.", null=True)
    explanation = serializers.SerializerMethodField(help_text="The same in plain sentences, times in UTC.")
    timeline = serializers.SerializerMethodField(help_text="What happened, in order.")
    deliveries = serializers.SerializerMethodField(help_text="Who was told.")

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_explanation(self, incident: Incident) -> list[str]:
        return beet_evidence.sentences(incident)

    @extend_schema_field(EventRow(many=True))
    def get_timeline(self, incident: Incident) -> list[dict[str, Any]]:
        events = incident.events.select_related("actor").order_by("seq")
        row = EventRow()
        return [row.to_representation(event) for event in events]

    @extend_schema_field(alert_rows.DeliveryRow(many=True))
    def get_deliveries(self, incident: Incident) -> list[dict[str, Any]]:
        return alert_rows.deliveries(ledger.of_incident(incident))


def monitor(row: Monitor, now: datetime) -> dict[str, Any]:
    """The row of one monitor, whose pulse and project must be loaded."""
    return monitors([row], now)[0]


def monitors(found: Iterable[Monitor], now: datetime) -> list[dict[str, Any]]:
    """The rows of many monitors, in four queries."""
    row = MonitorRow()
    return [row.to_representation(view) for view in _views(found, now)]


def _views(found: Iterable[Monitor], now: datetime) -> list[MonitorView]:
    many = list(found)
    ids = [row.id for row in many]
    outlooks, channels = queries.outlooks(many, now), _channels(ids)
    envelopes = dict(Token.objects.filter(monitor__in=ids, retired_at=None).values_list("monitor_id", "envelope"))
    return [
        MonitorView(row, outlooks[row.id], channels.get(row.id, {}), envelopes.get(row.id, ""), now) for row in many
    ]


def _channels(monitor_ids: list[int]) -> dict[int, dict[int, str]]:
    """The ids and kinds of the channels that each monitor tells."""
    live: QuerySet[Subscription] = Subscription.objects.filter(monitor__in=monitor_ids, channel__deleted_at=None)
    found: dict[int, dict[int, str]] = {}
    rows = live.order_by("channel_id").values_list("monitor_id", "channel_id", "channel__kind")
    for monitor_id, channel_id, kind in rows:
        found.setdefault(monitor_id, {})[channel_id] = kind
    return found


def created(
    found: Iterable[Monitor], now: datetime, secrets: Iterable[operations.Secrets | None]
) -> list[dict[str, Any]]:
    """The rows of new monitors, each with its secrets."""
    row = NewMonitorRow()
    views = zip(_views(found, now), secrets, strict=True)
    return [row.to_representation(replace(view, secrets=its)) for view, its in views]


def policy(found: Policy) -> dict[str, Any]:
    """How an organisation is alerted."""
    return PolicyRow().to_representation(found)


def secrets(found: operations.Secrets) -> dict[str, Any]:
    """The ingestion token in plain text with its URLs; only for those who may see it."""
    return SecretsRow().to_representation(found)


def incidents(found: Iterable[Incident]) -> list[dict[str, Any]]:
    """The rows of many incidents, whose monitors and acknowledgers must be loaded."""
    row = IncidentRow()
    return [row.to_representation(one) for one in found]


def incident(found: Incident) -> dict[str, Any]:
    """The row of one incident."""
    return incidents([found])[0]


def story(found: Incident) -> dict[str, Any]:
    """The row of one incident with its timeline and who was told."""
    return IncidentStoryRow().to_representation(found)
