"""Boards: pages that an organisation puts together of widgets."""

from django.db import models
from django.db.models import Q

from accounts.models import Organization
from monitors.models.choices import choices
from monitors.models.configuration import Monitor

COUNTER, STATUS, LAST_SEEN, RECORD, RATE, WEEK = "counter", "status", "last_seen", "record", "rate", "week"
KINDS = (COUNTER, STATUS, LAST_SEEN, RECORD, RATE, WEEK)


class Board(models.Model):
    """A page of widgets that everybody of an organisation sees."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="boards")
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Widget(models.Model):
    """One look at a monitor. Widgets stand in the order of `position`, `width` columns of four wide."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="widgets")
    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=choices(KINDS))
    position = models.PositiveIntegerField()
    width = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(width__gte=1, width__lte=4), name="widget_width_in_grid")]

    def __str__(self) -> str:
        return f"{self.kind} of monitor {self.monitor_id}"
