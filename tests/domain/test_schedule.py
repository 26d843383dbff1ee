"""When pings are expected, also in the nights in which the clock is put forward or back."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from monitors.domain import schedule
from monitors.domain.schedule import Cron, Interval

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    """`2026-10-25 01:30`, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_interval_counts_from_its_reference() -> None:
    every = Interval(timedelta(days=366))

    assert every.due_after(utc("2026-01-01 12:00")) == utc("2027-01-02 12:00")
    assert every.upcoming(utc("2026-01-01 12:00"), 2) == [utc("2027-01-02 12:00"), utc("2028-01-03 12:00")]


def test_an_interval_has_nothing_to_do_with_summer_time() -> None:
    hourly = Interval(timedelta(hours=1))
    berlin = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    assert hourly.due_after(berlin.astimezone(UTC)) == utc("2026-10-25 01:30")


NIGHTS = [
    ("30 3 * * *", "Europe/Berlin", "2026-10-24 12:00", ["10-25 02:30", "10-26 02:30"], "once when it goes back"),
    ("30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", ["10-25 00:30", "10-26 01:30"], "once in the repeated hour"),
    ("30 2 * * *", "Europe/Berlin", "2026-10-25 01:10", ["10-26 01:30"], "asked in the second of them: never earlier"),
    ("30 2 * * *", "Europe/Berlin", "2026-10-25 00:30", ["10-26 01:30"], "strictly after its own firing"),
    ("30 * * * *", "Europe/Berlin", "2026-10-25 00:00", ["10-25 00:30", "10-25 01:30"], "every hour is every hour"),
    ("*/30 2 * * *", "Europe/Berlin", "2026-10-25 00:00", ["10-25 00:30", "10-25 01:00"], "a step goes on through it"),
    (
        "30 2 * * *",
        "Europe/Berlin",
        "2026-03-28 12:00",
        ["03-29 01:00", "03-30 00:30"],
        "skipped: at the end of the gap",
    ),
    ("30 3 * * *", "Europe/Berlin", "2026-03-28 12:00", ["03-29 01:30", "03-30 01:30"], "the hour after the gap"),
    ("0,30 2,3 * * *", "Europe/Berlin", "2026-03-29 00:00", ["03-29 01:00", "03-29 01:30"], "no instant twice"),
    ("30 1 * * *", "America/New_York", "2026-10-31 12:00", ["11-01 05:30", "11-02 06:30"], "New York goes back"),
    ("30 2 * * *", "America/New_York", "2026-03-07 12:00", ["03-08 07:00", "03-09 06:30"], "New York goes forward"),
    ("0 0 * * *", "America/Havana", "2026-03-07 12:00", ["03-08 05:00", "03-09 04:00"], "a midnight that is skipped"),
    ("30 0 * * *", "America/Havana", "2026-10-31 12:00", ["11-01 04:30", "11-02 05:30"], "a midnight hour twice"),
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04 00:00", ["04-04 14:45", "04-05 15:15"], "half an hour back"),
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-02 18:00", ["10-03 15:30", "10-04 15:15"], "half an hour forward"),
    ("30 2 * * *", "Pacific/Apia", "2011-12-29 00:00", ["12-29 12:30", "12-30 10:00"], "a whole day that is skipped"),
    ("30 5 * * *", "Asia/Kolkata", "2026-03-28 12:00", ["03-29 00:00", "03-30 00:00"], "no summer time at all"),
    ("0 3 * * *", "UTC", "2026-03-28 12:00", ["03-29 03:00", "03-30 03:00"], "nor in UTC"),
]


@pytest.mark.parametrize(("expression", "zone", "start", "expected", "reason"), NIGHTS)
def test_cron_in_the_nights_of_the_clock_change(
    expression: str, zone: str, start: str, expected: list[str], reason: str
) -> None:
    after = utc(start)

    upcoming = Cron(expression, zone).upcoming(after, len(expected))

    assert [moment.strftime("%m-%d %H:%M") for moment in upcoming] == expected, reason


def test_a_nightly_cron_fires_once_on_each_night_of_the_year() -> None:
    for zone in ("Europe/Berlin", "Europe/Athens", "America/Santiago", "Africa/Cairo", "Australia/Sydney"):
        upcoming = Cron("30 3 * * *", zone).upcoming(utc("2026-01-01 12:00"), 365)

        days = [moment.astimezone(ZoneInfo(zone)).date() for moment in upcoming]
        assert days == [days[0] + timedelta(days=n) for n in range(365)], zone


CRONS = ["* * * * *", "*/7 * * * *", "30 2 * * *", "0 9-17 * * 1-5", "0 0 1 * *", "5,35 */6 * * *", "15 1 L 3,10 *"]


@pytest.mark.parametrize("expression", CRONS)
def test_the_window_answers_what_a_walk_from_far_away_answers(expression: str) -> None:
    cron, start = Cron(expression, "Europe/Berlin"), utc("2026-10-24 17:03")
    dice = random.Random(20)
    walked = list(islice(walk(cron, start), 300))

    for _ in range(300):
        reference = start + (walked[-2] - start) * dice.random()
        expected = next(moment for moment in walked if moment > reference)
        assert cron.due_after(reference) == expected
        assert cron.due_after(expected) > expected
        assert cron.due_after(expected - timedelta(microseconds=1)) == expected


