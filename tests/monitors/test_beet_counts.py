"""How many events beets had: from what is rolled up, and from the pings since then."""

from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organization
from monitors import beet_counts
from monitors.beet_counts import Hours, Record
from monitors.domain.uptime import Window
from monitors.models import Incident, Monitor, Rhythm
from tests import factories
from tests.monitors import learned

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 15, 20, tzinfo=UTC)


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, type="beet", interval_sec=None)


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_rolled_up_hours_and_the_pings_since_then_follow_each_other(beet: Monitor) -> None:
    learned.rolled_until(at(14))
    learned.counted(beet, {at(23, day=1): 7, at(12): 5, at(13): 6})
    learned.pinged(beet, at(14), at(14, 59), at(15, 10))

    found = beet_counts.read([beet.id], at(23, day=1), NOW)[beet.id]

    assert found.start == at(23, day=1)
    assert found.counts == (7, *[0] * 12, 5, 6, 2, 1)
    assert found.at(found.fresh) == at(14)


def test_a_ping_of_an_hour_that_is_rolled_up_is_not_counted_twice(beet: Monitor) -> None:
    learned.rolled_until(at(14))
    learned.counted(beet, {at(13): 1})
    learned.pinged(beet, at(13, 30))

    found = beet_counts.read([beet.id], at(13), NOW)[beet.id]

    assert found.counts == (1, 0, 0)


def test_before_anything_was_rolled_up_pings_are_counted(beet: Monitor) -> None:
    learned.pinged(beet, at(13, 1), at(13, 2), at(15))

    found = beet_counts.read([beet.id], at(13), NOW)[beet.id]

    assert (found.counts, found.fresh) == ((2, 0, 1), 0)


def test_only_events_count(beet: Monitor) -> None:
    learned.pinged(beet, at(15))
    for kind in ("start", "fail", "log"):
        learned.pinged(beet, at(15), kind=kind)

    found = beet_counts.read([beet.id], at(15), NOW)[beet.id]

    assert found.counts == (1,)


def test_what_is_rolled_up_to_a_time_to_come_leaves_no_hour_out(beet: Monitor) -> None:
    learned.rolled_until(at(20))
    learned.counted(beet, {at(15): 3})

    found = beet_counts.read([beet.id], at(14), NOW)[beet.id]

    assert (found.counts, found.fresh) == ((0, 3), 2)


def test_hours_with_more_than_were_counted_are_known(beet: Monitor) -> None:
    learned.rolled_until(at(15))
    learned.counted(beet, {at(12): 60, at(13): 60, at(14): 2}, floors=frozenset({at(12), at(13)}))

    found = beet_counts.read([beet.id], at(11), NOW)[beet.id]

    assert found.floors == {1, 2}
    assert found.last(3).floors == {0}


def test_many_beets_take_as_few_queries_as_one(
    acme: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    many = [factories.monitor(acme, type="beet", interval_sec=None) for _ in range(5)]
    learned.rolled_until(at(15))
    for number, each in enumerate(many):
        learned.counted(each, {at(14): number})
        learned.pinged(each, *[at(15)] * number)

    with django_assert_num_queries(3):
        found = beet_counts.read([each.id for each in many], at(14), NOW)

    assert [found[each.id].counts for each in many] == [(number, number) for number in range(5)]


@pytest.mark.parametrize(
    ("start", "end", "total"),
    [
        (at(10), at(13), 7, ),
        (at(10, 30), at(13), 6),  # an hour counts where it begins: half past ten leaves that of ten out
        (at(0), at(10), 0),
        (at(12), NOW, 4),
        (at(0, day=1), at(0, day=3), 7),
    ],
)  # fmt: skip
def test_the_total_of_a_window_is_that_of_the_hours_that_begin_in_it(
    start: datetime, end: datetime, total: int
) -> None:
    hours = Hours(at(10), (1, 2, 4), 0)

    assert hours.total(Window(start, end)) == total


def test_the_last_hours_know_when_they_begin() -> None:
    hours = Hours(at(10), (1, 2, 4, 8), fresh=3)

    assert hours.last(2) == Hours(at(12), (4, 8), fresh=1)
    assert hours.last(9) == hours


def test_the_best_hour_is_the_one_that_was_learned_or_a_fresh_one_that_beats_it() -> None:
    rhythm = Rhythm(best_count=8, best_at=at(3, day=1))

    learned = beet_counts.record(Hours(at(13), (9, 8, 8), fresh=1), rhythm)
    beaten = beet_counts.record(Hours(at(13), (1, 9, 12), fresh=1), rhythm)
    never = beet_counts.record(Hours(at(13), (0, 0), fresh=0), None)

    assert learned == Record(8, at(3, day=1))
    assert beaten == Record(12, at(15))
    assert never is None


@pytest.mark.parametrize(("best_at", "is_new"), [(at(15), True), (at(14), True), (at(13), False)])
def test_a_record_is_new_until_an_hour_after_its_own(best_at: datetime, is_new: bool) -> None:
    assert Record(5, best_at).is_new(NOW) is is_new


def test_alarms_are_those_that_were_open_since_then(beet: Monitor) -> None:
    def incident(opened_at: datetime, resolved_at: datetime | None) -> Incident:
        return Incident.objects.create(
            monitor=beet, cause="drop", title="x", opened_at=opened_at, resolved_at=resolved_at
        )

    incident(at(1), at(2))
    touching, still = incident(at(3), at(12)), incident(at(14), None)

    found = beet_counts.alarms([beet.id], at(11))

    assert found == {beet.id: [touching, still]}
