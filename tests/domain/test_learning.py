"""Learning a rhythm: what is found in counts, and what must not spoil it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from monitors.domain import learning, rhythm
from monitors.domain.rhythm import Profile

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOURS = 8 * 168
Counts = NDArray[np.int64]


def shaped(rate: float) -> NDArray[np.float64]:
    """Expected events of each hour: a busy day, a quiet night, a slow weekend; `rate` an hour on the mean."""
    slot = np.arange(168)
    shape = np.where((slot % 24 >= 8) & (slot % 24 < 20), 3.0, 1.0) * np.where(slot < 120, 1.0, 0.5)
    return np.tile(shape / shape.mean() * rate, 8)


def drawn(rate: float, seed: int = 1) -> Counts:
    found: Counts = np.random.default_rng(seed).poisson(shaped(rate))
    return found


def learned(counts: Counts, zone: str = "UTC", weights: NDArray[np.float64] | None = None, **more: object) -> Profile:
    heard = np.ones(len(counts)) if weights is None else weights
    given = {name: np.array([value]) for name, value in more.items()}
    return learning.learn(MONDAY, counts[None], heard[None], zone, **given)[0]


def test_a_rhythm_is_found_in_its_counts() -> None:
    profile = learned(drawn(60))

    assert np.array(profile.rates) == pytest.approx(shaped(60)[:168], rel=0.25)
    assert profile.level == pytest.approx(1.0, abs=0.02)
    assert profile.burst < 1.2
    assert profile.wobble < 0.005


def test_a_rate_that_wobbles_and_events_in_bursts_are_told_apart() -> None:
    draw = np.random.default_rng(3)
    wobbly = draw.poisson(shaped(60) * draw.lognormal(-0.02, 0.2, HOURS))
    bursts = draw.poisson(shaped(60) / 3)
    in_bursts = np.array([draw.geometric(1 / 3, count).sum() for count in bursts])

    assert learned(wobbly).wobble == pytest.approx(0.04, abs=0.02)
    assert learned(wobbly).burst < 2
    assert learned(in_bursts).burst == pytest.approx(5, abs=1.5)


@pytest.mark.parametrize("rate", [1.0, 4.0, 15.0])
def test_bursts_of_few_events_an_hour_are_not_taken_for_wobble(rate: float) -> None:
    draw = np.random.default_rng(5)
    bursts = draw.poisson(np.tile(shaped(rate), (20, 1)) / 3)
    counts = np.array([[draw.geometric(1 / 3, count).sum() for count in row] for row in bursts])

    profiles = [learned(each) for each in counts]

    assert np.median([each.wobble for each in profiles]) < 0.04
    assert np.median([each.burst for each in profiles]) == pytest.approx(5, abs=0.5)


def test_rare_events_tell_nothing_of_wobble_so_the_likely_one_is_assumed() -> None:
    assert learned(drawn(0.1)).wobble == pytest.approx(learning.LIKELY_WOBBLE, rel=0.2)
    assert learned(drawn(250)).wobble < 0.002


def test_nothing_is_expected_in_the_hours_beside_a_busy_one_that_never_had_anything() -> None:
    slot = np.arange(HOURS) % 168
    opening_hours = (slot % 24 >= 9) & (slot % 24 < 17) & (slot < 120)
    counts = np.random.default_rng(7).poisson(np.where(opening_hours, 500.0, 0.0))

    profile = learned(counts)

    assert profile.rates[8] < 0.5  # smoothed by the hours beside it, 70 were expected
    assert profile.rates[9] == pytest.approx(500, rel=0.06)
    assert profile.burst < 1.3


def test_bursts_are_not_overlooked_where_the_rate_hardly_changes_over_the_week() -> None:
    draw = np.random.default_rng(9)
    usual = 250 * (1 + 0.3 * np.sin(np.arange(HOURS) * np.pi / 12)) * draw.lognormal(-0.02, 0.2, (24, HOURS))
    counts = np.array([[draw.geometric(1 / 3, count).sum() for count in row] for row in draw.poisson(usual / 3)])

    profiles = [learned(each) for each in counts]

    assert min(each.burst for each in profiles) > 2


def test_noise_is_taken_for_larger_where_fewer_weeks_were_learned_from() -> None:
    eight_weeks, two_weeks = learned(np.full(HOURS, 7)), learned(np.full(336, 7))

    assert eight_weeks.burst == pytest.approx(1 + 8 / (2 * 10**2))
    assert two_weeks.burst == pytest.approx(1 + 2 / (2 * 4**2))


def test_the_profiles_of_many_are_those_of_each() -> None:
    many = np.stack([drawn(rate, seed) for seed, rate in enumerate([0.3, 4.0, 250.0])])

    together = learning.learn(MONDAY, many, np.ones_like(many, dtype=float), "UTC")

    alone = [learned(each) for each in many]
    for one, other in zip(together, alone, strict=True):
        assert one.rates == pytest.approx(other.rates)
        assert (one.level, one.burst, one.wobble) == pytest.approx((other.level, other.burst, other.wobble))


def test_forgotten_outages_hardly_change_what_is_usual() -> None:
    counts = drawn(60)
    broken = counts.copy()
    broken[200:204] = broken[900:904] = 0

    kept, spoilt = learned(counts), learned(broken)

    assert np.array(spoilt.rates)[200 % 168 : 204 % 168] == pytest.approx(np.array(kept.rates)[32:36], rel=0.06)
    assert spoilt.wobble < 0.02


def test_hours_without_weight_do_not_count() -> None:
    counts, weights = drawn(60), np.ones(HOURS)
    counts[168:504], weights[168:504] = 0, 0.0

    profile = learned(counts, weights=weights)

    assert profile.weekly == pytest.approx(60 * 168, rel=0.05)


def test_the_level_follows_the_last_two_weeks_as_far_as_their_events_carry() -> None:
    counts = drawn(60)
    counts[-336:] = counts[-336:] * 8 // 10
    rare = drawn(0.05)
    rare[-336:] = 0

    assert learned(counts).level == pytest.approx(0.83, abs=0.03)
    assert learned(rare).level == pytest.approx(50 / (50 + 0.05 * 336), abs=0.06)


def test_a_frozen_level_stays() -> None:
    counts = drawn(60)
    counts[-336:] = 0

    assert learned(counts, levels=1.25).level == 1.25
    assert learned(counts, levels=np.nan).level < 0.2


def test_a_lower_bound_says_nothing_about_what_is_too_little() -> None:
    counts = drawn(60)
    limited = counts.copy()
    limited[::168] = 5
    floors = np.zeros(HOURS, dtype=bool)
    floors[::168] = True

    with_floors, without = learned(limited, floors=floors), learned(limited)

    assert without.rates[0] < 15 < 25 < with_floors.rates[0]


@pytest.mark.parametrize(
    ("counts", "weekly", "why"),
    [
        (np.zeros(HOURS, dtype=np.int64), 0.0, "nothing ever came"),
        (np.full(HOURS, 7), 7 * 168, "as many in every hour"),
        (np.full(HOURS, 1_000_000), 168_000_000, "a million an hour"),
        (np.where(np.arange(HOURS) % 168 == 50, 1, 0), 1.0, "one a week"),
    ],
)
def test_strange_streams_are_learned_soundly(counts: Counts, weekly: float, why: str) -> None:
    profile = learned(counts)

    assert profile.weekly == pytest.approx(weekly, rel=0.02, abs=1e-6), why
    assert np.isfinite([*profile.rates, profile.level, profile.burst, profile.wobble]).all()
    assert profile.burst >= 1
    assert 0 <= profile.wobble <= 0.5


def test_two_weeks_are_enough_and_what_was_never_seen_follows_its_hour_and_its_day() -> None:
    counts, weights = drawn(60)[:336], np.ones(336)
    weights[24:48] = weights[192:216] = 0.0  # no Tuesday was ever counted

    profile = learning.learn(MONDAY, counts[None], weights[None], "UTC")[0]

    assert profile.rates[24 + 12] == pytest.approx(profile.rates[12], rel=0.3)


def test_a_stream_moved_between_zones_keeps_its_hours() -> None:
    in_utc, in_berlin = learned(drawn(60)), learned(drawn(60), "Europe/Berlin")

    noon = MONDAY + timedelta(days=70, hours=11, minutes=30)
    assert in_berlin.rate_at(noon) == pytest.approx(in_utc.rate_at(noon), rel=0.05)
    assert in_berlin.rates[1] == pytest.approx(in_utc.rates[0], rel=0.1)


@pytest.mark.parametrize(
    ("days", "events", "ready"), [(14, 50, True), (13.9, 5000, False), (300, 49, False), (0, 0, False)]
)
def test_a_rhythm_is_known_after_two_weeks_with_fifty_events(days: float, events: int, ready: bool) -> None:
    assert rhythm.is_ready(timedelta(days=days), events) is ready
