"""Where the counts of an hour usually lie."""

import pytest

from monitors.domain import usual


@pytest.mark.parametrize(
    ("expected", "burst", "wobble", "band"),
    [
        (0.0, 1.0, 0.0, (0.0, 0.0)),
        (100.0, 1.0, 0.0, (80.0, 120.0)),  # Poisson: a deviation of ten
        (100.0, 4.0, 0.0, (60.0, 140.0)),  # in bursts of four it is twenty
        (100.0, 1.0, 0.03, (60.0, 140.0)),  # and so it is if the rate itself strays
        (1.0, 1.0, 0.0, (0.0, 3.0)),  # nothing is less than nothing
    ],
)
def test_two_deviations_on_either_side(expected: float, burst: float, wobble: float, band: tuple[float, float]) -> None:
    assert usual.band(expected, burst, wobble) == pytest.approx(band)
