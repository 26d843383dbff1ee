"""Streams of events with a known truth: a weekly rhythm, noise, drift, outages that nobody confirmed, disturbances."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEARN_WEEKS, TEST_WEEKS, LOOK_HOURS = 8, 16, 72
WEEK_HOURS = 168
HOURS = (LEARN_WEEKS + TEST_WEEKS) * WEEK_HOURS
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday, so that hour 0 of a stream is slot 0 of a week; times of a stream are hours after it."""

RATES = (0.3, 1.0, 4.0, 15.0, 60.0, 250.0)
FLOORS = (0.03, 0.10, 0.30)
WEEKLY_DRIFT = 0.02
OUTAGES, OUTAGE_HOURS = 2, 4
BURST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Noise:
    """What makes counts vary more than a Poisson process: standard deviations of the logarithm of a lognormal factor
    per day and per hour, and the mean number of events that come at once."""

    name: str
    per_day: float = 0.0
    per_hour: float = 0.0
    burst: float = 1.0


NOISES = (Noise("poisson"), Noise("wobble", 0.12, 0.15), Noise("bursts", 0.12, 0.15, 3.0))


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is left of the events from some moment on, as a share."""

    name: str
    left: float


DISTURBANCES = (Disturbance("silence", 0.0), Disturbance("drop to 20 %", 0.2), Disturbance("drop to 50 %", 0.5))


@dataclass(frozen=True, slots=True)
class Stream:
    """Events in order: `times` in hours after `START`; `marks` in [0, 1), one draw for all events of a burst.

    A drop keeps the events whose mark is below what it leaves, so that bursts go missing as a whole.
    """

    times: Floats
    marks: Floats

    def counts(self) -> NDArray[np.int64]:
        """Events of each hour, shape (HOURS,)."""
        return np.bincount(self.times.astype(np.intp), minlength=HOURS)

    def disturbed(self, what: Disturbance, at: float) -> "Stream":
        """A copy of which less is left from hour `at` on, until it ends `LOOK_HOURS` later."""
        kept = (self.times < at) | (self.marks < what.left)
        kept &= self.times < at + LOOK_HOURS
        return Stream(self.times[kept], self.marks[kept])


def generator(seed: int, noise: Noise, rate: float, number: int) -> np.random.Generator:
    """The source of all chance of one stream: the same for the same arguments, whatever else is simulated."""
    return np.random.default_rng([seed, NOISES.index(noise), RATES.index(rate), number])


def simulate(rng: np.random.Generator, noise: Noise, rate: float) -> Stream:
    """24 weeks of a stream with `rate` events an hour on average; in each hour, events come uniformly."""
    expected = rate * week_shape(rng)[np.arange(HOURS) % WEEK_HOURS] * drift(rng) * wobble(rng, noise)
    expected[outage_hours(rng)] = 0.0
    bursts = rng.poisson(expected / noise.burst)
    starts = np.repeat(np.arange(HOURS), bursts) + rng.random(bursts.sum())
    marks = rng.random(len(starts))
    if noise.burst > 1.0:
        sizes = rng.geometric(1.0 / noise.burst, len(starts))
        starts, marks = np.repeat(starts, sizes), np.repeat(marks, sizes)
        starts += rng.random(len(starts)) * BURST_SECONDS / 3600
    order = np.argsort(starts)
    inside = order[starts[order] < HOURS]
    return Stream(starts[inside], marks[inside])


def week_shape(rng: np.random.Generator) -> Floats:
    """The share of each hour of the week, shape (168,), 1 on average: one or two humps a day above a floor, and a
    weekend of its own strength."""
    hours = np.arange(24)
    day = hump(hours, rng.uniform(0, 24), rng.uniform(2, 5))
    day += rng.uniform(0, 1) * hump(hours, rng.uniform(0, 24), rng.uniform(2, 5))
    floor = rng.choice(FLOORS)
    day = floor + (1 - floor) * (day - day.min()) / (day.max() - day.min())
    week = np.tile(day, 7)
    week[5 * 24 :] *= rng.uniform(0.3, 1.3)
    shape: Floats = week / week.mean()
    return shape


def hump(hours: NDArray[np.int64], peak: float, width: float) -> Floats:
    """A bell around `peak` on a day of 24 hours, as wide as a normal curve with a deviation of `width` hours."""
    around = (24 / (2 * np.pi * width)) ** 2
    bell: Floats = np.exp(around * (np.cos((hours - peak) * 2 * np.pi / 24) - 1))
    return bell


def drift(rng: np.random.Generator) -> Floats:
    """Up or down by 2 % a week, shape (HOURS,), 1 on average."""
    growth = rng.choice([1 + WEEKLY_DRIFT, 1 - WEEKLY_DRIFT]) ** (np.arange(HOURS) / WEEK_HOURS)
    relative: Floats = growth / growth.mean()
    return relative


def wobble(rng: np.random.Generator, noise: Noise) -> Floats:
    """Lognormal factors with a mean of 1, shape (HOURS,): one for each day times one for each hour."""
    days = lognormal(rng, noise.per_day, HOURS // 24)
    return np.repeat(days, 24) * lognormal(rng, noise.per_hour, HOURS)


def lognormal(rng: np.random.Generator, deviation: float, size: int) -> Floats:
    """Factors whose logarithm has this standard deviation, with a mean of 1."""
    return np.exp(deviation * rng.standard_normal(size) - deviation**2 / 2)


def outage_hours(rng: np.random.Generator) -> NDArray[np.int64]:
    """Hours of the learning weeks in which nothing came and which nobody confirmed as an incident."""
    starts = rng.integers(0, LEARN_WEEKS * WEEK_HOURS - OUTAGE_HOURS, OUTAGES)
    return (starts[:, None] + np.arange(OUTAGE_HOURS)).ravel()


def disturbance_time(rng: np.random.Generator) -> float:
    """A random moment of the test weeks after which there is time to look, in hours."""
    return float(rng.uniform(LEARN_WEEKS * WEEK_HOURS, HOURS - LOOK_HOURS))
