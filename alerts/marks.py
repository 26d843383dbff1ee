"""When the dispatcher last came to its end, and what follows when that lies in the future: the clock was set back."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from alerts.domain.retry import WAITING
from alerts.models import Delivery, DispatchMark, Receiver, Storm
from monitors.models import IncidentEvent

STEP = timedelta(seconds=5)
"""Clocks of hosts differ by less; what they differ by is no step."""
SETTLES = timedelta(seconds=30)


class Steps:
    """Notices that the wall clock of this process was set back, against one that only goes on."""

    def __init__(self) -> None:
        self._ahead: timedelta | None = None
        self._settled_at: datetime | None = None

    def is_back(self, *, wall: datetime, steady: datetime) -> bool:
        """Whether it was set back since the last look, or may have been before the first."""
        before, self._ahead = self._ahead, wall - steady
        is_back = before is None or self._ahead < before - STEP
        if is_back:
            self._settled_at = steady + SETTLES
        return is_back

    def is_settling(self, *, steady: datetime) -> bool:
        """Whether that is so short a time ago that another thread may still write by the old clock."""
        return self._settled_at is not None and steady < self._settled_at


def finished(*, now: datetime, is_back: bool, is_settling: bool = False) -> None:
    """The dispatcher has come to its end. `is_back` says that this process's clock was set back since the last time,
    `is_settling` that this was a moment ago.

    A mark in the future alone proves nothing: the clock of another host may be ahead of ours, and would be each time.
    """
    if is_back:
        _catch_up(now)
    if is_settling:
        _bring_back_stragglers(now)
    if not DispatchMark.objects.filter(id=1).update(finished_at=now):
        DispatchMark.objects.update_or_create(id=1, defaults={"finished_at": now})


@transaction.atomic
def _catch_up(now: datetime) -> None:
    mark = DispatchMark.objects.select_for_update().filter(id=1, finished_at__gt=now + STEP).first()
    if mark:
        bring_back(mark.finished_at - now)
        DispatchMark.objects.filter(id=1).update(finished_at=now)


def _bring_back_stragglers(now: datetime) -> None:
    """Move what another thread still wrote by the old clock, after all that waited had been moved: made or first tried
    in the future, it would wait until then."""
    is_ahead = Q(created_at__gt=now + STEP) | Q(first_tried_at__gt=now + STEP)
    for row in Delivery.objects.filter(is_ahead, next_try_at__isnull=False, status__in=WAITING):
        by = max(row.created_at, row.first_tried_at or row.created_at) - now
        own = Delivery.objects.filter(id=row.id)
        _move(own, by, "next_try_at", "lease_until")
        first_tried_at = row.first_tried_at and min(row.first_tried_at, now)
        own.update(created_at=min(row.created_at, now), first_tried_at=first_tried_at)


def bring_back(by: timedelta) -> None:
    """Move all that waits: or each try would come that much too late. What has happened keeps its times."""
    _move(Delivery.objects.filter(status__in=WAITING), by, "next_try_at", "lease_until", "first_tried_at", "created_at")
    _move(IncidentEvent.objects.filter(dispatched_at=None), by, "hold_until")
    _move(Storm.objects.filter(ended_at=None), by, "started_at", "grew_at", "told_at")
    _move(Receiver.objects.all(), by, "open_until")


def _move(rows: QuerySet[Any], by: timedelta, *columns: str) -> None:
    rows.update(**{column: F(column) - by for column in columns})
