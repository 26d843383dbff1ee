"""What a monitor would do, said before it is saved: it must be what the rules do afterwards."""

from datetime import UTC, datetime, timedelta

import pytest

from monitors.domain import judge, preview
from monitors.domain.daylight import Fate
from monitors.domain.facts import Facts, IncidentOpened
from monitors.domain.policy import Policy
from monitors.domain.preview import Doubt, Plan
from monitors.domain.schedule import Cron, Interval, Schedule
from monitors.domain.status import Status

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=count) for count in (1, 60, 3600, 86_400))
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
NIGHTLY = Cron("30 3 * * *", "Europe/Berlin")
FIVE = Interval(5 * MINUTE)


def utc(text: str) -> datetime:
    """`11-02 12:05`, in UTC, of 2026 unless it says otherwise."""
    return datetime.fromisoformat(text if text[4] == "-" else f"2026-{text}").replace(tzinfo=UTC)


RUNS = [
    (FIVE, ["11-02 12:05", "11-02 12:10", "11-02 12:15", "11-02 12:20", "11-02 12:25"]),
    (NIGHTLY, ["11-03 02:30", "11-04 02:30", "11-05 02:30", "11-06 02:30", "11-07 02:30"]),
    (
        Cron("0 9 1 * *"),
        ["12-01 09:00", "2027-01-01 09:00", "2027-02-01 09:00", "2027-03-01 09:00", "2027-04-01 09:00"],
    ),
]


@pytest.mark.parametrize(("schedule", "runs"), RUNS)
def test_the_next_five_runs(schedule: Schedule, runs: list[str]) -> None:
    assert preview.look(Plan(schedule, MINUTE), NOW, "UTC").runs == tuple(map(utc, runs))


ALARMS = [
    (Plan(FIVE, MINUTE), "11-02 12:05", "11-02 12:06", "11-02 12:06", "11-02 12:06", "due and grace"),
    (Plan(FIVE, 0 * MINUTE), "11-02 12:05", "11-02 12:05", "11-02 12:05", "11-02 12:05", "no grace"),
    (Plan(FIVE, MINUTE, None, 3), "11-02 12:05", "11-02 12:06", "11-02 12:16", "11-02 12:16", "two more dues"),
    (
        Plan(FIVE, MINUTE, None, 3, Policy(alert_delay_sec=600)),
        "11-02 12:05",
        "11-02 12:06",
        "11-02 12:16",
        "11-02 12:26",
        "and the delay counts from the incident",
    ),
    (Plan(FIVE, HOUR, None, 2), "11-02 12:05", "11-02 13:05", "11-02 13:10", "11-02 13:10", "a grace over the period"),
    (Plan(NIGHTLY, 5 * MINUTE), "11-03 02:30", "11-03 02:35", "11-03 02:35", "11-03 02:35", "a cron line"),
    (Plan(NIGHTLY, 5 * MINUTE, None, 2), "11-03 02:30", "11-03 02:35", "11-04 02:35", "11-04 02:35", "a night later"),
    (Plan(Cron("0 9 1 * *"), HOUR), "12-01 09:00", "12-01 10:00", "12-01 10:00", "12-01 10:00", "the first of a month"),
    (
        Plan(Cron("0 9 1 * *"), HOUR, None, 3),
        "12-01 09:00",
        "12-01 10:00",
        "2027-02-01 10:00",
        "2027-02-01 10:00",
        "two months later",
    ),
    (Plan(Cron("0,7 * * * *"), MINUTE, None, 2), "11-02 12:07", "11-02 12:08", "11-02 13:01", "11-02 13:01", "uneven"),
]


@pytest.mark.parametrize(("plan", "due", "down", "opens", "told", "reason"), ALARMS)
def test_when_somebody_is_alerted(plan: Plan, due: str, down: str, opens: str, told: str, reason: str) -> None:
    alarm = preview.look(plan, NOW, "UTC").missed

    assert alarm is not None
    times = (alarm.due_at, alarm.down_at, alarm.opens_at, alarm.told_at)
    assert times == tuple(map(utc, (due, down, opens, told))), reason


def test_across_a_change_of_the_clocks_the_next_due_is_the_real_one() -> None:
    night = Plan(Cron("30 2 * * *", "Europe/Berlin"), 5 * MINUTE, None, 2)

    alarm = preview.look(night, utc("03-27 12:00"), "UTC").missed

    assert alarm is not None
    assert (alarm.due_at, alarm.opens_at) == (utc("03-28 01:30"), utc("03-29 01:05")), "02:30 is at 03:00 that night"


@pytest.mark.parametrize("threshold", [1, 2, 7])
@pytest.mark.parametrize("schedule", [FIVE, NIGHTLY, Cron("0,7 * * * *"), Cron("15 9-17 * * 1-5", "America/New_York")])
def test_it_is_what_a_sweep_finds_that_comes_much_later(schedule: Schedule, threshold: int) -> None:
    pinged = Facts(schedule, MINUTE, None, threshold, Status.UP, NOW, last_success_at=NOW)

    told = preview.look(Plan(schedule, MINUTE, None, threshold), NOW, "UTC").missed
    found = judge.on_clock(pinged, NOW + 30 * DAY)

    assert told is not None
    assert [each.at for each in found.effects if isinstance(each, IncidentOpened)] == [told.opens_at]


