"""What a group of streams, of one noise and one rate, says about beets and their rivals."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.rhythm import ours, rivals
from benchmarks.rhythm.simulator import (
    DISTURBANCES,
    TEST_WEEKS,
    Disturbance,
    Floats,
    Noise,
    Stream,
    disturbance_time,
    generator,
    simulate,
)

Map = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Group:
    """Which streams: `streams` of one noise and rate, each disturbed in `copies` copies per kind of disturbance."""

    noise: Noise
    rate: float
    streams: int
    copies: int
    seed: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One stream: hourly counts, our false alarms, and by kind of disturbance the copies' starts (hours), our delays
    (hours) and hourly counts (copies, HOURS)."""

    counts: rivals.Counts
    false_alarms: int
    starts: dict[str, Floats]
    delays: dict[str, Floats]
    disturbed: dict[str, rivals.Counts]


@dataclass(frozen=True, slots=True)
class Found:
    """Of one kind of disturbance: the median delay in hours (infinite if most were not found) and the share found."""

    median: float
    share: float


@dataclass(frozen=True, slots=True)
class Result:
    """One rule on one group. `per_week` are false alarms per monitor-week, `error` is their standard error;
    `is_comparable` means no more of them than ours; `blind` is the share of hours in which it could not notice that
    nothing came at all; `delays` are hours, by kind of disturbance."""

    rule: str
    per_week: float
    error: float
    is_comparable: bool
    blind: float
    delays: dict[str, Floats]

    @property
    def found(self) -> dict[str, Found]:
        """What became of each kind of disturbance."""
        return {name: summary(each) for name, each in self.delays.items()}


def measure(group: Group, run: Map) -> list[Result]:
    """Ours and every rival; `run` maps a function over the numbers of the streams, here or in other processes."""
    seen = list(run(partial(observe, group), range(group.streams)))
    return [our_result(seen), *rival_results(seen)]


def observe(group: Group, number: int) -> Seen:
    """Simulate one stream, undisturbed and in disturbed copies, and judge it."""
    rng = generator(group.seed, group.noise, group.rate, number)
    stream = simulate(rng, group.noise, group.rate)
    starts = {each.name: np.array([disturbance_time(rng) for _ in range(group.copies)]) for each in DISTURBANCES}
    return Seen(
        counts=stream.counts(),
        false_alarms=ours.false_alarms(stream),
        starts=starts,
        delays={each.name: our_delays(stream, each, starts[each.name]) for each in DISTURBANCES},
        disturbed={each.name: copies(stream, each, starts[each.name]) for each in DISTURBANCES},
    )


def our_delays(stream: Stream, what: Disturbance, starts: Floats) -> Floats:
    """Hours to our first alarm, of each copy."""
    return np.array([ours.delay(stream, what, at) for at in starts])


def copies(stream: Stream, what: Disturbance, starts: Floats) -> rivals.Counts:
    """Hourly counts of each copy."""
    return np.stack([stream.disturbed(what, at).counts() for at in starts])


def our_result(seen: list[Seen]) -> Result:
    """Alarms of one stream come together where its profile is bad, so the error is taken between streams."""
    each = np.array([stream.false_alarms for stream in seen]) / TEST_WEEKS
    poisson = math.sqrt(max(each.sum() * TEST_WEEKS, 1)) / (len(each) * TEST_WEEKS)
    between = float(each.std(ddof=1)) / math.sqrt(len(each)) if len(each) > 1 else 0.0
    delays = {what.name: np.concatenate([stream.delays[what.name] for stream in seen]) for what in DISTURBANCES}
    return Result("ours", float(each.mean()), max(poisson, between), True, 0.0, delays)


def rival_results(seen: list[Seen]) -> Iterator[Result]:
    """The rivals, each with its threshold at as many false alarms as we had."""
    counts = np.stack([stream.counts for stream in seen])
    allowed = sum(stream.false_alarms for stream in seen)
    weeks = len(seen) * TEST_WEEKS
    for name, rule in rivals.RIVALS.items():
        calibrated = rivals.calibrate(rivals.scores(rule, counts), allowed)
        yield Result(
            rule=name,
            per_week=calibrated.false_alarms / weeks,
            error=math.sqrt(max(calibrated.false_alarms, 1)) / weeks,
            is_comparable=calibrated.is_reached,
            blind=rivals.blind_share(rule, counts, calibrated.threshold),
            delays={each.name: rival_delays(seen, rule, calibrated.threshold, each) for each in DISTURBANCES},
        )


def rival_delays(seen: list[Seen], rule: rivals.Score, threshold: float, what: Disturbance) -> Floats:
    """What a rival makes of the same copies."""
    judged = rivals.scores(rule, np.concatenate([stream.disturbed[what.name] for stream in seen]))
    return rivals.delays(judged, threshold, np.concatenate([stream.starts[what.name] for stream in seen]))


def pooled(results: list[Result]) -> Result:
    """One rule over groups of the same size."""
    return Result(
        rule=results[0].rule,
        per_week=float(np.mean([each.per_week for each in results])),
        error=math.hypot(*(each.error for each in results)) / len(results),
        is_comparable=all(each.is_comparable for each in results),
        blind=float(np.mean([each.blind for each in results])),
        delays={each.name: np.concatenate([one.delays[each.name] for one in results]) for each in DISTURBANCES},
    )


def summary(delays: Floats) -> Found:
    """Not found is an infinite delay. (A median between two of them would be no number, so the upper one is taken.)"""
    return Found(float(np.sort(delays)[len(delays) // 2]), float(np.isfinite(delays).mean()))
