"""Times in which nobody listened: what they excuse, once, and what they leave as it is."""

from datetime import timedelta

import pytest

from monitors.domain.facts import Facts
from monitors.domain.gaps import NO_GAPS, Gaps, Window
from monitors.domain.schedule import Interval
from tests.domain.story import MINUTE, NIGHTLY, World, at, gaps, monitor, true_deadline

HOUR = timedelta(hours=1)
DOWN = ["12:00 up pinged", "13:01 down missed", "13:01 incident missed"]
UNKNOWN = ["12:00 up pinged", "13:01 unknown gap"]

TABLE = [
    # what touches the arrival window, 12:59 to 13:01 (grace and so tolerance: a minute)
    ("12:00 success; 13:30 clock", gaps("12:58-13:02"), monitor(), UNKNOWN, "nobody listened: unknown, not down"),
    ("12:00 success; 13:30 clock", gaps("13:00:59-13:20"), monitor(), UNKNOWN, "one second of it is enough"),
    ("12:00 success; 13:30 clock", gaps("12:40-12:59"), monitor(), UNKNOWN, "touching the window's start is touching"),
    ("12:00 success; 13:30 clock", gaps("13:01-13:20"), monitor(), UNKNOWN, "touching its end as well"),
    ("12:00 success; 13:30 clock", gaps("12:10-12:58:59"), monitor(), DOWN, "a gap before it changes nothing"),
    ("12:00 success; 13:30 clock", gaps("13:01:01-13:20"), monitor(), DOWN, "nor does one after it"),
    (
        "12:00 success; 13:25 clock; 13:26 clock",
        gaps("12:20-12:25"),
        monitor(usual_period=timedelta(minutes=20)),
        [*UNKNOWN, "13:26 down missed", "13:26 incident missed"],
        "a job that pings every 20 minutes was expected at 12:20, whatever it promised",
    ),
    (
        "12:00 success; 13:30 clock",
        gaps("12:10-12:15"),
        monitor(usual_period=timedelta(minutes=20)),
        DOWN,
        "… and not before",
    ),
    (
        "12:00 success; 13:30 clock",
        gaps("11:00-11:59:59"),
        monitor(usual_period=timedelta(seconds=5)),
        DOWN,
        "nothing from before the last success excuses",
    ),
    # the next chance
    (
        "12:00 success; 14:21 clock",
        gaps("12:50-13:20"),
        monitor(),
        [*UNKNOWN, "14:21 down missed", "14:21 incident missed"],
        "the next chance is the first due after the gap, and grace",
    ),
    (
        "12:00 success; 14:20:59 clock",
        gaps("12:50-13:20"),
        monitor(),
        UNKNOWN,
        "… and not earlier",
    ),
    (
        "12:00 success; 13:30 clock; 14:01 clock",
        gaps("12:40-12:59:30"),
        monitor(),
        [*UNKNOWN, "14:00:30 down missed", "14:00:30 incident missed"],
        "a gap that ended before the due does not make the same due count again",
    ),
    (
        "12:00 success; 13:30 clock; 13:40 success",
        gaps("12:50-13:20"),
        monitor(),
        [*UNKNOWN, "13:40 up recovered"],
        "a success ends `unknown`",
    ),
    (
        "12:00 success; 13:30 clock; 13:40 fail",
        gaps("12:50-13:20"),
        monitor(),
        [*UNKNOWN, "13:40 down failed", "13:40 incident failed"],
        "a fail is a failure, and no miss was counted before it",
    ),
    (
        "12:00 success; 12:55 fail",
        gaps("12:50-13:20"),
        monitor(),
        [
            "12:00 up pinged",
            "12:55 down failed",
            "12:55 incident failed",
        ],
        "a fail is judged inside a gap too: it did come through",
    ),
    # excused once
    (
        "12:00 success; 14:30 clock",
        gaps("12:50-13:10", "14:10:30-14:20"),
        monitor(),
        [*UNKNOWN, "14:11 down missed", "14:11 incident missed"],
        "a second touched window in a row counts, for most of it somebody listened",
    ),
    (
        "12:00 success; 14:30 clock",
        gaps("12:50-13:10", "14:09:30-14:20"),
        monitor(),
        [*UNKNOWN],
        "… unless nobody listened for over half of it",
    ),
    (
        "12:00 success; 14:30 clock",
        gaps("12:50-13:10", "14:10-14:20"),
        monitor(),
        [*UNKNOWN, "14:11 down missed", "14:11 incident missed"],
        "exactly half is not over half",
    ),
    (
        "12:00 success; 13:05 success; 14:30 clock",
        gaps("14:05-14:06"),
        monitor(),
        ["12:00 up pinged", "14:06 unknown gap"],
        "after a success it is excused anew",
    ),
    # while down
    (
        "12:00 success; 13:01 clock; 15:30 clock",
        gaps("13:50-14:10"),
        monitor(threshold=2),
        ["12:00 up pinged", "13:01 down missed", "15:11 incident missed"],
        "down stays down, but what nobody could hear is not counted",
    ),
    (
        "12:00 success; 13:01 clock; 14:30 clock",
        gaps("14:00:30-14:10"),
        monitor(threshold=2),
        ["12:00 up pinged", "13:01 down missed", "14:01 incident missed"],
        "a short gap excuses no one who is down",
    ),
    # runs
    (
        "12:00 success; 13:00 start a; 15:01 clock",
        gaps("13:30-13:40"),
        monitor(max_runtime=HOUR),
        ["12:00 up pinged", "14:00 unknown gap", "15:01 down missed", "15:01 incident missed"],
        "the end of a run may have come in the gap: we cannot know, once",
    ),
    (
        "12:00 success; 13:00 start a; 14:01 clock",
        gaps("12:20-12:59:59"),
        monitor(max_runtime=HOUR),
        ["12:00 up pinged", "14:00 down overran", "14:00 incident overran"],
        "not in a gap before it began",
    ),
    (
        "03:30 start; d1 03:30 start; d1 03:50 clock; d1 04:00 success; d2 03:30 clock",
        gaps("04:00-04:05"),
        monitor(NIGHTLY),
        ["d1 04:00 up pinged"],
        "the lost end of yesterday's run does not make today's a failure",
    ),
    (
        "03:30 start a; 05:00 start b; d1 03:31 clock",
        gaps("04:00-04:05"),
        monitor(NIGHTLY),
        ["d1 03:31 down overran", "d1 03:31 incident overran"],
        "nor does it excuse another run, which began after the gap",
    ),
    (
        "03:30 success; d1 03:40 clock; 20:00 success",
        gaps("d1 03:00-d1 03:35"),
        monitor(NIGHTLY),
        ["03:30 up pinged", "d1 03:31 unknown gap"],
        "a success from before the due, arriving late, does not tell whether the due was met",
    ),
    (
        "03:30 success; d1 03:40 clock; d1 03:30 success",
        gaps("d1 03:00-d1 03:35"),
        monitor(NIGHTLY),
        ["03:30 up pinged", "d1 03:31 unknown gap", "d1 03:31 up recovered"],
        "one that met it does",
    ),
    (
        "03:30 start; d1 03:50 clock",
        gaps("04:00-04:05"),
        monitor(NIGHTLY),
        ["d1 03:31 down missed", "d1 03:31 incident missed"],
        "but the next due is judged for itself",
    ),
    (
        "12:00 start; 13:01 clock",
        gaps("12:59-13:05"),
        monitor(),
        ["13:01 unknown gap"],
        "one who only ever started becomes unknown as well",
    ),
]


