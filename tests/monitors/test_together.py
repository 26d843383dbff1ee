"""Several sweeps, pings and hands at once, on real connections: each miss makes one incident, none is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from accounts.domain.actor import Actor
from monitors import operations, sweep, transitions
from monitors.domain.ping import Ping
from monitors.domain.status import Kind
from monitors.models import Incident, IncidentEvent, Monitor, Pulse
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=5)
PINGED = factories.NOON
SILENT_AT = PINGED + HOUR + GRACE


def at_once(*jobs: Callable[[], object]) -> list[object]:
    """Run the jobs together, each on a database connection of its own."""

    def alone(job: Callable[[], object]) -> object:
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(alone, jobs))


def swept(at: datetime = SILENT_AT) -> sweep.Result:
    return sweep.run(watermark=at, now=at)


def recovered(monitor: Monitor, at: datetime) -> None:
    with transaction.atomic():
        transitions.record(monitor.id, Ping(received_at=at, kind=Kind.SUCCESS), now=at)


def test_four_sweeps_at_once_open_each_incident_once() -> None:
    organization = factories.organization()
    monitors = [factories.healthy(organization, at=PINGED) for _ in range(40)]

    at_once(*[swept] * 4)
    swept()

    assert sorted(Incident.objects.values_list("monitor_id", flat=True)) == [monitor.id for monitor in monitors]
    assert IncidentEvent.objects.count() == len(monitors)


def test_a_ping_and_a_sweep_at_once_leave_one_truth() -> None:
    organization = factories.organization()
    monitors = [factories.healthy(organization, at=PINGED) for _ in range(10)]

    at_once(swept, *[lambda each=each: recovered(each, SILENT_AT) for each in monitors], swept)

    assert set(Pulse.objects.values_list("status", flat=True)) == {"up"}
    assert not Incident.objects.filter(resolved_at=None).exists()


def test_a_hand_and_a_sweep_at_once_never_open_two_incidents() -> None:
    organization = factories.organization()
    monitors = [factories.healthy(organization, at=PINGED) for _ in range(6)]

    at_once(
        swept,
        *[lambda each=each: operations.pause(monitor=each, by=Actor(), now=SILENT_AT) for each in monitors],
        swept,
    )

    assert not Incident.objects.filter(resolved_at=None).exists()
    assert set(Pulse.objects.values_list("status", "deadline")) == {("paused", None)}


if connection.vendor == "postgresql":  # SQLite has one writer, and the sweep waits for it

    def test_a_row_that_a_ping_holds_is_left_for_the_next_look() -> None:
        held, free = factories.healthy(at=PINGED), factories.healthy(at=PINGED)

        with transaction.atomic():
            transitions.lock([held.id])
            at_once(swept)

        assert Incident.objects.get().monitor == free
