"""Instants in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from heartbeet.lib import words

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=0.4), "just now"),
        (timedelta(seconds=-0.4), "now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=3, seconds=59), "3 min ago"),
        (timedelta(hours=-2), "in 2 h"),
        (timedelta(days=2, hours=5), "2 days ago"),
        (timedelta(days=40), "26 Nov 2025"),
    ],
)
def test_an_instant_is_told_by_its_distance(ago: timedelta, text: str) -> None:
    assert words.relative(NOON - ago, NOON) == text


def test_a_moment_prints_as_a_time_with_the_exact_instant_in_the_readers_zone() -> None:
    moment = words.Teller.for_zone(NOON, "Europe/Berlin").moment(NOON - timedelta(minutes=5))

    shown = Template("{{ moment }}").render(Context({"moment": moment}))

    expected = (
        '<time datetime="2026-01-05T11:55:00Z" title="Mon 5 Jan 2026, 12:55:00 CET" data-ago="1">5 min ago</time>'
    )
    assert shown == expected


def test_an_unknown_zone_is_told_in_utc() -> None:
    assert words.Teller.for_zone(NOON, "Mars/Olympus").exact(NOON).endswith("UTC")


@pytest.mark.parametrize(
    ("reason", "start", "end", "told"),
    [
        ("today, by the reader's clock", "2026-01-05T08:58", "2026-01-05T09:04", "09:58 to 10:04"),
        ("short ones with seconds", "2026-01-05T08:58:10", "2026-01-05T08:58:40", "09:58:10 to 09:58:40"),
        ("another day", "2026-01-03T08:58", "2026-01-03T09:04", "3 Jan, 09:58 to 10:04"),
        ("over midnight of the reader", "2026-01-04T22:00", "2026-01-05T01:00", "4 Jan, 23:00 to 5 Jan, 02:00"),
    ],
)
def test_a_span_is_told_as_short_as_it_can_be(reason: str, start: str, end: str, told: str) -> None:
    tell = words.Teller.for_zone(NOON, "Europe/Berlin")

    first, last = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (start, end))

    assert tell.span(first, last) == told, reason


@pytest.mark.parametrize(
    ("reason", "at", "beside", "told"),
    [
        ("today", "2026-01-05T08:58", None, "09:58"),
        ("with seconds where there are some", "2026-01-05T08:58:07", None, "09:58:07"),
        ("another day", "2026-01-04T08:58", None, "Sun 4 Jan, 09:58"),
        ("the day of what it stands beside is known", "2026-01-04T08:58", "2026-01-04T12:00", "09:58"),
        ("a day of the reader", "2026-01-04T23:30", "2026-01-04T22:30", "Mon 5 Jan, 00:30"),
    ],
)
def test_a_clock_time_has_its_day_where_that_is_not_known(reason: str, at: str, beside: str | None, told: str) -> None:
    tell = words.Teller.for_zone(NOON, "Europe/Berlin")

    moment, other = (text and datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (at, beside))

    assert isinstance(moment, datetime)
    assert tell.clock(moment, beside=other or None).text == told, reason


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "Europe", "x" * 5000, "a\x00b", ""])
def test_a_zone_that_is_none_is_read_as_utc(zone: str) -> None:
    assert words.Teller.for_zone(NOON, zone).exact(NOON) == "Mon 5 Jan 2026, 12:00:00 UTC"


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (timedelta(minutes=4, seconds=32), "in 4 min 32 s"),
        (timedelta(minutes=59, seconds=59), "in 59 min 59 s"),
        (timedelta(hours=1), "in 1 h"),
        (timedelta(seconds=-90), "1 min 30 s ago"),
    ],
)
def test_what_is_near_counts_down_by_the_second(away: timedelta, text: str) -> None:
    assert words.Teller(NOON).countdown(NOON + away).text == text


@pytest.mark.parametrize(
    ("away", "text"),
    [
        (timedelta(hours=3), "16:00"),
        (timedelta(hours=3, seconds=5), "16:00:05"),
        (timedelta(hours=12), "Tue 6 Jan, 01:00"),
        (timedelta(days=-1), "Sun 4 Jan, 13:00"),
    ],
)
def test_a_clock_time_of_today_needs_no_day(away: timedelta, text: str) -> None:
    assert words.Teller.for_zone(NOON, "Europe/Berlin").clock(NOON + away).text == text
