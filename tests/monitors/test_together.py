"""Several sweeps, pings and hands at once, on real connections: each miss makes one incident, none is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.domain.actor import Actor
from monitors import operations, rhythm_sql, rollup, sweep, transitions, watermark
from monitors.domain import hours
from monitors.domain.ping import Ping
from monitors.domain.status import Kind
from monitors.models import Gap, Incident, IncidentEvent, Monitor, Pulse, Unheard
from tests import factories
from tests.monitors.world import World

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
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


@pytest.mark.postgresql
def test_who_counts_hours_locks_pulses_before_the_rows_that_the_sweep_writes_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the two wait for each other, and the database picks a victim."""
    beets = [factories.monitor(type="beet", interval_sec=None, now=PINGED - HOUR) for _ in range(2)]
    ids = [beet.id for beet in beets]
    Pulse.objects.filter(monitor_id=ids[0]).update(limited_count=7)
    counts = rollup.Counts.of([(ids[1], hours.number(PINGED), 3)])
    seen: list[object] = []

    def free() -> list[int]:
        with transaction.atomic():
            found = Pulse.objects.filter(monitor_id__in=ids).select_for_update(skip_locked=True)
            return list(found.values_list("monitor_id", flat=True))

    monkeypatch.setattr(rhythm_sql, "raise_bests", lambda rows: seen.extend([len(rows), *at_once(free)]))
    with transaction.atomic():
        rollup.merge(counts, limited={ids[0]: 7})

    assert seen == [1, []]


def test_four_sweeps_that_tick_at_once_write_one_gap_and_excuse_each_monitor_once() -> None:
    world = World()
    world.listen()
    world.go(2 * SECOND)
    monitors = [world.job(5 * MINUTE).monitor for _ in range(20)]
    world.stop(world.nodes[0])
    world.away(10 * MINUTE)
    world.listen()
    world.go(SECOND)  # holds, for it was away
    world.away(4 * SECOND)
    world.beat(world.nodes[0])

    clocks = at_once(*[world.tick] * 4)

    assert set(clocks) == {world.now}
    assert Gap.objects.count() == 1
    assert sorted(Unheard.objects.values_list("monitor_id", flat=True)) == [monitor.id for monitor in monitors]
    assert not Incident.objects.exists()


def test_beats_and_ticks_and_arrivals_at_once_do_not_lock_each_other_out() -> None:
    world = World()
    first, second = world.listen("one"), world.listen("two")
    world.go(2 * SECOND)

    def beat_on() -> None:
        for _ in range(20):
            watermark.beat(first.id, watermark.Beat(world.now, world.now))
            watermark.beat(second.id, watermark.Beat(world.now, world.now))

    def come_and_go() -> None:
        for number in range(5):
            heir = uuid4()
            beat = watermark.Beat(world.now, world.now)
            watermark.open_node(heir, name=f"heir {number}", since=world.now, beat=beat, predecessors=[second.id])
            watermark.close_node(heir, beat)

    at_once(beat_on, come_and_go, *[lambda: [watermark.tick(world.now) for _ in range(20)]] * 2)

    assert watermark.sweep_clock(world.now) == world.now


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
