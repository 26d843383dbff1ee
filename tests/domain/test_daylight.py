"""What a change of the clocks does to a schedule, in three zones, both ways, and for every kind of line."""

from datetime import UTC, datetime, timedelta

import pytest

from monitors.domain import daylight
from monitors.domain.daylight import Change, Fate
from monitors.domain.schedule import Cron

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
MINUTE = timedelta(minutes=1)
MONTHS = timedelta(days=300)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def the_change(zone: str, way: str) -> Change:
    """The zone's change of 2026 that goes this way."""
    found = daylight.changes(zone, utc("2026-01-01"), utc("2027-01-01"))
    return next(change for change in found if change.is_forward == (way == "forward"))


CHANGES = [
    (BERLIN, "forward", "2026-03-29 01:00", "29 02:00", "29 03:00", 60),
    (BERLIN, "back", "2026-10-25 01:00", "25 03:00", "25 02:00", 60),
    (NEW_YORK, "forward", "2026-03-08 07:00", "08 02:00", "08 03:00", 60),
    (NEW_YORK, "back", "2026-11-01 06:00", "01 02:00", "01 01:00", 60),
    (LORD_HOWE, "forward", "2026-10-03 15:30", "04 02:00", "04 02:30", 30),
    (LORD_HOWE, "back", "2026-04-04 15:00", "05 02:00", "05 01:30", 30),
    ("America/Havana", "forward", "2026-03-08 05:00", "08 00:00", "08 01:00", 60),
]


@pytest.mark.parametrize(("zone", "way", "at", "before", "after", "minutes"), CHANGES)
def test_a_change_is_found_to_the_second(zone: str, way: str, at: str, before: str, after: str, minutes: int) -> None:
    change = the_change(zone, way)

    assert change.at == utc(at)
    assert (f"{change.clock_before:%d %H:%M}", f"{change.clock_after:%d %H:%M}") == (before, after)
    assert change.length == minutes * MINUTE


def test_changes_come_in_their_order_and_end_where_they_should() -> None:
    start = utc("2026-03-29 01:00") - timedelta(microseconds=1)

    both = [change.at for change in daylight.changes(BERLIN, start, start + MONTHS)]

    assert both == [utc("2026-03-29 01:00"), utc("2026-10-25 01:00")]
    assert list(daylight.changes(BERLIN, utc("2026-03-29 01:00"), utc("2026-10-25 00:59:59"))) == []
    assert list(daylight.changes("UTC", start, start + MONTHS)) == []
    assert list(daylight.changes("Asia/Kolkata", start, start + MONTHS)) == []


def test_a_zone_that_skips_a_whole_day_is_no_exception() -> None:
    (change,) = daylight.changes("Pacific/Apia", utc("2011-12-20"), utc("2012-01-05"))

    assert change.length == timedelta(days=1)
    assert daylight.effect(Cron("30 2 * * *", "Pacific/Apia"), change).fate is Fate.MOVED


