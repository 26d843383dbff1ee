"""Where the counts of an hour usually lie, for pictures; judging has its own rules, which know silence from chance."""

import math

_DEVIATIONS = 2.0


def band(expected: float, burst: float, wobble: float) -> tuple[float, float]:
    """Between which counts most hours lie in which `expected` events are to come: two standard deviations on either
    side, none below zero, by the variance that was learned, Var(n) = burst·λ + wobble·λ²."""
    spread = _DEVIATIONS * math.sqrt(burst * expected + wobble * expected * expected)
    return max(0.0, expected - spread), expected + spread
