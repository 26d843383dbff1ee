"""What an organisation shows to people who do not sign in. Nothing of it is there until somebody switches it on."""

from django.db import models
from django.db.models import Q

from accounts.models import Organization
from monitors.domain import fields
from monitors.models.configuration import Monitor


class Badge(models.Model):
    """A public picture of the state of one monitor, or of all that have a tag, at an address that nobody guesses."""

    public_id = models.CharField(max_length=22, unique=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="badges")
    monitor = models.ForeignKey(
        Monitor, on_delete=models.CASCADE, db_index=False, null=True, blank=True, related_name="badges"
    )
    tag = models.CharField(max_length=fields.MAX_TAG, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(monitor__isnull=False, tag="") | (Q(monitor=None) & ~Q(tag="")),
                name="badge_of_a_monitor_or_a_tag",
            ),
            models.UniqueConstraint(
                fields=["monitor"], condition=Q(monitor__isnull=False), name="badge_once_per_monitor"
            ),
            models.UniqueConstraint(fields=["organization", "tag"], condition=~Q(tag=""), name="badge_once_per_tag"),
        ]

    def __str__(self) -> str:
        return f"badge of monitor {self.monitor_id}" if self.monitor_id else f"badge of tag {self.tag}"


class Feed(models.Model):
    """An organisation's feed of incidents, for whoever has its key: SHA-256 to look it up, a sealed envelope to read it
    back."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="feed")
    digest = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"feed of organisation {self.organization_id}"
