"""Counts are replayed as events that came evenly in their time, single events as they came."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitors.domain import rehearsal
from monitors.domain.imports import Stream
from monitors.domain.rehearsal import Rehearsal
from monitors.domain.rhythm import Alarm, Tuning

START = datetime(2026, 1, 5, tzinfo=UTC)
T0 = START.timestamp()
WEEK = timedelta(weeks=1)


def stream(times: list[float], sizes: list[int], name: str = "a") -> Stream:
    return Stream(name, T0 + np.array(times, np.float64), np.array(sizes, np.int64))


def hourly(name: str, weeks: int, rate: int, silent: slice = slice(0, 0)) -> Stream:
    counts = np.random.default_rng(rate).poisson(rate, weeks * 168)
    counts[silent] = 0
    return stream([3600.0 * number for number in range(len(counts))], counts.tolist(), name)


@pytest.mark.parametrize(
    ("times", "sizes", "seconds", "why"),
    [
        ([0, 3600, 7200], [2, 0, 1], 3600, "an hour each"),
        ([0, 900, 1800], [2, 0, 1], 900, "a quarter each"),
        ([0, 60, 180], [2, 5, 1], 60, "a minute each"),
        ([0, 86_400, 169_200], [2, 5, 1], 86_400, "days, one of which had 23 hours"),
        ([-3600, 82_800, 169_200], [2, 5, 1], 86_400, "days of another zone"),
        ([0, 3600, 7200], [1, 0, 1], 0, "single events that came at a full hour"),
        ([0, 3600, 7201], [2, 1, 1], 0, "at no full minute: that is when they came"),
        ([], [], 0, "nothing"),
    ],
)
def test_what_time_counts_are_of_is_seen_by_their_times(
    times: list[float], sizes: list[int], seconds: int, why: str
) -> None:
    found = stream(times, sizes)

    assert rehearsal.step_of(found.times, found.sizes) == seconds, why


def test_the_events_of_an_hour_come_in_equal_distances_the_first_one_alone() -> None:
    given = stream([0, 3600, 7200], [2, 0, 100])

    past = rehearsal.past(given.times, given.sizes, START, START, points=12)

    assert (past.times[:2] - T0).tolist() == [900, 2700]
    assert past.sizes is not None
    assert past.sizes.tolist() == [1, 1, 1, *[9] * 11]
    assert past.times[2] - T0 == 7200 + 18
    assert past.times[-1] - T0 == 7200 + 3600 - 18
    assert past.evenly


def test_events_that_came_at_once_stay_together() -> None:
    given = stream([0.5, 7, 8], [3, 0, 1])

    past = rehearsal.past(given.times, given.sizes, START, START, points=12)

    assert past.times.tolist() == [T0 + 0.5, T0 + 8]
    assert past.sizes is not None
    assert (past.sizes.tolist(), past.evenly) == ([3, 1], False)


@pytest.mark.parametrize(("rows", "points"), [(1, 12), (1_000_000, 2), (500_000, 4), (10_000_000, 2)])
def test_of_many_counts_each_is_spread_over_fewer_points(rows: int, points: int) -> None:
    assert rehearsal.points_of(rows) == points


def test_each_stream_is_learned_from_its_own_beginning_and_judged_up_to_the_common_end() -> None:
    late = hourly("late", 12, 20, silent=slice(11 * 168, None))
    early = stream([1800.0 + 3600 * number for number in range(9 * 168)], [1] * 9 * 168, "early")

    late_found, early_found = rehearsal.rehearse([late, early], learn_weeks=8, zone="UTC", tuning=Tuning())

    until = START + 12 * WEEK - timedelta(hours=1)
    assert (late_found.stream, late_found.learned_from, late_found.learned_to) == ("late", START, START + 8 * WEEK)
    assert (early_found.until, late_found.until) == (until, until)
    assert [found.alarms[-1].resolved_at for found in (late_found, early_found)] == [None, None]
    assert early_found.alarms[-1].opened_at < START + 9 * WEEK + timedelta(hours=30)


@pytest.mark.parametrize("rate", [1, 60, 5_000, 1_000_000])
def test_a_million_events_an_hour_are_judged_as_ten_are(rate: int) -> None:
    counts = np.random.default_rng(1).poisson(rate, 12 * 168)
    counts[10 * 168 : 10 * 168 + 48] = 0

    found = rehearsal.rehearse_hours("a", START, counts, learn_to=START + 8 * WEEK, zone="UTC", tuning=Tuning())

    assert [(alarm.arm, alarm.severity) for alarm in found.alarms] == [("silence", "critical")]
    assert found.alarms[0].opened_at >= START + 10 * WEEK - timedelta(hours=1)


def test_a_stream_that_was_looked_at_and_had_nothing_has_no_alarms() -> None:
    empty, other = stream([3600.0 * hour for hour in range(12 * 168)], [0] * 12 * 168, "empty"), hourly("b", 12, 20)

    found = rehearsal.rehearse([empty, other], learn_weeks=8, zone="UTC", tuning=Tuning())

    assert (found[0].stream, found[0].events, found[0].alarms) == ("empty", 0, [])


def test_a_smaller_budget_of_alarms_alerts_later() -> None:
    counts = np.random.default_rng(1).poisson(5, 12 * 168)
    counts[10 * 168 : 11 * 168] = 0

    opened = [
        rehearsal.rehearse_hours(
            "a", START, counts, learn_to=START + 8 * WEEK, zone="UTC", tuning=Tuning(budget_weeks=weeks)
        ).alarms[0].opened_at
        for weeks in (1, 26, 520)
    ]  # fmt: skip

    assert opened == sorted(set(opened))


def test_it_is_told_as_the_command_and_the_api_tell_it() -> None:
    at = START + 9 * WEEK
    alarms = [
        Alarm(at, at + timedelta(minutes=5.25), "drop", "warning", 12.3456, 2, 9.8765),
        Alarm(at + WEEK, None, "silence", "critical", 4.0, 0, 7.0),
    ]

    told = rehearsal.as_plain(Rehearsal("a", START, START + 8 * WEEK, START + 12 * WEEK, 100, alarms))

    assert told == {
        "stream": "a",
        "learnedFrom": "2026-01-05T00:00:00Z",
        "learnedTo": "2026-03-02T00:00:00Z",
        "alarms": [
            {
                "openedAt": "2026-03-09T00:00:00Z",
                "resolvedAt": "2026-03-09T00:05:15Z",
                "arm": "drop",
                "severity": "warning",
                "expected": 12.35,
                "seen": 2,
                "logOdds": 9.88,
            },
            {
                "openedAt": "2026-03-16T00:00:00Z",
                "resolvedAt": None,
                "arm": "silence",
                "severity": "critical",
                "expected": 4.0,
                "seen": 0,
                "logOdds": 7.0,
            },
        ],
    }
