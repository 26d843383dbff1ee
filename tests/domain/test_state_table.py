"""The state table of the design, line by line: what must happen, and beside it what must not."""

from datetime import timedelta

import pytest

from monitors.domain.facts import Facts, IncidentOpened
from monitors.domain.schedule import Cron, Interval
from tests.domain.story import EVERY_FIVE, NIGHTLY, World, at, monitor

DOWN_AT_13_01 = ["12:00 up pinged", "13:01 down missed", "13:01 incident missed"]
PATIENT = monitor(NIGHTLY, grace=timedelta(minutes=10), threshold=3)
ROOMY = monitor(EVERY_FIVE, grace=timedelta(minutes=4))

TABLE = [
    # success
    ("12:00 success", monitor(), ["12:00 up pinged"], "the first success ends `new`"),
    ("12:00 clock; d30 12:00 clock", monitor(), [], "who was never pinged is never missed"),
    (
        "12:00 success; 12:50 success; 13:30 clock; 13:50 clock",
        monitor(),
        ["12:00 up pinged"],
        "a success moves the due on, though nobody wrote a deadline",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success",
        monitor(),
        [*DOWN_AT_13_01, "13:20 resolved recovered", "13:20 up recovered"],
        "a success resolves the incident at its own time",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 success; 14:21 clock",
        monitor(),
        [
            *DOWN_AT_13_01,
            "13:20 resolved recovered",
            "13:20 up recovered",
            "14:21 down missed",
            "14:21 incident missed",
        ],
        "an interval counts anew from each success, and misses begin at none",
    ),
    # log
    ("12:00 log; d9 12:00 clock", monitor(), [], "a log is no sign of life"),
    ("12:00 success; 12:59 log; 13:01 clock", monitor(), DOWN_AT_13_01, "a log meets no due"),
    # watermark at due + grace
    ("12:00 success; 13:00:59 clock", monitor(), ["12:00 up pinged"], "inside the grace it is late, not down"),
    ("12:00 success; 13:01 clock", monitor(), DOWN_AT_13_01, "at the end of the grace it is down"),
    ("12:00 success; 18:00 clock", monitor(), DOWN_AT_13_01, "a sweep that comes late dates it at its true time"),
    (
        "12:00 success; 13:01 success; 13:01 clock",
        monitor(),
        ["12:00 up pinged"],
        "a success at the very deadline is in time",
    ),
    (
        "12:00 success; 13:00:30 clock; 13:00:40 success; 13:30 clock; 14:00 clock",
        monitor(),
        ["12:00 up pinged"],
        "late a little every time costs no transition",
    ),
    # start
    (
        "12:00 success; 13:00 start; 13:40 success; 14:10 clock",
        monitor(),
        ["12:00 up pinged"],
        "a job that starts in time and runs 40 minutes is well",
    ),
    (
        "12:00 success; 13:40 success; 14:10 clock",
        monitor(),
        ["12:00 up pinged"],
        "nobody looked in between: without a sweep nothing was judged",
    ),
    (
        "12:00 success; 13:01 clock; 13:40 success",
        monitor(),
        [*DOWN_AT_13_01, "13:40 resolved recovered", "13:40 up recovered"],
        "the same job without its start is missed",
    ),
    (
        "12:00 success; 13:00 start; 14:01 clock",
        monitor(),
        ["12:00 up pinged", "14:01 down overran", "14:01 incident overran"],
        "a start that never ends is a failure at the next due and grace, and only one",
    ),
    (
        "12:00 start; 12:30 clock",
        monitor(),
        [],
        "a start alone says nothing about health: `new` stays `new`",
    ),
    (
        "12:00 start; 13:01 clock",
        monitor(),
        ["13:01 down overran", "13:01 incident overran"],
        "but from the first start on, silence is judged",
    ),
    (
        "12:00 success; 13:01 clock; 13:02 start; 13:30 clock",
        monitor(),
        DOWN_AT_13_01,
        "a start does not end a `down`: that takes a success",
    ),
    # fail and exit code
    (
        "12:00 success; 12:30 fail",
        monitor(),
        ["12:00 up pinged", "12:30 down failed", "12:30 incident failed"],
        "a fail is a failure at once",
    ),
    (
        "12:00 success; 13:00:50 fail; 13:30 clock",
        monitor(threshold=2),
        ["12:00 up pinged", "13:00:50 down failed"],
        "a fail just before its deadline meets its due: the same due does not count twice",
    ),
    (
        "12:00 success; 13:00:50 fail; 14:01:50 clock",
        monitor(threshold=2),
        ["12:00 up pinged", "13:00:50 down failed", "14:01:50 incident missed"],
        "the silence after it is another failure, at the next due and grace",
    ),
    ("12:00 fail", monitor(), ["12:00 down failed", "12:00 incident failed"], "the first ping may be a fail"),
    (
        "12:00 success; 12:30 fail; 12:10 success",
        monitor(),
        ["12:00 up pinged", "12:30 down failed", "12:30 incident failed"],
        "an older success never moves a newer fail",
    ),
    (
        "12:00 success; 12:30 success; 12:10 fail",
        monitor(),
        ["12:00 up pinged"],
        "an older fail never moves a newer success",
    ),
    (
        "12:00 success; 12:30 fail; 12:40 success",
        monitor(),
        [
            "12:00 up pinged",
            "12:30 down failed",
            "12:30 incident failed",
            "12:40 resolved recovered",
            "12:40 up recovered",
        ],
        "a newer success does",
    ),
    # threshold
    (
        "03:30 success; d1 03:40 clock; d2 03:40 clock",
        PATIENT,
        ["03:30 up pinged", "d1 03:40 down missed"],
        "threshold 3: down from the first failure, but told only at the third",
    ),
    (
        "03:30 success; d1 03:40 clock; d2 03:40 clock; d3 03:40 clock; d9 12:00 clock",
        PATIENT,
        ["03:30 up pinged", "d1 03:40 down missed", "d3 03:40 incident missed"],
        "threshold 3 on a daily cron: three nights, then one incident and no more",
    ),
    (
        "03:30 success; d9 12:00 clock",
        PATIENT,
        ["03:30 up pinged", "d1 03:40 down missed", "d3 03:40 incident missed"],
        "the same, judged all at once by a sweep that was away",
    ),
    (
        "03:30 success; d2 12:00 clock; d3 03:30 success; d5 12:00 clock",
        PATIENT,
        ["03:30 up pinged", "d1 03:40 down missed", "d3 03:30 up recovered", "d4 03:40 down missed"],
        "a success resets the count: two nights and two nights are not four",
    ),
    (
        "03:30 success; d1 03:30 fail; d2 03:31 fail; d3 03:32 fail",
        PATIENT,
        ["03:30 up pinged", "d1 03:30 down failed", "d3 03:32 incident failed"],
        "fails count like misses",
    ),
    # early counts
    (
        "12:00 success; 12:56 success; 13:02 clock; 13:50 clock",
        monitor(Cron("0 * * * *", "UTC"), grace=timedelta(minutes=5)),
        ["12:00 up pinged"],
        "early by four minutes meets the due",
    ),
    (
        "12:00 success; 12:54 success; 13:05 clock",
        monitor(Cron("0 * * * *", "UTC"), grace=timedelta(minutes=5)),
        ["12:00 up pinged", "13:05 down missed", "13:05 incident missed"],
        "early by six minutes is another matter",
    ),
    (
        "12:00 success; 12:56 success; 13:01 clock",
        monitor(Cron("0 * * * *", "UTC")),
        ["12:00 up pinged", "13:01 down missed", "13:01 incident missed"],
        "no earlier than the grace allows lateness",
    ),
    (
        "12:00 success; 12:03:45 success; 12:09 clock; 12:14 clock",
        ROOMY,
        ["12:00 up pinged", "12:14 down missed", "12:14 incident missed"],
        "early by a quarter of the period meets the due at 12:05, so 12:10 is the first one missed",
    ),
    (
        "12:00 success; 12:03:44 success; 12:09 clock",
        ROOMY,
        ["12:00 up pinged", "12:09 down missed", "12:09 incident missed"],
        "a second more than a quarter does not",
    ),
    (
        "12:00 success; 12:56 fail; 13:05 clock",
        monitor(Cron("0 * * * *", "UTC"), grace=timedelta(minutes=5), threshold=2),
        ["12:00 up pinged", "12:56 down failed"],
        "an early fail meets its due as well",
    ),
]