def walk(cron: Cron, start: datetime) -> Iterator[datetime]:
    """One firing after the other."""
    while True:
        start = cron.due_after(start)
        yield start


def test_a_leap_day_is_expected_in_four_years() -> None:
    assert Cron("0 9 29 2 *").upcoming(utc("2026-01-01 00:00"), 2) == [utc("2028-02-29 09:00"), utc("2032-02-29 09:00")]
    assert Cron("0 9 29 2 *").due_after(utc("2097-01-01 00:00")) == utc("2104-02-29 09:00")


TOLERANCES = [
    (Cron("*/5 * * * *"), "12:05", 10 * MINUTE, 75 * SECOND, "a quarter of five minutes"),
    (Cron("*/5 * * * *"), "12:05", MINUTE, MINUTE, "no more than the grace"),
    (Cron("0 * * * *"), "13:00", timedelta(hours=1), 5 * MINUTE, "no more than five minutes"),
    (Cron("0,2 * * * *"), "13:00", timedelta(hours=1), 30 * SECOND, "the shorter side of an uneven cron: after it"),
    (Cron("0,2 * * * *"), "13:02", timedelta(hours=1), 30 * SECOND, "… and before it"),
    (Interval(MINUTE), "13:00", timedelta(hours=1), 15 * SECOND, "a quarter of an interval"),
    (Interval(timedelta(days=1)), "13:00", MINUTE, MINUTE, "no more than the grace"),
    (Interval(timedelta(days=1)), "13:00", timedelta(hours=1), 5 * MINUTE, "no more than five minutes"),
]


@pytest.mark.parametrize(("plan", "due", "grace", "tolerance", "reason"), TOLERANCES)
def test_tolerance(plan: schedule.Schedule, due: str, grace: timedelta, tolerance: timedelta, reason: str) -> None:
    assert plan.tolerance(utc(f"2026-11-02 {due}"), grace) == tolerance, reason


def test_the_reference_of_an_early_arrival_is_the_due_it_met() -> None:
    hourly, grace = Cron("0 * * * *"), 10 * MINUTE

    assert hourly.reference_of(utc("2026-11-02 12:55"), grace) == utc("2026-11-02 13:00")
    assert hourly.reference_of(utc("2026-11-02 12:54:59"), grace) == utc("2026-11-02 12:54:59")
    assert hourly.reference_of(utc("2026-11-02 13:00"), grace) == utc("2026-11-02 13:00")


@pytest.mark.parametrize("expression", CRONS)
def test_a_later_arrival_never_means_an_earlier_due(expression: str) -> None:
    cron, moment, grace = Cron(expression, "Europe/Berlin"), utc("2026-10-24 22:00"), 5 * MINUTE
    dice, last = random.Random(4), utc("2026-10-24 00:00")

    for _ in range(500):
        moment += timedelta(seconds=dice.expovariate(1 / 60))
        due = cron.due_after(cron.reference_of(moment, grace))
        assert due >= last
        last = due


SKIPS = [
    (Interval(5 * MINUTE), "12:00", "13:02", None, (12, "13:00")),
    (Interval(5 * MINUTE), "12:00", "13:02", 3, (3, "12:15")),
    (Interval(5 * MINUTE), "12:00", "12:04", None, (0, "12:00")),
    (Interval(5 * MINUTE), "12:00", "11:00", None, (0, "12:00")),
    (Interval(5 * MINUTE), "12:00", "13:00", -1, (0, "12:00")),
    (Cron("*/5 * * * *"), "12:01", "13:02", None, (12, "13:00")),
    (Cron("*/5 * * * *"), "12:01", "13:02", 3, (3, "12:15")),
    (Cron("*/5 * * * *"), "12:01", "12:04", None, (0, "12:01")),
    (Cron("*/5 * * * *"), "12:01", "13:00", -1, (0, "12:01")),
]


@pytest.mark.parametrize(("plan", "start", "end", "at_most", "answer"), SKIPS)
def test_dues_are_counted_in_one_stroke(
    plan: schedule.Schedule, start: str, end: str, at_most: int | None, answer: tuple[int, str]
) -> None:
    day = "2026-11-02 "

    assert plan.skip(utc(day + start), utc(day + end), at_most) == (answer[0], utc(day + answer[1]))


def test_build_reads_a_row() -> None:
    assert schedule.build(interval_sec=300, cron="", zone="UTC") == Interval(5 * MINUTE)
    assert schedule.build(interval_sec=None, cron="0 3 * * *", zone="Asia/Tokyo") == Cron("0 3 * * *", "Asia/Tokyo")
    assert schedule.build(interval_sec=300, cron="", zone="UTC") is schedule.build(
        interval_sec=300, cron="", zone="UTC"
    )


PERIODS = [
    (45, "", 45),
    (None, "* * * * *", 60),
    (None, "0,7 * * * *", 420),
    (None, "0 0 * * 1,2", 86_400),
    (None, "59 23 * * 6", 7 * 86_400),
    (None, "0 0 29 2 *", 1461 * 86_400),
    (None, "0,1 0 1 1 *", 60),
]


@pytest.mark.parametrize(("interval_sec", "cron", "shortest"), PERIODS)
def test_the_shortest_period_of_a_schedule(interval_sec: int | None, cron: str, shortest: int) -> None:
    assert schedule.shortest_period_sec(interval_sec, cron) == shortest