@pytest.mark.parametrize(("story", "deaf", "facts", "history", "reason"), TABLE, ids=[row[4] for row in TABLE])
def test_a_silence_while_nobody_listened(story: str, deaf: Gaps, facts: Facts, history: list[str], reason: str) -> None:
    world = World(facts, gaps=deaf)

    world.play(story)

    assert world.history == history, reason


def test_a_month_of_silence_with_gaps_counts_only_what_could_be_heard() -> None:
    world = World(monitor(Interval(timedelta(seconds=5)), grace=timedelta(seconds=5)), gaps=gaps("d5 00:00-d10 00:00"))

    world.play("12:00 success; d30 12:00 clock")

    heard = timedelta(days=25) / timedelta(seconds=5)
    assert world.history == ["12:00 up pinged", "12:00:10 down missed", "12:00:10 incident missed"]
    assert heard - 5 < world.facts.misses <= heard


def test_a_gap_that_lasts_leaves_the_deadline_after_its_end() -> None:
    world = World(monitor(), gaps=gaps("12:50-18:00"))

    world.play("12:00 success; 13:30 clock")

    assert true_deadline(world) == at("19:01")


def test_gaps_in_any_order_are_joined_where_they_overlap_or_meet() -> None:
    joined = gaps("14:00-15:00", "12:00-12:30", "12:20-13:00", "13:00-13:10")

    assert joined == gaps("12:00-13:10", "14:00-15:00")
    assert len(joined.intervals) == 2


def test_the_covered_share_of_a_window() -> None:
    deaf = gaps("12:00-12:10", "12:20-12:30", "13:00-14:00")
    window = Window(at("12:05"), at("12:25"))

    assert deaf.covered(window) == 0.5
    assert deaf.covered(Window(at("12:10"), at("12:10"))) == 1.0
    assert deaf.covered(Window(at("12:15"), at("12:15"))) == 0.0
    assert NO_GAPS.covered(window) == 0.0


def test_the_next_gap_is_the_first_that_has_not_ended() -> None:
    deaf = gaps("12:00-12:10", "13:00-14:00")

    assert [deaf.next_start(at(moment)) for moment in ("11:00", "12:10", "12:11", "13:30")] == [
        at("12:00"),
        at("12:00"),
        at("13:00"),
        at("13:00"),
    ]
    assert deaf.next_start(at("14:00") + MINUTE) is None
