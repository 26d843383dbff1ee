"""Scales that people read at a glance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeet.lib import axes


def labels(scale: axes.Scale) -> list[str]:
    return [tick.label for tick in scale.ticks]


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        (0.0, ["0 ms", "1 ms"]),
        (0.18, ["0 ms", "50 ms", "100 ms", "150 ms", "200 ms"]),
        (4.2, ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s"]),
        (40, ["0 s", "10 s", "20 s", "30 s", "40 s"]),
        (70, ["0 s", "15 s", "30 s", "45 s", "60 s", "75 s"]),
        (200, ["0 min", "1 min", "2 min", "3 min", "4 min"]),
        (7_200, ["0 min", "30 min", "60 min", "90 min", "120 min"]),
        (20_000, ["0 h", "2 h", "4 h", "6 h"]),
        (86_400, ["0 h", "6 h", "12 h", "18 h", "24 h"]),
        (400_000, ["0 d", "1 d", "2 d", "3 d", "4 d", "5 d"]),
    ],
)
def test_durations_have_the_steps_of_clocks(highest: float, expected: list[str]) -> None:
    assert labels(axes.durations(highest)) == expected


@pytest.mark.parametrize(
    ("reason", "lowest", "highest", "expected"),
    [
        ("from nought where there is room", 3, 42, ["0", "10", "20", "30", "40", "50"]),
        ("near the amounts where they lie close", 96, 99, ["96", "97", "98", "99"]),
        ("one amount alone", 5, 5, ["0", "1", "2", "3", "4", "5"]),
        ("one below nought", -5, -5, ["-5", "-4", "-3", "-2", "-1", "0"]),
        ("nothing but nought", 0, 0, ["0", "0.2"]),
        ("below nought", -4, 3, ["-4", "-2", "0", "2", "4"]),
        ("large ones are short", 2.9e9, 3.4e9, ["2.9G", "3G", "3.1G", "3.2G", "3.3G", "3.4G"]),
        ("small ones too", 0, 0.0042, ["0", "0.001", "0.002", "0.003", "0.004", "0.005"]),
    ],
)
def test_numbers_go_in_steps_of_one_two_or_five(
    reason: str, lowest: float, highest: float, expected: list[str]
) -> None:
    assert labels(axes.numbers(lowest, highest)) == expected, reason


@pytest.mark.parametrize(
    ("amount", "expected"),
    [(0.0, "0"), (1250, "1,250"), (25_000, "25k"), (1.5e6, "1.5M"), (-3e9, "-3G"), (2e20, "2e+20"), (1e-7, "1e-07")],
)
def test_a_number_is_told_in_few_letters(amount: float, expected: str) -> None:
    assert axes.short(amount) == expected


finite = st.floats(min_value=-1e100, max_value=1e100)


@given(st.lists(finite, min_size=1, max_size=5))
def test_all_numbers_lie_on_their_scale(amounts: list[float]) -> None:
    scale = axes.numbers(min(amounts), max(amounts))

    unseen = (scale.high - scale.low) / 1e6
    assert scale.low < scale.high
    assert scale.low - unseen <= min(amounts) <= max(amounts) <= scale.high + unseen
    assert 2 <= len(scale.ticks) <= axes.LINES + 3
    assert (scale.ticks[0].share, scale.ticks[-1].share) == (0, 1)


@given(st.floats(min_value=0, max_value=1e12))
def test_all_durations_lie_on_their_scale(highest: float) -> None:
    scale = axes.durations(highest)

    assert scale.high >= highest * 0.999_999
    assert 2 <= len(scale.ticks) <= axes.LINES + 1
