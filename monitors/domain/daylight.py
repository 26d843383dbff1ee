"""What it does to a schedule when the clocks of its zone are changed: read off from when the schedule really fires."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from monitors.domain import cron as crons
from monitors.domain.schedule import Cron

_STEP = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_INSTANT = timedelta(microseconds=1)
_A_DAYS_PATTERN = timedelta(hours=25)
"""Long enough to see every time of a day again."""


@dataclass(frozen=True, slots=True)
class Change:
    """The clocks of a zone are changed at the instant `at`, in UTC. `before` and `after` are the offsets from UTC."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def is_forward(self) -> bool:
        """Whether a part of the day is skipped; else a part of it comes twice."""
        return self.after > self.before

    @property
    def length(self) -> timedelta:
        """How much is skipped or comes twice."""
        return abs(self.after - self.before)

    @property
    def clock_before(self) -> datetime:
        """What the clocks would have shown at the change, without a zone."""
        return (self.at + self.before).replace(tzinfo=None)

    @property
    def clock_after(self) -> datetime:
        """What they show then, without a zone."""
        return (self.at + self.after).replace(tzinfo=None)


class Fate(StrEnum):
    """What becomes of the times of a cron line that are skipped or come twice."""

    UNTOUCHED = "untouched"
    UNBROKEN = "unbroken"
    MOVED = "moved"
    LEFT_OUT = "left_out"
    ONCE = "once"
    TWICE = "twice"
    SOME = "some"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to a schedule. `times` are those of its times, by the clock and without a zone, that are
    skipped or come twice; `runs` are the instants at which it fires for them."""

    change: Change
    fate: Fate
    times: tuple[datetime, ...] = ()
    runs: tuple[datetime, ...] = ()


def changes(zone: str, after: datetime, until: datetime) -> Iterator[Change]:
    """The changes of a zone's clocks in (after, until], the next one first."""
    place, at = ZoneInfo(zone), after.replace(microsecond=0)
    while at < until:
        later = min(at + _STEP, until)
        if _offset(place, at) != _offset(place, later):
            yield _between(place, at, later)
        at = later


def effect(cron: Cron, change: Change) -> Effect:
    """What a change of its zone's clocks does to a cron line."""
    start = min(change.clock_before, change.clock_after)
    times = _written(cron, start, change.length)
    if not times:
        return Effect(change, Fate.UNTOUCHED)
    if _goes_on(cron, change, start):
        return Effect(change, Fate.UNBROKEN, times)
    return _forward(cron, change, times) if change.is_forward else _back(cron, change, times)


def _forward(cron: Cron, change: Change, times: tuple[datetime, ...]) -> Effect:
    """The times do not exist: runs that the line has not written make up for them, or none do."""
    own = _written(cron, change.clock_after, change.length)
    fired = _fired(cron, change.at, change.length)
    instead = tuple(run for run in fired if _clock(run, change.after) not in own)
    return Effect(change, Fate.MOVED if instead else Fate.LEFT_OUT, times, instead)


def _back(cron: Cron, change: Change, times: tuple[datetime, ...]) -> Effect:
    """The times come twice: the line may mean either of them, or both."""
    first, second = _fired(cron, change.at - change.length, change.length), _fired(cron, change.at, change.length)
    passes = [tuple(_clock(run, change.before) for run in first), tuple(_clock(run, change.after) for run in second)]
    if passes == [times, times]:
        fate = Fate.TWICE
    elif sorted(passes) == [(), times]:
        fate = Fate.ONCE
    else:
        fate = Fate.SOME
    return Effect(change, fate, times, first + second)


def _goes_on(cron: Cron, change: Change, clock: datetime) -> bool:
    """Whether the line fires as it is written from `clock` on, also beyond the change, as if no clock were touched."""
    start = change.at if change.is_forward else change.at - change.length
    written = [time - clock for time in _written(cron, clock, _A_DAYS_PATTERN)]
    return written[-1] >= change.length and written == [run - start for run in _fired(cron, start, _A_DAYS_PATTERN)]


def _fired(cron: Cron, start: datetime, length: timedelta) -> tuple[datetime, ...]:
    """When the line fires in [start, start + length)."""
    return tuple(crons.between(cron.expression, cron.zone, start - _INSTANT, start + length - _INSTANT))


def _written(cron: Cron, clock: datetime, length: timedelta) -> tuple[datetime, ...]:
    """Which times the line has by the clock in [clock, clock + length), whether or not they exist: UTC has them all."""
    times = _fired(Cron(cron.expression, "UTC"), clock.replace(tzinfo=UTC), length)
    return tuple(time.replace(tzinfo=None) for time in times)


def _clock(at: datetime, offset: timedelta) -> datetime:
    return (at + offset).replace(tzinfo=None)


def _between(place: ZoneInfo, low: datetime, high: datetime) -> Change:
    """The change between two instants of whole seconds, at which the offsets differ."""
    before, after = _offset(place, low), _offset(place, high)
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (low, middle) if _offset(place, middle) != before else (middle, high)
    return Change(high, before, after)


def _offset(place: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(place).utcoffset() or timedelta(0)
