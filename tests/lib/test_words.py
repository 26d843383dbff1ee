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

    expected = '<time datetime="2026-01-05T11:55:00+00:00" title="Mon 5 Jan 2026, 12:55:00 CET">5 min ago</time>'
    assert shown == expected


def test_an_unknown_zone_is_told_in_utc() -> None:
    assert words.Teller.for_zone(NOON, "Mars/Olympus").exact(NOON).endswith("UTC")
