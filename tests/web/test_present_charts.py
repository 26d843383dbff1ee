"""Charts as pages show them: what is drawn, and what is said in words."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeet.lib import words
from monitors.domain.status import Status
from monitors.domain.uptime import Stretch, Window
from monitors.web import present_charts

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
TELL = words.Teller.for_zone(NOON, "Europe/Berlin")
UP, DOWN, UNKNOWN, PAUSED = Status.UP, Status.DOWN, Status.UNKNOWN, Status.PAUSED


def day(*changes: tuple[float, Status | None]) -> list[Stretch]:
    """The last 24 hours of states: each with the minutes it lasted; what is left goes to the last."""
    found, at = [], NOON - timedelta(days=1)
    for minutes, status in changes[:-1]:
        found.append(Stretch(Window(at, at + timedelta(minutes=minutes)), status))
        at = found[-1].window.end
    return [*found, Stretch(Window(at, NOON), changes[-1][1])]


def titles(picture: str) -> list[str]:
    return [title.text or "" for title in ElementTree.fromstring(picture).iter("title")]


def lines(picture: str) -> list[tuple[str, str]]:
    """The state of each line, and where it is drawn."""
    return [(path.attrib["data-state"], path.attrib["d"]) for path in ElementTree.fromstring(picture).iter("path")]


def test_a_healthy_day_is_one_line_in_300_bytes() -> None:
    picture = present_charts.strip(day((0, UP)), TELL)

    assert lines(picture) == [("up", "M0 8h96")]
    assert titles(picture) == ["Last 24 hours: up all the time"]
    assert len(picture) <= 300


def test_an_outage_of_a_minute_fills_a_column_and_says_when_it_was() -> None:
    picture = present_charts.strip(day((600, UP), (1, DOWN), (0, UP)), TELL)

    assert lines(picture) == [("up", "M0 8h40"), ("down", "M40 8h1"), ("up", "M41 8h55")]
    assert titles(picture) == [
        "Last 24 hours: 99.93 % up, down 1 min",
        "Up, 4 Jan, 13:00 to 23:00",
        "Down, 4 Jan, 23:00:00 to 23:01:00",
        "Up, 4 Jan, 23:15 to 5 Jan, 13:00",
    ]


def test_the_worst_of_a_column_is_shown_and_flapping_is_counted() -> None:
    flaps = [(2.0, DOWN if number % 2 else UP) for number in range(12)]

    picture = present_charts.strip(day(*flaps, (0, UP)), TELL)

    assert lines(picture) == [("down", "M0 8h2"), ("up", "M2 8h94")]
    assert titles(picture)[1] == "Down, 6 times, 4 Jan, 13:02 to 13:24"


def test_what_was_not_watched_is_said() -> None:
    picture = present_charts.strip(day((1080, None), (180, Status.NEW), (120, UNKNOWN), (0, PAUSED)), TELL)

    assert [state for state, _ in lines(picture)] == ["", "new", "unknown", "paused"]
    assert titles(picture)[0] == "Last 24 hours: unknown 2 h, paused 1 h"
    assert present_charts.strip(day((0, None)), TELL).count("not watched all the time") == 1


@given(
    st.lists(
        st.tuples(st.floats(min_value=0.00001, max_value=100), st.sampled_from([*Status, None])),
        min_size=1,
        max_size=14,
    )
)
def test_a_strip_is_filled_without_a_hole_whatever_happened(changes: list[tuple[float, Status | None]]) -> None:
    picture = present_charts.strip(day(*changes), TELL)

    at = 0
    for _, path in lines(picture):
        start, length = map(int, re.fullmatch(r"M(\d+) 8h(\d+)", path).groups())  # type: ignore[union-attr]
        assert start == at
        at += length
    assert at == present_charts.COLUMNS
    assert len(titles(picture)) in {1, 1 + len(lines(picture))}


def test_bars_of_durations_say_each_and_mark_what_took_too_long() -> None:
    picture = present_charts.durations_bar([3.2, 4.0, 400], max_runtime_sec=300)

    assert titles(picture) == ["Last runs, newest last: 3.2 s, 4 s, 6 min 40 s; 1 longer than 5 min"]
    assert [path.attrib["d"] for path in ElementTree.fromstring(picture).iter("path")] == [
        "M38 16V15M42 16V15",
        "M46 16V6m0-2V0",
    ]


@pytest.mark.parametrize(
    ("reason", "recent"),
    [
        ("the longest words", [86_400.0 * 11 + 3600 * number for number in range(12)]),
        ("all alike", [3.0] * 12),
        ("no time at all", [0.0]),
    ],
)
def test_bars_of_durations_are_small(reason: str, recent: list[float]) -> None:
    picture = present_charts.durations_bar(recent, max_runtime_sec=3600)

    assert len(picture) <= 500, reason


def test_without_durations_there_are_no_bars() -> None:
    assert present_charts.durations_bar([], 300) == ""


@pytest.mark.parametrize(
    ("share", "told"), [(100.0, "100 %"), (99.9999, "99.99 %"), (99.31, "99.31 %"), (0.0, "0.00 %")]
)
def test_uptime_is_never_rounded_up(share: float, told: str) -> None:
    assert present_charts.percent(share) == told
