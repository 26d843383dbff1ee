"""Learning which values are usual at which hour of the day.

On the logarithms of the positive values, for each local hour: median ± z·σ̂ with σ̂ = 1.4826·MAD, which is the standard
deviation of what is normal and does not mind that some of it was wrong (Rousseeuw & Croux 1993, "Alternatives to the
Median Absolute Deviation"). z comes from a budget of false alarms, as the threshold of a beet does: of N values a week,
one in B weeks may be outside by chance, so 2·(1 − Φ(z))·N·B = 1. That holds for log-normal values. Where those at
either end lie further out than that (a heavy tail), σ̂ is drawn out to that side until one in fifty of what was learned
is where the normal distribution has it; what is even further out may have been wrong, and is not learned from.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from monitors.domain import expected, learning
from monitors.domain.values import Bands

READY_SEC, READY_VALUES = learning.READY_AFTER.total_seconds(), learning.READY_EVENTS
"""Nothing is said of what is usual before so many values have come in so long: as of events."""
MIN_Z = 3.0
"""However often somebody would like to be alerted."""
MIN_SPREAD = 0.05
"""The least σ̂: what was always the same may move by z·5 % before it is unusual."""
POOL = 30
"""An hour that has fewer values looks at its neighbours too, as far as it takes."""
MIN_POSITIVE = 15
"""Fewer positive values than this say nothing about their hour."""
MOSTLY = 0.05
"""If more than this share of an hour's values is zero or less, zero is usual there, and nothing is too little."""
FAR_OUT, LEAST_FAR_OUT = 0.02, 2
"""The share of what was learned, and the number at least, by which either tail is measured."""
A_ZERO = 0.5
"""Of whole numbers, a zero is as far from a one as a half is."""
PRIOR = 60
"""How many values the spread of the whole day counts as, beside those of an hour."""
_NORMAL_MAD = 1.4826
_DAY = 24

Floats = NDArray[np.float64]
Hours = NDArray[np.intp]
Which = NDArray[np.bool_]


def learn_bands(times: Floats, values: Floats, zone: str, *, per_week: float, budget_weeks: float) -> Bands | None:
    """The bands of values that came at these times (seconds since 1970), by the clock of `zone`. `per_week` is how
    many values a week are judged, of which one in `budget_weeks` may be outside by chance.

    None as long as there are fewer than 50 positive ones, or they reach over less than 14 days: there is no band for
    what is mostly zero or negative."""
    if np.count_nonzero(values > 0) < READY_VALUES or np.ptp(times) < READY_SEC:
        return None
    logs, hours, z = _logs(values), _local_hours(times, zone), threshold(per_week, budget_weeks)
    pools = [_pool(hours, hour) for hour in range(_DAY)]
    centres, spreads = _fit(logs, values, hours, pools)
    below, above = _tails(logs, hours, centres, spreads)
    lows, highs = np.exp(centres - z * below * spreads), np.exp(centres + z * above * spreads)
    takes_zero = np.array([np.mean(values[pool] <= 0) > MOSTLY for pool in pools])
    takes_zero |= (lows <= A_ZERO) & _is_whole(values)
    has_none = np.isnan(centres)
    lows, highs = np.where(has_none | takes_zero, -np.inf, lows), np.where(has_none, np.inf, highs)
    return Bands(zone, tuple(lows.tolist()), tuple(highs.tolist()))


def threshold(per_week: float, budget_weeks: float) -> float:
    """z of which 2·(1 − Φ(z))·N·B = 1, and at least 3."""
    chance = 1 / max(1.0, per_week * budget_weeks)
    return max(MIN_Z, -NormalDist().inv_cdf(chance / 2))


def _is_whole(values: Floats) -> bool:
    return bool(np.all(values == np.floor(values)))


def _logs(values: Floats) -> Floats:
    """The logarithms of what has one, else nan."""
    counted = np.where((values == 0) & _is_whole(values), A_ZERO, values)
    found: Floats = np.log(counted, out=np.full(values.shape, np.nan), where=counted > 0)
    return found


def _local_hours(times: Floats, zone: str) -> Hours:
    """The local hour of the day of each time."""
    each = np.floor(times / expected.HOUR_SEC).astype(np.intp)
    first = int(each.min())
    slots = expected.slots(zone, expected.instant(first * expected.HOUR_SEC), int(each.max()) - first + 1)
    found: Hours = slots[each - first] % _DAY
    return found


def _pool(hours: Hours, hour: int) -> Which:
    """Which values say what is usual at this hour: its own, or with those of as many neighbours as it takes."""
    near = np.zeros(hours.shape, dtype=np.bool_)
    for reach in range(_DAY // 2 + 1):
        near = (hours - hour + reach) % _DAY <= 2 * reach
        if np.count_nonzero(near) >= POOL:
            break
    return near


def _fit(logs: Floats, values: Floats, hours: Hours, pools: list[Which]) -> tuple[Floats, Floats]:
    """The median and σ̂ of each hour, nan where too few values are positive. As MAD of a few dozen values is a rough
    guess, each hour's is drawn to that of the whole day; the median's own error, π/2·σ²/n, is added."""
    has_some = [np.count_nonzero(values[pool] > 0) >= MIN_POSITIVE for pool in pools]
    known = [pool & ~np.isnan(logs) for pool in pools]
    centres = np.array([np.median(logs[one]) if some else np.nan for one, some in zip(known, has_some, strict=True)])
    day = _variance(logs - centres[hours])
    spreads = []
    for one, centre in zip(known, centres, strict=True):
        count = int(np.count_nonzero(one))
        own = _variance(logs[one] - centre)
        variance = (count * own + PRIOR * day) / (count + PRIOR)
        spreads.append(max(MIN_SPREAD, math.sqrt(variance * (1 + math.pi / 2 / max(1, count)))))
    return centres, np.array(spreads)


def _variance(off: Floats) -> float:
    """σ̂² of distances from a median; 0 of none."""
    known = off[~np.isnan(off)]
    return (_NORMAL_MAD * float(np.median(np.abs(known)))) ** 2 if known.size else 0.0


def _tails(logs: Floats, hours: Hours, centres: Floats, spreads: Floats) -> tuple[float, float]:
    """How much further out than normal the values at the lower and at the upper end lie: 1 or more."""
    off = (logs - centres[hours]) / spreads[hours]
    off = np.sort(off[~np.isnan(off)])
    out = max(LEAST_FAR_OUT, int(FAR_OUT * off.size))
    normal = -NormalDist().inv_cdf((out + 1) / (off.size + 1))
    return max(1.0, -float(off[out]) / normal), max(1.0, float(off[-1 - out]) / normal)
