"""Days and hours by the clock of the reader, also on the days on which it is changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitors.domain import calendar
from monitors.domain.calendar import Range
from monitors.domain.uptime import Window

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_days_end_with_today_in_the_readers_zone() -> None:
    found = calendar.days(datetime(2026, 1, 5, 23, 30, tzinfo=UTC), BERLIN, 2)

    assert [day.start.isoformat() for day in found] == ["2026-01-04T23:00:00+00:00", "2026-01-05T23:00:00+00:00"]
    assert found[-1].length == 24 * HOUR


@pytest.mark.parametrize(
    ("reason", "zone", "noon", "hours"),
    [
        ("the clock goes forward", "Europe/Berlin", "2026-03-29T12:00", 23),
        ("the clock goes back", "Europe/Berlin", "2026-10-25T12:00", 25),
        ("by half an hour", "Australia/Lord_Howe", "2026-10-04T02:00", 23.5),
        ("forward at midnight: the day begins at one", "Africa/Cairo", "2026-04-24T10:00", 23),
        ("back at midnight: the hour before it comes twice", "Africa/Cairo", "2026-10-29T10:00", 25),
        ("a day that was left out", "Pacific/Apia", "2011-12-31T00:00", 24),
    ],
)
def test_days_on_which_the_clock_is_changed(reason: str, zone: str, noon: str, hours: float) -> None:
    now = datetime.fromisoformat(noon).replace(tzinfo=UTC)

    found = calendar.days(now, ZoneInfo(zone), 3)

    assert found[-1].length == hours * HOUR, reason
    assert [day.end for day in found[:-1]] == [day.start for day in found[1:]]


def test_24_hours_are_half_hours_up_to_the_one_under_way() -> None:
    found = calendar.parts(Range.DAY, NOON + timedelta(minutes=47, seconds=3), BERLIN)

    assert len(found) == 48
    assert found[-1] == Window(NOON + timedelta(minutes=30), NOON + HOUR)
    assert {part.length for part in found} == {HOUR / 2}


@pytest.mark.parametrize(
    ("how_far", "count", "length"), [(Range.WEEK, 56, 3), (Range.MONTH, 60, 12), (Range.QUARTER, 90, 24)]
)
def test_longer_ranges_are_parts_of_local_days(how_far: Range, count: int, length: float) -> None:
    found = calendar.parts(how_far, NOON, BERLIN)

    assert len(found) == count
    assert found[0].start.astimezone(BERLIN).hour == 0
    assert found[0].length == length * HOUR
    assert [part.end for part in found[:-1]] == [part.start for part in found[1:]]


def test_parts_of_a_day_of_25_hours_still_follow_each_other() -> None:
    found = calendar.parts(Range.WEEK, datetime(2026, 10, 27, 12, tzinfo=UTC), BERLIN)

    assert len(found) == 56
    assert sum((part.length for part in found), timedelta()) == (7 * 24 + 1) * HOUR


@pytest.mark.parametrize(
    ("ago", "expected"), [(0.5, Range.DAY), (1, Range.DAY), (5, Range.WEEK), (24, Range.MONTH), (2000, Range.QUARTER)]
)
def test_the_shortest_range_that_reaches_back(ago: float, expected: Range) -> None:
    assert calendar.fitting(NOON, NOON - timedelta(days=ago)) == expected


@pytest.mark.parametrize(("hours", "number"), [(-50, 0), (0, 0), (23.9, 0), (24, 1), (47.9, 1), (100, 1)])
def test_a_moment_lies_in_one_part(hours: float, number: int) -> None:
    parts = [Window(NOON, NOON + 24 * HOUR), Window(NOON + 24 * HOUR, NOON + 48 * HOUR)]

    assert calendar.number(parts, NOON + hours * HOUR) == number
