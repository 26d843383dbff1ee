"""Incidents and their timelines, which are the outbox too."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import get_script_prefix

from monitors.domain import status
from monitors.models.choices import choices
from monitors.models.configuration import Monitor


class Incident(models.Model):
    """A time in which a monitor was not as it should be. At most one per monitor is open. `expected_at` and
    `last_ping_at` are the evidence as it was when the incident opened; that of a beet or of a value stands in
    `evidence`, as `domain.evidence` writes it, and is brought up to date when the incident gets worse."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, db_index=False, related_name="incidents")
    severity = models.CharField(max_length=8, choices=choices(status.Severity), default=status.Severity.CRITICAL)
    cause = models.CharField(max_length=15, choices=choices(status.INCIDENT_CAUSES))
    title = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    expected_at = models.DateTimeField(null=True, blank=True)
    last_ping_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=15, blank=True, choices=choices(status.Cause))
    remind_at = models.DateTimeField(null=True, blank=True)
    evidence = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["monitor"], condition=Q(resolved_at=None), name="incident_one_open"),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("opened_at")), name="incident_ends_after_start"
            ),
        ]
        indexes = [
            models.Index(fields=["monitor", "-opened_at"], name="incident_newest"),
            models.Index(fields=["remind_at"], condition=Q(remind_at__isnull=False), name="incident_remind"),
        ]

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
    """An entry of an incident's timeline, and the outbox: it waits for its dispatch while `dispatched_at` is empty, and
    goes no earlier than `hold_until` (a policy wants to wait, or the monitor is snoozed). `as_of` is what the incident
    was at that moment, of one that a rhythm or a value opened, as `domain.evidence.Moment` keeps it."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=choices(status.EventKind))
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    message = models.TextField(blank=True)
    created_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True, blank=True)
    hold_until = models.DateTimeField(null=True, blank=True)
    as_of = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "seq"], name="incident_event_seq_once")]
        indexes = [models.Index(fields=["id"], condition=Q(dispatched_at=None), name="incident_event_outbox")]

    def __str__(self) -> str:
        return f"incident {self.incident_id} {self.kind}"
