"""The hot pulse, and what it follows from: runs, pings, batches, changes of state."""

from django.db import models
from django.db.models import Q

from monitors.domain import status
from monitors.models.choices import choices
from monitors.models.configuration import Monitor


class Pulse(models.Model):
    """The hot row, one per monitor. An ordinary success writes last_ping_at, last_success_at and ping_count only,
    none of them indexed, so that PostgreSQL can update in place (HOT). `deadline` is a wake-up time: it may be
    early, never late."""

    monitor = models.OneToOneField(Monitor, on_delete=models.CASCADE, primary_key=True, related_name="pulse")
    status = models.CharField(max_length=10, choices=choices(status.STORED), default=status.Status.NEW)
    status_since = models.DateTimeField()
    last_ping_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_fail_at = models.DateTimeField(null=True, blank=True)
    waiting_from = models.DateTimeField(null=True, blank=True)
    misses = models.PositiveIntegerField(default=0)
    good_pings = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Successes in a row since it went down, counted only while it is down."
    )
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
    outcome = models.CharField(max_length=10, blank=True, choices=choices(status.RunOutcome))

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
    kind = models.CharField(max_length=7, choices=choices(status.Kind))
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
    from_status = models.CharField(max_length=10, choices=choices(status.STORED))
    to_status = models.CharField(max_length=10, choices=choices(status.STORED))
    cause = models.CharField(max_length=15, choices=choices(status.Cause))

    class Meta:
        indexes = [models.Index(fields=["monitor", "at"], name="status_change_by_monitor")]

    def __str__(self) -> str:
        return f"monitor {self.monitor_id}: {self.from_status} to {self.to_status}"


class Batch(models.Model):
    """A committed batch of pings, kept for a week, so that it counts once whether sent directly or from a spool."""

    id = models.UUIDField(primary_key=True)
    committed_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return str(self.id)
