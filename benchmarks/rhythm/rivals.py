"""The common rules for the same job. Each judges a whole hour when it is over, from the 8 counts of the same hour of
the week that it learned from, and learns anew every week as beets do here.

A rule is a score, the higher the stranger, and alarms when the score is above a threshold. The threshold is not the
rule's own (2.5 σ and the like cry wolf at very different rates), but the lowest at which it cries wolf as seldom as
ours.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.rhythm.simulator import HOURS, LEARN_WEEKS, LOOK_HOURS, TEST_WEEKS, WEEK_HOURS, Floats

Counts = NDArray[np.int64]
Score = Callable[[Counts, Counts], Floats]
"""From the past, shape (M, 8, 168), and the week to judge, (M, 168): the scores of its hours, (M, 168)."""

POISSON = 1e-9
"""An overdispersion that makes no difference."""


def mean_sigma(past: Counts, week: Counts) -> Floats:
    """k of "n < mean − kσ"; without any σ, whatever is below the mean is infinitely strange."""
    return below(past.mean(axis=1), past.std(axis=1, ddof=1), week)


def median_mad(past: Counts, week: Counts) -> Floats:
    """k of "n < median − k·MAD", with the MAD scaled by 1.4826 to a σ."""
    median = np.median(past, axis=1)
    return below(median, 1.4826 * np.median(np.abs(past - median[:, None]), axis=1), week)


def below(middle: Floats, spread: Floats, week: Counts) -> Floats:
    """How many spreads each count is below the middle."""
    deficit = middle - week
    strange = np.where(deficit > 0, np.inf, -np.inf)
    return np.divide(deficit, spread, out=strange, where=spread > 0)


def negative_binomial(past: Counts, week: Counts) -> Floats:
    """−ln P(N ≤ n) of a negative binomial with the mean of the slot and Var = μ + μ²/r, one r for each stream."""
    mean = past.mean(axis=1)
    excess = (past.var(axis=1, ddof=1) - mean).sum(axis=1)
    alpha = np.clip(excess / np.maximum((mean**2).sum(axis=1), POISSON), POISSON, None)
    return -log_tail(week, mean, np.broadcast_to(alpha[:, None], mean.shape))


def log_tail(counts: Counts, mean: Floats, alpha: Floats) -> Floats:
    """ln P(N ≤ n), by the recursion of the probabilities; 0 where n is not below the mean, which alarms nobody."""
    result = np.zeros(mean.shape)
    low = np.flatnonzero((counts < mean).ravel())
    low = low[np.argsort(-counts.ravel()[low], kind="stable")]  # those with more terms to go come first
    n, mu, a = counts.ravel()[low], mean.ravel()[low], alpha.ravel()[low]
    term = -np.log1p(a * mu) / a
    total = term.copy()
    for k in range(1, int(n.max(initial=0)) + 1):
        more = int(np.searchsorted(-n, -k, side="right"))
        mu, a = mu[:more], a[:more]
        term = term[:more] + np.log((1 + a * (k - 1)) * mu / (k * (1 + a * mu)))
        total[:more] = np.logaddexp(total[:more], term)
    result.ravel()[low] = total
    return result


RIVALS: dict[str, Score] = {
    "mean − kσ": mean_sigma,
    "median − k·MAD": median_mad,
    "negative binomial": negative_binomial,
}


def scores(rule: Score, counts: Counts) -> Floats:
    """Of the test weeks of streams with these hourly counts, shape (M, HOURS): shape (M, TEST_WEEKS · 168)."""
    weeks = counts.reshape(len(counts), -1, WEEK_HOURS)
    judged = [rule(weeks[:, week - LEARN_WEEKS : week], weeks[:, week]) for week in range(LEARN_WEEKS, weeks.shape[1])]
    return np.concatenate(judged, axis=1)


def episodes(flagged: NDArray[np.bool_]) -> int:
    """Alarms in flagged hours, shape (M, hours): hours in a row are one alarm."""
    return int(flagged[:, 0].sum() + (flagged[:, 1:] & ~flagged[:, :-1]).sum())


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A threshold, and the false alarms it costs on undisturbed weeks; `is_reached` if they are as few as asked for."""

    threshold: float
    false_alarms: int
    is_reached: bool


def calibrate(undisturbed: Floats, allowed: int) -> Calibrated:
    """The lowest threshold with at most `allowed` alarms; if there is none, the strictest that still can alarm."""
    tried = np.unique(undisturbed[np.isfinite(undisturbed)])
    low, high = 0, len(tried) - 1
    while low < high:
        middle = (low + high) // 2
        if cost(undisturbed, tried[middle]) <= allowed:
            high = middle
        else:
            low = middle + 1
    false_alarms = cost(undisturbed, tried[high])
    return Calibrated(float(tried[high]), false_alarms, false_alarms <= allowed)


def cost(undisturbed: Floats, threshold: float) -> int:
    """Alarms at this threshold. Where more than a tenth of all hours are flagged, alarms melt together and look few, so
    hours count there."""
    flagged = undisturbed > threshold
    return int(flagged.sum()) if flagged.mean() > 0.1 else episodes(flagged)


def delays(judged: Floats, threshold: float, starts: Floats) -> Floats:
    """Hours from each start to the end of the first flagged hour, infinite if there is none in time.

    `judged` are the scores of one disturbed copy a row, shape (M, TEST_WEEKS · 168); `starts` are hours, shape (M,).
    """
    ends = np.arange(HOURS - TEST_WEEKS * WEEK_HOURS, HOURS) + 1.0
    waited = ends - starts[:, None]
    found = (judged > threshold) & (waited > 0) & (waited <= LOOK_HOURS)
    first: Floats = np.where(found, waited, np.inf).min(axis=1)
    return first


def blind_share(rule: Score, counts: Counts, threshold: float) -> float:
    """Share of the undisturbed test hours in which the rule would stay quiet even if nothing came at all."""
    weeks = counts.reshape(len(counts), -1, WEEK_HOURS)
    nothing = np.zeros_like(weeks[:, 0])
    pasts = [weeks[:, week - LEARN_WEEKS : week] for week in range(LEARN_WEEKS, weeks.shape[1])]
    return float(np.mean([rule(past, nothing) <= threshold for past in pasts]))
