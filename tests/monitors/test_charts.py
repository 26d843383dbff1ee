"""What charts read: few queries and few rows, however much happened."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from monitors import charts, queries
from monitors.domain.gaps import Gaps
from monitors.domain.status import Status
from monitors.domain.uptime import Stretch, Window
from monitors.models import Gap, Monitor, Ping, Pulse, StatusChange
from tests import factories

pytestmark = pytest.mark.django_db

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
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


def strip(monitor: Monitor, now: datetime) -> list[tuple[float, Status | None]]:
    """Each state of the last day and how many hours it lasted."""
    fresh = Monitor.objects.select_related("pulse").get(id=monitor.id)
    found = strips([fresh], Window(now - 24 * HOUR, now))[monitor.id]
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
    fresh = queries.live(monitor.organization)

    found = strips(fresh, Window(now - 24 * HOUR, now))[monitor.id]

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
