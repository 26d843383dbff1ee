"""What people's orders mean: pause, resume, resolve, edit, lock, unlock, delete."""

from datetime import timedelta

import pytest

from monitors.domain import judge
from monitors.domain.facts import Facts
from monitors.domain.schedule import Interval
from tests.domain.story import NIGHTLY, World, at, monitor, true_deadline

DOWN = ["12:00 up pinged", "13:01 down missed", "13:01 incident missed"]
PAUSED = ["12:00 up pinged", "12:30 paused paused"]

TABLE = [
    # pause
    (
        "12:00 success; 13:01 clock; 13:10 pause; d30 12:00 clock",
        monitor(),
        [*DOWN, "13:10 resolved paused", "13:10 paused paused"],
        "pausing resolves what is open, and no silence counts",
    ),
    ("12:00 success; 12:30 pause; 12:40 fail", monitor(), PAUSED, "a fail while paused is stored, the state stays"),
    ("12:00 success; 12:30 pause; 12:40 success", monitor(), PAUSED, "so is a success"),
    ("12:00 success; 12:30 pause; 12:40 pause", monitor(), PAUSED, "paused is paused"),
    # resume
    (
        "12:00 success; 12:30 pause; d30 12:00 resume; d30 13:00:59 clock",
        monitor(),
        [*PAUSED, "d30 12:00 up resumed"],
        "resumed after a month it waits anew: nothing of the month is held against it",
    ),
    (
        "12:00 success; 12:30 pause; d30 12:00 resume; d30 13:01 clock",
        monitor(),
        [*PAUSED, "d30 12:00 up resumed", "d30 13:01 down missed", "d30 13:01 incident missed"],
        "… but one due and grace later silence counts",
    ),
    (
        "12:00 success; 12:30 pause; 12:40 fail; 12:50 resume",
        monitor(),
        [*PAUSED, "12:50 new resumed"],
        "the last that was heard is a fail: it resumes as new, not as up",
    ),
    (
        "12:00 pause; 12:10 resume; d30 12:00 clock",
        monitor(),
        ["12:00 paused paused", "12:10 new resumed"],
        "who was never pinged is not awaited after a pause either",
    ),
    (
        "12:00 log; 12:05 pause; 12:10 resume; d30 12:00 clock",
        monitor(),
        ["12:05 paused paused", "12:10 new resumed"],
        "a log is no ping to wait on",
    ),
    ("12:00 success; 12:10 resume; 13:00 clock", monitor(), ["12:00 up pinged"], "who is not paused does not resume"),
    (
        "12:00 success; d1 12:00 clock; d2 12:00 pause; d2 12:10 resume; d2 13:11 clock",
        monitor(threshold=30),
        [
            "12:00 up pinged",
            "13:01 down missed",
            "d2 12:00 paused paused",
            "d2 12:10 up resumed",
            "d2 13:11 down missed",
        ],
        "the count of failures begins anew",
    ),
    (
        "12:00 start a; 12:10 pause; 18:00 resume; 19:00 clock",
        monitor(max_runtime=timedelta(hours=1)),
        ["12:10 paused paused", "18:00 new resumed"],
        "a run whose time passed in the pause is not held against it",
    ),
    (
        "12:00 start a; 12:10 pause; 13:00 resume; 13:00 clock",
        monitor(max_runtime=timedelta(hours=1)),
        ["12:10 paused paused", "13:00 new resumed"],
        "… nor one whose time passes at that very moment",
    ),
    (
        "12:00 start a; 12:10 pause; 12:20 resume; 13:00 clock",
        monitor(max_runtime=timedelta(hours=1)),
        ["12:10 paused paused", "12:20 new resumed", "13:00 down overran", "13:00 incident overran"],
        "one that still has time is",
    ),
    # resolve by hand
    (
        "12:00 success; 13:01 clock; 13:10 resolve; 14:10 clock",
        monitor(),
        [*DOWN, "13:10 resolved resolved", "13:10 up resolved"],
        "resolved by hand it is up, and waits anew",
    ),
    (
        "12:00 success; 13:01 clock; 13:10 resolve; 14:11 clock",
        monitor(),
        [*DOWN, "13:10 resolved resolved", "13:10 up resolved", "14:11 down missed", "14:11 incident missed"],
        "resolved by hand and still silent: it alerts again",
    ),
    (
        "12:00 success; d1 12:00 clock; d1 12:00 resolve; d1 13:01 clock; d1 14:01 clock",
        monitor(threshold=2),
        [
            "12:00 up pinged",
            "13:01 down missed",
            "14:01 incident missed",
            "d1 12:00 resolved resolved",
            "d1 12:00 up resolved",
            "d1 13:01 down missed",
            "d1 14:01 incident missed",
        ],
        "its misses are forgotten",
    ),
    # edit
    (
        "12:00 success; 13:01 clock; 13:10 edit; 14:10:59 clock",
        monitor(),
        DOWN,
        "edited while down: the state and the incident stay",
    ),
    (
        "12:00 success; 12:59 edit; 13:01 clock; 13:58 clock",
        monitor(),
        ["12:00 up pinged"],
        "edited while up: it waits anew",
    ),
    (
        "12:00 success; 12:59 edit; 13:59 clock; 14:00 clock",
        monitor(),
        ["12:00 up pinged", "14:00 down missed", "14:00 incident missed"],
        "… and silence counts from the edit",
    ),
    ("12:00 edit; d30 12:00 clock", monitor(), [], "an edit of who was never pinged awaits nothing"),
    # lock
    ("12:00 success; 12:10 lock; d30 12:00 clock", monitor(), ["12:00 up pinged"], "locked is not judged"),
    (
        "12:00 success; 12:10 lock; 12:20 fail",
        monitor(),
        ["12:00 up pinged"],
        "pings of a locked one are only recorded",
    ),
    (
        "12:00 success; 12:10 lock; d30 12:00 unlock; d30 13:00 clock",
        monitor(),
        ["12:00 up pinged"],
        "unlocked it waits anew",
    ),
    (
        "12:00 success; 12:10 lock; d30 12:00 unlock; d30 13:01 clock",
        monitor(),
        ["12:00 up pinged", "d30 13:01 down missed", "d30 13:01 incident missed"],
        "… and is judged again",
    ),
    # delete
    (
        "12:00 success; 13:01 clock; 13:10 delete; d30 12:00 clock",
        monitor(),
        [*DOWN, "13:10 resolved deleted"],
        "deleting resolves what is open, and nothing is awaited",
    ),
]


