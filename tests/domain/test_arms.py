"""The two arms: when they alert, what they know in advance, and that looking seldom finds what looking often does."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.domain import arms, expected
from monitors.domain.arms import Arm, Arms, Thresholds, Tuning, Turn
from monitors.domain.expected import Expected, Profile
from monitors.domain.status import Severity

HOUR = 3600.0
START = 1_767_571_200.0  # Monday 5 January 2026, midnight UTC
TEN = Profile("UTC", (10.0,) * 168)
UNEVEN = Profile("Europe/Berlin", tuple(float(1 + slot % 24) for slot in range(168)), 1.1, 1.5, 0.03)


def test_the_threshold_comes_from_the_budget() -> None:
    plain = Thresholds.of(TEN, Tuning())

    assert plain.h == pytest.approx(math.log(1680 * 26))
    assert Thresholds.of(Profile("UTC", (0.001,) * 168), Tuning()).h == 3
    assert Thresholds.of(TEN, Tuning(budget_weeks=52)).h == pytest.approx(plain.h + math.log(2))


def test_silence_alerts_when_chance_is_used_up_and_later_where_the_rate_wobbles() -> None:
    plain, wobbly = Thresholds.of(TEN, Tuning()), Thresholds.of(Profile("UTC", (10.0,) * 168, wobble=0.04), Tuning())

    assert plain.silence == pytest.approx(plain.h)
    assert wobbly.silence == pytest.approx((math.exp(0.04 * wobbly.h) - 1) / 0.04)
    assert Thresholds.of(Profile("UTC", (10.0,) * 168, wobble=1e-9), Tuning()).silence == pytest.approx(plain.silence)


def opened(rate_share: float, profile: Profile = TEN, hours: float = 72.0) -> list[Turn]:
    """What is said of a stream that comes evenly, at a share of what is expected, for so long."""
    clock, test = Expected(profile), Thresholds.of(profile, Tuning())
    step = HOUR / 10 / rate_share if rate_share else math.inf
    times = np.arange(START + step, START + hours * HOUR, step).tolist() if rate_share else []
    return arms.advance(arms.begin(START), times, START + hours * HOUR, clock, test)[1]


def test_a_stream_as_expected_is_well() -> None:
    assert opened(1.0) == []
    assert opened(3.0) == []


def test_nothing_at_all_is_critical_at_the_moment_known_in_advance() -> None:
    clock, test = Expected(TEN), Thresholds.of(TEN, Tuning())

    [turn] = opened(0.0)

    assert (turn.arm, turn.severity, turn.seen) == (Arm.SILENCE, Severity.CRITICAL, 0)
    assert turn.at == pytest.approx(arms.deadline(arms.begin(START), clock, test))
    assert turn.at == pytest.approx(START + test.h / 10 * HOUR)
    assert turn.expected == pytest.approx(test.h)
    assert turn.log_odds == pytest.approx(test.h)


def test_a_drop_to_a_third_warns_and_nearly_nothing_is_critical() -> None:
    [low], [nearly] = opened(0.33), opened(0.1, hours=10)

    assert (low.arm, low.severity) == (Arm.DROP, Severity.WARNING)
    assert low.seen / low.expected == pytest.approx(0.33, abs=0.05)
    assert nearly.severity is Severity.CRITICAL
    assert nearly.at < low.at


def test_a_small_drop_is_not_worth_waking_anybody() -> None:
    assert opened(0.8) == []


def test_a_drop_that_becomes_a_silence_gets_worse() -> None:
    clock, test = Expected(TEN), Thresholds.of(TEN, Tuning())
    low = np.arange(START, START + 20 * HOUR, HOUR / 3.3)[1:].tolist()

    _, turns = arms.advance(arms.begin(START), low, START + 30 * HOUR, clock, test)

    assert [(turn.arm, turn.severity) for turn in turns] == [
        (Arm.DROP, Severity.WARNING), (Arm.SILENCE, Severity.CRITICAL)
    ]  # fmt: skip
    assert turns[1].since == pytest.approx(low[-1])


def test_a_drop_that_sinks_to_nearly_nothing_gets_worse_though_events_still_come() -> None:
    clock, test = Expected(TEN), Thresholds.of(TEN, Tuning())
    low = np.arange(START, START + 10 * HOUR, HOUR / 3.3)[1:].tolist()
    nearly = np.arange(START + 9.7 * HOUR, START + 60 * HOUR, 0.8 * HOUR)[1:].tolist()

    _, turns = arms.advance(arms.begin(START), [*low, *nearly], START + 60 * HOUR, clock, test)

    assert [(turn.arm, turn.severity) for turn in turns] == [
        (Arm.DROP, Severity.WARNING), (Arm.DROP, Severity.CRITICAL)
    ]  # fmt: skip
    assert turns[1].seen / turns[1].expected == pytest.approx(0.2, abs=0.01)
    assert turns[1].at > START + 15 * HOUR


def test_a_stray_event_does_not_end_a_silence_and_a_stream_does() -> None:
    clock, test = Expected(TEN), Thresholds.of(TEN, Tuning())
    silent, _ = arms.advance(arms.begin(START), [], START + 10 * HOUR, clock, test)
    stray, turns = arms.advance(silent, [START + 11 * HOUR], START + 13 * HOUR, clock, test)
    assert turns == []

    back = np.arange(START + 13 * HOUR, START + 15 * HOUR, HOUR / 10)[1:].tolist()
    well, turns = arms.advance(stray, back, START + 15 * HOUR, clock, test)

    assert [turn.severity for turn in turns] == [None]
    assert turns[0].at == pytest.approx(START + 13.9 * HOUR, abs=HOUR / 5)
    assert well.alarm is None


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.3])
def test_a_stream_that_stays_low_is_one_incident_and_not_one_every_few_hours(share: float) -> None:
    draw, busy = np.random.default_rng(4), Profile("UTC", (60.0,) * 168)
    times = (START + np.cumsum(draw.exponential(1 / 60 / share, 6000)) * HOUR).tolist()
    end = START + 72 * HOUR
    clock, test = Expected(busy), Thresholds.of(busy, Tuning())

    _, turns = arms.advance(arms.begin(START), [at for at in times if at < end], end, clock, test)

    assert sum(turn.severity is None for turn in turns) <= 1


def test_a_drop_is_over_when_the_odds_have_turned_by_those_of_a_week() -> None:
    clock, test = Expected(TEN), Thresholds.of(TEN, Tuning())
    low = np.arange(START, START + 20 * HOUR, HOUR / 3.3)[1:].tolist()
    dropped, _ = arms.advance(arms.begin(START), low, START + 20 * HOUR, clock, test)
    back = np.arange(START + 20 * HOUR, START + 30 * HOUR, HOUR / 10)[1:].tolist()

    well, turns = arms.advance(dropped, back, START + 30 * HOUR, clock, test)

    assert [turn.severity for turn in turns] == [None]
    assert turns[0].at == pytest.approx(
        START + 20 * HOUR + math.log(1680) / (test.loss - test.gain) / 10 * HOUR, abs=HOUR / 5
    )
    assert well.alarm is None


def test_an_open_incident_is_looked_at_every_minute() -> None:
    clock, test = Expected(TEN), Thresholds.of(TEN, Tuning())
    silent, _ = arms.advance(arms.begin(START), [], START + 10 * HOUR, clock, test)

    assert arms.deadline(silent, clock, test) == silent.at + 60


def test_a_busy_stream_is_looked_at_no_more_than_twice_a_minute() -> None:
    busy = Profile("UTC", (1e6,) * 168)

    due = arms.deadline(arms.begin(START), Expected(busy), Thresholds.of(busy, Tuning()))

    assert due == START + 30


def test_waiting_anew_forgets_what_was_quiet_and_low() -> None:
    clock, test = Expected(TEN), Thresholds.of(TEN, Tuning())
    low, _ = arms.advance(arms.begin(START), [START + HOUR], START + 1.9 * HOUR, clock, test)

    anew = arms.rewait(low, START + 2 * HOUR)

    assert (anew.quiet, anew.drop, anew.alarm) == (0.0, 0.0, None)
    assert anew.heard_at == START + 2 * HOUR


gaps = st.lists(st.floats(0.001, 12), max_size=60)


@given(
    hours=gaps,
    looks=st.lists(st.floats(0, 300), max_size=12),
    deaf=st.floats(0, 100),
    profile=st.sampled_from([TEN, UNEVEN]),
)
def test_looking_seldom_finds_what_looking_often_does(
    hours: list[float], looks: list[float], deaf: float, profile: Profile
) -> None:
    times = (START + np.cumsum(hours) * HOUR).tolist()
    end = (times[-1] if times else START) + 20 * HOUR
    clock = Expected(profile, [(START + deaf * HOUR, START + (deaf + 3) * HOUR)])
    test = Thresholds.of(profile, Tuning())

    once = arms.advance(arms.begin(START), times, end, clock, test)
    at_looks = _in_steps(times, [START + look * HOUR for look in looks], end, clock, test)
    at_each = _in_steps(times, times, end, clock, test)

    for other in (at_looks, at_each):
        _assert_alike(once, other)


@given(hours=gaps, profile=st.sampled_from([TEN, UNEVEN]))
def test_the_deadline_is_when_the_first_alarm_would_open(hours: list[float], profile: Profile) -> None:
    times = (START + np.cumsum(hours) * HOUR).tolist()
    clock, test = Expected(profile), Thresholds.of(profile, Tuning())
    state, _ = arms.advance(arms.begin(START), times, times[-1] if times else START, clock, test)
    if state.alarm is not None:
        return

    due = arms.deadline(state, clock, test)

    _, before = arms.advance(state, [], due - 1, clock, test)
    _, after = arms.advance(state, [], due + 31, clock, test)
    assert (len(before), len(after) >= 1) == (0, True)


def _in_steps(
    times: list[float], looks: list[float], end: float, clock: Expected, test: Thresholds
) -> tuple[Arms, list[Turn]]:
    state, found = arms.begin(START), list[Turn]()
    edges = [START, *sorted(look for look in set(looks) if START < look < end), end]
    for start, stop in pairwise(edges):
        state, turns = arms.advance(state, [each for each in times if start < each <= stop], stop, clock, test)
        found += turns
    return state, found


def _assert_alike(one: tuple[Arms, list[Turn]], other: tuple[Arms, list[Turn]]) -> None:
    assert [(turn.arm, turn.severity, turn.seen) for turn in one[1]] == [
        (turn.arm, turn.severity, turn.seen) for turn in other[1]
    ]
    assert [turn.at for turn in one[1]] == pytest.approx([turn.at for turn in other[1]], abs=0.01)
    assert [turn.expected for turn in one[1]] == pytest.approx([turn.expected for turn in other[1]], rel=1e-6, abs=1e-6)
    assert (one[0].quiet, one[0].drop, one[0].back_expected) == pytest.approx(
        (other[0].quiet, other[0].drop, other[0].back_expected), rel=1e-6, abs=1e-6
    )
    assert (one[0].drop_seen, one[0].back_seen, one[0].alarm is None) == (
        other[0].drop_seen, other[0].back_seen, other[0].alarm is None
    )  # fmt: skip


def test_deltas_that_were_worked_out_before_say_the_same() -> None:
    clock, test = Expected(UNEVEN), Thresholds.of(UNEVEN, Tuning())
    times = (START + np.cumsum(np.random.default_rng(5).exponential(0.4, 200)) * HOUR).tolist()
    deltas = np.diff(clock.along(np.array([START, *times]))).tolist()

    given_deltas = arms.advance(arms.begin(START), times, times[-1], clock, test, deltas=deltas)

    _assert_alike(arms.advance(arms.begin(START), times, times[-1], clock, test), given_deltas)
    assert expected.instant(START).isoformat() == "2026-01-05T00:00:00+00:00"
