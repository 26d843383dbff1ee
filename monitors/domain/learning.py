"""Learning a rhythm from the events of each hour, for many beets at once.

A local hour of the week has a rate λ, shrunk towards what its hour of the day and its day of the week say together
(gamma-Poisson shrinkage, with a prior worth KAPPA weeks). How far counts stray from it is c·λ + v·λ²: bursts and
wobble. Unusual hours weigh less, as in the outbreak detection of Noufaily et al., "An improved algorithm for outbreak
detection in multiple surveillance systems", Statistics in Medicine 32 (2013) 1206-1222, whose weights these are.
"""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitors.domain import expected
from monitors.domain.expected import WEEK_HOURS, Profile

WEEKS = 8
"""So many weeks are learned from."""
READY_AFTER = timedelta(days=14)
READY_EVENTS = 50
"""A rhythm is known once so much time has been counted, with so many events in it."""
KAPPA = 2.0
"""What the prior is worth, in weeks."""
PASSES = 3
USUAL = 2.58
"""A residual up to this, in standard deviations, counts in full (Noufaily et al.)."""
MOST_WOBBLE = 0.5
LIKELY_WOBBLE, WOBBLE_SPREAD = 0.03, 0.03
"""The wobble that is assumed of a stream whose events are too rare to tell, and how firmly (a standard deviation)."""
LEVEL_HOURS = 2 * WEEK_HOURS
LEVEL_EVENTS = 50.0
"""The level of the last two weeks is believed by t / (t + this), t being what was to come in them."""
_TINY = 1e-9
_LEAST_SPARE = 0.1
"""Of an hour that was learned from alone, and so has no residual."""

Array = NDArray[np.float64]


def is_ready(counted: timedelta, events: int) -> bool:
    """Whether so much time with so many events is enough to learn a rhythm from."""
    return counted >= READY_AFTER and events >= READY_EVENTS


def are_ready(
    lengths: Array,
    weights: Array,
    counts: NDArray[np.int64] | Array,
    has_learned: NDArray[np.bool_],
    share: float = 1.0,
) -> NDArray[np.bool_]:
    """Which of M beets have enough to learn from, (M,): `lengths` are the hours they have been there for, `weights` and
    `counts` (M, H).

    Of that time half must count, and so must enough events: what came in a pause would make a rhythm of nothing. What
    `has_learned` once learns anew from as much time, and keeps what it has with less, as in an incident that lasts.
    With a `share` of all that it may be judged before it is ready."""
    worth, events = weights.sum(axis=1), (weights * counts).sum(axis=1)
    enough = READY_AFTER / timedelta(hours=1) * share
    is_known = (lengths >= enough) & (worth >= enough / 2) & (events >= READY_EVENTS * share)
    found: NDArray[np.bool_] = np.where(has_learned, worth >= enough, is_known)
    return found


def learn(
    start: datetime,
    counts: NDArray[np.int64] | Array,
    weights: Array,
    zone: str,
    *,
    floors: NDArray[np.bool_] | None = None,
    levels: Array | None = None,
) -> list[Profile]:
    """The profiles of M beets of one time zone from their events in H UTC hours, of which the first begins at `start`.

    `counts` and `weights` have the shape (M, H). A weight is 0 to 1: how much of the hour counts, 0 in pauses,
    incidents and times in which nobody listened. Where `floors`, more came than were counted. `levels` (M,) are kept
    where they are not nan."""
    hours, seen = counts.astype(np.float64), weights.astype(np.float64)
    slots = _Slots(expected.slots(zone, start, hours.shape[1]))
    roots = np.cbrt(hours) ** 2
    robust = np.ones_like(hours)
    burst, wobble = np.ones(len(hours)), np.full(len(hours), LIKELY_WOBBLE)
    for _ in range(PASSES):
        omega = seen * robust
        weight, total = slots.sums(omega), slots.sums(omega * hours)
        prior = _prior(total, weight)
        kappa = KAPPA * _agreement(prior, total, weight, burst, wobble)
        rates = (kappa * prior + total) / (kappa + weight)
        squares = slots.sums(omega * (hours - slots.spread(rates)) ** 2)
        burst, wobble = _dispersion(squares / _spare(weight, kappa), weight, rates, prior)
        robust = _robust(roots, rates, burst, wobble, slots)
        robust = robust if floors is None else np.where(floors & (hours < slots.spread(rates)), 0.0, robust)
    burst, wobble = _foreseen(burst, wobble, weight, kappa)
    level = _level(hours, slots.spread(rates), seen * robust, levels)
    return [
        Profile(zone, tuple(row.tolist()), float(level[k]), float(burst[k]), float(wobble[k]))
        for k, row in enumerate(rates)
    ]


