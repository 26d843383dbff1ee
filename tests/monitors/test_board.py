"""The board: how each monitor is, what a filter leaves, in which order, and whether anything has changed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Organization, Project
from monitors import board, operations, queries
from monitors.board import Asked, Board
from monitors.domain.status import Status
from monitors.models import Gap, Monitor, Pulse, Run
from tests import factories

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def names(found: Board, asked: Asked) -> list[str]:
    lines = found.of_status(found.narrowed(asked), asked.status)
    return [line.name for line in found.ordered(lines, asked.order)]


def states(found: Board) -> dict[str, Status]:
    return {line.name: found.status(line) for line in found.lines}


def put(monitor: Monitor, **values: object) -> Monitor:
    Pulse.objects.filter(monitor=monitor).update(**values)
    return monitor


def test_it_takes_two_queries_and_agrees_with_the_page_of_each_monitor(
    acme: Organization, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    factories.healthy(acme, at=now - 10 * MINUTE, name="up")
    factories.healthy(acme, at=now - HOUR - MINUTE, name="late")
    factories.healthy(acme, at=now - 5 * HOUR, name="nobody has judged it yet")
    factories.healthy(acme, at=now - HOUR - MINUTE, cron="0 * * * *", name="cron", grace_sec=600)
    put(factories.healthy(acme, at=now - HOUR, name="down"), status="down")
    put(factories.healthy(acme, at=now - 2 * HOUR, name="paused"), status="paused")
    factories.monitor(acme, now=now, name="new")
    running = factories.healthy(acme, at=now - HOUR - MINUTE, name="running", max_runtime_sec=1800)
    Run.objects.create(monitor=running, started_at=now - 5 * MINUTE)
    overdue = factories.healthy(acme, at=now - HOUR - MINUTE, name="runs too long", max_runtime_sec=60)
    Run.objects.create(monitor=overdue, started_at=now - 5 * MINUTE)

    with django_assert_num_queries(2):
        found = board.read(acme, now)
        seen = states(found)

    assert seen == {each.name: queries.outlook(each, now).status for each in queries.live(acme)}
    assert {seen["late"], seen["nobody has judged it yet"], seen["runs too long"]} == {Status.LATE}
    assert (seen["running"], seen["up"]) == (Status.UP, Status.UP)


def test_nobody_elses_and_no_deleted_monitor_is_on_it(acme: Organization, now: datetime) -> None:
    factories.monitor(factories.organization("Elsewhere"), name="foreign")
    gone = factories.monitor(acme, name="gone")
    factories.monitor(acme, name="ours")

    operations.delete(monitor=gone, by=SYSTEM, now=now)

    assert [line.name for line in board.read(acme, now).lines] == ["ours"]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (Asked(), ["a mail", "b backup", "c checkouts", "d other"]),
        (Asked(search="BACK"), ["b backup"]),
        (Asked(search="%"), []),
        (Asked(tags=["prod"]), ["a mail", "b backup"]),
        (Asked(tags=["prod", "nightly"]), ["b backup"]),
        (Asked(project="data"), ["d other"]),
        (Asked(type="beet"), ["c checkouts"]),
        (Asked(status="down"), ["b backup"]),
        (Asked(status="down", tags=["absent"]), []),
        (Asked(project="nowhere"), []),
    ],
    ids=lambda each: str(each)[:60],
)
def test_a_filter_leaves_what_it_says(acme: Organization, now: datetime, asked: Asked, left: list[str]) -> None:
    data = Project.objects.create(organization=acme, name="Data", slug="data", created_at=now)
    factories.healthy(acme, at=now, name="a mail", tags=["prod"])
    put(factories.healthy(acme, at=now, name="b backup", tags=["prod", "nightly"]), status="down")
    factories.monitor(acme, name="c checkouts", type="beet", interval_sec=None)
    Monitor.objects.filter(id=factories.healthy(acme, at=now, name="d other").id).update(project=data)

    assert sorted(names(board.read(acme, now), asked)) == left


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("trouble", ["d down", "b late", "a up", "C up", "e paused"]),
        ("name", ["a up", "b late", "C up", "d down", "e paused"]),
        ("ping", ["C up", "a up", "b late", "d down", "e paused"]),
        ("due", ["d down", "b late", "a up", "C up", "e paused"]),
    ],
)
def test_it_is_ordered_as_asked(acme: Organization, now: datetime, order: str, expected: list[str]) -> None:
    factories.healthy(acme, at=now - 10 * MINUTE, name="C up")
    factories.healthy(acme, at=now - 20 * MINUTE, name="a up")
    factories.healthy(acme, at=now - HOUR - MINUTE, name="b late")
    put(factories.healthy(acme, at=now - 2 * HOUR, name="d down"), status="down")
    put(factories.healthy(acme, at=now - 3 * HOUR, name="e paused"), status="paused")
    found = board.read(acme, now)

    assert names(found, Asked(order=order)) == expected


def test_it_says_when_a_monitor_becomes_late(acme: Organization, now: datetime) -> None:
    put(factories.healthy(acme, at=now - 58 * MINUTE), deadline=now + 7 * MINUTE)
    factories.healthy(acme, at=now)

    assert board.read(acme, now).changes_at() == now + 2 * MINUTE


def test_it_says_no_later_moment_than_the_true_one_where_it_did_not_look_closely(
    acme: Organization, now: datetime
) -> None:
    put(factories.healthy(acme, at=now - 10 * MINUTE), deadline=now + 40 * MINUTE)  # a lazy timer: it may be early

    assert board.read(acme, now).changes_at() == now + 35 * MINUTE


def test_it_says_when_a_snooze_ends(acme: Organization, now: datetime) -> None:
    monitor = factories.monitor(acme, now=now)

    operations.snooze(monitor=monitor, until=now + HOUR, by=SYSTEM, now=now)

    assert board.read(acme, now).changes_at() == now + HOUR


def _ping(monitor: Monitor, now: datetime) -> None:
    Pulse.objects.filter(monitor=monitor).update(ping_count=2, last_ping_at=now)


def _gap(monitor: Monitor, now: datetime) -> None:
    Gap.objects.create(started_at=now - HOUR, ended_at=now, reason="stopped")


CHANGES: dict[str, Callable[[Monitor, datetime], object]] = {
    "a ping": _ping,
    "a gap": _gap,
    "a monitor goes down": lambda monitor, now: put(monitor, status="down", status_since=now, misses=1),
    "a drop that began earlier": lambda monitor, now: put(monitor, status="warning", status_since=now - 9 * HOUR),
    "a beet that has learned": lambda monitor, now: put(monitor, status="learning", status_since=now - 9 * HOUR),
    "late evidence": lambda monitor, now: put(monitor, status="down", status_since=now - 9 * HOUR),
    "another name": lambda monitor, now: operations.edit(monitor=monitor, changes={"name": "x"}, by=SYSTEM, now=now),
    "a pause": lambda monitor, now: operations.pause(monitor=monitor, by=SYSTEM, now=now),
    "a snooze": lambda monitor, now: operations.snooze(monitor=monitor, until=None, by=SYSTEM, now=now),
    "a new monitor": lambda monitor, now: factories.monitor(monitor.organization, now=now),
    "one less": lambda monitor, now: operations.delete(monitor=monitor, by=SYSTEM, now=now),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_a_line_changes_the_version(acme: Organization, now: datetime, what: str) -> None:
    monitor, _ = (factories.healthy(acme, at=now - HOUR) for _ in range(2))
    before = board.version(acme)

    CHANGES[what](monitor, now)

    assert board.version(acme) != before


def test_the_version_is_one_query_and_stays_while_nothing_happens(
    acme: Organization, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    factories.healthy(acme, at=now)
    before = board.version(acme)
    factories.healthy(factories.organization("Elsewhere"), at=now)

    with django_assert_num_queries(1):
        assert board.version(acme) == before
