"""What is watched: configuration, the hot pulse, the facts, and the history of states and incidents."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import get_script_prefix

from accounts.models import Organization, Project
from monitors.domain import fields, status


def _choices(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(str(value), str(value)) for value in values]  # plain text, so that migrations do not hold our classes


class Monitor(models.Model):
    """The configuration of a monitor; it changes when a person edits it. Its state lives in `Pulse`."""

    HEARTBEAT, BEET = fields.HEARTBEAT, fields.BEET

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="monitors")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="monitors")
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255)
    type = models.CharField(max_length=10, choices=_choices([HEARTBEAT, BEET]), default=HEARTBEAT)
    interval_sec = models.PositiveIntegerField(null=True, blank=True)
    cron = models.CharField(max_length=255, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    grace_sec = models.PositiveIntegerField(default=60)
    alert_threshold = models.PositiveIntegerField(default=1)
    max_runtime_sec = models.PositiveIntegerField(null=True, blank=True)
    post_only = models.BooleanField(default=False)
    url = models.CharField(max_length=2048, blank=True)
    timeout_ms = models.PositiveIntegerField(null=True, blank=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=list)
    locked = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("name"), "project", condition=Q(deleted_at=None), name="monitor_name_once_per_project"
            ),
            models.UniqueConstraint(
                fields=["project", "slug"], condition=Q(deleted_at=None), name="monitor_slug_once_per_project"
            ),
            models.CheckConstraint(
                condition=Q(interval_sec=None) | Q(interval_sec__gte=5, interval_sec__lte=31_622_400),
                name="monitor_interval_in_range",
            ),
            models.CheckConstraint(
                condition=Q(type="beet", interval_sec=None, cron="")
                | Q(type="heartbeat", interval_sec__isnull=False, cron="")
                | (Q(type="heartbeat", interval_sec=None) & ~Q(cron="")),
                name="monitor_has_one_schedule",
            ),
            models.CheckConstraint(condition=Q(alert_threshold__gte=1), name="monitor_threshold_positive"),
        ]
        indexes = [models.Index(fields=["organization", "id"], condition=Q(deleted_at=None), name="monitor_live")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return get_script_prefix() + self.page

    @property
    def page(self) -> str:
        """The address of its page inside its organisation."""
        return f"monitors/{self.id}"


class Token(models.Model):
    """An ingestion token: SHA-256 to look it up, a sealed envelope to read it back. It matches pings received before
    `retired_at`."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor"], condition=Q(retired_at=None), name="token_one_live"),
        ]

    def __str__(self) -> str:
        return f"token of monitor {self.monitor_id}"


class Pulse(models.Model):
    """The hot row, one per monitor. An ordinary success writes last_ping_at, last_success_at and ping_count only,
    none of them indexed, so that PostgreSQL can update in place (HOT). `deadline` is a wake-up time: it may be
    early, never late."""

    monitor = models.OneToOneField(Monitor, on_delete=models.CASCADE, primary_key=True, related_name="pulse")
    status = models.CharField(max_length=10, choices=_choices(status.STORED), default=status.Status.NEW)
    status_since = models.DateTimeField()
    last_ping_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_fail_at = models.DateTimeField(null=True, blank=True)
    waiting_from = models.DateTimeField(null=True, blank=True)
    misses = models.PositiveIntegerField(default=0)
    ping_count = models.PositiveBigIntegerField(default=0)
    limited_count = models.PositiveBigIntegerField(default=0)
    deadline = models.DateTimeField(null=True, blank=True)
    judge_error = models.CharField(max_length=200, blank=True, help_text="Why the sweep had to put this monitor off.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[value.value for value in status.STORED]), name="pulse_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["deadline"], condition=Q(deadline__isnull=False), name="pulse_deadline"),
            models.Index(fields=["monitor"], condition=~Q(judge_error=""), name="pulse_put_off"),
        ]

    def __str__(self) -> str:
        return f"pulse of monitor {self.monitor_id}: {self.status}"


