"""Who listens, when nobody did, and how far the sweep has come."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Organization
from monitors.domain import gaps
from monitors.models.choices import choices
from monitors.models.configuration import Monitor


class IngestNode(models.Model):
    """One ingest process. It has been there since `listening_since`, and everything it received up to
    `flushed_through` is in the database. It listened in all that time, except where a `Deafness` of it says otherwise.

    It ended with goodbye (`stopped_at`) or without (`died_at`, said by the sweep); either way `flushed_through` is how
    far it is known to have listened. `silent_sec` is for how long, while the database was up, the sweep has seen
    nothing newer than `seen_beat_at` of it."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=100)
    listening_since = models.DateTimeField()
    flushed_through = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    died_at = models.DateTimeField(null=True, blank=True)
    seen_beat_at = models.DateTimeField(null=True, blank=True)
    silent_sec = models.FloatField(default=0.0, db_default=0.0)

    class Meta:
        indexes = [
            models.Index(fields=["beat_at"], condition=Q(stopped_at=None, died_at=None), name="ingest_node_live"),
        ]

    def __str__(self) -> str:
        return self.name


class Deafness(models.Model):
    """A time in which an ingest process was there and did not listen, or turned pings away; `ended_at` is empty while
    it lasts. It is in the database before `flushed_through` passes its start."""

    node = models.ForeignKey(IngestNode, on_delete=models.CASCADE, related_name="deafnesses")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=10, choices=choices(gaps.Reason))

    class Meta:
        verbose_name_plural = "deafnesses"
        constraints = [
            models.UniqueConstraint(fields=["node"], condition=Q(ended_at=None), name="deafness_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="deafness_ends_after_start"
            ),
        ]
        indexes = [models.Index(fields=["ended_at"], name="deafness_by_end")]

    def __str__(self) -> str:
        return f"{self.reason} at {self.started_at:%Y-%m-%d %H:%M:%S}"


class Gap(models.Model):
    """A time in which nobody listened, or in which pings are known to have been turned away: our fault, never a
    monitor's. Written by the sweep before it judges that time; the newest may still grow at its end."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    reason = models.CharField(max_length=10, choices=choices(gaps.Reason))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__gte=F("started_at")), name="gap_ends_after_start"),
        ]
        indexes = [models.Index(fields=["ended_at"], name="gap_by_end")]

    @property
    def length_sec(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()

    def __str__(self) -> str:
        return f"not listening {self.started_at:%Y-%m-%d %H:%M:%S} to {self.ended_at:%H:%M:%S}"


class GapNotice(models.Model):
    """What one organisation is told of a gap that left monitors of it `unknown`: one letter, not a page."""

    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="notices")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="gap_notices")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gap", "organization"], name="gap_notice_once")]
        indexes = [models.Index(fields=["created_at"], condition=Q(sent_at=None), name="gap_notice_unsent")]

    def __str__(self) -> str:
        return f"notice of gap {self.gap_id} to organisation {self.organization_id}"


class Unheard(models.Model):
    """A monitor that a gap left `unknown`."""

    notice = models.ForeignKey(GapNotice, on_delete=models.CASCADE, related_name="unheard")
    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "unheard"
        constraints = [models.UniqueConstraint(fields=["notice", "monitor"], name="unheard_once")]

    def __str__(self) -> str:
        return f"monitor {self.monitor_id} unknown at {self.at:%Y-%m-%d %H:%M:%S}"


class Watermark(models.Model):
    """The sweep's clock. One row, locked by whoever moves it.

    All time up to `covered_through` is accounted for: somebody listened, or it is a `Gap`. `ticked_at` is when the
    clock was last looked at; the sweep holds still until `hold_until`. `rewound_at` is the moment to which a clock was
    last set back."""

    covered_through = models.DateTimeField(null=True, blank=True)
    ticked_at = models.DateTimeField()
    hold_until = models.DateTimeField(null=True, blank=True)
    rewound_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"covered through {self.covered_through}"


class SweepMark(models.Model):
    """When the sweep last came to its end, and the moment up to which it had judged. One row."""

    finished_at = models.DateTimeField()
    watermark = models.DateTimeField()

    def __str__(self) -> str:
        return f"swept at {self.finished_at:%Y-%m-%d %H:%M:%S}"
