"""Gaps: the times in which nobody listened, which must never look like a monitor's silence."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

Span = tuple[datetime, datetime]
"""A start and an end."""


class Reason(StrEnum):
    """Why nobody listened."""

    STOPPED = "stopped"  # no process ran, or it had died
    REFUSED = "refused"  # pings were answered 503
    FROZEN = "frozen"  # the event loop stood still
    CLOCK = "clock"  # wall clock and monotonic clock parted: a set clock, a suspended machine
    CANARY = "canary"  # our own pings through the public URL did not come back


KNOWN_LOSS = frozenset({Reason.REFUSED})
"""A gap whoever else listened: these pings are known to have been turned away. A canary that does not come back may be
the fault of one process's way out; as long as those of another do, pings come in."""


@dataclass(frozen=True, slots=True)
class Deaf:
    """A time in which a process was there and did not listen, or turned pings away; without `ended_at` it lasts."""

    started_at: datetime
    ended_at: datetime | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Presence:
    """One process as far as it is known: there from `since` to `until`, and listening except where it was deaf."""

    since: datetime
    until: datetime
    deaf: tuple[Deaf, ...] = ()

    def deaf_spans(self) -> list[Span]:
        """When it did not listen; what lasts, lasts to the end of what is known."""
        return [(each.started_at, each.ended_at or max(self.until, each.started_at)) for each in self.deaf]

    def listened(self) -> tuple[Span, ...]:
        """When it listened."""
        return subtract([(self.since, self.until)], self.deaf_spans())


@dataclass(frozen=True, slots=True)
class Loss:
    """A time in which pings may have been lost, and why."""

    start: datetime
    end: datetime
    reason: Reason


def losses(present: Sequence[Presence], *, after: datetime, until: datetime) -> tuple[Loss, ...]:
    """The times between two moments in which nobody listened, or pings are known to have been turned away: disjoint,
    in order. One that has several reasons goes by the first."""
    listened = [span for each in present for span in each.listened()]
    silent = subtract([(after, until)], listened)
    turned_away = [(loss.start, loss.end) for loss in _deafnesses(present) if loss.reason in KNOWN_LOSS]
    known = [(max(start, after), min(end, until)) for start, end in turned_away if start < until and end > after]
    whole = merge([*silent, *known])
    return tuple(Loss(start, end, _reason(present, start, end)) for start, end in whole if start < end)


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as disjoint spans in order; those that overlap or meet become one, and those that end before
    they start are none."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] <= span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def subtract(spans: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of the first spans without the others, in order; moments without length are dropped."""
    left = [span for span in merge(spans) if span[0] < span[1]]
    for start, end in merge(other for other in others if other[0] < other[1]):
        pieces = (piece for span in left for piece in ((span[0], min(span[1], start)), (max(span[0], end), span[1])))
        left = [piece for piece in pieces if piece[0] < piece[1]]
    return tuple(left)


def _deafnesses(present: Iterable[Presence]) -> list[Loss]:
    return [
        Loss(start, end, deaf.reason)
        for each in present
        for deaf, (start, end) in zip(each.deaf, each.deaf_spans(), strict=True)
    ]


def _reason(present: Iterable[Presence], start: datetime, end: datetime) -> Reason:
    """Why: the deafness that came first in this time, and if there was none, nobody was there."""
    touching = [loss for loss in _deafnesses(present) if loss.start < end and loss.end > start]
    return min(touching, key=lambda loss: loss.start).reason if touching else Reason.STOPPED


@dataclass(frozen=True, slots=True)
class Window:
    """A span in which an arrival was expected, both ends included."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Gaps:
    """Times in which nobody listened: disjoint, in order, as (start, end)."""

    intervals: tuple[Span, ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[Span]) -> "Gaps":
        """Gaps from intervals in any order; those that overlap or meet become one."""
        return cls(merge(intervals))

    def touching(self, window: Window) -> tuple[Span, ...]:
        """The gaps that share at least an instant with the window."""
        found = takewhile(lambda gap: gap[0] <= window.end, self.intervals[self._first_not_over(window.start) :])
        return tuple(found)

    def covered(self, window: Window) -> float:
        """The share of the window, 0 to 1, in which nobody listened."""
        touching = self.touching(window)
        length = window.end - window.start
        if not length:
            return float(bool(touching))
        return sum((min(end, window.end) - max(start, window.start) for start, end in touching), timedelta()) / length

    def excuse(self, window: Window, *, already: bool) -> datetime | None:
        """The end of the last gap that excuses a silence in this window, or None if nothing excuses it.

        A silence is excused once: `already` excused (or already down), a second touched window in a row counts
        unless nobody listened for over half of it."""
        touching = self.touching(window)
        if not touching or (already and self.covered(window) <= 0.5):
            return None
        return touching[-1][1]

    def next_start(self, after: datetime) -> datetime | None:
        """When the first gap begins that has not ended by `after`; None if there is none."""
        position = self._first_not_over(after)
        return self.intervals[position][0] if position < len(self.intervals) else None

    def _first_not_over(self, at: datetime) -> int:
        return bisect_left(self.intervals, at, key=lambda gap: gap[1])


NO_GAPS = Gaps()
