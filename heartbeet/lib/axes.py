"""The scale of a chart: where its lines lie, and what is written beside them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

LINES = 5
"""Between the least and the most lie at most so many steps: more are not read."""
_TINY = 1e-9
_TIMES = (
    *((step, 0.001, "ms") for step in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *((step, 1.0, "s") for step in (1, 2, 5, 10, 15, 30)),
    *((step, 60.0, "min") for step in (1, 2, 5, 10, 15, 30)),
    *((step, 3_600.0, "h") for step in (1, 2, 3, 6, 12)),
    *((step, 86_400.0, "d") for step in (1, 2, 5, 10, 20, 50, 100)),
)
_LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of a scale: how high it is, 0 to 1, and what it says."""

    share: float
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` at the bottom to `high` at the top."""

    low: float
    high: float
    ticks: tuple[Tick, ...] = ()

    def share(self, amount: float) -> float:
        """How high an amount lies, 0 to 1."""
        return min(1.0, max(0.0, (amount - self.low) / (self.high - self.low)))


def durations(highest: float) -> Scale:
    """A scale for seconds from 0 to at least `highest`, in steps that clocks have."""
    fitting = (each for each in _TIMES if highest <= each[0] * each[1] * LINES)
    number, unit, name = next(fitting, (0, 86_400.0, "d"))
    step = number or _nice(highest / unit / LINES)
    return _scale(0, max(1, math.ceil(highest / (step * unit))), step * unit, lambda at: f"{at / unit:,.0f} {name}")


def numbers(lowest: float, highest: float) -> Scale:
    """A scale for any numbers up to 1e100, in steps of 1, 2 or 5. It begins at 0 unless that would waste room."""
    if 0 <= lowest <= highest / 2 or lowest == highest:
        lowest, highest = min(0.0, lowest), max(0.0, highest)
    far = max(highest - lowest, max(abs(highest), abs(lowest)) / 1e6) or 1.0
    step = _nice(max(far, _TINY) / LINES)
    first = math.floor(lowest / step + _TINY)
    return _scale(first, max(1, math.ceil(highest / step - _TINY) - first), step, short)


def short(amount: float) -> str:
    """A number in few letters: `1,250`, `25k`, `1.5M`, `0.002`."""
    if amount and not 1e-4 <= abs(amount) < 1e15:
        return f"{amount:.2g}"
    size, letter = next(((size, letter) for size, letter in _LARGE if abs(amount) >= max(size, 1e4)), (1.0, ""))
    return f"{amount / size:,.10g}{letter}"


def _scale(first: int, steps: int, step: float, label: Callable[[float], str]) -> Scale:
    ticks = (Tick(number / steps, label((first + number) * step)) for number in range(steps + 1))
    return Scale(first * step, (first + steps) * step, tuple(ticks))


def _nice(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next((each * power for each in (1, 2, 5) if each * power >= least * 0.999_999), 10 * power)
