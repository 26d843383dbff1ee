"""A process is gone and has left a spool: what it heard comes into the database, once, and the clock waits for it."""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from heartbeet.lib import clock
from monitors import operations, sql, sweep
from monitors.domain import token
from monitors.domain.status import Cause, Kind
from monitors.ingest import app, guard, orphans, store
from monitors.ingest.arrival import Arrival, Batch
from monitors.ingest.drain import Drain
from monitors.ingest.spool import Spool
from monitors.models import Incident, IngestNode, Ping, Pulse
from tests import factories
from tests.ingest.conftest import Outage, Server
from tests.ingest.test_server import Process
from tests.ingest.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(transactional_db: None) -> operations.Created:
    """A monitor that is up."""
    made = factories.created(now=clock.now() - timedelta(hours=1))
    Pulse.objects.update(status="up", last_success_at=clock.now(), last_ping_at=clock.now())
    return made


@pytest.fixture
def dead(transactional_db: None) -> IngestNode:
    """A process that was killed an hour ago, in the middle of an outage."""
    at = clock.now() - timedelta(hours=1)
    return IngestNode.objects.create(id=uuid4(), name="killed", listening_since=at, flushed_through=at, beat_at=at)


def leave(path: Path, node: IngestNode | None, *batches: Batch) -> None:
    """A spool as a killed process leaves it."""
    spool = Spool(path, max_mb=16)
    if node is not None:
        spool.write_nodes([node.id])
    for batch in batches:
        spool.put(batch)
    spool.close()


def heard(job: operations.Created, at: datetime) -> Batch:
    return Batch([Arrival(token.digest(job.secrets.token), clock.to_microseconds(at), Kind.SUCCESS, "GET")])


def nodes_in(path: Path) -> list[UUID]:
    with sqlite3.connect(path) as spool:
        rows = spool.execute("SELECT value FROM meta WHERE name = 'nodes'").fetchall()
    return [UUID(text) for (value,) in rows for text in value.split()]


@pytest.fixture
def own(idle_server: Server, settings: Settings) -> Path:
    """The spool that the next process takes over with its slot, as one of several."""
    settings.HEARTBEET_EMBEDDED = False
    return idle_server.folder / "spool-0.sqlite3"


