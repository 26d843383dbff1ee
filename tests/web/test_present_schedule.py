"""What a monitor would do, in words: exact times, the reader's zone, and changes of the clocks."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils.html import strip_tags

from heartbeet.lib.words import Teller
from monitors.domain.policy import Policy
from monitors.web import present_schedule
from monitors.web.present_schedule import Panel
from monitors.web.timing import TimingForm

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
NIGHTLY = {"schedule": "cron", "cron": "30 3 * * *", "timezone": "Europe/Berlin", "grace": "5 min"}
NOBODY: dict[str, Any] = {"is_told": False}


def look(
    given: dict[str, Any],
    *,
    now: datetime = NOON,
    zone: str = "UTC",
    usual: Policy | None = None,
    floor_sec: int = 5,
    is_told: bool = True,
) -> Panel:
    """The panel of a form in which this was typed, and nothing else."""
    tell = Teller.for_zone(now, zone)
    return present_schedule.panel(TimingForm.typed(given), usual or Policy(), floor_sec, tell, is_told=is_told)


def runs_of(panel: Panel) -> list[str]:
    return [str(run.note) or f"{run.at.text} | {run.beside}" for run in panel.runs]


def steps_of(panel: Panel) -> list[str]:
    return [f"{step.at.text} {step.text}" for step in panel.steps]


def test_an_interval_is_told_by_the_readers_clock() -> None:
    panel = look({"every": "900"}, zone="Europe/Berlin")

    assert panel.meaning == "Expected every 15 minutes"
    assert (panel.zone, panel.own_zone) == ("", "")
    assert runs_of(panel) == [
        "13:15 | in 15 min", "13:30 | in 30 min", "13:45 | in 45 min", "14:00 | in 1 h", "14:15 | in 1 h",
    ]  # fmt: skip
    assert strip_tags(panel.alarm) == "If the job stops now, you would be alerted at 13:16, in 16 min."
    assert steps_of(panel) == [
        "13:15 A ping is due.",
        "13:16 It is down, and an incident opens: the grace of 1 min is over.",
    ]


def test_a_cron_line_is_told_in_its_zone_and_beside_it_in_the_readers() -> None:
    panel = look(NIGHTLY, zone="America/New_York")

    assert panel.meaning == "Expected at 03:30 every day, Europe/Berlin"
    assert (panel.zone, panel.own_zone) == ("Europe/Berlin", "Your time, America/New_York")
    assert runs_of(panel)[:2] == ["Tue 3 Nov, 03:30 | Mon, 21:30", "Wed 4 Nov, 03:30 | Tue, 21:30"]
    assert strip_tags(panel.alarm) == "If the run on Tue 3 Nov at 03:30 does not ping, you would be alerted at 03:35."
    assert panel.runs[0].at.exact == "Tue 3 Nov 2026, 03:30:00 CET (Mon 2 Nov 2026, 21:30:00 EST)"


def test_where_the_clocks_agree_nothing_is_told_twice() -> None:
    panel = look(NIGHTLY, zone="Europe/Paris")

    assert (panel.zone, panel.own_zone) == ("", "")
    assert runs_of(panel)[0] == "Tue 3 Nov, 03:30 | in 14 h"


def test_every_step_to_the_alert_is_told() -> None:
    given = NIGHTLY | {
        "alert_threshold": "3",
        "alert_delay": "10 min",
        "remind_every": "4 h",
        "recovery_threshold": "2",
    }

    panel = look(given)

    assert strip_tags(panel.alarm).endswith("you would be alerted on Thu 5 Nov at 03:45.")
    assert steps_of(panel) == [
        "Tue 3 Nov, 03:30 A ping is due.",
        "Tue 3 Nov, 03:35 It is down: the grace of 5 min is over.",
        "Thu 5 Nov, 03:35 An incident opens: these are 3 failures in a row.",
        "Thu 5 Nov, 03:45 It is still down after 10 min: now it is told.",
    ]
    assert panel.afterwards == (
        "You are reminded every 4 h until somebody acknowledges, and it is over after 2 good pings in a row."
    )


def test_what_is_left_empty_is_as_the_organisation_has_it() -> None:
    usual = Policy(alert_delay_sec=600, remind_every_sec=3600, recovery_threshold=3)

    panel, own = look({}, usual=usual), look({"alert_delay": "0", "remind_every": "0"}, usual=usual)

    assert "at 12:16" in strip_tags(panel.alarm)
    assert "every 1 h" in panel.afterwards
    assert "at 12:06" in strip_tags(own.alarm)
    assert own.afterwards == "It is over after 3 good pings in a row."


def test_without_a_channel_it_says_that_nobody_is_told() -> None:
    panel = look(NIGHTLY | {"max_runtime": "1 h"}, **NOBODY)

    assert "an incident would open, but nobody would be told of it, at 03:35." in strip_tags(panel.alarm)
    assert strip_tags(panel.overran).endswith("does not end opens an incident at 04:30.")
    assert panel.afterwards == ""


def test_a_run_that_never_ends_is_told_too() -> None:
    panel = look(NIGHTLY | {"max_runtime": "2 h"})

    assert strip_tags(panel.overran) == "A run that starts on Tue 3 Nov at 03:30 and does not end is told at 05:30."


def test_seconds_are_told_where_they_matter() -> None:
    assert runs_of(look({"every": "30", "grace": "5 s"}))[0] == "12:00:30 | in 30 s"
    assert strip_tags(look(NIGHTLY | {"grace": "30 s"}).alarm).endswith("alerted at 03:30:30.")


def test_the_first_of_the_month_and_another_year() -> None:
    panel = look({"schedule": "cron", "cron": "0 9 1 * *", "alert_threshold": "2"})

    assert runs_of(panel)[:2] == ["Tue 1 Dec, 09:00 | in 28 days", "Fri 1 Jan 2027, 09:00 | "]
    assert strip_tags(panel.alarm).endswith("you would be alerted on Fri 1 Jan 2027 at 09:01.")


def test_an_alert_that_never_comes_is_said_to() -> None:
    panel = look({"schedule": "cron", "cron": "0 9 29 2 *", "alert_threshold": "9"})

    assert panel.alarm == "With these numbers nobody would be alerted within ten years."
    assert panel.steps == ()


CLOCKS = [
    ("30 2 * * *", "2026-03-28T12:00", 0, "02:30 does not exist, so it runs at 03:00 instead."),
    ("15,45 2 * * *", "2026-03-28T12:00", 0, "02:15 and 02:45 do not exist, so it runs at 03:00 instead."),
    ("30 3 * * *", "2026-03-27T12:00", 1, "its times by the clock stay the same."),
    ("0 2,3 * * *", "2026-03-28T12:00", 0, "02:00 does not exist and is left out."),
    ("*/10 2 * * *", "2026-03-28T12:00", 0, "02:00 to 02:50 do not exist and are left out."),
    ("0 * * * *", "2026-03-28T23:30", 1, "the time between two runs stays the same."),
    ("30 2 * * *", "2026-10-24T12:00", 1, "02:30 comes twice, and it runs once, at 02:30 CEST."),
    (
        "0,30 2 * * *",
        "2026-10-24T12:00",
        2,
        "02:00 and 02:30 come twice, and it runs once, at 02:00 CEST and 02:30 CEST.",
    ),
    ("*/30 2 * * *", "2026-10-24T12:00", 2, "02:00 and 02:30 come twice, and it runs both times."),
]


@pytest.mark.parametrize(("line", "now", "place", "says"), CLOCKS)
def test_a_change_of_the_clocks_stands_between_the_runs(line: str, now: str, place: int, says: str) -> None:
    given = {"schedule": "cron", "cron": line, "timezone": "Europe/Berlin"}

    panel = look(given, now=datetime.fromisoformat(now).replace(tzinfo=UTC))

    forward = "On Sun 29 Mar the clocks go forward from 02:00 to 03:00: "
    back = "On Sun 25 Oct the clocks go back from 03:00 to 02:00: "
    assert runs_of(panel)[place] == f"{forward if '-03-' in now else back}{says}"


def test_half_an_hour_and_a_zone_without_letters() -> None:
    given = {"schedule": "cron", "cron": "45 1 * * *", "timezone": "Australia/Lord_Howe"}

    panel = look(given, now=datetime(2026, 4, 4, 0, 0, tzinfo=UTC))

    assert (
        "On Sun 5 Apr the clocks go back from 02:00 to 01:30: 01:45 comes twice, and it runs once, at 01:45 UTC+11."
        in runs_of(panel)
    )


DOUBTS = [
    ({"every": "30"}, 60, "Your plan allows an interval of 60 seconds or more."),
    ({"grace": "0"}, 5, "a ping that comes a second late is a miss"),
    ({"grace": "5 min"}, 5, "the time between two runs (5 min): the next ping hides a missing one"),
    ({"max_runtime": "2 h"}, 5, "A run may outlast the time between two runs (5 min)"),
    ({"schedule": "cron", "cron": "0 9 29 2 *"}, 5, "It runs very rarely: on 29 Feb 2028, then on 29 Feb 2032."),
    ({"schedule": "cron", "cron": "*/5 * 29 2 *", "grace": "1 s"}, 5, "It runs very rarely: on 29 Feb 2028."),
]


@pytest.mark.parametrize(("given", "floor_sec", "says"), DOUBTS)
def test_what_is_probably_not_meant_is_said(given: dict[str, Any], floor_sec: int, says: str) -> None:
    assert says in " ".join(look(given, floor_sec=floor_sec).doubts)


MISTAKES = [
    ({"schedule": "cron"}, "Write a cron line such as <code>30 3 * * *</code>"),
    ({"schedule": "cron", "cron": "30 3"}, "five fields"),
    ({"schedule": "cron", "cron": "0 0 30 2 *"}, "This never fires"),
    (NIGHTLY | {"timezone": "Berlin"}, "did you mean <code>Europe/Berlin</code>"),
    ({"every": "custom", "every_custom": "soon"}, "Write a duration such as <code>30 s</code>"),
    ({"every": "custom", "every_custom": "4 s"}, "An interval is 5 to"),
    ({"every": ""}, "Choose how often a ping is expected."),
    ({"grace": "a while"}, "Grace: Write a duration"),
    ({"grace": "9999999999 days"}, "The grace is 0 to"),
    ({"alert_threshold": "x"}, "Alert after: Write a whole number from 1 to 1,000."),
    ({"alert_delay": "30 days"}, "7 days"),
    ({"schedule": "<script>"}, "&lt;script&gt;"),
    ({"schedule": "cron", "cron": "<b> * * * *"}, "<code>&lt;b&gt;</code> is not valid"),
]


@pytest.mark.parametrize(("given", "says"), MISTAKES)
def test_a_mistake_says_what_would_be_right(given: dict[str, Any], says: str) -> None:
    panel = look(given)

    assert says in "".join(panel.problems)
    assert (panel.meaning, panel.runs) == ("", ())
    assert panel.said


@pytest.mark.parametrize(
    "given",
    [
        {"every_custom": "soon", "cron": "30 3", "timezone": "Berlin"},
        NIGHTLY | {"every": "never", "every_custom": "soon"},
    ],
)
def test_what_belongs_to_another_choice_is_nobodys_mistake(given: dict[str, Any]) -> None:
    assert look(given).problems == ()


def test_what_is_read_aloud_is_short() -> None:
    assert look({}).said == ("Expected every 5 minutes. If the job stops now, you would be alerted at 12:06, in 6 min.")
