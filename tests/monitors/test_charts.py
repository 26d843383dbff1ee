"""What charts read: few queries and few rows, however much happened."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from monitors import charts, queries
from monitors.charts import Part, Point
from monitors.domain import calendar, uptime
from monitors.domain.calendar import Range
from monitors.domain.gaps import Gaps
from monitors.domain.status import Status
from monitors.domain.uptime import Stretch, Window
from monitors.models import Gap, Incident, Monitor, Ping, Pulse, StatusChange
from tests import factories

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
BOTH = charts.Habits(None, has_durations=True, has_values=True)
UP, DOWN, UNKNOWN = Status.UP, Status.DOWN, Status.UNKNOWN


def change(monitor: Monitor, at: datetime, before: Status, to: Status) -> None:
    StatusChange.objects.create(monitor=monitor, at=at, from_status=before, to_status=to, cause="missed")
    Pulse.objects.filter(monitor=monitor).update(status=to, status_since=at)


def run(monitor: Monitor, at: datetime, duration: float | None, **given: Any) -> Ping:
    given.setdefault("kind", "success")
    return Ping.objects.create(monitor=monitor, received_at=at, duration_sec=duration, **given)


def strips(monitors: Iterable[Monitor], window: Window) -> dict[int, list[Stretch]]:
    gaps = Gaps.of((gap.started_at, gap.ended_at) for gap in queries.gaps_between(window.start, window.end))
    return charts.strips(monitors, window, gaps)


def fresh(monitor: Monitor) -> Monitor:
    """The monitor as pages load it."""
    return queries.live(monitor.organization).get(id=monitor.id)


def strip(monitor: Monitor, now: datetime) -> list[tuple[float, Status | None]]:
    """Each state of the last day and how many hours it lasted."""
    found = strips([fresh(monitor)], Window(now - 24 * HOUR, now))[monitor.id]
    return [(each.window.length / HOUR, each.status) for each in found]


def test_a_strip_without_a_change_is_what_the_monitor_is_now(now: datetime) -> None:
    monitor = factories.healthy(at=now - 48 * HOUR)

    assert strip(monitor, now) == [(24, UP)]


def test_a_strip_begins_with_what_the_first_change_was_from(now: datetime) -> None:
    monitor = factories.healthy(at=now - 48 * HOUR)
    change(monitor, now - 30 * HOUR, UP, DOWN)
    change(monitor, now - 20 * HOUR, DOWN, UP)
    change(monitor, now - 2 * HOUR, UP, DOWN)

    assert strip(monitor, now) == [(4, DOWN), (18, UP), (2, DOWN)]


def test_a_strip_is_unknown_where_nobody_listened(now: datetime) -> None:
    monitor = factories.healthy(at=now - 48 * HOUR)
    Gap.objects.create(started_at=now - 3 * HOUR, ended_at=now - 2 * HOUR, reason="stopped")

    assert strip(monitor, now) == [(21, UP), (1, UNKNOWN), (2, UP)]


def test_a_strip_is_empty_before_the_monitor_was_made(now: datetime) -> None:
    monitor = factories.monitor(now=now - 3 * HOUR)
    change(monitor, now - HOUR, Status.NEW, UP)

    assert strip(monitor, now) == [(21, None), (2, Status.NEW), (1, UP)]


def test_strips_of_many_monitors_take_two_queries(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    acme = factories.organization()
    monitors = [factories.healthy(acme, at=now - 48 * HOUR) for _ in range(5)]
    change(monitors[2], now - HOUR, UP, DOWN)
    many = list(queries.live(acme))

    with django_assert_num_queries(2):
        found = strips(many, Window(now - 24 * HOUR, now))

    assert {id_: [each.status for each in stretches] for id_, stretches in found.items()} == {
        each.id: [UP, DOWN] if each == monitors[2] else [UP] for each in monitors
    }


def test_neighbours_of_a_strip_are_never_alike(now: datetime) -> None:
    monitor = factories.healthy(at=now - 48 * HOUR)
    change(monitor, now - 2 * HOUR, UP, UNKNOWN)
    Gap.objects.create(started_at=now - 3 * HOUR, ended_at=now - 2 * HOUR, reason="stopped")

    found = strips([fresh(monitor)], Window(now - 24 * HOUR, now))[monitor.id]

    assert found[-1] == Stretch(Window(now - 3 * HOUR, now), UNKNOWN)


def test_recent_durations_are_the_newest_of_each_monitor_in_their_order(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    acme = factories.organization()
    quick, slow, without = (factories.monitor(acme) for _ in range(3))
    for number in range(20):
        run(quick, now + number * MINUTE, None, kind="start")
        run(quick, now + number * MINUTE + timedelta(seconds=3), float(number))
    run(slow, now + 2 * MINUTE, 60.5, kind="fail")
    run(slow, now + MINUTE, 50.25)
    run(without, now, None)

    with django_assert_num_queries(1):
        found = charts.recent_durations([quick.id, slow.id, without.id])

    assert found == {quick.id: [float(number) for number in range(8, 20)], slow.id: [50.25, 60.5]}


def test_recent_durations_look_at_the_newest_pings_only(now: datetime) -> None:
    monitor = factories.monitor()
    run(monitor, now, 5.0)
    for number in range(1, 7):
        run(monitor, now + number * MINUTE, None, kind="log")

    assert charts.recent_durations([monitor.id], limit=2) == {}


def test_no_monitor_has_no_durations() -> None:
    assert charts.recent_durations([]) == {}


def outage(monitor: Monitor, start: datetime, end: datetime, title: str = "it missed its ping") -> None:
    change(monitor, start, UP, DOWN)
    change(monitor, end, DOWN, UP)
    Incident.objects.create(
        monitor=monitor, cause="missed", title=title, opened_at=start, resolved_at=end, resolution="recovered"
    )


def test_each_day_has_its_own_uptime_and_the_incidents_that_were_open_in_it(now: datetime) -> None:
    monitor = factories.healthy(at=now - 240 * HOUR)
    midnight = now.replace(hour=0)
    outage(monitor, midnight - 3 * HOUR, midnight + 6 * HOUR)

    found = charts.availability(fresh(monitor), calendar.days(now, UTC, 4), now)

    assert [day.tally.down / HOUR for day in found.days] == [0, 0, 3, 6]
    assert [day.incidents for day in found.days] == [(), (), ("it missed its ping",), ("it missed its ping",)]
    assert [day.tally.up / HOUR for day in found.days] == [24, 24, 21, 6]


def test_an_open_incident_lasts_to_this_day(now: datetime) -> None:
    monitor = factories.healthy(at=now - 240 * HOUR)
    change(monitor, now - 30 * HOUR, UP, DOWN)
    Incident.objects.create(monitor=monitor, cause="missed", title="missed", opened_at=now - 30 * HOUR)

    found = charts.availability(fresh(monitor), calendar.days(now, UTC, 4), now)

    assert [len(day.incidents) for day in found.days] == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("reason", "noon", "hours"),
    [("forward", "2026-03-29T12:00", 23), ("back", "2026-10-25T12:00", 25)],
)
def test_a_day_on_which_the_clock_is_changed_is_as_long_as_it_was(reason: str, noon: str, hours: float) -> None:
    local_noon = datetime.fromisoformat(noon).replace(tzinfo=BERLIN).astimezone(UTC)
    monitor = factories.healthy(at=local_noon - 240 * HOUR)
    now = local_noon + 24 * HOUR

    found = charts.availability(fresh(monitor), calendar.days(now, BERLIN, 3), now)

    assert [day.tally.up / HOUR for day in found.days] == [24, hours, 12], reason


def test_totals_are_of_the_last_hours_up_to_now(now: datetime) -> None:
    monitor = factories.healthy(at=now - 200 * 24 * HOUR)
    outage(monitor, now - 48 * HOUR, now - 36 * HOUR)
    outage(monitor, now - 20 * 24 * HOUR, now - 19 * 24 * HOUR)

    found = charts.availability(fresh(monitor), calendar.days(now, BERLIN, 90), now).totals

    assert {each: tally.down / HOUR for each, tally in found.items()} == {
        Range.DAY: 0, Range.WEEK: 12, Range.MONTH: 36, Range.QUARTER: 36,
    }  # fmt: skip
    assert found[Range.WEEK].up / HOUR == 7 * 24 - 12


def test_availability_takes_three_queries_however_much_happened(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monitor = factories.healthy(at=now - 240 * HOUR)
    for number in range(1, 30):
        outage(monitor, now - number * 5 * HOUR, now - number * 5 * HOUR + MINUTE)

    loaded = fresh(monitor)

    with django_assert_num_queries(3):
        found = charts.availability(loaded, calendar.days(now, UTC, 90), now)

    assert sum(len(day.incidents) for day in found.days) == 29


def test_tallies_of_parts_are_those_of_each_part_alone(now: datetime) -> None:
    monitor = factories.healthy(at=now - 240 * HOUR)
    outage(monitor, now - 30 * HOUR, now - 3 * HOUR)
    parts = calendar.days(now, BERLIN, 5)

    times = strips(queries.live(monitor.organization), Window(parts[0].start, now))[monitor.id]

    assert uptime.tallies(times, parts) == [uptime.tallies(times, [part])[0] for part in parts]


def test_measures_are_put_together_part_by_part(now: datetime) -> None:
    monitor, other = factories.monitor(), factories.monitor()
    parts = [Window(now, now + HOUR), Window(now + HOUR, now + 2 * HOUR), Window(now + 2 * HOUR, now + 3 * HOUR)]
    run(monitor, now, 2.0, value=-5)
    run(monitor, now + HOUR - MINUTE, 4.0)
    run(monitor, now + 2 * HOUR, None, kind="fail")
    run(monitor, now + 3 * HOUR, 99.0, value=99)
    run(other, now, 77.0, value=77)

    found = charts.measures(monitor, parts, BOTH)

    assert found.durations.parts == [Part(parts[0], 2, 2, 3, 4, 0), Part(parts[2], 0, 0, 0, 0, 1)]
    assert found.values.parts == [Part(parts[0], 1, -5, -5, -5, 0)]
    assert (found.durations.count, found.values.count) == (2, 1)


def test_a_few_amounts_are_shown_one_by_one(now: datetime) -> None:
    monitor = factories.monitor()
    run(monitor, now, 2.0, value=5)
    run(monitor, now + MINUTE, None, kind="start")
    run(monitor, now + 2 * MINUTE, 4.0, kind="fail")
    run(monitor, now + 3 * MINUTE, None, kind="fail")

    found = charts.measures(monitor, [Window(now, now + HOUR)], BOTH)

    assert found.durations.points == [
        Point(now, 2.0, False),
        Point(now + 2 * MINUTE, 4.0, True),
        Point(now + 3 * MINUTE, None, True),
    ]
    assert found.values.points == [Point(now, 5.0, False)]


def test_many_amounts_never_leave_the_database(
    now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monitor = factories.monitor()
    Ping.objects.bulk_create(
        Ping(monitor=monitor, received_at=now + number * MINUTE, kind="success", duration_sec=number, value=number)
        for number in range(charts.POINTS + 1)
    )

    with django_assert_num_queries(1):
        found = charts.measures(monitor, [Window(now, now + 2 * HOUR)], BOTH)

    assert found.durations.points == found.values.points == []
    assert found.durations.parts == [Part(Window(now, now + 2 * HOUR), 101, 0, 50, 100, 0)]


@pytest.mark.parametrize(
    ("has_durations", "has_values", "expected"),
    [(True, False, ([3.0], [])), (False, True, ([], [7.0])), (False, False, ([], []))],
)
def test_what_a_monitor_never_carries_is_not_looked_for(
    now: datetime, has_durations: bool, has_values: bool, expected: tuple[list[float], list[float]]
) -> None:
    monitor = factories.monitor()
    run(monitor, now, 3.0, value=7.0)
    usual = charts.Habits(now, has_durations=has_durations, has_values=has_values)

    found = charts.measures(monitor, [Window(now, now + HOUR)], usual)

    assert ([part.mean for part in found.durations.parts], [part.mean for part in found.values.parts]) == expected


def test_many_failures_are_counted_and_not_shown_one_by_one(now: datetime) -> None:
    monitor = factories.monitor()
    run(monitor, now, 3.0)
    Ping.objects.bulk_create(
        Ping(monitor=monitor, received_at=now + number * MINUTE, kind="fail") for number in range(charts.POINTS + 1)
    )

    found = charts.measures(monitor, [Window(now, now + 2 * HOUR)], BOTH)

    assert (found.durations.points, found.durations.parts[0].failures) == ([], 101)


def test_values_too_large_for_any_measurement_break_no_chart(now: datetime) -> None:
    monitor = factories.monitor()
    for number, value in enumerate([1.7e308, -1.7e308, 1.7e308, 1e100, 8.0]):
        run(monitor, now + number * MINUTE, None, value=value)

    found = charts.measures(monitor, [Window(now, now + HOUR)], BOTH).values

    assert found.parts == [Part(Window(now, now + HOUR), 1, 8, 8, 8, 0)]
    assert [point.amount for point in found.points] == [8]


def test_habits_are_those_of_the_newest_pings(now: datetime, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    monitor = factories.monitor()
    for number in range(40):
        run(monitor, now - number * HOUR, None, value=1.0 if number == 30 else None)

    with django_assert_num_queries(1):
        found = charts.habits(monitor)

    assert found == charts.Habits(since=now - 19 * HOUR, has_durations=False, has_values=True)


def test_a_monitor_without_pings_has_no_habits() -> None:
    assert charts.habits(factories.monitor()) == charts.Habits(None, False, False)