@pytest.fixture
def foreign(idle_server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A spool of a slot that nobody takes. Orphans are looked for at once."""
    settings.HEARTBEET_EMBEDDED = False
    monkeypatch.setattr(orphans, "LOOK_SEC", 0.0)
    return idle_server.folder / "spool-3.sqlite3"


@pytest.fixture
def slow_drain(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Nothing is drained until this is called."""
    step = Drain.step
    monkeypatch.setattr(Drain, "step", lambda _: None)
    return lambda: monkeypatch.setattr(Drain, "step", step)


# One's own slot


def test_who_takes_a_slot_succeeds_whoever_had_it(idle_server: Server, own: Path, dead: IngestNode) -> None:
    leave(own, dead)

    idle_server.start()

    dead.refresh_from_db()
    heir = IngestNode.objects.get(stopped_at=None)
    assert dead.stopped_at is not None
    assert heir.flushed_through >= heir.listening_since
    assert nodes_in(own) == [heir.id]


def test_the_clock_waits_for_what_the_predecessor_heard(
    idle_server: Server, own: Path, dead: IngestNode, job: operations.Created, slow_drain: Callable[[], None]
) -> None:
    first, last = clock.now() - timedelta(minutes=50), clock.now() - timedelta(minutes=40)
    leave(own, dead, heard(job, first), heard(job, last))

    idle_server.start()

    heir = IngestNode.objects.get(stopped_at=None)
    assert heir.flushed_through < first
    assert nodes_in(own) == [dead.id, heir.id]  # so that another heir of this heir would know both

    slow_drain()

    until(lambda: IngestNode.objects.get(id=heir.id).flushed_through > heir.listening_since)
    dead.refresh_from_db()
    assert (dead.flushed_through, Ping.objects.count()) == (last, 2)  # it has listened until then
    until(lambda: nodes_in(own) == [heir.id])


def test_a_spool_of_an_older_release_is_drained(idle_server: Server, own: Path, job: operations.Created) -> None:
    leave(own, None, heard(job, clock.now() - timedelta(minutes=5)))
    with sqlite3.connect(own) as spool:
        spool.execute("DROP TABLE meta")

    idle_server.start()

    until(lambda: Ping.objects.count() == 1)
    assert nodes_in(own) == [IngestNode.objects.get().id]


def test_what_a_killed_process_left_unsaid_is_told_from_its_file_in_an_outage_too(
    idle_server: Server, own: Path, dead: IngestNode, outage: Outage
) -> None:
    leave(own, dead)
    outage.begin()
    idle_server.start()
    idle_server.stop()  # it could not register
    never_known = nodes_in(own)[-1]

    outage.end()
    idle_server.start()

    dead.refresh_from_db()
    assert never_known != dead.id
    assert dead.stopped_at is not None
    assert nodes_in(own) == [IngestNode.objects.get(stopped_at=None).id]


# Orphans


def test_an_orphan_is_drained_and_its_process_said_goodbye_for(
    idle_server: Server, foreign: Path, dead: IngestNode, job: operations.Created
) -> None:
    at = clock.now() - timedelta(minutes=40)
    leave(foreign, dead, heard(job, at))

    idle_server.start()

    until(lambda: Ping.objects.filter(received_at=at).exists())
    until(lambda: nodes_in(foreign) == [])
    dead.refresh_from_db()
    assert (dead.stopped_at is not None, dead.flushed_through) == (True, at)
    _take(idle_server.folder, 3).release()


def test_the_clock_waits_for_an_orphan_while_it_is_drained_and_its_slot_stays_locked(
    idle_server: Server, foreign: Path, dead: IngestNode, job: operations.Created, slow_drain: Callable[[], None]
) -> None:
    at = clock.now() - timedelta(minutes=40)
    leave(foreign, dead, heard(job, at))

    idle_server.start()

    until(lambda: IngestNode.objects.get(id=dead.id).stopped_at)
    alive = IngestNode.objects.get(stopped_at=None)
    assert alive.flushed_through < at
    with pytest.raises(guard.FolderInUse):
        _take(idle_server.folder, 3)

    slow_drain()

    until(lambda: IngestNode.objects.get(id=alive.id).flushed_through > alive.listening_since)
    assert Ping.objects.count() == 1


def test_an_orphan_waits_while_the_database_is_away(
    idle_server: Server, foreign: Path, dead: IngestNode, job: operations.Created, outage: Outage
) -> None:
    idle_server.start()
    outage.begin()
    idle_server.request(f"/api/v1/heartbeats/{job.secrets.token}")
    assert app._ingest is not None
    assert app._ingest._writer.outage.is_on
    leave(foreign, dead, heard(job, clock.now() - timedelta(minutes=40)))
    time.sleep(1.2)  # two beats would have come

    _take(idle_server.folder, 3).release()

    outage.end()
    until(lambda: Ping.objects.count() == 2)


def test_a_spool_that_somebody_holds_is_no_orphan(
    idle_server: Server, foreign: Path, dead: IngestNode, job: operations.Created
) -> None:
    leave(foreign, dead, heard(job, clock.now() - timedelta(minutes=40)))
    held = _take(idle_server.folder, 3)

    idle_server.start()
    until(lambda: IngestNode.objects.get(stopped_at=None, name__contains=":").flushed_through > dead.beat_at)

    assert not Ping.objects.exists()
    held.release()
    until(lambda: Ping.objects.count() == 1)


def _take(folder: Path, number: int) -> guard.Slot:
    lock = guard._try_lock(folder / f"ingest-{number}.lock")
    if lock is None:
        raise guard.FolderInUse
    return guard.Slot(folder, number, lock)


# What it means


def test_a_success_that_sat_in_a_dead_spool_resolves_its_incident_as_late_evidence(
    idle_server: Server, foreign: Path, dead: IngestNode
) -> None:
    now = clock.now()
    made = factories.created(now=now - timedelta(hours=3), interval_sec=3600, grace_sec=60)
    Pulse.objects.update(
        status="up",
        last_success_at=now - timedelta(minutes=80),
        last_ping_at=now - timedelta(minutes=80),
        deadline=now - timedelta(minutes=19),
    )
    leave(foreign, dead, heard(made, now - timedelta(minutes=20)))  # in time, and known to nobody
    sweep.run(watermark=now - timedelta(minutes=1), now=now)
    assert Incident.objects.get().resolved_at is None

    idle_server.start()

    until(lambda: Incident.objects.get().resolved_at)
    assert (Incident.objects.get().resolution, Pulse.objects.get().status) == (Cause.LATE_EVIDENCE, "up")


def test_a_process_killed_while_it_drains_counts_no_ping_twice(tmp_path: Path, job: operations.Created) -> None:
    batches = [heard(job, clock.now() - timedelta(seconds=each)) for each in range(2400, 0, -1)]
    leave(tmp_path / "spool-0.sqlite3", None, *batches)

    drained = [0]
    while len(drained) <= 3 and drained[-1] < len(batches):
        with contextlib.closing(Process(tmp_path)):
            until(lambda: Ping.objects.count() > drained[-1], within_sec=60)
        drained.append(Ping.objects.count())
    assert drained[1] < len(batches)  # it was killed in the middle
    with contextlib.closing(Process(tmp_path)):
        until(lambda: Ping.objects.count() >= len(batches), within_sec=60)

    assert (Ping.objects.count(), Pulse.objects.get().ping_count) == (len(batches), len(batches))


def test_a_server_we_had_given_up_on_that_stores_a_batch_after_all_is_counted_once(
    job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = heard(job, clock.now())
    answers = [False]  # nobody has stored it yet, says the first look; right after it somebody has
    store.record(Batch(batch.arrivals, id=batch.id), now=clock.now())
    is_recorded = sql.is_recorded
    monkeypatch.setattr(sql, "is_recorded", lambda id_: answers.pop() if answers else is_recorded(id_))

    store.record_once(batch, now=clock.now())

    assert Ping.objects.count() == 1
