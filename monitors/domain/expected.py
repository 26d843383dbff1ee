"""The expected-events clock: how many events were to come in a time, and when so many more are to have come.

Λ(t) is the integral of the learned rate. It stands still where nothing is expected, and while nobody listened. Inside
this module and its neighbours an instant is seconds since 1970, in UTC.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from monitors.domain.hours import EPOCH

HOUR_SEC = 3600.0
WEEK_HOURS = 168
SIGHT_HOURS = 8 * WEEK_HOURS
"""Nobody asks when something is to have come that takes longer than this."""
_MONDAY_HOURS = 96
"""1970 began on a Thursday: its first Monday is so many hours later."""

seconds = datetime.timestamp
"""An aware instant as seconds since 1970. The method itself: a look asks it for every event."""

Spans = Sequence[tuple[float, float]]
"""Times in which nobody listened: disjoint, in order."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What was learned of a beet. `rates` are events an hour for each local hour of the week in `zone`, slot 0 being
    Monday 00:00, as they were over all the weeks learned from; `level` is what they are to be multiplied by of late.
    The count of an hour in which λ are expected varies by `burst`·λ + `wobble`·λ²: `burst` is 1 for independent
    events, and `wobble` the square of how far a rate strays from one week to the next."""

    zone: str
    rates: tuple[float, ...]
    level: float = 1.0
    burst: float = 1.0
    wobble: float = 0.0
    weekly: float = field(init=False)
    """Expected events in a week."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "weekly", sum(self.rates) * self.level)

    def rate_at(self, at: datetime) -> float:
        """Expected events an hour at this time."""
        return self.rates[_slot(self.zone, int(seconds(at) // HOUR_SEC))] * self.level


def instant(at_sec: float) -> datetime:
    """Seconds since 1970 as an aware instant in UTC."""
    return EPOCH + timedelta(seconds=at_sec)


def slots(zone: str, start: datetime, hours: int) -> NDArray[np.intp]:
    """The local hour of the week, 0 to 167, in which each of so many UTC hours begins, from the whole hour `start`.
    The hour that a change of the clocks leaves out appears in no hour, and the repeated one in two."""
    first = int(seconds(start) // HOUR_SEC)
    weeks = range((first - _MONDAY_HOURS) // WEEK_HOURS, (first + hours - _MONDAY_HOURS) // WEEK_HOURS + 1)
    found = np.concatenate([_slots_of(zone, number) for number in weeks])
    skipped = (first - _MONDAY_HOURS) % WEEK_HOURS
    return found[skipped : skipped + hours]


@functools.lru_cache(maxsize=8192)
def _slots_of(zone: str, number: int) -> NDArray[np.intp]:
    """`_week` as an array, made once."""
    return np.array(_week(zone, number), dtype=np.intp)


@functools.lru_cache(maxsize=8192)
def _week(zone: str, number: int) -> tuple[int, ...]:
    """The slots of the 168 UTC hours of a week, counted from Monday 5 January 1970. Zones whose hours begin at half
    past are served by the UTC hours that begin inside them."""
    info, first = ZoneInfo(zone), number * WEEK_HOURS + _MONDAY_HOURS
    found = []
    for hour in range(first, first + WEEK_HOURS):
        offset = (EPOCH + timedelta(hours=hour)).astimezone(info).utcoffset() or timedelta()
        found.append((hour - _MONDAY_HOURS + int(offset.total_seconds() // HOUR_SEC)) % WEEK_HOURS)
    return tuple(found)


def _slot(zone: str, hour: int) -> int:
    week, position = divmod(hour - _MONDAY_HOURS, WEEK_HOURS)
    return _week(zone, week)[position]


class Expected:
    """Λ of a profile, without the times in which nobody listened."""

    __slots__ = ("_deaf", "_profile", "_scale")

    def __init__(self, profile: Profile, deaf: Spans = ()) -> None:
        self._profile = profile
        self._deaf = deaf
        self._scale = profile.level / HOUR_SEC

    def between(self, start: float, end: float) -> float:
        """How many events were to come from `start` to `end`."""
        total = self._whole(start, end)
        for since, until in self._deaf:
            if since < end and until > start:
                total -= self._whole(max(since, start), min(until, end))
        return total

    def steps(self, start: float, times: Sequence[float]) -> list[float]:
        """What is expected from `start` to the first of these times, from that to the next, and so on."""
        if self._deaf:
            return [self.between(before, at) for before, at in itertools.pairwise([start, *times])]
        found, edge, rate = [], 0.0, 0.0
        for at in times:
            if at <= edge and start >= edge - HOUR_SEC:
                found.append(rate * (at - start))
            else:
                found.append(self._whole(start, at))
                hour = int(at // HOUR_SEC)
                edge, rate = (hour + 1) * HOUR_SEC, self._rate(hour)
            start = at
        return found

    def after(self, start: float, amount: float) -> float:
        """When `amount` more are to have come after `start`; at the end of sight if that takes longer."""
        if amount <= 0:
            return start
        at, deaf = start, [span for span in self._deaf if span[1] > start]
        hour, last = int(start // HOUR_SEC), int(start // HOUR_SEC) + SIGHT_HOURS
        while hour < last:
            end, rate = (hour + 1) * HOUR_SEC, self._rate(hour)
            if deaf:
                end, rate = self._end_of_piece(at, end, deaf), 0.0 if _is_within(at, deaf) else rate
            if rate * (end - at) >= amount:
                return at + amount / rate
            amount -= rate * (end - at)
            at, hour = end, int(end // HOUR_SEC)
        return last * HOUR_SEC

    def along(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Λ at many times in order, counted from the first."""
        if not len(times):
            return np.zeros(0)
        first = int(times[0] // HOUR_SEC)
        hours = int(times[-1] // HOUR_SEC) - first + 1
        rates = np.array(self._profile.rates)[slots(self._profile.zone, instant(first * HOUR_SEC), hours)] * self._scale
        hourly = np.arange(first, first + hours + 1, dtype=np.float64) * HOUR_SEC
        total: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(rates * HOUR_SEC)])
        edges, whole = _stand_still(hourly, total, self._deaf)
        found: NDArray[np.float64] = np.interp(times, edges, whole)
        found -= found[0]
        return found

    def _whole(self, start: float, end: float) -> float:
        """As if somebody had listened all the time."""
        total, hour = 0.0, int(start // HOUR_SEC)
        while True:
            edge = (hour + 1) * HOUR_SEC
            if edge >= end:
                return total + self._rate(hour) * (end - start)
            total += self._rate(hour) * (edge - start)
            start, hour = edge, hour + 1

    def _rate(self, hour: int) -> float:
        """Expected events a second in this hour since 1970."""
        week, position = divmod(hour - _MONDAY_HOURS, WEEK_HOURS)
        return self._profile.rates[_week(self._profile.zone, week)[position]] * self._scale

    @staticmethod
    def _end_of_piece(at: float, end: float, deaf: Spans) -> float:
        """Up to when the rate stays what it is at `at`."""
        return min([end, *(edge for span in deaf for edge in span if at < edge < end)])


def _is_within(at: float, deaf: Spans) -> bool:
    return any(since <= at < until for since, until in deaf)


def _stand_still(
    edges: NDArray[np.float64], whole: NDArray[np.float64], deaf: Spans
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same clock, standing still in these times."""
    for since, until in deaf:
        since, until = max(since, edges[0]), min(until, edges[-1])
        if since >= until:
            continue
        low, high = np.interp([since, until], edges, whole)
        before, after = edges < since, edges > until
        edges = np.concatenate([edges[before], [since, until], edges[after]])
        whole = np.concatenate([whole[before], [low, low], whole[after] - (high - low)])
    return edges, whole
