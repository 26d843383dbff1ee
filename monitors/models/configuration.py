"""What is watched: the configuration of monitors, their tokens, and how an organisation is alerted."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import get_script_prefix

from accounts.models import Organization, Project
from monitors.domain import fields
from monitors.models.choices import choices


class Monitor(models.Model):
    """The configuration of a monitor; it changes when a person edits it. Its state lives in `Pulse`.

    `alert_delay_sec`, `remind_every_sec` and `recovery_threshold` are empty where the organisation's `AlertPolicy`
    counts. A snooze has begun at `snoozed_at`; without `snoozed_until` it ends at the next success after that.

    Of a beet: `rho` is the share of the usual rate that is worth waking somebody for, `budget_weeks` how many weeks may
    pass per false alarm (empty: the organisation's), `learning_silence_sec` what silence alerts while it still learns.
    Of any monitor: a value below `value_below` or above `value_above`, or outside the learned band if `value_band`, is
    a failure; `value_per` says whether that is judged ping by ping, or for the sum or the mean of each hour."""

    HEARTBEAT, BEET = fields.HEARTBEAT, fields.BEET

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="monitors")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="monitors")
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255)
    type = models.CharField(max_length=10, choices=choices([HEARTBEAT, BEET]), default=HEARTBEAT)
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
    alert_delay_sec = models.PositiveIntegerField(null=True, blank=True)
    remind_every_sec = models.PositiveIntegerField(null=True, blank=True)
    recovery_threshold = models.PositiveIntegerField(null=True, blank=True)
    rho = models.FloatField(default=fields.RHO, db_default=fields.RHO)
    budget_weeks = models.PositiveIntegerField(null=True, blank=True)
    learning_silence_sec = models.PositiveIntegerField(null=True, blank=True)
    value_below = models.FloatField(null=True, blank=True)
    value_above = models.FloatField(null=True, blank=True)
    value_per = models.CharField(max_length=9, choices=choices(fields.VALUE_PER), default="ping", db_default="ping")
    value_band = models.BooleanField(default=False, db_default=False)
    snoozed_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(recovery_threshold=None) | Q(recovery_threshold__gte=1), name="monitor_recovery_positive"
            ),
            models.CheckConstraint(condition=Q(rho__gt=0, rho__lt=1), name="monitor_rho_is_a_share"),
            models.CheckConstraint(
                condition=Q(budget_weeks=None) | Q(budget_weeks__gte=1), name="monitor_budget_positive"
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until=None) | Q(snoozed_at__isnull=False), name="monitor_snooze_has_start"
            ),
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


class AlertPolicy(models.Model):
    """How an organisation is alerted, where a monitor says nothing else. `alert_delay_sec`: tell only what is still
    open after so long; 0 tells at once. `remind_every_sec`: tell again while nobody has acknowledged; 0 is never.
    `recovery_threshold`: good pings in a row until a monitor that is down counts as up again. `beet_budget_weeks`: how
    many weeks may pass per false alarm of all its beets together; empty leaves each beet to itself."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="alert_policy")
    alert_delay_sec = models.PositiveIntegerField(default=0)
    remind_every_sec = models.PositiveIntegerField(default=0)
    recovery_threshold = models.PositiveIntegerField(default=1)
    beet_budget_weeks = models.PositiveIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "alert policies"
        constraints = [
            models.CheckConstraint(condition=Q(recovery_threshold__gte=1), name="policy_recovery_positive"),
            models.CheckConstraint(
                condition=Q(beet_budget_weeks=None) | Q(beet_budget_weeks__gte=1), name="policy_budget_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"alert policy of organisation {self.organization_id}"