@pytest.mark.parametrize(("story", "facts", "history", "reason"), TABLE, ids=[row[3] for row in TABLE])
def test_the_state_table(story: str, facts: Facts, history: list[str], reason: str) -> None:
    world = World(facts)

    world.play(story)

    assert world.history == history, reason


def test_an_early_success_of_an_interval_counts_from_itself() -> None:
    world = World(monitor(Interval(timedelta(days=1)), grace=timedelta(hours=1)))

    world.play("12:00 success; d1 11:30 success; d2 12:29 clock; d2 12:30 clock")

    assert world.history[1:] == ["d2 12:30 down missed", "d2 12:30 incident missed"]


EVIDENCE = [
    (
        "12:00 success; 12:10 log; 13:01 clock",
        monitor(),
        "13:00",
        "12:10",
        "missed: the due, and the last ping of any kind",
    ),
    ("12:00 success; 12:30 fail", monitor(), None, "12:30", "failed: nothing was expected then"),
    ("12:00 start; 13:01 clock", monitor(), "13:00", "12:00", "overran: the due that the run had to end by"),
    ("12:00 start; 12:10 clock", monitor(max_runtime=timedelta(minutes=10)), "12:10", "12:00", "… or its longest time"),
]


@pytest.mark.parametrize(("story", "facts", "expected", "last", "reason"), EVIDENCE, ids=[row[4] for row in EVIDENCE])
def test_what_was_known_when_an_incident_opened(
    story: str, facts: Facts, expected: str | None, last: str, reason: str
) -> None:
    world = World(facts).play(story)

    opened = world.effects[-1]

    assert isinstance(opened, IncidentOpened)
    assert (opened.expected_at, opened.last_ping_at) == (expected and at(expected), at(last)), reason