class _Slots:
    """Which of the 168 local hours of the week each UTC hour is."""

    def __init__(self, slot: NDArray[np.intp]) -> None:
        self._slot = slot
        self._order = np.argsort(slot, kind="stable")
        self._present, self._first = np.unique(slot[self._order], return_index=True)

    def sums(self, values: Array) -> Array:
        """Sums of the hours of each slot: (M, H) to (M, 168)."""
        found = np.zeros((len(values), WEEK_HOURS))
        found[:, self._present] = np.add.reduceat(values[:, self._order], self._first, axis=1)
        return found

    def spread(self, values: Array) -> Array:
        """The value of its slot for each hour: (M, 168) to (M, H)."""
        found: Array = values[:, self._slot]
        return found


def _prior(total: Array, weight: Array) -> Array:
    """Hour of the day times day of the week; the hours of the day are smoothed circularly by ¼ ½ ¼."""
    shape = (-1, 7, 24)
    events, seen = total.reshape(shape), weight.reshape(shape)
    mean = _ratio(events.sum(axis=(1, 2)), seen.sum(axis=(1, 2)))[:, None]
    of_hour = np.where(seen.sum(axis=1) > 0, _ratio(events.sum(axis=1), seen.sum(axis=1)), mean)
    of_hour = 0.25 * np.roll(of_hour, 1, axis=1) + 0.5 * of_hour + 0.25 * np.roll(of_hour, -1, axis=1)
    usual = (seen * of_hour[:, None, :]).sum(axis=2)
    of_day = np.where(usual > 0, _ratio(events.sum(axis=2), usual), 1.0)
    found: Array = (of_day[:, :, None] * of_hour[:, None, :]).reshape(-1, WEEK_HOURS)
    return found


def _agreement(prior: Array, total: Array, weight: Array, burst: Array, wobble: Array) -> Array:
    """How far the prior can be believed in each slot, 0 to 1 (M, 168): 1 unless the slot's own weeks contradict it by
    more than USUAL standard deviations.

    The hour before the doors open has nothing, and its neighbour 500: smoothed, 70 were expected there, and every
    morning began with a false alarm."""
    variance = burst[:, None] * prior + wobble[:, None] * prior**2
    spread = np.sqrt(variance * (1 / np.maximum(weight, _TINY) + 1 / KAPPA))
    residual = np.abs(_ratio(total, weight) - prior) / np.maximum(spread, _TINY)
    agreement: Array = np.minimum(1.0, USUAL / np.maximum(residual, _TINY)) ** 8
    return np.where(weight > _TINY, agreement, 1.0)


def _dispersion(squares: Array, weight: Array, rates: Array, prior: Array) -> tuple[Array, Array]:
    """c ≥ 1 and 0 ≤ v ≤ 0.5 of Var(n) = c·λ + v·λ², by least squares on the squared residuals, each weighed by the
    inverse of its variance 2σ⁴ + κ₄, the fourth cumulant κ₄ being about c³λ. `squares` and `weight` are sums over the
    hours of each slot, (M, 168).

    A slot that happened to have a large burst has large residuals and, from the same accident, a large λ: ordinary
    least squares takes that for wobble, far above the truth at a few events an hour. What the hour and the day say
    together does not share the accident, so it is the instrument, and λ only what is explained."""
    burst, wobble = np.ones(len(rates)), np.full(len(rates), LIKELY_WOBBLE)
    for _ in range(2):
        variance = burst[:, None] * prior + wobble[:, None] * prior**2
        precision = np.where(prior > _TINY, 1 / np.maximum(2 * variance**2 + burst[:, None] ** 3 * prior, _TINY), 0.0)
        burst, wobble = _least_squares(squares, rates, weight, precision, prior)
    return burst, wobble