@pytest.mark.parametrize(("story", "facts", "history", "reason"), TABLE, ids=[row[3] for row in TABLE])
def test_orders(story: str, facts: Facts, history: list[str], reason: str) -> None:
    world = World(facts)

    world.play(story)

    assert world.history == history, reason


def test_a_new_schedule_while_down_is_waited_for_from_the_edit() -> None:
    world = World(monitor(NIGHTLY)).play("03:30 success; d1 03:31 clock")

    world.edit(at("d1 09:00"), Interval(timedelta(minutes=5)))

    assert true_deadline(world) == at("d1 09:06")
    assert world.open_incidents == 1


def test_a_shorter_schedule_does_not_condemn_a_run_that_began_under_the_longer_one() -> None:
    world = World(monitor(NIGHTLY)).play("03:30 start; 04:00 clock")

    world.edit(at("04:00"), Interval(timedelta(minutes=5)))
    world.play("04:05:59 clock")

    assert world.history == []
    assert world.outcomes == ["superseded"]


def test_nothing_is_awaited_while_paused_or_locked() -> None:
    paused = World(monitor()).play("12:00 success; 12:10 pause")
    locked = World(monitor()).play("12:00 success; 12:10 lock")

    for world in (paused, locked):
        assert judge.deadline(world.facts) is judge.due_at(world.facts) is world.stored_deadline is None
