"""Who is told: channels, subscriptions, and the ledger of deliveries and attempts."""

import uuid

from django.db import models
from django.db.models import Q
from django.urls import get_script_prefix

from accounts.models import Organization
from alerts.domain.retry import DeliveryStatus
from monitors.models import Incident, IncidentEvent, Monitor


class Channel(models.Model):
    """A way to reach people or programs. `config` holds what may be shown; `secrets` is a sealed JSON object, bound to
    `uid`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=100)
    config = models.JSONField(default=dict)
    secrets = models.TextField(blank=True)
    is_enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False, help_text="New monitors are subscribed to it.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "id"], condition=Q(deleted_at=None), name="channel_live")]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"

    def get_absolute_url(self) -> str:
        return f"{get_script_prefix()}channels/{self.id}"


class Subscription(models.Model):
    """A channel that is told about a monitor's incidents."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="subscriptions")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="subscriptions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["monitor", "channel"], name="subscription_once")]

    def __str__(self) -> str:
        return f"monitor {self.monitor_id} tells channel {self.channel_id}"


class Delivery(models.Model):
    """One message to one channel, sent until it arrives or is dead. `uid` is the receiver's id to deduplicate on.
    Order holds per (incident, channel): a later event waits for the earlier ones."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(IncidentEvent, on_delete=models.CASCADE, related_name="deliveries")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, db_index=False, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    step = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in DeliveryStatus])
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    first_tried_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "channel", "step"], name="delivery_once")]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(next_try_at__isnull=False), name="delivery_due"),
            models.Index(fields=["incident", "channel", "id"], name="delivery_order"),
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
