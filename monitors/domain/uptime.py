"""How long a monitor was up and down in a window of time, and in each part of it.

Every moment counts as exactly one of five: up, down, unknown (we were not listening), paused, or unwatched (before it
was made, before its first ping, while it learns, and in the future). Uptime is the share of up in up and down; a gap,
in which we did not listen, is neither.
"""

import itertools
import math
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitors.domain import gaps
from monitors.domain.gaps import NO_GAPS, Gaps
from monitors.domain.status import Status

NOTHING = timedelta(0)

_UP = frozenset({Status.UP, Status.LATE, Status.WARNING})
"""A warning says that something is odd, not that it is away."""
_WATCHED = _UP | {Status.DOWN}
_UNWATCHED = frozenset({None, Status.NEW, Status.LEARNING})
WORST_FIRST = (
    Status.DOWN, Status.WARNING, Status.UNKNOWN, Status.LATE, Status.UP, Status.PAUSED, Status.LEARNING, Status.NEW,
)  # fmt: skip
"""Which state is shown where only one can be."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to, and without, `end`."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlap(self, other: "Window") -> timedelta:
        """How long both last together."""
        return max(NOTHING, min(self.end, other.end) - max(self.start, other.start))


@dataclass(frozen=True, slots=True)
class Change:
    """A monitor's state from `at` on."""

    at: datetime
    to: Status


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a monitor's states: since when it exists, its state before the first of `changes`, the changes
    in the order they were written, of which the last at an instant counts, and when nobody listened."""

    since: datetime
    before: Status
    changes: Sequence[Change] = ()
    gaps: Gaps = NO_GAPS


@dataclass(frozen=True, slots=True)
class Tally:
    """How long each state lasted; None is the time in which there was nothing to have one."""

    lasted: dict[Status | None, timedelta] = field(default_factory=dict)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally({each: self._of({each}) + other._of({each}) for each in {*self.lasted, *other.lasted}})

    @property
    def up(self) -> timedelta:
        return self._of(_UP)

    @property
    def down(self) -> timedelta:
        return self._of({Status.DOWN})

    @property
    def unknown(self) -> timedelta:
        return self._of({Status.UNKNOWN})

    @property
    def paused(self) -> timedelta:
        return self._of({Status.PAUSED})

    @property
    def unwatched(self) -> timedelta:
        return self._of(_UNWATCHED)

    @property
    def worst(self) -> Status | None:
        """The worst state that lasted for any time at all; None if there was none."""
        return next((status for status in WORST_FIRST if self.lasted.get(status)), None)

    @property
    def uptime(self) -> float | None:
        """The share of the watched time in percent, to four places and never rounded up: 100 is without a fault. None
        if nothing was watched."""
        watched = self.up + self.down
        return math.floor(self.up / watched * 1_000_000) / 10_000 if watched else None

    def _of(self, statuses: Container[Status | None]) -> timedelta:
        return sum((time for status, time in self.lasted.items() if status in statuses), NOTHING)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One part of a window, and what happened in it."""

    window: Window
    tally: Tally


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of one state; None where there was nothing to have one."""

    window: Window
    status: Status | None


def stretches(history: History, window: Window, now: datetime) -> list[Stretch]:
    """The whole window without a hole as times of one state each, of which no two neighbours are alike."""
    found = _heard(_stretches(history, window, now), history.gaps)
    alike = (list(group) for _, group in itertools.groupby(found, key=lambda each: each[1]))
    return [Stretch(Window(group[0][0].start, group[-1][0].end), group[0][1]) for group in alike]


def tally(times: Iterable[Stretch]) -> Tally:
    """How long each state lasted in these times."""
    lasted: dict[Status | None, timedelta] = {}
    for each in times:
        lasted[each.status] = lasted.get(each.status, NOTHING) + each.window.length
    return Tally(lasted)


def tallies(times: Sequence[Stretch], parts: Iterable[Window]) -> list[Tally]:
    """How long each state lasted in each of the parts, which are in order. One pass over both, for both may be many."""
    found, first = [], 0
    for part in parts:
        lasted: dict[Status | None, timedelta] = {}
        while first < len(times) and times[first].window.end <= part.start:
            first += 1
        at = first
        while at < len(times) and times[at].window.start < part.end:
            each = times[at]
            lasted[each.status] = lasted.get(each.status, NOTHING) + part.overlap(each.window)
            at += 1
        found.append(Tally(lasted))
    return found


def total(history: History, window: Window, now: datetime) -> Tally:
    """What the whole window holds."""
    return tally(stretches(history, window, now))


def buckets(history: History, window: Window, size: timedelta, now: datetime) -> list[Bucket]:
    """The window in parts of `size`, of which the last may be shorter."""
    parts = list(split(window, size))
    return [Bucket(*pair) for pair in zip(parts, tallies(stretches(history, window, now), parts), strict=True)]


def split(window: Window, size: timedelta) -> Iterator[Window]:
    """The parts of a window."""
    for number in range(-(-window.length // size)):
        start = window.start + number * size
        yield Window(start, min(start + size, window.end))


def _heard(
    stretches: Iterable[tuple[Window, Status | None]], not_heard: Gaps
) -> Iterator[tuple[Window, Status | None]]:
    """The same stretches, but in a gap a watched state is unknown."""
    for stretch, status in stretches:
        if status not in _WATCHED:
            yield stretch, status
            continue
        at = stretch.start
        for start, end in not_heard.touching(gaps.Window(stretch.start, stretch.end)):
            start, end = max(start, at), min(end, stretch.end)
            if at < start:
                yield Window(at, start), status
            if start < end:
                yield Window(start, end), Status.UNKNOWN
            at = max(at, end)
        if at < stretch.end:
            yield Window(at, stretch.end), status


def _stretches(history: History, window: Window, now: datetime) -> Iterator[tuple[Window, Status | None]]:
    """The window without a hole as stretches of one state each, empty ones left out."""
    at, status = window.start, None
    for change_at, next_status in _states(history, now):
        until = min(max(change_at, at), window.end)
        if until > at:
            yield Window(at, until), status
        at, status = until, next_status
    if at < window.end:
        yield Window(at, window.end), status


def _states(history: History, now: datetime) -> Iterator[tuple[datetime, Status | None]]:
    """Each state with its beginning: none before the monitor was made, and none from `now` on."""
    yield min(history.since, now), history.before
    for change in history.changes:
        if change.at < now:
            yield change.at, change.to
    yield now, None
