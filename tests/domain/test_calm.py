"""Events taken in many at once leave judgement where it would stand after each of them."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from monitors.domain import arms, calm
from monitors.domain.arms import Arm, Arms, OpenAlarm, Thresholds, Tuning
from monitors.domain.expected import Expected, Profile
from monitors.domain.status import Severity

MONDAY = 1_767_571_200.0
PROFILE = Profile("UTC", (10.0,) * 168, burst=1.3, wobble=0.02)
TEST = Thresholds.of(PROFILE, Tuning())
CLOCK = Expected(PROFILE)


def begun(draw: np.random.Generator) -> Arms:
    """Somewhere in the middle, with nothing wrong."""
    return replace(
        arms.begin(MONDAY),
        quiet=float(draw.uniform(0, TEST.silence / 2)),
        drop=float(draw.uniform(0, TEST.h / 2)),
        drop_since=MONDAY - 4000.0,
        drop_expected=5.5,
        drop_seen=3,
    )


@pytest.mark.parametrize("evenly", [False, True])
@pytest.mark.parametrize("most", [1, 4])
@pytest.mark.parametrize("rate", [3, 8, 12])
def test_it_is_as_one_by_one(rate: int, most: int, evenly: bool) -> None:
    passed, told = 0, 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        start, times = begun(draw), MONDAY + np.sort(draw.uniform(0, 14_400, rate * 4))
        sizes = draw.integers(1, most + 1, len(times))
        deltas = np.diff(np.concatenate([[MONDAY], times])) * 10 / 3600

        found = calm.passed(start, times, deltas, None if most == 1 else sizes, TEST, evenly=evenly)
        expected, turns = arms.advance(
            start, times.tolist(), float(times[-1]), CLOCK, TEST,
            deltas=deltas.tolist(), sizes=sizes.tolist(), evenly=evenly,
        )  # fmt: skip

        if found is None:
            told += 1
            assert turns, "it stands aside for what would be told only"
        else:
            passed += 1
            assert not turns
            assert astuple(found) == pytest.approx(astuple(expected), abs=1e-9)
    assert passed, "else nothing was shown"
    assert told or rate > 3


def test_while_an_alarm_is_open_and_without_events_it_stands_aside() -> None:
    calm_arms, none = arms.begin(MONDAY), np.array([])
    alarmed = replace(calm_arms, alarm=OpenAlarm(MONDAY, Arm.DROP, Severity.WARNING, Arm.DROP))

    assert calm.passed(calm_arms, none, none, None, TEST) is None
    assert calm.passed(alarmed, np.array([MONDAY + 1]), np.array([0.1]), None, TEST) is None
