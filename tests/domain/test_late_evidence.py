"""Pings that arrive late, from a drained spool: what they undo, and what they leave as it is."""

from datetime import timedelta

import pytest

from monitors.domain.facts import Facts
from tests.domain.story import NIGHTLY, World, monitor

DOWN = ["12:00 up pinged", "13:01 down missed", "13:01 incident missed"]
NIGHT = ["03:30 up pinged", "d1 03:31 down missed", "d1 03:31 incident missed"]
HOUR = timedelta(hours=1)

TABLE = [
    (
        "12:00 success; 13:01 clock; 13:00 success; 13:30 clock",
        monitor(),
        [*DOWN, "13:01 resolved late_evidence", "13:01 up late_evidence"],
        "received before the deadline: the miss is undone, in no time",
    ),
    (
        "12:00 success; 13:01 clock; 13:01 success",
        monitor(),
        [*DOWN, "13:01 resolved late_evidence", "13:01 up late_evidence"],
        "at the very deadline too",
    ),
    (
        "12:00 success; 13:01 clock; 12:00:30 success; 13:01:30 clock",
        monitor(),
        [
            *DOWN,
            "13:01 resolved late_evidence",
            "13:01 up late_evidence",
            "13:01:30 down missed",
            "13:01:30 incident missed",
        ],
        "an interval counts from the latest success: it was missed half a minute later",
    ),
    (
        "12:00 success; 13:01 clock; 13:00 success a",
        monitor(),
        [*DOWN, "13:01 resolved late_evidence", "13:01 up late_evidence"],
        "a success that names a run is a success",
    ),
    (
        "12:00 success; 13:01 clock; 13:02 success",
        monitor(),
        [*DOWN, "13:02 resolved recovered", "13:02 up recovered"],
        "after it, it is an ordinary recovery",
    ),
    (
        "12:00 success; 13:01 clock; 11:30 success; 13:10 clock",
        monitor(),
        DOWN,
        "an older success than the last is no evidence",
    ),
    (
        "03:30 success; d1 03:31 clock; 20:00 success",
        monitor(NIGHTLY),
        NIGHT,
        "nor is one that came between two dues: it met neither",
    ),
    (
        "03:30 success; d1 03:31 clock; d1 03:29:30 success",
        monitor(NIGHTLY),
        [*NIGHT, "d1 03:31 resolved late_evidence", "d1 03:31 up late_evidence"],
        "early by half a minute it met the due",
    ),
    (
        "12:00 success; 18:00 clock; 13:00 success; 18:00 clock",
        monitor(),
        [
            *DOWN,
            "13:01 resolved late_evidence",
            "13:01 up late_evidence",
            "14:01 down missed",
            "14:01 incident missed",
        ],
        "judging goes on from the evidence: the silence after it counts",
    ),
    (
        "12:00 success; 18:00 clock; 13:00 success; 14:00 success; 15:00 success; 15:01 clock",
        monitor(),
        [*DOWN, "13:01 resolved late_evidence", "13:01 up late_evidence"],
        "a spool that drains in order undoes it all before the next sweep",
    ),
    (
        "12:00 success; 15:30 clock; 13:30 success",
        monitor(threshold=3),
        [
            "12:00 up pinged",
            "13:01 down missed",
            "15:01 incident missed",
            "15:01 resolved late_evidence",
            "13:30 up recovered",
        ],
        "threshold 3: after the first miss and before the third, the miss was right and the incident was not",
    ),
    (
        "12:00 success; 13:01 clock; 13:10 fail; 13:00 success",
        monitor(),
        [*DOWN],
        "a newer fail stands",
    ),
    (
        "12:00 success; 13:01 clock; 12:58 fail; 13:30 clock",
        monitor(threshold=2),
        ["12:00 up pinged", "13:01 down missed"],
        "a fail that arrives late is what was taken for silence: one failure, not two",
    ),
    (
        "12:00 success; 13:01 clock; 13:20 fail",
        monitor(threshold=2),
        ["12:00 up pinged", "13:01 down missed", "13:20 incident failed"],
        "a fail after the miss is another failure",
    ),
    (
        "12:00 success; 13:01 clock; 13:10 resolve; 13:00 success; 14:10 clock",
        monitor(),
        [*DOWN, "13:10 resolved resolved", "13:10 up resolved"],
        "after a person resolved it, late evidence changes nothing",
    ),
    (
        "03:00 start a; 04:00 clock; 03:50 success a",
        monitor(NIGHTLY, max_runtime=HOUR),
        ["04:00 down overran", "04:00 incident overran", "04:00 resolved late_evidence", "04:00 up late_evidence"],
        "the run that took too long had ended in time",
    ),
    (
        "03:00 start a; 03:10 start b; 04:00 clock; 03:50 success b",
        monitor(NIGHTLY, max_runtime=HOUR),
        ["04:00 down overran", "04:00 incident overran"],
        "another run that had is no evidence for it",
    ),
    (
        "12:00 success; 12:10 pause; 12:20 resume; 12:15 fail",
        monitor(),
        ["12:00 up pinged", "12:10 paused paused", "12:20 up resumed", "12:20 down failed", "12:15 incident failed"],
        "a change of state is never dated before the one before it",
    ),
    (
        "12:00 success; 13:01 clock; 13:05 start a; 13:00 success; 13:30 clock; 14:01 clock",
        monitor(),
        [*DOWN, "13:01 resolved late_evidence", "13:01 up late_evidence"],
        "the wait goes back to the evidence, but not before a start that has met its due",
    ),
]


@pytest.mark.parametrize(("story", "facts", "history", "reason"), TABLE, ids=[row[3] for row in TABLE])
def test_late_arrivals(story: str, facts: Facts, history: list[str], reason: str) -> None:
    world = World(facts)

    world.play(story)

    assert world.history == history, reason
