"""Who is told: channels, subscriptions, and the ledger of deliveries and attempts."""

import uuid

from django.db import models
from django.db.models import Q
from django.urls import get_script_prefix

from accounts.models import Organization
from alerts.domain.retry import DeliveryStatus
from monitors.domain.status import Severity
from monitors.models import Incident, IncidentEvent, Monitor


class Channel(models.Model):
    """A way to reach people or programs. `config` holds what may be shown; `secrets` is a sealed JSON object, bound to
    `uid`. `host` is whom we talk to (a receiver's host name): what shares a host shares its limits. `flagged_at` says
    that too many messages in a row were given up; the next that arrives clears it."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    config = models.JSONField(default=dict)
    secrets = models.TextField(blank=True)
    is_enabled = models.BooleanField(default=True)
    host = models.CharField(max_length=255, blank=True, default="", db_default="")
    is_default = models.BooleanField(default=False, help_text="New monitors are subscribed to it.")
    is_fallback = models.BooleanField(
        default=False, db_default=False, help_text="It is told what another channel could not be told in time."
    )
    dead_in_a_row = models.PositiveIntegerField(default=0, db_default=0)
    flagged_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "id"], condition=Q(deleted_at=None), name="channel_live")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization"], condition=Q(is_fallback=True, deleted_at=None), name="channel_one_fallback"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"

    def get_absolute_url(self) -> str:
        return get_script_prefix() + self.page

    @property
    def page(self) -> str:
        """The address of its page inside its organisation."""
        return f"channels/{self.id}"


class Subscription(models.Model):
    """A channel that is told about a monitor's incidents. `events` are the kinds it is told of, empty where the
    channel's own choice counts; nothing less severe than `min_severity` is told."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="subscriptions")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="subscriptions")
    events = models.JSONField(null=True, blank=True)
    min_severity = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in Severity], default=Severity.WARNING.value,
        db_default=Severity.WARNING.value,
    )  # fmt: skip

    class Meta:
        constraints = [models.UniqueConstraint(fields=["monitor", "channel"], name="subscription_once")]

    def __str__(self) -> str:
        return f"monitor {self.monitor_id} tells channel {self.channel_id}"


class Storm(models.Model):
    """Many incidents of one organisation at once, as one channel is told of them: the first each for itself, the rest
    (its deliveries) in one message that is kept up to date. `reference` is how the receiver calls that message, where
    it can be changed."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="storms")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="storms")
    started_at = models.DateTimeField()
    grew_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel"], condition=Q(ended_at=None), name="storm_one_open"),
        ]

    def __str__(self) -> str:
        return f"storm {self.id} of channel {self.channel_id}"


class Notice(models.Model):
    """Something to tell that is no event of one incident: the list of a storm, or that a channel does not work."""

    STORM, FLAGGED = "storm", "flagged"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=[(STORM, STORM), (FLAGGED, FLAGGED)])
    storm = models.ForeignKey(Storm, on_delete=models.CASCADE, null=True, blank=True, related_name="notices")
    about = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, blank=True, related_name="notices_about")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="storm", storm__isnull=False, about=None)
                | Q(kind="flagged", storm=None, about__isnull=False),
                name="notice_has_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.id}: {self.kind}"


class Delivery(models.Model):
    """One message to one channel, sent until it arrives or is dead. `uid` is the receiver's id to deduplicate on.
    Order holds per (incident, channel): a later event waits for the earlier ones.

    It tells an `event` of an `incident`, or else a `notice`. One with a `storm` is told in that storm's notice. `step`
    is 0, or 1 for the fallback channel, which is told what another channel could not be told in time: that one has
    `fell_back_at`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(IncidentEvent, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    incident = models.ForeignKey(
        Incident, on_delete=models.CASCADE, null=True, blank=True, db_index=False, related_name="deliveries"
    )
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries")
    storm = models.ForeignKey(Storm, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, db_index=False, related_name="deliveries")
    step = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in DeliveryStatus])
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    first_tried_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    fell_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "channel", "step"], name="delivery_once"),
            models.UniqueConstraint(fields=["notice", "channel"], name="delivery_of_notice_once"),
            models.CheckConstraint(
                condition=Q(event__isnull=False, incident__isnull=False, notice=None)
                | Q(event=None, incident=None, notice__isnull=False),
                name="delivery_tells_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="delivery_due"),
            models.Index(fields=["incident", "channel", "id"], name="delivery_order"),
            models.Index(fields=["channel", "created_at"], name="delivery_recent"),
            models.Index(fields=["created_at"], condition=Q(status=DeliveryStatus.DEAD.value), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.id}: {self.status}"


class Attempt(models.Model):
    """One try to send a delivery, with what the receiver said."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    is_ok = models.BooleanField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    excerpt = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"attempt of delivery {self.delivery_id}"


class Receiver(models.Model):
    """How a host has answered lately, for the circuit breaker: how many sends to it in a row got no useful answer, the
    id of the channel if one alone has met them all, and until when it is left alone."""

    host = models.CharField(max_length=255, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    only_channel = models.BigIntegerField(null=True, blank=True)
    open_until = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.host


class DispatchMark(models.Model):
    """When the dispatcher last came to its end. One row."""

    finished_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"dispatched at {self.finished_at:%Y-%m-%d %H:%M:%S}"
