"""Runs: starts and finishes pair in either order of arrival, overlap, pile up, and take too long."""

from datetime import timedelta

import pytest

from monitors.domain import judge, runs
from monitors.domain.facts import Facts
from monitors.domain.schedule import Interval
from monitors.domain.status import Status
from tests.domain.story import EVERY_FIVE, HOURLY, NIGHTLY, World, at, monitor, true_deadline

TEN_MINUTES = timedelta(minutes=10)
TWO_HOURS = timedelta(hours=2)

OVERRUNS = [
    (
        "03:30 start; 03:40 clock",
        monitor(NIGHTLY, max_runtime=TEN_MINUTES),
        ["03:40 down overran", "03:40 incident overran"],
        "a run answers by its longest run time",
    ),
    (
        "03:30 start; 03:40 success; 03:50 clock; d1 03:30 clock",
        monitor(NIGHTLY, max_runtime=TEN_MINUTES),
        ["03:40 up pinged"],
        "a success at the very deadline is in time",
    ),
    (
        "03:30 start; 03:40 clock; 05:00 success; d1 03:31 clock",
        monitor(NIGHTLY, max_runtime=TEN_MINUTES),
        [
            "03:40 down overran",
            "03:40 incident overran",
            "05:00 resolved recovered",
            "05:00 up recovered",
            "d1 03:31 down missed",
            "d1 03:31 incident missed",
        ],
        "a run that ends too late recovers, and the next due is the next night's",
    ),
    (
        "12:00 start; 13:10 clock; 13:10 success; 13:15 clock",
        monitor(EVERY_FIVE, max_runtime=TWO_HOURS),
        ["13:10 up pinged"],
        "longest run time beyond the period: the run answers for the dues inside it",
    ),
    (
        "12:00 start; 14:00 clock; 14:05 clock",
        monitor(EVERY_FIVE, max_runtime=TWO_HOURS, threshold=2),
        ["14:00 down overran"],
        "… and for them all it is one failure",
    ),
    (
        "12:00 start; 14:00 clock; 14:06 clock",
        monitor(EVERY_FIVE, max_runtime=TWO_HOURS, threshold=2),
        ["14:00 down overran", "14:06 incident missed"],
        "… and the first due after it counts again",
    ),
    (
        "12:00 success; 13:00 start; 13:20 start; 13:40 start; 14:01 clock",
        monitor(),
        ["12:00 up pinged", "14:01 down overran", "14:01 incident overran"],
        "a crash loop of starts is heard of, though each start meets its due",
    ),
    (
        "12:00 start; 12:30 start; 12:31 success; 14:00 clock",
        monitor(NIGHTLY, max_runtime=TWO_HOURS),
        ["12:31 up pinged"],
        "without ids the latest run ends, and the older one is left behind with it",
    ),
    (
        "12:00 start a; 12:30 start b; 12:31 success b; 14:00 clock",
        monitor(max_runtime=TWO_HOURS),
        ["12:31 up pinged", "14:00 down overran", "14:00 incident overran"],
        "with ids they stay apart: b is well, a took too long",
    ),
    (
        "12:00 start a; 12:30 start b; 13:00 success a; 13:01 success b; 14:01 clock",
        monitor(max_runtime=TWO_HOURS),
        ["13:00 up pinged"],
        "overlapping runs that both end are well",
    ),
    (
        "12:00 success; 12:30 start; 12:40 fail; 13:31 clock",
        monitor(threshold=2),
        ["12:00 up pinged", "12:40 down failed"],
        "a run that fails has ended: it does not overrun as well",
    ),
    (
        "12:00 success; 12:10 success a; 12:05 start a; 13:05 clock; 13:10 clock",
        monitor(),
        ["12:00 up pinged"],
        "a finish that arrives before its start leaves nothing open",
    ),
    (
        "12:00 success; 12:10 success; 12:05 start; 13:06 clock; 13:10 clock",
        monitor(),
        ["12:00 up pinged"],
        "nor does a start without an id that arrives after a later success",
    ),
    (
        "03:30 start job; 04:00 success job; d1 03:30 start job; d2 03:31 clock",
        monitor(NIGHTLY),
        ["04:00 up pinged", "d2 03:31 down overran", "d2 03:31 incident overran"],
        "an id used again every night is a new run every night",
    ),
    (
        "03:30 start job; 03:30:02 start job; 04:00 success job; d1 03:30:30 clock",
        monitor(NIGHTLY),
        ["04:00 up pinged"],
        "a start sent twice is one run",
    ),
]


@pytest.mark.parametrize(("story", "facts", "history", "reason"), OVERRUNS, ids=[row[3] for row in OVERRUNS])
def test_runs_in_time_and_too_long(story: str, facts: Facts, history: list[str], reason: str) -> None:
    world = World(facts)

    world.play(story)

    assert world.history == history, reason


