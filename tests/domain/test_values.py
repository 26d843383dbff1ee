"""Which values are good, and how that is said."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.domain import evidence, values
from monitors.domain.evidence import Amount
from monitors.domain.fields import HOUR_MEAN, HOUR_SUM, PING
from monitors.domain.values import Bands, Judged, Rule

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
USUAL = Bands("UTC", (10.0,) * 24, (20.0,) * 24)
UPPER = Bands("UTC", (-math.inf,) * 24, (20.0,) * 24)


def amount(judged: Judged) -> Amount:
    """What an incident keeps of it, read back."""
    found = evidence.read(judged.evidence)
    assert isinstance(found, Amount)
    return found


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)

TABLE = [
    (Rule(), None, 5.0, "", "no rule"),
    (Rule(below=1), None, 1.0, "", "the limit itself is good"),
    (Rule(below=1), None, 0.0, "reported 0, below 1", "below"),
    (Rule(above=1), None, 1.5, "reported 1.5, above 1", "above"),
    (Rule(above=-3), None, -2.0, "reported -2, above -3", "negative limits"),
    (Rule(below=0, above=0), None, 0.0, "", "one value alone is good"),
    (Rule(below=0, above=0), None, 0.5, "reported 0.5, above 0", "and no other"),
    (Rule(band=True), None, 1e9, "", "nothing is learned yet"),
    (Rule(band=True), USUAL, 10.0, "", "the end of the band is good"),
    (Rule(band=True), USUAL, 9.0, "reported 9, below the usual 10 to 20", "under the band"),
    (Rule(band=True), USUAL, 0.0, "reported 0, below the usual 10 to 20", "zero is below every band"),
    (Rule(band=True), USUAL, -5.0, "reported -5, below the usual 10 to 20", "and so is what is negative"),
    (Rule(band=True), UPPER, -5.0, "", "unless zero is usual"),
    (Rule(band=True), UPPER, 21.0, "reported 21, above the usual 20 or less", "then only much is too much"),
    (Rule(), USUAL, 9.0, "", "a band that nobody asked for"),
    (Rule(below=15, band=True), USUAL, 12.0, "reported 12, below 15", "the narrower one counts: the limit"),
    (Rule(below=5, band=True), USUAL, 7.0, "reported 7, below the usual 10 to 20", "or the band"),
    (Rule(above=15, band=True), USUAL, 16.0, "reported 16, above 15", "the same above"),
    (Rule(below=1, per=HOUR_SUM), None, 0.0, "summed up to 0 in an hour, below 1", "a sum says so"),
    (Rule(above=2, per=HOUR_MEAN), None, 2.5, "averaged 2.5 in an hour, above 2", "a mean says so"),
]


@pytest.mark.parametrize(("rule", "bands", "value", "says", "reason"), TABLE)
def test_a_value_is_held_against_its_rule(rule: Rule, bands: Bands, value: float, says: str, reason: str) -> None:
    judged = values.judge(rule, bands, value, NOON)

    assert judged.is_good is not bool(says), reason
    assert says == ("" if judged.is_good else values.says(amount(judged))), reason


def test_a_band_goes_by_the_hour_of_its_zone() -> None:
    night = Bands("Asia/Kolkata", tuple(map(float, range(24))), (99.0,) * 24)

    assert night.at(NOON) == (17.0, 99.0)  # 17:30 there


@given(NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS, st.sampled_from([PING, HOUR_SUM, HOUR_MEAN]))
def test_a_value_is_good_exactly_between_its_limits(
    value: float, below: float | None, above: float | None, per: str
) -> None:
    judged = values.judge(Rule(below, above, per), None, value, NOON)

    assert judged.is_good == ((below is None or value >= below) and (above is None or value <= above))
    assert judged.is_good or not judged.learned
    assert judged.is_good or len(values.title("x" * 255, amount(judged))) <= 300


@given(st.lists(st.floats(allow_nan=False), min_size=48, max_size=48))
def test_a_band_is_kept_as_it_is(numbers: list[float]) -> None:
    bands = Bands("Europe/Berlin", tuple(numbers[:24]), tuple(numbers[24:]))

    packed = bands.pack()

    assert len(packed) == 384
    assert Bands.unpack(packed, "Europe/Berlin") == bands


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (-0.0, "0"), (42.0, "42"), (0.5, "0.5"), (12.345678, "12.35"), (1234.5, "1,234"),
        (1234567.0, "1,234,567"), (1e15, "1e+15"), (1.5e300, "1.5e+300"), (5e-324, "4.941e-324"), (-0.001, "-0.001"),
        (None, ""),
    ],
)  # fmt: skip
def test_a_number_is_written_for_people(value: float | None, shown: str) -> None:
    assert values.number(value) == shown


def test_a_title_says_the_number_and_cuts_a_long_name() -> None:
    found = amount(values.judge(Rule(below=1), None, 0.0, NOON))

    assert values.title("nightly backup", found) == "nightly backup reported 0, below 1"
    assert values.title("x" * 255, found, limit=60).endswith("x… reported 0, below 1")
    assert len(values.title("x" * 255, found, limit=60)) == 60
