"""Many events at once, as long as neither arm comes near its threshold: what `arms.advance` does one by one."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monitors.domain.arms import Arms, Thresholds

Floats = NDArray[np.float64]


def passed(
    arms: Arms,
    times: Floats,
    deltas: Floats,
    sizes: NDArray[np.int64] | None,
    test: Thresholds,
    *,
    evenly: bool = False,
) -> Arms | None:
    """Where judgement stands after the last of these events; None if an alarm is open, or anything would be told.

    `deltas` are the events expected before each. `sizes` are how many came at each time, or, if `evenly`, in equal
    distances since the time before. G is a walk that never falls below 0: the sum of its steps without the lowest point
    that the sum has come to."""
    if arms.alarm is not None or not len(times):
        return None
    count = np.ones(len(times), np.int64) if sizes is None else sizes
    alone = deltas / count if evenly else deltas.copy()
    alone[0] += arms.quiet
    if alone.max() >= test.silence:
        return None
    steps = deltas * test.gain - count * test.loss
    walk = arms.drop + np.cumsum(steps)
    lowest = np.minimum(np.minimum.accumulate(walk), 0.0)
    after = walk - lowest
    before = np.concatenate([[arms.drop], after[:-1]])
    top = before + deltas * test.gain - (count - 1 if evenly else 0) * test.loss
    if top.max() >= test.h:
        return None
    return _standing(arms, times, deltas, count, after)


def _standing(arms: Arms, times: Floats, deltas: Floats, count: NDArray[np.int64], after: Floats) -> Arms:
    last, bottoms = float(times[-1]), np.flatnonzero(after == 0.0)
    low = int(bottoms[-1]) + 1 if len(bottoms) else 0
    expected, seen = float(deltas[low:].sum()), int(count[low:].sum())
    return replace(
        arms,
        at=last,
        heard_at=last,
        quiet=0.0,
        drop=float(after[-1]),
        drop_since=float(times[low - 1]) if low else arms.drop_since,
        drop_expected=expected if low else arms.drop_expected + expected,
        drop_seen=seen if low else arms.drop_seen + seen,
    )