OUTCOMES = [
    ("12:00 start; 12:10 success", ["success"], 600.0, "a run and its success"),
    ("12:00 start; 12:10 fail", ["fail"], 600.0, "a run and its failure"),
    ("12:00 start; 12:00 success", ["success"], 0.0, "in the same instant"),
    ("12:00 success; 12:00 start", ["open"], None, "a start in the instant of a success is the next run"),
    ("12:00 start; 12:10 log", ["open"], None, "a log ends nothing"),
    ("12:00 start; 12:05 start; 12:10 success", ["superseded", "success"], 300.0, "the latest without an id ends"),
    ("12:00 start; 12:05 start b; 12:10 success", ["success", "open"], 600.0, "one with an id is another's"),
    ("12:00 start a; 12:10 success", ["open"], None, "a finish without an id ends no run with one"),
    ("12:00 start a; 12:05 start b; 12:10 success a", ["success", "open"], 600.0, "the one that is named ends"),
    ("12:00 success a; 12:10 success a", ["success"], None, "a finish sent twice is one, with its start unknown"),
    ("12:10 start; 12:05 success", ["open"], None, "a success from before the start ends nothing"),
    ("12:10 success a; 12:00 start a", ["success"], None, "its start fills in what was missing"),
    ("12:00 start a; 14:10 clock; 15:00 success a", ["overran"], 10800.0, "it did overrun, and its duration is known"),
    ("12:00 start a; 14:10 clock; 13:00 success a", ["success"], 3600.0, "it had not: its success was held up"),
    ("12:00 start a; 12:20 fail a; 12:10 success a", ["fail"], 600.0, "an ended run keeps its first end"),
]


@pytest.mark.parametrize(("story", "outcomes", "duration", "reason"), OUTCOMES, ids=[row[3] for row in OUTCOMES])
def test_how_runs_end(story: str, outcomes: list[str], duration: float | None, reason: str) -> None:
    world = World(monitor(max_runtime=TWO_HOURS))

    world.play(story)

    assert (world.outcomes, world.durations[-1]) == (
        outcomes,
        None if duration is None else timedelta(seconds=duration),
    ), reason


def test_a_start_that_arrives_late_completes_its_run() -> None:
    world = World(monitor())

    world.play("12:10 success a; 12:00 start a")

    assert (world.runs[1].started_at, world.runs[1].finished_at) == (at("12:00"), at("12:10"))
    assert world.facts.open_runs == ()


def test_a_start_stamped_after_its_finish_takes_no_negative_time() -> None:
    world = World(monitor())

    world.play("12:10 success a; 12:10:01 start a")

    assert world.runs[1].started_at == world.runs[1].finished_at == at("12:10")


def test_open_runs_are_bounded_and_the_oldest_is_kept() -> None:
    world = World(monitor(HOURLY))

    for second in range(runs.MAX_OPEN + 10):
        world.play(f"12:00:{second:02} start")

    assert len(world.facts.open_runs) == runs.MAX_OPEN
    assert true_deadline(world) == at("13:01")
    assert world.facts.open_runs[-1].started_at == at("12:00:59")


def test_a_paused_monitor_still_pairs_its_runs() -> None:
    world = World(monitor())

    world.play("12:00 success; 12:01 pause; 12:02 start a; 12:03 success a")

    assert world.outcomes == ["success"]
    assert world.facts.status is Status.PAUSED


def test_the_deadline_is_the_earliest_of_the_due_and_the_runs() -> None:
    world = World(monitor(Interval(timedelta(days=1)), max_runtime=TEN_MINUTES))

    world.play("12:00 success")
    plain = true_deadline(world)
    world.play("12:20 start a; 12:25 start b")

    assert plain == at("d1 12:01")
    assert true_deadline(world) == at("12:30")


LATENESS = [
    (monitor(), "12:00 success", "13:00", Status.UP, "at the due it is not late yet"),
    (monitor(), "12:00 success", "13:00:01", Status.LATE, "past the due and inside the grace"),
    (monitor(), "12:00 success", "23:00", Status.LATE, "a deadline that no sweep has judged is no health either"),
    (monitor(), "12:00 success; 13:01 clock", "14:00:30", Status.DOWN, "down is not late"),
    (monitor(), "12:00 start", "13:00:30", Status.NEW, "nor is new"),
    (
        monitor(max_runtime=TWO_HOURS),
        "12:00 success; 12:50 start",
        "13:50:30",
        Status.UP,
        "its run answers for the due",
    ),
    (monitor(max_runtime=TWO_HOURS), "12:00 success; 12:50 start", "14:50:30", Status.LATE, "but not for ever"),
    (monitor(max_runtime=TWO_HOURS), "12:00 success", "13:00:30", Status.LATE, "without a run nothing answers"),
    (monitor(), "12:00 success; 12:30 start", "13:30:30", Status.LATE, "a run without a longest time answers for none"),
    (monitor(), "12:00 success; 12:10 pause", "13:00:30", Status.PAUSED, "paused is not late"),
    (monitor(), "12:00 success; 12:10 lock", "13:00:30", Status.UP, "nor is what nobody judges"),
]


@pytest.mark.parametrize(("facts", "story", "now", "status", "reason"), LATENESS, ids=[row[4] for row in LATENESS])
def test_late_is_derived_when_read(facts: Facts, story: str, now: str, status: Status, reason: str) -> None:
    world = World(facts).play(story)

    seen = judge.view_status(world.facts, at(now))

    assert seen is status, reason
