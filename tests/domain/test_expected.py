"""The expected-events clock: local slots through changes of the clocks, and sums that can be turned around."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.domain import expected
from monitors.domain.expected import Expected, Profile

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
BERLIN = "Europe/Berlin"
DAYTIME = tuple(float(10 if 8 <= slot % 24 < 20 and slot < 120 else 1) for slot in range(168))


def at(**later: float) -> float:
    return expected.seconds(MONDAY + timedelta(**later))


def test_slots_are_local_hours_of_the_week() -> None:
    assert expected.slots("UTC", MONDAY, 3).tolist() == [0, 1, 2]
    assert expected.slots(BERLIN, MONDAY, 3).tolist() == [1, 2, 3]
    assert expected.slots("America/New_York", MONDAY, 3).tolist() == [163, 164, 165]
    assert expected.slots("Asia/Kolkata", MONDAY, 2).tolist() == [5, 6]


def test_the_hour_that_spring_leaves_out_is_in_no_hour_and_the_repeated_one_in_two() -> None:
    spring = expected.slots(BERLIN, datetime(2026, 3, 28, 23, tzinfo=UTC), 24).tolist()
    autumn = expected.slots(BERLIN, datetime(2026, 10, 24, 22, tzinfo=UTC), 25).tolist()

    sunday_at_two = 6 * 24 + 2
    assert (spring.count(sunday_at_two), autumn.count(sunday_at_two)) == (0, 2)
    assert len(set(spring)) == 24
    assert spring[:3] == [144, 145, 147]


def test_many_hours_are_the_hours_one_by_one() -> None:
    start = datetime(2026, 3, 25, 7, tzinfo=UTC)

    whole = expected.slots(BERLIN, start, 400)

    assert whole.tolist() == [expected.slots(BERLIN, start + timedelta(hours=hour), 1)[0] for hour in range(400)]


def test_expected_events_add_up_over_hours_of_different_rates() -> None:
    clock = Expected(Profile("UTC", DAYTIME, level=2.0))

    assert clock.between(at(hours=7.5), at(hours=8.5)) == pytest.approx(2 * (0.5 * 1 + 0.5 * 10))
    assert clock.between(at(), at(days=7)) == pytest.approx(Profile("UTC", DAYTIME, level=2.0).weekly)


def test_the_clock_stands_still_while_nobody_listens() -> None:
    clock = Expected(Profile("UTC", DAYTIME), [(at(hours=9), at(hours=10))])

    assert clock.between(at(hours=8), at(hours=11)) == pytest.approx(20)
    assert clock.after(at(hours=8), 15) == pytest.approx(at(hours=10.5))


def test_what_takes_longer_than_eight_weeks_is_at_the_end_of_sight() -> None:
    clock = Expected(Profile("UTC", (0.0,) * 168))

    assert clock.after(at(), 1.0) == at(weeks=8)


spans = st.lists(st.tuples(st.floats(0, 90), st.floats(0.1, 5)), max_size=3)


def disjoint(found: list[tuple[float, float]]) -> list[tuple[float, float]]:
    edges, last = [], 0.0
    for gap, length in found:
        edges.append((at(hours=last + gap), at(hours=last + gap + length)))
        last += gap + length
    return edges


@given(start=st.floats(0, 200), amount=st.floats(0.001, 300), deaf=spans)
def test_when_so_many_are_expected_so_many_are_expected(
    start: float, amount: float, deaf: list[tuple[float, float]]
) -> None:
    clock = Expected(Profile(BERLIN, DAYTIME, level=0.7), disjoint(deaf))

    end = clock.after(at(hours=start), amount)

    assert clock.between(at(hours=start), end) == pytest.approx(amount, rel=1e-6, abs=1e-6)


@given(hours=st.lists(st.floats(0, 300), min_size=2, max_size=20), deaf=spans)
def test_many_times_at_once_are_the_same_sums(hours: list[float], deaf: list[tuple[float, float]]) -> None:
    clock = Expected(Profile(BERLIN, DAYTIME), disjoint(deaf))
    times = np.array(sorted(at(hours=hour) for hour in hours))

    along = clock.along(times)

    assert along.tolist() == pytest.approx([clock.between(times[0], each) for each in times], rel=1e-6, abs=1e-6)
