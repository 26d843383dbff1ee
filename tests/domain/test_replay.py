"""What would have been: the same whether streams are replayed alone or together, event by event or by counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from monitors.domain import replay
from monitors.domain.gaps import Gaps
from monitors.domain.replay import Alarm, Past
from monitors.domain.rhythm import Tuning

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
WEEKS = 12
UNTIL = START + WEEKS * WEEK


def past(
    rate: float, *, seed: int = 1, silent: tuple[datetime, datetime] | None = None, later: timedelta = 0 * DAY
) -> Past:
    """Events at random, more by day than by night, none in a time."""
    draw, first = np.random.default_rng(seed), (START + later).timestamp()
    hours = np.arange((UNTIL - START - later) // HOUR)
    counts = draw.poisson(rate * (1 + 0.7 * np.sin(hours / 24 * 2 * np.pi)))
    times = first + np.sort(np.repeat(hours, counts) * 3600 + draw.uniform(0, 3600, counts.sum()))
    if silent is not None:
        times = times[(times < silent[0].timestamp()) | (times >= silent[1].timestamp())]
    return Past(times, START + later, START + later + 8 * WEEK)


def alarms(*pasts: Past, **given: object) -> list[list[Alarm]]:
    wanted: dict[str, object] = {"until": UNTIL, "zone": "UTC", "tuning": Tuning(), **given}
    return replay.replay_many(pasts, **wanted)  # type: ignore[arg-type]


def shown(found: list[list[Alarm]]) -> list[list[tuple[str, ...]]]:
    """Alarms to compare: sums in another order differ in their last digit."""
    return [
        [(f"{one.opened_at:%c}", f"{one.resolved_at:%c}", one.arm, f"{one.expected:.6f}") for one in each]
        for each in found
    ]


SILENCE = START + 10 * WEEK, START + 10 * WEEK + 30 * HOUR


def test_a_silence_is_found_and_is_over_when_events_come_again() -> None:
    ((alarm,),) = alarms(past(20, silent=SILENCE))

    assert (alarm.arm, alarm.severity, alarm.seen) == ("silence", "critical", 0)
    assert SILENCE[0] < alarm.opened_at < SILENCE[0] + 4 * HOUR
    assert alarm.resolved_at is not None
    assert SILENCE[1] <= alarm.resolved_at < SILENCE[1] + 2 * HOUR


def test_what_is_silent_to_the_end_is_open() -> None:
    ((alarm,),) = alarms(past(20, silent=(SILENCE[0], UNTIL)))

    assert alarm.resolved_at is None


def test_streams_together_are_as_each_alone() -> None:
    many = [past(rate, seed=seed, silent=SILENCE, later=seed * DAY / 2) for seed, rate in enumerate([1, 4, 20, 60])]

    together = alarms(*many)

    assert [len(each) >= 1 for each in together] == [True] * 4
    assert shown(together) == shown([alarms(each)[0] for each in many])


def test_many_streams_go_in_several_companies(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [past(20, seed=seed, silent=SILENCE) for seed in range(5)]
    together = shown(alarms(*many))

    monkeypatch.setattr(replay, "TOGETHER", 2)

    assert shown(alarms(*many)) == together


def test_a_silence_in_which_nobody_listened_is_none() -> None:
    gap = SILENCE[0] - HOUR, SILENCE[1] + HOUR

    assert alarms(past(20, silent=SILENCE), gaps=Gaps.of([gap])) == [[]]


def test_a_restart_of_some_seconds_spoils_no_hour_as_in_the_product() -> None:
    restarts = [(START + HOUR * hour, START + HOUR * hour + 10 * timedelta(seconds=1)) for hour in range(12 * 168)]

    ((alarm,),) = alarms(past(20, silent=SILENCE), gaps=Gaps.of(restarts))

    assert alarm.arm == "silence"
    assert SILENCE[0] < alarm.opened_at < SILENCE[0] + 4 * HOUR


def test_what_was_wrong_before_it_was_noticed_is_not_learned_from() -> None:
    ((alarm,),) = alarms(past(20, silent=SILENCE))

    assert alarm.since is not None
    assert SILENCE[0] - HOUR < alarm.since < SILENCE[0]


def test_too_few_events_are_no_rhythm() -> None:
    slow = Past(START.timestamp() + np.arange(WEEKS, dtype=np.float64) * WEEK.total_seconds(), START, START + 8 * WEEK)

    assert alarms(slow) == [[]]


def test_one_that_learned_keeps_it_while_nothing_comes() -> None:
    """Its alarm leaves less and less to learn from; that is no reason to forget what was usual, and the alarm."""
    long = replace(past(20, silent=(START + 9 * WEEK, UNTIL)))

    ((alarm,),) = alarms(long, until=START + 30 * WEEK)

    assert (alarm.arm, alarm.resolved_at) == ("silence", None)


def test_nothing_is_judged_of_a_history_that_ends_while_it_is_learned() -> None:
    assert alarms(past(20, silent=SILENCE), until=START + 8 * WEEK) == [[]]


def evenly(counts: NDArray[np.int64], points: int) -> Past:
    """Events in equal distances within each hour, the first of each hour alone and the others in groups."""
    times, sizes = [], []
    for hour, count in enumerate(counts.tolist()):
        ends = np.unique(np.linspace(1, count, min(count, points)).astype(int)) if count else np.array([], int)
        times += [START.timestamp() + 3600 * (hour + (end - 0.5) / count) for end in ends]
        sizes += np.diff(ends, prepend=0).tolist()
    return Past(np.array(times), START, START + 8 * WEEK, np.array(sizes), evenly=True)


@pytest.mark.parametrize(("rate", "share"), [(3, 0.0), (40, 0.0), (40, 0.1), (300, 0.0), (300, 0.1), (300, 0.3)])
def test_groups_of_events_are_as_each_event(rate: int, share: float) -> None:
    counts = np.random.default_rng(rate).poisson(rate, WEEKS * 168)
    counts[10 * 168 : 10 * 168 + 40] = (counts[10 * 168 : 10 * 168 + 40] * share).astype(int)

    ((one_by_one,), (grouped,)) = (alarms(evenly(counts, points))[0] for points in (10_000, 6))

    assert (grouped.arm, grouped.severity) == (one_by_one.arm, one_by_one.severity)
    assert abs(grouped.opened_at - one_by_one.opened_at) < timedelta(minutes=15)
    assert grouped.resolved_at is not None
    assert one_by_one.resolved_at is not None
    assert abs(grouped.resolved_at - one_by_one.resolved_at) < timedelta(minutes=30)