FORWARD = [
    ("30 2 * * *", BERLIN, Fate.MOVED, ["02:30"], ["03:00"], "at the end of the missing hour"),
    ("15,45 2 * * *", BERLIN, Fate.MOVED, ["02:15", "02:45"], ["03:00"], "two of them are one there"),
    ("30 2 * * 0", BERLIN, Fate.MOVED, ["02:30"], ["03:00"], "on its day of the week"),
    ("0 2 * * 0", BERLIN, Fate.MOVED, ["02:00"], ["03:00"], "the first minute of it, once a week"),
    ("30 2 * * 1", BERLIN, Fate.UNTOUCHED, [], [], "not on another one"),
    ("30 1 * * *", BERLIN, Fate.UNTOUCHED, [], [], "before it"),
    ("0 3 * * *", BERLIN, Fate.UNTOUCHED, [], [], "right after it"),
    ("0 2,3 * * *", BERLIN, Fate.LEFT_OUT, ["02:00"], [], "it falls onto the run at 03:00"),
    ("0 2,3,4 * * *", BERLIN, Fate.LEFT_OUT, ["02:00"], [], "an hourly stretch is one run shorter, not unbroken"),
    ("*/30 2 * * *", BERLIN, Fate.LEFT_OUT, ["02:00", "02:30"], [], "a step does not make up for what is missing"),
    ("0 */2 * * *", BERLIN, Fate.LEFT_OUT, ["02:00"], [], "nor does an hour with a step"),
    ("30 * * * *", BERLIN, Fate.UNBROKEN, ["02:30"], [], "every hour is every hour"),
    ("30 2 * * *", NEW_YORK, Fate.MOVED, ["02:30"], ["03:00"], "the same in New York"),
    ("30 3 * * *", NEW_YORK, Fate.UNTOUCHED, [], [], "… and after it"),
    ("15 2 * * *", LORD_HOWE, Fate.MOVED, ["02:15"], ["02:30"], "half an hour is missing"),
    ("30 2 * * *", LORD_HOWE, Fate.UNTOUCHED, [], [], "… and no more than that"),
    ("0 2,3 * * *", LORD_HOWE, Fate.MOVED, ["02:00"], ["02:30"], "02:30 is a time of its own there"),
    ("0 0 * * *", "America/Havana", Fate.MOVED, ["00:00"], ["01:00"], "a midnight that does not exist"),
]
BACK = [
    ("30 2 * * *", BERLIN, Fate.ONCE, ["02:30"], ["02:30 +0200"], "the first of the two"),
    (
        "0,30 2,3 * * *",
        BERLIN,
        Fate.ONCE,
        ["02:00", "02:30"],
        ["02:00 +0200", "02:30 +0200"],
        "not those after it",
    ),
    ("30 1 * * *", BERLIN, Fate.UNTOUCHED, [], [], "before it"),
    ("30 3 * * *", BERLIN, Fate.UNTOUCHED, [], [], "after it"),
    ("30 2 * * 0", BERLIN, Fate.ONCE, ["02:30"], ["02:30 +0200"], "once a week"),
    ("0,30 2 * * 0", BERLIN, Fate.ONCE, ["02:00", "02:30"], ["02:00 +0200", "02:30 +0200"], "twice, once a week"),
    ("30 2 * * 1", BERLIN, Fate.UNTOUCHED, [], [], "not its day"),
    ("0 */2 * * *", BERLIN, Fate.TWICE, ["02:00"], ["02:00 +0200", "02:00 +0100"], "a step runs in both"),
    ("30 * * * *", BERLIN, Fate.UNBROKEN, ["02:30"], [], "every hour is every hour"),
    ("30 1 * * *", NEW_YORK, Fate.ONCE, ["01:30"], ["01:30 -0400"], "New York repeats the hour before"),
    ("30 2 * * *", NEW_YORK, Fate.UNTOUCHED, [], [], "… and not this one"),
    ("45 1 * * *", LORD_HOWE, Fate.ONCE, ["01:45"], ["01:45 +1100"], "half an hour comes twice"),
    ("15 1 * * *", LORD_HOWE, Fate.UNTOUCHED, [], [], "… and no more than that"),
    ("*/20 1 * * *", LORD_HOWE, Fate.TWICE, ["01:40"], ["01:40 +1100", "01:40 +1030"], "a step in it"),
]
EFFECTS = [*((*row[:2], "forward", *row[2:]) for row in FORWARD), *((*row[:2], "back", *row[2:]) for row in BACK)]


@pytest.mark.parametrize(("line", "zone", "way", "fate", "times", "runs", "reason"), EFFECTS)
def test_what_a_change_does_to_a_line(
    line: str, zone: str, way: str, fate: Fate, times: list[str], runs: list[str], reason: str
) -> None:
    change = the_change(zone, way)

    found = daylight.effect(Cron(line, zone), change)

    assert found.fate is fate, reason
    assert [f"{time:%H:%M}" for time in found.times] == times, reason
    assert found.runs == tuple(instant(run, change) for run in runs), reason


def instant(text: str, change: Change) -> datetime:
    """`02:30 +0200` on the day of the change; without an offset by the clock after it."""
    clock, _, offset = text.partition(" ")
    day = f"{max(change.clock_before, change.clock_after):%Y-%m-%d}"
    if offset:
        return datetime.strptime(f"{day} {clock} {offset}", "%Y-%m-%d %H:%M %z").astimezone(UTC)
    return utc(f"{day} {clock}") - change.after


@pytest.mark.parametrize("line", ["* * * * *", "*/5 * * * *", "*/20 * * * *"])
@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, "Pacific/Chatham"])
@pytest.mark.parametrize("way", ["forward", "back"])
def test_what_runs_all_the_time_goes_on_without_a_break(line: str, zone: str, way: str) -> None:
    assert daylight.effect(Cron(line, zone), the_change(zone, way)).fate is Fate.UNBROKEN


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE, "America/Santiago"])
@pytest.mark.parametrize("way", ["forward", "back"])
def test_what_is_said_is_what_the_schedule_does(zone: str, way: str) -> None:
    """Each time of the day, as a nightly line: the runs of the day of the change are those that are told."""
    change = the_change(zone, way)
    day = min(change.clock_before, change.clock_after).replace(hour=0, minute=0)
    start = day.replace(tzinfo=UTC) - change.before - timedelta(hours=1)

    for quarter in range(96):
        line = f"{quarter % 4 * 15} {quarter // 4} * * *"
        found, upcoming = daylight.effect(Cron(line, zone), change), Cron(line, zone).upcoming(start, 3)
        written = day + quarter * 15 * MINUTE
        assert (written in found.times) is (found.fate is not Fate.UNTOUCHED), line
        assert all(run in upcoming for run in found.runs), line
        if found.fate is Fate.UNTOUCHED:
            usual = {(written - offset).replace(tzinfo=UTC) for offset in (change.before, change.after)}
            assert usual & set(upcoming), line
