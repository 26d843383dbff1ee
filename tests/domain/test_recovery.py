"""The recovery threshold: how many good pings in a row bring a monitor that is down up again."""

from datetime import timedelta

import pytest

from monitors.domain.facts import Facts
from tests.domain.story import NIGHTLY, World, gaps, monitor

DOWN = ["12:00 up pinged", "13:01 down missed", "13:01 incident missed"]
UP_AT_13_40 = ["13:40 resolved recovered", "13:40 up recovered"]
TWICE = monitor(recovery=2)
PATIENT = monitor(recovery=2, threshold=2)

TABLE = [
    ("12:00 success", TWICE, ["12:00 up pinged"], "a new monitor is up with its first success"),
    ("12:00 success; 13:01 clock; 13:20 success", TWICE, DOWN, "one good ping of two is not enough"),
    ("12:00 success; 13:01 clock; 13:20 success; 13:40 success", TWICE, [*DOWN, *UP_AT_13_40], "two in a row are"),
    (
        "12:00 success; 13:01 clock; 13:20 success; 13:30 log; 13:35 start; 13:40 success",
        TWICE,
        [*DOWN, *UP_AT_13_40],
        "what says nothing about the job breaks no row",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success; 13:30 fail; 13:40 success",
        TWICE,
        DOWN,
        "a failure starts the count again",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success; 14:21 clock; 14:30 success",
        TWICE,
        DOWN,
        "a miss starts the count again: the next is due an hour after the first good ping",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success; d1 12:00 clock; d1 12:01 success",
        TWICE,
        DOWN,
        "so do misses that are counted in bulk",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success; 13:40 success; 14:41 clock; 14:50 success",
        TWICE,
        [*DOWN, *UP_AT_13_40, "14:41 down missed", "14:41 incident missed"],
        "each time it goes down it has to prove itself anew",
    ),
    (
        "12:00 success; 13:01 clock; 13:00:30 success",
        TWICE,
        [*DOWN, "13:01 resolved late_evidence", "13:01 up late_evidence"],
        "a ping that shows that it never was down needs no company",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 resolve",
        TWICE,
        [*DOWN, "13:20 resolved resolved", "13:20 up resolved"],
        "a person's word needs none either",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success; 13:25 pause; 13:30 resume; 13:40 success",
        TWICE,
        [*DOWN, "13:25 resolved paused", "13:25 paused paused", "13:30 up resumed"],
        "who is resumed begins anew",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success; 14:21 clock; 15:21 clock",
        PATIENT,
        ["12:00 up pinged", "13:01 down missed", "15:21 incident missed"],
        "a good ping ends the row of failures that nobody was told of yet",
    ),
    (
        "12:00 fail; 12:10 success; 12:05 success; 12:20 success",
        monitor(recovery=3),
        ["12:00 down failed", "12:00 incident failed", "12:20 resolved recovered", "12:20 up recovered"],
        "good pings count in any order of arrival",
    ),
    (
        "12:00 success; 13:01 clock; 14:01 clock; 13:20 success; 14:10 success",
        TWICE,
        DOWN,
        "one that is older than the due missed last does not begin the row",
    ),
    (
        "d1 03:30 success; d2 03:40 clock; d2 03:45 success; d3 03:30 success",
        monitor(NIGHTLY, grace=timedelta(minutes=10), recovery=2),
        [
            "d1 03:30 up pinged",
            "d2 03:40 down missed",
            "d2 03:40 incident missed",
            "d3 03:30 resolved recovered",
            "d3 03:30 up recovered",
        ],
        "one that comes late for the due that was missed is a good ping all the same",
    ),
]


@pytest.mark.parametrize(("story", "created", "expected", "reason"), TABLE, ids=[row[3] for row in TABLE])
def test_recovery(story: str, created: Facts, expected: list[str], reason: str) -> None:
    assert World(created).play(story).history == expected, reason


def test_an_unknown_monitor_is_up_with_the_first_success() -> None:
    world = World(TWICE, gaps=gaps("12:50-13:10")).play("12:00 success; 13:10 clock; 13:20 success")

    assert world.history == ["12:00 up pinged", "13:01 unknown gap", "13:20 up recovered"]
