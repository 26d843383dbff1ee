"""What a beet's settings would have said of its own past, from what it counted: before they are saved, and while it
still learns."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitors import learn, rhythms
from monitors.domain import hours, rehearsal, rhythm
from monitors.domain.counted import Window
from monitors.domain.gaps import Gaps, Span
from monitors.domain.rehearsal import Rehearsal
from monitors.domain.status import Status
from monitors.models import Gap, HourlyCount, Monitor

JUDGED = timedelta(weeks=8)
"""So far back it is said what would have been, where there are eight weeks more to learn from."""
EARLY = 0.5
"""What still learns is judged for show with half of the time and the events that it takes."""


def of_monitor(monitor: Monitor, *, is_early: bool = False, now: datetime) -> Rehearsal | None:
    """When the monitor's settings, which need not be saved, would have alerted in the last eight weeks. It is learned
    anew each day, as ever. `is_early` judges one that still learns, by half of what it takes. None if nothing was
    counted yet."""
    until = rhythms.rolled_until() or hours.floor(now)
    window = Window.back_from(until, weeks=rhythm.WEEKS + JUDGED // timedelta(weeks=1))
    counts, known = _counted(monitor, window)
    if not counts.any():
        return None
    first, readiness = int(known.argmax()), EARLY if is_early else 1.0
    start = hours.start(window.first + first)
    return rehearsal.rehearse_hours(
        monitor.name,
        start,
        counts[first:],
        learn_to=max(until - JUDGED, start + rhythm.READY_AFTER * readiness),
        zone=monitor.timezone,
        tuning=rhythms.tunings([monitor])[monitor.id],
        gaps=Gaps.of([*_deaf(monitor, window), *_unknown(known, first, window)]),
        readiness=readiness,
    )


def _counted(monitor: Monitor, window: Window) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """What it counted in each hour, and in which hours it did."""
    counts, _ = learn.hours_of([monitor.id], window)
    has_older = HourlyCount.objects.filter(monitor=monitor, day__lt=window.first_day).exists()
    return counts[0], window.known(counts, [monitor.created_at], [has_older])[0]


def _deaf(monitor: Monitor, window: Window) -> Iterator[Span]:
    """When nobody listened, and when it was paused: nothing was expected then."""
    yield from Gap.objects.filter(ended_at__gte=window.start).values_list("started_at", "ended_at")
    is_paused = monitor.pulse.status == Status.PAUSED
    yield from learn.pauses({monitor.id: is_paused}, window)[monitor.id]


def _unknown(known: NDArray[np.bool_], first: int, window: Window) -> Iterator[Span]:
    """The hours between what was imported and its own first event."""
    missing = np.flatnonzero(~known[first:]) + first
    if len(missing):
        yield hours.start(window.first + int(missing[0])), hours.start(window.first + int(missing[-1]) + 1)
