"""Charts as pages show them: what is drawn, and what is said in words."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeet.lib import words
from monitors import charts
from monitors.domain import calendar
from monitors.domain.calendar import Range
from monitors.domain.status import Status
from monitors.domain.uptime import Stretch, Tally, Window
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


def days(*tallies: tuple[dict[Status | None, float], tuple[str, ...]]) -> charts.Availability:
    """The last days: how many hours each state lasted, and the incidents."""
    windows = calendar.days(NOON, TELL.zone, len(tallies))
    found = [
        charts.Day(window, Tally({status: timedelta(hours=hours) for status, hours in spent.items()}), incidents)
        for window, (spent, incidents) in zip(windows, tallies, strict=True)
    ]
    whole = sum((day.tally for day in found), Tally())
    return charts.Availability(found, dict.fromkeys(Range, whole))


def pieces(picture: str) -> list[list[tuple[str, str]]]:
    """The pieces of each column: state, and where it is drawn."""
    columns = [[each] if each.tag == "path" else list(each.iter("path")) for each in ElementTree.fromstring(picture)]
    return [
        [(path.get("data-state", "up"), path.attrib["d"].partition(" ")[2]) for path in column] for column in columns
    ]


@pytest.mark.parametrize(
    ("reason", "spent", "drawn"),
    [
        ("a day without a fault", {UP: 24.0}, [("up", "8v24")]),
        ("an outage stands out, and is never too small to be seen", {UP: 23.9, DOWN: 0.1},
         [("down", "0v10"), ("up", "12v20")]),
        ("half a day", {UP: 12.0, DOWN: 12.0}, [("down", "0v16"), ("up", "18v14")]),
        ("a day of outage", {DOWN: 24.0}, [("down", "0v32")]),
        ("nearly a day leaves no room for the rest", {DOWN: 23.9, UP: 0.1}, [("down", "0v32")]),
        ("unknown is as high as up", {UNKNOWN: 12.0, UP: 12.0}, [("unknown", "8v12"), ("up", "22v10")]),
        ("the rest is what lasted longest", {DOWN: 1.0, PAUSED: 20.0, UP: 3.0}, [("down", "0v10"), ("paused", "26v6")]),
        ("a warning", {Status.WARNING: 6.0, UP: 18.0}, [("warning", "4v10"), ("up", "16v16")]),
        ("paused is low", {PAUSED: 24.0}, [("paused", "26v6")]),
        ("not watched is a stub", {None: 24.0}, [("", "30v2")]),
        ("so is a day before the first ping", {Status.NEW: 24.0}, [("new", "30v2")]),
        ("today ends now", {UP: 13.0, None: 11.0}, [("up", "8v24")]),
    ],
)  # fmt: skip
def test_a_day_is_drawn_by_its_worst_state(
    reason: str, spent: dict[Status | None, float], drawn: list[tuple[str, str]]
) -> None:
    shown = present_charts.availability(days((spent, ())), TELL)

    assert pieces(shown.bars) == [drawn], reason


def test_unknown_is_hatched_too() -> None:
    bars = present_charts.availability(days(({UNKNOWN: 24.0}, ())), TELL).bars

    assert 'stroke-dasharray="2 2"' in bars


def test_each_day_says_its_date_its_uptime_and_its_incidents() -> None:
    failed = ("backup failed",) * 4
    many = tuple(f"{name} failed" for name in "abcde")

    shown = present_charts.availability(
        days(
            ({None: 24.0}, ()), ({UP: 24.0}, ()), ({UP: 23.0, DOWN: 1.0}, ("it missed its ping",)),
            ({UP: 20.0, DOWN: 4.0}, failed), ({UP: 12.0, UNKNOWN: 1.0, None: 11.0}, many),
        ),
        TELL,
    )  # fmt: skip

    assert titles(shown.bars) == [
        "Thu 1 Jan: not watched",
        "Fri 2 Jan: 100 % up",
        "Sat 3 Jan: 95.83 % up, down 1 h. 1 incident: it missed its ping",
        "Sun 4 Jan: 83.33 % up, down 4 h. 4 incidents: backup failed (4 times)",
        "Mon 5 Jan: 100 % up, unknown 1 h. 5 incidents: a failed; b failed; c failed and 2 more",
    ]


def test_the_table_has_the_days_on_which_something_was_wrong() -> None:
    shown = present_charts.availability(
        days(
            ({None: 24.0}, ()), ({UP: 23.0, DOWN: 1.0}, ("missed", "missed")), ({UP: 24.0}, ()), ({UNKNOWN: 12.0}, ())
        ),
        TELL,
    )

    assert shown.rows == (
        present_charts.DayRow("Mon 5 Jan", "none", "", "12 h", ()),
        present_charts.DayRow("Sat 3 Jan", "95.83 %", "1 h", "", ("missed (2 times)",)),
    )
    assert shown.flawless == 1
    assert [figure.name for figure in shown.figures] == ["24 hours", "7 days", "30 days", "90 days"]
    assert {figure.value for figure in shown.figures} == {"97.91 %"}


def test_ninety_days_are_small() -> None:
    full: dict[Status | None, float] = {UP: 24.0}

    bars = present_charts.availability(days(*[(full, ())] * 90), TELL).bars

    assert len(bars) <= 6_500
    assert "The last 90 days: 100 % up" in bars