class Run(models.Model):
    """One run of a job. Start and finish pair by `run_id` in either order of arrival; '' is a run without an id."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="runs")
    run_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True, choices=_choices(status.RunOutcome))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor", "run_id"], condition=~Q(run_id=""), name="run_id_once"),
        ]
        indexes = [
            models.Index(fields=["monitor", "started_at"], condition=Q(finished_at=None), name="run_open"),
        ]

    def __str__(self) -> str:
        return f"run {self.run_id or self.id} of monitor {self.monitor_id}"


class Ping(models.Model):
    """One ping as it was received. Append-only."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, db_index=False, related_name="pings")
    received_at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=_choices(status.Kind))
    value = models.FloatField(null=True, blank=True)
    duration_sec = models.FloatField(null=True, blank=True)
    exit_code = models.BigIntegerField(null=True, blank=True)
    run_id = models.CharField(max_length=64, blank=True)
    method = models.CharField(max_length=7, blank=True)
    source = models.CharField(max_length=45, blank=True)
    body_head = models.BinaryField(null=True, blank=True)
    body_tail = models.BinaryField(null=True, blank=True)
    body_size = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["monitor", "received_at"], name="ping_by_monitor")]

    def __str__(self) -> str:
        return f"{self.kind} of monitor {self.monitor_id} at {self.received_at:%Y-%m-%d %H:%M:%S}"


class StatusChange(models.Model):
    """A change of a monitor's state, at its true time. The source of strips, uptime and history."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, db_index=False, related_name="status_changes")
    at = models.DateTimeField()
    from_status = models.CharField(max_length=10, choices=_choices(status.STORED))
    to_status = models.CharField(max_length=10, choices=_choices(status.STORED))
    cause = models.CharField(max_length=15, choices=_choices(status.Cause))

    class Meta:
        indexes = [models.Index(fields=["monitor", "at"], name="status_change_by_monitor")]

    def __str__(self) -> str:
        return f"monitor {self.monitor_id}: {self.from_status} to {self.to_status}"


class Incident(models.Model):
    """A time in which a monitor was not as it should be. At most one per monitor is open. `expected_at` and
    `last_ping_at` are the evidence as it was when the incident opened."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, db_index=False, related_name="incidents")
    severity = models.CharField(max_length=8, choices=_choices(status.Severity), default=status.Severity.CRITICAL)
    cause = models.CharField(max_length=15, choices=_choices(status.INCIDENT_CAUSES))
    title = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    expected_at = models.DateTimeField(null=True, blank=True)
    last_ping_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=15, blank=True, choices=_choices(status.Cause))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor"], condition=Q(resolved_at=None), name="incident_one_open"),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("opened_at")), name="incident_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["monitor", "-opened_at"], name="incident_newest")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return get_script_prefix() + self.page

    @property
    def page(self) -> str:
        """The address of its page inside the monitor's organisation."""
        return f"incidents/{self.id}"

    @property
    def status(self) -> str:
        return status.IncidentStatus.of(self.acknowledged_at, self.resolved_at)


class IncidentEvent(models.Model):
    """An entry of an incident's timeline, and the outbox: it is dispatched while `dispatched_at` is empty."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=_choices(status.EventKind))
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    message = models.TextField(blank=True)
    created_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "seq"], name="incident_event_seq_once")]
        indexes = [models.Index(fields=["id"], condition=Q(dispatched_at=None), name="incident_event_outbox")]

    def __str__(self) -> str:
        return f"incident {self.incident_id} {self.kind}"


class IngestNode(models.Model):
    """One ingest process: it has listened since `listening_since`, and everything it received up to
    `flushed_through` is in the database."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)
    listening_since = models.DateTimeField()
    flushed_through = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class SweepMark(models.Model):
    """When the sweep last came to its end, and the moment up to which it had judged. One row."""

    finished_at = models.DateTimeField()
    watermark = models.DateTimeField()

    def __str__(self) -> str:
        return f"swept at {self.finished_at:%Y-%m-%d %H:%M:%S}"


class Batch(models.Model):
    """A committed batch of pings, kept for a week, so that it counts once whether sent directly or from a spool."""

    id = models.UUIDField(primary_key=True)
    committed_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return str(self.id)
