"""Gaps: the times in which nobody listened, which must never look like a monitor's silence."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile


class Reason(StrEnum):
    """Why nobody listened."""

    STOPPED = "stopped"  # no process ran, or it had died
    REFUSED = "refused"  # pings were answered 503
    FROZEN = "frozen"  # the event loop stood still
    CLOCK = "clock"  # wall clock and monotonic clock parted: a set clock, a suspended machine
    CANARY = "canary"  # our own pings through the public URL did not come back


KNOWN_LOSS = frozenset({Reason.REFUSED, Reason.CANARY})
"""A gap whoever else listened: these pings are known to have been turned away."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span in which an arrival was expected, both ends included."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Gaps:
    """Times in which nobody listened: disjoint, in order, as (start, end)."""

    intervals: tuple[tuple[datetime, datetime], ...] = ()

    @classmethod
    def of(cls, intervals: Iterable[tuple[datetime, datetime]]) -> "Gaps":
        """Gaps from intervals in any order; those that overlap or meet become one."""
        merged: list[tuple[datetime, datetime]] = []
        for start, end in sorted(intervals):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return cls(tuple(merged))

    def touching(self, window: Window) -> tuple[tuple[datetime, datetime], ...]:
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