def _least_squares(squares: Array, rates: Array, weight: Array, precision: Array, prior: Array) -> tuple[Array, Array]:
    """The two coefficients within their bounds: where one would leave them it stays at the bound, and the other is
    found anew. The wobble is drawn to what is likely, since rare events tell nothing of it.

    The burst is made larger by its standard error, in quadrature, but not larger than without any wobble. Where the
    rate hardly changes over the week, the two are hard to tell apart, and too small a burst costs far more than too
    large a one: most false alarms of 96 bursty streams at 250 an hour came from two that were learned with c = 1."""
    by_first, by_second = precision * prior, precision * prior**2
    of_burst, of_wobble = weight * rates, weight * rates**2
    a11, a12, b1 = ((by_first * each).sum(axis=1) for each in (of_burst, of_wobble, squares))
    a21, a22, b2 = ((by_second * each).sum(axis=1) for each in (of_burst, of_wobble, squares))
    a22, b2 = a22 + WOBBLE_SPREAD**-2, b2 + LIKELY_WOBBLE * WOBBLE_SPREAD**-2
    determinant = a11 * a22 - a12 * a21
    is_sound = determinant > _TINY * a11 * a22
    burst = np.where(is_sound, (b1 * a22 - b2 * a12) / np.where(is_sound, determinant, 1.0), 1.0)
    wobble = np.clip((b2 - np.maximum(burst, 1.0) * a21) / a22, 0.0, MOST_WOBBLE)
    burst = np.maximum(_ratio(b1 - wobble * a12, a11), 1.0)
    error = np.sqrt(np.where(is_sound, a22 / np.where(is_sound, determinant, 1.0), 0.0))
    return np.minimum(np.hypot(burst, error), burst + wobble * _ratio(a12, a11)), wobble


def _foreseen(burst: Array, wobble: Array, weight: Array, kappa: Array) -> tuple[Array, Array]:
    """The same for hours to come, in which the rate learned in W weeks is wrong by e = W/(κ + W)² of its variance.

    The variance of a count grows by e. Half of that is what a wait needs: with a relative variance e/L of the rate, a
    silence of L expected events has a chance of e^(−L + eL/2). Without this, streams of 4 to 15 an hour, whose waits
    fall into one or two slots, had up to 1.5 times the false alarms that the budget allows."""
    error = (weight / (kappa + weight) ** 2).mean(axis=1)
    return burst * (1 + error / 2), np.minimum(wobble * (1 + error), MOST_WOBBLE)


def _spare(weight: Array, kappa: Array) -> Array:
    """What a residual keeps of its variance, since λ was learned from the same hour: 1 − 2/(κ + W) + W/(κ + W)² in a
    slot that was learned with weight W; 1 where it was learned from others."""
    total = kappa + weight
    spare: Array = np.where(weight > _TINY, np.maximum(1 - 2 / total + weight / total**2, _LEAST_SPARE), 1.0)
    return spare


def _robust(roots: Array, rates: Array, burst: Array, wobble: Array, slots: _Slots) -> Array:
    """1 for a residual up to USUAL, else (USUAL/r)². Anscombe residuals, as Noufaily et al. use: a Pearson residual
    takes a second event in an hour of 0.3 for an outlier. `roots` are counts to the power of ⅔."""
    spread = np.sqrt(np.maximum(burst[:, None] + wobble[:, None] * rates, _TINY))
    scale = 1.5 / (np.maximum(rates, _TINY) ** (1 / 6) * spread)
    residual = slots.spread(scale) * (roots - slots.spread(np.cbrt(rates) ** 2))
    weight: Array = np.minimum(1.0, (USUAL / np.maximum(np.abs(residual), _TINY)) ** 2)
    return weight


def _level(hours: Array, usual: Array, omega: Array, kept: Array | None) -> Array:
    """How the last two weeks compare with all, shrunk by how many events were to come. What is `kept`, and not nan,
    stays as it is."""
    late = slice(-LEVEL_HOURS, None)
    seen, awaited = (omega * hours)[:, late].sum(axis=1), (omega * usual)[:, late].sum(axis=1)
    ratio = np.where(awaited > _TINY, _ratio(seen, awaited), 1.0)
    level: Array = 1.0 + (ratio - 1.0) * awaited / (awaited + LEVEL_EVENTS)
    return level if kept is None else np.where(np.isnan(kept), level, kept)


def _ratio(top: Array, bottom: Array) -> Array:
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
