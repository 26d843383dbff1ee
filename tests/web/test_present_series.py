"""Durations and values as pages show them: the scale, what is said of each part, and the table."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from heartbeet.lib import words
from monitors.charts import Part, Point, Series
from monitors.domain import calendar
from monitors.domain.calendar import Range
from monitors.domain.uptime import Window
from monitors.web import present_series
from monitors.web.present_series import Chart

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
TELL = words.Teller(NOON, BERLIN)
HOUR = timedelta(hours=1)


def series(how_far: Range, *amounts: tuple[int, float, float, float, int]) -> Series:
    """A series whose last parts hold these: count, low, mean, high, failures."""
    windows = calendar.parts(how_far, NOON, BERLIN)
    parts = [Part(window, *row) for window, row in zip(windows[-len(amounts) :], amounts, strict=True)]
    return Series(Window(windows[0].start, windows[-1].end), parts, [])


def points(*given: tuple[float, float | None, bool]) -> Series:
    """A series of a few: hours ago, amount, and whether it failed."""
    windows = calendar.parts(Range.DAY, NOON, BERLIN)
    found = [Point(NOON - hours * HOUR, amount, failed) for hours, amount, failed in given]
    amounts = [amount for _, amount, _ in given if amount is not None]
    mean = sum(amounts) / len(amounts)
    part = Part(windows[-1], len(amounts), min(amounts), mean, max(amounts), sum(failed for *_, failed in given))
    return Series(Window(windows[0].start, windows[-1].end), [part], found)


def texts(chart: Chart, name: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(str(chart.picture)).iter(name)]


def marks(how_far: Range, now: datetime = NOON) -> list[tuple[str, bool]]:
    """What stands below the axis, and whether it may be left out."""
    windows = calendar.parts(how_far, now, BERLIN)
    one = Series(Window(windows[0].start, windows[-1].end), [Part(windows[-1], 1, 1, 1, 1, 0)], [])
    chart = present_series.of_values(one, how_far, words.Teller(now, BERLIN))
    found = ElementTree.fromstring(str(chart.picture)).iter("text")
    return [(each.text or "", each.get("class") == "is-minor") for each in found]


def test_durations_in_parts_say_what_was_in_each() -> None:
    chart = present_series.of_durations(series(Range.WEEK, (3, 1, 2, 4.5, 0), (1, 2, 2, 2, 1)), Range.WEEK, None, TELL)

    assert chart.summary == "the last 7 days: 4 runs, 1 s to 4.5 s, 2 s on average, 1 failed"
    assert texts(chart, "title") == [
        "Mon 5 Jan, 18:00 to 21:00: 3 runs, 1 s to 4.5 s, 2 s on average",
        "Mon 5 Jan, 21:00 to 00:00: 1 run, 2 s, 1 failed",
    ]
    assert chart.columns == ("From", "Runs", "Shortest", "Average", "Longest", "Failed")
    assert chart.rows == (
        ("Mon 5 Jan, 21:00", "1", "2 s", "2 s", "2 s", "1"),
        ("Mon 5 Jan, 18:00", "3", "1 s", "2 s", "4.5 s", ""),
    )


def test_a_part_with_failures_alone_has_no_amounts() -> None:
    chart = present_series.of_durations(series(Range.DAY, (0, 0, 0, 0, 2), (1, 2, 2, 2, 0)), Range.DAY, None, TELL)

    assert texts(chart, "title")[0] == "12:30 to 13:00: 0 runs, 2 failed"
    assert chart.rows[1] == ("Mon 5 Jan, 12:30", "0", "", "", "", "2")


def test_a_few_runs_are_told_one_by_one() -> None:
    chart = present_series.of_durations(points((3, 4.2, False), (2, 90, True), (1, None, True)), Range.DAY, None, TELL)

    assert texts(chart, "title") == [
        "5 Jan, 10:00:00: 4.2 s",
        "5 Jan, 11:00:00: 1 min 30 s, failed",
        "5 Jan, 12:00:00: failed",
    ]
    assert chart.columns == ("When", "Duration", "Result")
    assert chart.rows == (
        ("5 Jan, 12:00:00", "", "failed"),
        ("5 Jan, 11:00:00", "1 min 30 s", "failed"),
        ("5 Jan, 10:00:00", "4.2 s", ""),
    )
    assert chart.legend == "Each run, squares are failures. Times are CET."


@pytest.mark.parametrize(
    ("reason", "limit", "label", "top"),
    [
        ("a limit in reach is a line of the scale", 30, "longest allowed: 30 s", "40 s"),
        ("one a little above makes room for itself", 60, "longest allowed: 1 min", "60 s"),
    ],
)
def test_the_longest_allowed_run_is_shown(reason: str, limit: int, label: str, top: str) -> None:
    chart = present_series.of_durations(series(Range.DAY, (3, 1, 2, 36, 0)), Range.DAY, limit, TELL)

    scale = [each.text for each in ElementTree.fromstring(str(chart.scale)).iter("text")]

    assert label in texts(chart, "text"), reason
    assert scale[-1] == top, reason


def test_a_limit_far_above_is_only_named() -> None:
    chart = present_series.of_durations(series(Range.DAY, (3, 1, 2, 36, 0)), Range.DAY, 3600, TELL)

    assert chart.legend.endswith("The longest allowed run, 1 h, would be far above.")
    assert "longest allowed" not in chart.picture
    assert "40 s" in chart.scale


def test_values_may_be_below_nought() -> None:
    chart = present_series.of_values(series(Range.QUARTER, (2, -20.25, 0, 1234567, 0)), Range.QUARTER, TELL)

    assert chart.summary == "the last 90 days: 2 values, -20.25 to 1,234,567, 0 on average"
    assert texts(chart, "title") == ["Mon 5 Jan: 2 values, -20.25 to 1,234,567, 0 on average"]
    assert chart.rows == (("Mon 5 Jan", "2", "-20.25", "0", "1,234,567", ""),)


def test_without_amounts_there_is_a_sentence_and_no_picture() -> None:
    empty = Series(Window(NOON, NOON + HOUR), [], [])

    assert present_series.of_values(empty, Range.DAY, TELL) == Chart(
        "values", "Values", "No ping of the last 24 hours carried a value."
    )
    assert present_series.of_durations(empty, Range.WEEK, 5, TELL).picture == ""


def test_hours_days_and_weeks_of_the_reader_stand_below() -> None:
    day, week, month, quarter = (marks(how_far) for how_far in Range)

    assert day == [
        ("15:00", True), ("18:00", False), ("21:00", True), ("00:00", False),
        ("03:00", True), ("06:00", False), ("09:00", True), ("12:00", False),
    ]  # fmt: skip
    assert week == [
        ("Tue 30", False), ("Wed 31", True), ("Thu 1", False), ("Fri 2", True), ("Sat 3", False), ("Sun 4", True),
        ("Mon 5", False),
    ]  # fmt: skip
    assert month == [("8 Dec", False), ("15 Dec", False), ("22 Dec", False), ("29 Dec", False), ("5 Jan", False)]
    assert [label for label, _ in quarter] == ["13 Oct", "27 Oct", "10 Nov", "24 Nov", "8 Dec", "22 Dec"]
    assert [is_minor for _, is_minor in quarter].count(True) == 3


def test_the_hours_of_a_day_on_which_the_clock_is_changed() -> None:
    found = marks(Range.DAY, datetime(2026, 3, 29, 10, tzinfo=UTC))

    assert [label for label, _ in found] == ["12:00", "15:00", "18:00", "21:00", "00:00", "03:00", "06:00", "09:00"]


@pytest.mark.parametrize("how_far", list(Range))
def test_a_full_chart_is_small(how_far: Range) -> None:
    windows = calendar.parts(how_far, NOON, BERLIN)
    full = Series(Window(windows[0].start, windows[-1].end), [Part(each, 36, 1.1, 2.2, 9.9, 3) for each in windows], [])

    chart = present_series.of_durations(full, how_far, 10, TELL)

    assert len(chart.picture) <= 190 * len(windows)
