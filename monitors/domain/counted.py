"""The hours that a beet is learned from, and what each is worth: tables of M beets and H hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitors.domain import hours
from monitors.domain.gaps import Span

SPOILT = timedelta(minutes=1)
"""An hour in which nobody listened for longer says too little; a restart of some seconds spoils none, for one that
happens every day would leave its hour unknown for ever."""


@dataclass(frozen=True, slots=True)
class Window:
    """So many UTC hours from the hour `first` since 1970."""

    first: int
    size: int

    @classmethod
    def back_from(cls, until: datetime, *, weeks: int) -> "Window":
        """The whole hours of so many weeks before a moment."""
        size = weeks * 7 * hours.DAY_HOURS
        return cls(hours.number(until) - size, size)

    @property
    def start(self) -> datetime:
        return hours.start(self.first)

    @property
    def end(self) -> datetime:
        return hours.start(self.first + self.size)

    @property
    def first_day(self) -> date:
        return hours.day(self.first)

    @property
    def last_day(self) -> date:
        return hours.day(self.first + self.size - 1)

    def table(
        self,
        ids: Sequence[int],
        *,
        owners: NDArray[np.int64],
        days: NDArray[np.int64],
        floors: NDArray[np.int64],
        packed: bytes,
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """What the beets with these ids, in order, counted in each hour, and where there were more: from rows of the
        days of the window, which say whose they are, their day since 1970, their floors and their counts."""
        first_day = self.first // hours.DAY_HOURS
        length = (self.first + self.size - 1) // hours.DAY_HOURS - first_day + 1
        counts = np.zeros((len(ids), length, hours.DAY_HOURS), np.int64)
        marked = np.zeros(counts.shape, np.bool_)
        position = np.searchsorted(ids, owners), days - first_day
        counts[position] = hours.unpack([packed])
        if floors.any():
            marked[position] = hours.bits(floors)
        skipped = self.first - first_day * hours.DAY_HOURS
        inside = slice(skipped, skipped + self.size)
        return counts.reshape(len(ids), -1)[:, inside], marked.reshape(len(ids), -1)[:, inside]

    def known(
        self, counts: NDArray[np.int64], made_at: Sequence[datetime], has_older: Sequence[bool]
    ) -> NDArray[np.bool_]:
        """Since when each beet counts, (M, H): from its first event on, or from the start if it `has_older` counts.
        What it has from before it was made was imported; between the last of that and its own first event nobody
        counted."""
        number = np.arange(self.size)
        made = np.asarray([hours.number(at) for at in made_at])[:, None] - self.first
        some = counts > 0
        begin = np.where(np.asarray(has_older), 0, _first(some))[:, None]
        imported, own = some & (number < made), some & (number >= made)
        last_imported = np.where(imported.any(axis=1), self.size - 1 - _first(imported[:, ::-1]), -1)[:, None]
        is_between = (number > last_imported) & (number < _first(own)[:, None]) & (last_imported >= 0)
        found: NDArray[np.bool_] = (number >= begin) & ~is_between
        return found

    def heard(self, gaps: Iterable[Span]) -> NDArray[np.float64]:
        """1 for each hour in which somebody listened, (H,)."""
        deaf = np.zeros(self.size)
        for start, end in gaps:
            self._add(deaf, start, end)
        return np.where(deaf > SPOILT.total_seconds(), 0.0, 1.0)

    def leave_out(self, weights: NDArray[np.float64], spans: Iterable[Span]) -> None:
        """Make the hours that these times touch worth nothing, in one row of weights."""
        for start, end in spans:
            first = max(0, hours.number(start) - self.first)
            weights[first : max(first, hours.number(end) - self.first + 1)] = 0.0

    def _add(self, seconds: NDArray[np.float64], start: datetime, end: datetime) -> None:
        """Add a time, in seconds, to the hours that it touches."""
        start, end = max(start, self.start), min(end, self.end)
        if start >= end:
            return
        begin, stop = ((at - self.start).total_seconds() / 3600 for at in (start, end))
        edges = np.arange(int(begin), int(np.ceil(stop)) + 1)
        edges = np.clip(edges, begin, stop)
        seconds[int(begin) : int(begin) + len(edges) - 1] += np.diff(edges) * 3600


def _first(some: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The number of the first hour of each row that is true; H if none is."""
    found: NDArray[np.intp] = np.where(some.any(axis=1), some.argmax(axis=1), some.shape[1])
    return found


def paused(changes: Iterable[tuple[datetime, bool]], window: Window, *, is_paused: bool) -> list[Span]:
    """When a beet was paused, from its changes into (true) and out of (false) that state inside a window, in order."""
    found, since = [], None
    known = list(changes)
    if not known:
        return [(window.start, window.end)] if is_paused else []
    if not known[0][1]:
        since = window.start
    for at, begins in known:
        if begins and since is None:
            since = at
        elif not begins and since is not None:
            found.append((since, at))
            since = None
    return found if since is None else [*found, (since, window.end)]
