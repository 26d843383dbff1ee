"""The simulator does what it says, and rivals are judged fairly. What comes out is up to `-m benchmarks.rhythm`."""

import numpy as np
import pytest

from benchmarks.rhythm import rivals
from benchmarks.rhythm.simulator import (
    DISTURBANCES,
    FLOORS,
    HOURS,
    LEARN_WEEKS,
    LOOK_HOURS,
    NOISES,
    TEST_WEEKS,
    WEEK_HOURS,
    Noise,
    Stream,
    generator,
    simulate,
    week_shape,
)

POISSON, WOBBLE, BURSTS = NOISES
SILENCE, TO_A_FIFTH, TO_A_HALF = DISTURBANCES
FIRST_TEST_HOUR = LEARN_WEEKS * WEEK_HOURS


def streams(noise: Noise, rate: float, count: int) -> list[Stream]:
    return [simulate(generator(6, noise, rate, number), noise, rate) for number in range(count)]


def test_a_stream_is_the_same_for_the_same_seed_and_number_only() -> None:
    first, again = (simulate(generator(6, BURSTS, 4.0, 3), BURSTS, 4.0) for _ in range(2))
    next_one = simulate(generator(6, BURSTS, 4.0, 4), BURSTS, 4.0)

    assert np.array_equal(first.times, again.times)
    assert np.array_equal(first.marks, again.marks)
    assert not np.array_equal(first.times, next_one.times)


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.name)
def test_events_are_as_many_an_hour_as_is_claimed(noise: Noise) -> None:
    counts = np.stack([stream.counts() for stream in streams(noise, 15.0, 12)])

    assert counts.shape == (12, HOURS)
    assert counts.mean() == pytest.approx(15.0, rel=0.02)


def test_events_are_in_order_and_within_the_24_weeks() -> None:
    (stream,) = streams(BURSTS, 15.0, 1)

    assert (np.diff(stream.times) >= 0).all()
    assert 0 <= stream.times[0] < stream.times[-1] < HOURS


def test_a_burst_has_three_events_on_average_within_seconds() -> None:
    (stream,) = streams(BURSTS, 15.0, 1)

    bursts, sizes = np.unique(stream.marks, return_counts=True)
    lengths = [np.ptp(stream.times[stream.marks == burst]) * 3600 for burst in bursts[:200]]

    assert sizes.mean() == pytest.approx(3.0, rel=0.03)
    assert max(lengths) <= 10.0


def test_rates_wobble_where_they_are_said_to_and_nowhere_else() -> None:
    spread = {}
    for noise in (POISSON, WOBBLE):
        counts = np.stack([stream.counts() for stream in streams(noise, 250.0, 6)])[:, FIRST_TEST_HOUR:]
        weeks = counts.reshape(6, TEST_WEEKS, WEEK_HOURS)
        trend = weeks.mean(axis=2, keepdims=True)
        usual = (weeks / trend).mean(axis=1, keepdims=True) * trend
        spread[noise.name] = ((weeks - usual) ** 2 - usual).mean() / (usual**2).mean()

    assert spread["poisson"] == pytest.approx(0.0, abs=0.002)
    assert spread["wobble"] == pytest.approx(np.exp(0.12**2 + 0.15**2) - 1, rel=0.15)


def test_a_week_is_1_on_average_and_its_lowest_workday_hour_is_a_floor() -> None:
    shapes = [week_shape(np.random.default_rng(number)) for number in range(20)]

    for shape in shapes:
        workdays = shape[: 5 * 24]
        assert shape.mean() == pytest.approx(1.0)
        assert any(workdays.min() / workdays.max() == pytest.approx(floor) for floor in FLOORS)
        assert 0.3 <= shape[5 * 24] / shape[0] <= 1.3


def test_nothing_comes_in_two_outages_of_the_learning_weeks() -> None:
    (stream,) = streams(POISSON, 250.0, 1)

    silent = np.flatnonzero(stream.counts() == 0)

    assert 4 <= len(silent) <= 8
    assert silent.max() < FIRST_TEST_HOUR


def test_silence_leaves_nothing_and_a_drop_its_share_until_the_look_ends() -> None:
    (stream,) = streams(BURSTS, 60.0, 1)
    before, until = stream.times < 3000, stream.times < 3000 + LOOK_HOURS

    silent = stream.disturbed(SILENCE, 3000.0)
    low = stream.disturbed(TO_A_FIFTH, 3000.0)

    assert np.array_equal(silent.times, stream.times[before])
    assert np.array_equal(low.times[: before.sum()], stream.times[before])
    assert (len(low.times) - before.sum()) / (until.sum() - before.sum()) == pytest.approx(0.2, abs=0.04)


def test_a_burst_goes_missing_as_a_whole() -> None:
    (stream,) = streams(BURSTS, 15.0, 1)

    low = stream.disturbed(TO_A_HALF, 2000.0)

    kept, sizes = np.unique(low.marks[low.times >= 2000.01], return_counts=True)
    whole = dict(zip(*np.unique(stream.marks, return_counts=True), strict=True))
    assert all(size == whole[burst] for burst, size in zip(kept[:50], sizes[:50], strict=True))


def test_a_tail_is_that_of_the_negative_binomial() -> None:
    counts, mean, alpha = np.array([[0, 2, 0, 5]]), np.array([[3.0, 4.0, 3.0, 4.0]]), np.array([[0.5, 0.5, 1e-9, 0.5]])

    tail = np.exp(rivals.log_tail(counts, mean, alpha))

    # r = 2: P(0) = (1 + 3/2)^-2; and P(0..2) of a mean of 4 is q²(1 + 2p + 3p²) with q = 1/3.
    assert tail[0] == pytest.approx([0.16, (1 / 9) * (1 + 4 / 3 + 4 / 3), np.exp(-3.0), 1.0])


def test_a_rival_gets_the_lowest_threshold_that_cries_wolf_no_more_often_than_allowed() -> None:
    scores = np.array([[0.0, 9.0, 8.0, 0.0, 5.0, 0.0, 1.0, 0.0] + [0.0] * 40])

    assert rivals.calibrate(scores, 1) == rivals.Calibrated(5.0, 1, is_reached=True)
    assert rivals.calibrate(scores, 2) == rivals.Calibrated(1.0, 2, is_reached=True)


def test_a_rival_that_cries_wolf_at_any_threshold_is_said_to() -> None:
    scores = np.array([[np.inf, 0.0, np.inf, 0.0, 3.0] + [0.0] * 40])

    assert rivals.calibrate(scores, 1) == rivals.Calibrated(3.0, 2, is_reached=False)


def test_a_rival_judges_an_hour_when_it_is_over() -> None:
    judged = np.zeros((1, TEST_WEEKS * WEEK_HOURS))
    judged[0, [5, 12]] = 9.0

    found = rivals.delays(judged, 4.0, np.array([FIRST_TEST_HOUR + 10.25]))

    assert found == pytest.approx([2.75])


def test_mean_minus_sigmas_cannot_notice_silence_where_the_mean_is_less_than_its_sigmas() -> None:
    counts = np.repeat(np.tile([9, 10, 11, 10], 6), WEEK_HOURS)[None]

    assert rivals.blind_share(rivals.mean_sigma, counts, 10.0) == 0.0
    assert rivals.blind_share(rivals.mean_sigma, counts, 20.0) == 1.0