OVERRUNS = [
    (Plan(NIGHTLY, MINUTE, 2 * HOUR), "11-03 04:30", "its start and the longest run"),
    (Plan(NIGHTLY, MINUTE, 2 * HOUR, 2), "11-04 02:31", "the second failure is the next run that does not come"),
    (Plan(FIVE, MINUTE, MINUTE), "11-02 12:06", "an interval starts at its due"),
]


@pytest.mark.parametrize(("plan", "opens", "reason"), OVERRUNS)
def test_when_a_run_that_never_ends_is_told(plan: Plan, opens: str, reason: str) -> None:
    alarm = preview.look(plan, NOW, "UTC").overran

    assert alarm is not None
    assert alarm.opens_at == utc(opens), reason


def test_without_a_longest_run_nothing_overruns() -> None:
    assert preview.look(Plan(NIGHTLY, MINUTE), NOW, "UTC").overran is None


def test_an_alert_in_more_than_ten_years_is_none() -> None:
    leap_day = Cron("0 9 29 2 *")

    assert preview.look(Plan(leap_day, HOUR, None, 2), NOW, "UTC").missed is not None
    assert preview.look(Plan(leap_day, HOUR, None, 1000), NOW, "UTC").missed is None
    assert preview.look(Plan(Interval(366 * DAY), 366 * DAY, None, 1000), NOW, "UTC").missed is None


DOUBTS = [
    (Plan(FIVE, MINUTE), [], "nothing strange"),
    (Plan(FIVE, MINUTE, floor=5 * MINUTE), [], "just allowed"),
    (Plan(FIVE, MINUTE, floor=6 * MINUTE), [Doubt.TOO_OFTEN], "below the plan's floor"),
    (Plan(Cron("0,7 * * * *"), MINUTE, floor=8 * MINUTE), [Doubt.TOO_OFTEN], "the shorter side counts"),
    (Plan(FIVE, 0 * MINUTE), [Doubt.NO_GRACE], "a second late is a miss"),
    (Plan(FIVE, 5 * MINUTE - SECOND), [], "a grace just shorter"),
    (Plan(FIVE, 5 * MINUTE), [Doubt.LONG_GRACE], "the next ping hides the miss"),
    (Plan(NIGHTLY, 2 * DAY), [Doubt.LONG_GRACE], "… also of a cron line"),
    (Plan(FIVE, MINUTE, 5 * MINUTE), [], "a run as long as the period"),
    (Plan(FIVE, MINUTE, 5 * MINUTE + SECOND), [Doubt.LONG_RUN], "a longer one"),
    (Plan(Cron("0 9 29 2 *"), MINUTE), [Doubt.RARE], "a leap day"),
    (Plan(Cron("*/5 * 29 2 *"), MINUTE), [Doubt.RARE], "often, on a leap day"),
    (Plan(Cron("0 9 1 1 *"), MINUTE), [], "once a year"),
    (Plan(Interval(366 * DAY), MINUTE), [], "the longest interval"),
]


@pytest.mark.parametrize(("plan", "doubts", "reason"), DOUBTS)
def test_what_is_probably_not_meant(plan: Plan, doubts: list[Doubt], reason: str) -> None:
    assert list(preview.look(plan, NOW, "UTC").doubts) == doubts, reason


DAYLIGHT = [
    (NIGHTLY, "03-26 12:00", "03-29", Fate.UNTOUCHED, "within the next runs"),
    (NIGHTLY, "02-10 12:00", "03-29", Fate.UNTOUCHED, "within the next weeks"),
    (NIGHTLY, "01-05 12:00", "", None, "too far away"),
    (Cron("30 2 * * *", "Europe/Berlin"), "03-26 12:00", "03-29", Fate.MOVED, "felt"),
    (Cron("0 9 1 * *", "Europe/Berlin"), "01-05 12:00", "03-29", Fate.UNTOUCHED, "far away, and before its fifth run"),
    (Cron("30 2 25 10 *", "Europe/Berlin"), "01-05 12:00", "10-25", Fate.ONCE, "the one that is felt, not the next"),
    (Cron("0 * * * *", "Europe/Berlin"), "03-28 22:00", "03-29", Fate.UNBROKEN, "every hour, within the next runs"),
    (Cron("0 * * * *", "Europe/Berlin"), "03-27 12:00", "", None, "every hour: of no interest later on"),
    (Cron("0 9 29 2 *", "Europe/Berlin"), "01-05 12:00", "", None, "years before its first run"),
    (NIGHTLY, "03-29 02:00", "", None, "over"),
    (Cron("30 3 * * *", "UTC"), "03-28 12:00", "", None, "no summer time"),
    (Interval(7 * DAY), "03-26 12:00", "03-29", Fate.UNBROKEN, "an interval, by the reader's clock"),
    (FIVE, "03-28 12:00", "", None, "an interval whose next runs are sooner"),
]


@pytest.mark.parametrize(("schedule", "now", "day", "fate", "reason"), DAYLIGHT)
def test_which_change_of_the_clocks_is_told_of(
    schedule: Schedule, now: str, day: str, fate: Fate | None, reason: str
) -> None:
    found = preview.look(Plan(schedule, MINUTE), utc(now), "Europe/Berlin").daylight

    assert (f"{found.change.at:%m-%d}" if found else "", found.fate if found else None) == (day, fate), reason
