"""Durations and instants in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from heartbeet.lib import words

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds", "why"),
    [
        ("90", 90, "a bare number is seconds"),
        ("5 min", 300, "as we write it ourselves"),
        ("5m", 300, "as programmers write it"),
        ("1 h 30 min", 5400, "two units"),
        ("1h30m", 5400, "without spaces"),
        ("1 hour and 30 minutes", 5400, "as people speak"),
        ("1.5 h", 5400, "a fraction"),
        ("1,5 h", 5400, "a fraction with a comma"),
        ("2 Days", 172_800, "upper case"),
        ("1 week", 604_800, "weeks are read, though not written"),
        ("0", 0, "no grace at all"),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float, why: str) -> None:
    assert words.parse_duration(text) == seconds, why


@pytest.mark.parametrize("text", ["", "soon", "-5 min", "5 lightyears", "five minutes", "5 min!", "1:30"])
def test_what_is_not_a_duration_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(words.BadDuration, match="such as `30 s`"):
        words.parse_duration(text)


@pytest.mark.parametrize("seconds", [0, 5, 59, 60, 61, 3600, 5400, 86_400, 90_061, 604_800, 31_622_400])
def test_what_is_written_is_read_back(seconds: float) -> None:
    assert words.parse_duration(words.duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.18, "180 ms"), (4.24, "4.2 s"), (4.0, "4 s"), (2460.5, "41 min"), (90_000, "1 day 1 h"), (172_800, "2 days")],
)
def test_a_run_time_shows_its_two_largest_units(seconds: float, text: str) -> None:
    assert words.duration(seconds, parts=2) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=0.4), "just now"),
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

    expected = '<time datetime="2026-01-05T11:55:00+00:00" title="Mon 5 Jan 2026, 12:55:00 CET">5 min ago</time>'
    assert shown == expected


def test_an_unknown_zone_is_told_in_utc() -> None:
    assert words.Teller.for_zone(NOON, "Mars/Olympus").exact(NOON).endswith("UTC")
