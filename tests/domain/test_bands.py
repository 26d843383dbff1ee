"""Learning which values are usual: what is learned of what, from how much, and how often it errs."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitors.domain import bands
from monitors.domain.bands import Floats, learn_bands
from monitors.domain.values import Bands

MONDAY = 1_767_571_200.0  # 2026-01-05 00:00 UTC
HOUR, DAY = 3600.0, 86_400.0


def every(step: float, days: float) -> Floats:
    """Times from a Monday midnight on."""
    return MONDAY + np.arange(0, days * DAY, step)


def learned(times: Floats, values: NDArray[np.floating[Any]], zone: str = "UTC", budget_weeks: float = 26) -> Bands:
    per_week = values.size / (np.ptp(times) / DAY / 7)
    found = learn_bands(times, values.astype(np.float64), zone, per_week=per_week, budget_weeks=budget_weeks)
    assert found is not None
    return found


@pytest.mark.parametrize(("per_week", "budget_weeks"), [(168, 26), (100_000, 52), (168, 520), (20, 26)])
def test_the_threshold_follows_from_the_budget(per_week: float, budget_weeks: float) -> None:
    z = bands.threshold(per_week, budget_weeks)

    expected_false_alarms = math.erfc(z / math.sqrt(2)) * per_week * budget_weeks
    assert expected_false_alarms == pytest.approx(1.0)


@pytest.mark.parametrize(("per_week", "budget_weeks"), [(168, 1), (1, 1), (0.1, 1)])
def test_no_budget_makes_every_tenth_value_an_alarm(per_week: float, budget_weeks: float) -> None:
    assert bands.threshold(per_week, budget_weeks) == 3.0


NOT_YET = [
    (every(HOUR, 13), 100.0, "less than 14 days"),
    (every(DAY, 49), 100.0, "49 values"),
    (every(HOUR, 56), 0.0, "nothing but zero"),
    (every(HOUR, 56), -3.0, "nothing but negative numbers"),
]


@pytest.mark.parametrize(("times", "value", "reason"), NOT_YET)
def test_nothing_is_said_of_too_little(times: Floats, value: float, reason: str) -> None:
    values = np.full(times.shape, value)

    assert learn_bands(times, values, "UTC", per_week=168, budget_weeks=26) is None, reason


def test_a_daily_value_is_learned_after_fifty_days() -> None:
    found = learned(every(DAY, 51) + 3 * HOUR, np.full(51, 100.0))

    assert found.lows[3] < 100 < found.highs[3]


def test_what_is_always_the_same_may_move_a_little() -> None:
    found = learned(every(HOUR, 56), np.full(56 * 24, 100.0))

    assert all(80 < low < 90 for low in found.lows)
    assert all(110 < high < 125 for high in found.highs)


def test_each_hour_has_its_own() -> None:
    times = every(HOUR, 56)
    is_day = (np.arange(times.size) % 24 >= 8) & (np.arange(times.size) % 24 < 20)
    noise = np.exp(np.random.default_rng(1).normal(0, 0.1, times.size))

    found = learned(times, np.where(is_day, 1000.0, 10.0) * noise)

    assert found.highs[3] < 20 < 500 < found.lows[12]


def test_hours_are_those_of_the_zone_also_over_a_change_of_clocks() -> None:
    times = every(HOUR, 112)  # until the end of April
    berlin = np.array([(int(at // HOUR) + (2 if at >= 1_774_746_000 else 1)) % 24 for at in times])
    values = np.where(berlin == 9, 1000.0, 10.0)

    found = learned(times, values, "Europe/Berlin")

    assert found.lows[9] > 500
    assert max(found.highs[8], found.highs[10]) < 20


def test_an_hour_with_few_values_looks_at_its_neighbours() -> None:
    times = every(HOUR, 20)  # each hour has 20 values
    values = 10.0 * (1 + np.arange(times.size) % 24)

    found = learned(times, values)

    assert found.lows[10] < 100 < 120 < found.highs[10]
    assert found.highs[3] < found.lows[20]


def test_what_was_wrong_for_a_day_is_not_learned() -> None:
    rng = np.random.default_rng(2)
    times = every(HOUR, 56)
    values = np.exp(rng.normal(5, 0.2, times.size))
    spoiled = values.copy()
    spoiled[500:524] = 1.0

    clean, found = learned(times, values), learned(times, spoiled)

    assert min(found.lows) > 20
    assert np.allclose(np.log(found.lows), np.log(clean.lows), atol=0.5)


def test_of_a_positive_history_a_zero_is_below_every_band() -> None:
    values = np.random.default_rng(3).lognormal(3, 0.5, 56 * 24)

    assert min(learned(every(HOUR, 56), values).lows) > 0


def test_where_zero_is_usual_nothing_is_too_little() -> None:
    times = every(HOUR, 56)
    values = np.full(times.size, 100.0)
    values[np.arange(times.size) % 24 == 4] = 0.0  # always at four
    values[np.arange(times.size) % (24 * 7) == 9] = 0.0  # on Mondays at nine

    found = learned(times, values)

    assert (found.lows[4], found.highs[4]) == (-math.inf, math.inf)
    assert found.lows[9] == -math.inf
    assert found.highs[9] < 200
    assert found.lows[10] > 50


def test_of_few_at_a_time_none_is_one_less() -> None:
    """Zero has no logarithm; of counts it is as far from one as a half."""
    counts = np.random.default_rng(4).poisson(4, 56 * 24).astype(np.float64)

    assert set(learned(every(HOUR, 56), counts).lows) == {-math.inf}


STREAMS: list[tuple[str, Callable[[np.random.Generator, int], Floats], float]] = [
    ("log-normal", lambda rng, n: rng.lognormal(4, 0.5, n), 2.0),
    ("constant", lambda rng, n: np.full(n, 7.0), 0.0),
    ("uniform", lambda rng, n: rng.uniform(10, 100, n), 2.0),
    ("counts of many", lambda rng, n: rng.poisson(50, n).astype(np.float64), 4.0),
    ("a heavy tail", lambda rng, n: rng.exponential(100, n), 12.0),
]


@pytest.mark.parametrize(("name", "draw", "most"), STREAMS)
def test_false_alarms_keep_to_the_budget(
    name: str, draw: Callable[[np.random.Generator, int], Floats], most: float
) -> None:
    """One in 26 weeks was asked for, of 168 values a week. A heavy tail errs more often, by a known factor."""
    rng = np.random.default_rng(5)
    times = every(HOUR, 56)
    alarms = []
    for _ in range(30):
        found = learned(times, draw(rng, times.size))
        hours, values = rng.integers(0, 24, 20_000), draw(rng, 20_000)
        is_out = (values < np.array(found.lows)[hours]) | (values > np.array(found.highs)[hours])
        alarms.append(np.mean(is_out) * 168 * 26)

    assert np.mean(alarms) <= most, name


@given(st.integers(0, 2**32 - 1), st.floats(0.001, 1e6), st.floats(1.0, 520.0))
@settings(max_examples=25, deadline=None)
def test_a_band_scales_with_its_values(seed: int, factor: float, budget_weeks: float) -> None:
    values = np.random.default_rng(seed).lognormal(0, 1, 20 * 24) + 0.1
    times = every(HOUR, 20)

    one, other = learned(times, values, budget_weeks=budget_weeks), learned(times, factor * values)
    wider = learned(times, values, budget_weeks=2 * budget_weeks)

    assert np.allclose(np.array(learned(times, values).highs) * factor, other.highs, rtol=1e-6)
    assert all(low <= high for low, high in zip(one.lows, one.highs, strict=True))
    assert np.all(np.array(wider.highs) >= np.array(one.highs) * (1 - 1e-9))
