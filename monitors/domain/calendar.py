"""The parts of time that charts are drawn in: days and hours by the clock of the reader, by which some days have 23 or
25 hours."""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from monitors.domain import uptime
from monitors.domain.uptime import Window

HALF_HOUR = timedelta(minutes=30)


class Range(StrEnum):
    """How far back a chart looks."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    QUARTER = "90d"

    @property
    def days(self) -> int:
        """How many days that is, today included."""
        return {Range.DAY: 1, Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 90}[self]


_PARTS_OF_A_DAY = {Range.WEEK: 8, Range.MONTH: 2, Range.QUARTER: 1}


def days(now: datetime, zone: tzinfo, count: int) -> list[Window]:
    """The last `count` days of this zone, the oldest first; the last is today, as far as it goes."""
    today = now.astimezone(zone).date()
    midnights = [
        datetime.combine(today - timedelta(days=ago), time(), zone).astimezone(UTC) for ago in range(count - 1, -2, -1)
    ]
    return [Window(*pair) for pair in itertools.pairwise(midnights)]


def parts(how_far: Range, now: datetime, zone: tzinfo) -> list[Window]:
    """The parts of a chart: of 24 hours the halves of each hour, and of more each local day in as many as are seen."""
    if how_far == Range.DAY:
        end = now.astimezone(UTC) + HALF_HOUR
        end -= timedelta(minutes=end.minute % 30, seconds=end.second, microseconds=end.microsecond)
        return list(uptime.split(Window(end - timedelta(days=1), end), HALF_HOUR))
    each = _PARTS_OF_A_DAY[how_far]
    return [part for day in days(now, zone, how_far.days) for part in _evenly(day, each)]


def fitting(now: datetime, since: datetime) -> Range:
    """The shortest range that reaches back to `since`; the longest if none does."""
    return next((each for each in Range if now - since <= timedelta(days=each.days)), Range.QUARTER)


def number(parts: Sequence[Window], at: datetime) -> int:
    """In which of the parts, which follow each other, a moment lies: the first for what came before it, and the last
    for what comes after."""
    return max(0, bisect_right(parts, at, key=lambda part: part.start) - 1)


def _evenly(day: Window, count: int) -> list[Window]:
    edges = [day.start + day.length * number / count for number in range(count + 1)]
    return [Window(*pair) for pair in itertools.pairwise(edges)]
