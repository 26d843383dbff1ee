"""The database goes away, the process ends, a ping is poison: what was answered as stored is in the database, once."""

import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.domain.actor import SYSTEM
from heartbeet.lib import clock
from monitors import operations, watermark
from monitors.domain import token
from monitors.domain.status import Kind
from monitors.ingest import app, guard, replies, session, store
from monitors.ingest.arrival import Arrival, Batch, Outcome
from monitors.ingest.spool import Spool
from monitors.models import IngestNode, Ping, Pulse
from tests import factories
from tests.ingest.conftest import Outage, Server
from tests.ingest.waiting import until

LONG_BEFORE_US = -(2**62)
"""A time that no database can hold."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def job(transactional_db: None) -> operations.Created:
    """A monitor with its secrets; it is up."""
    made = factories.created(now=clock.now())
    Pulse.objects.update(status="up", last_success_at=clock.now(), last_ping_at=clock.now())
    return made


def heartbeat(job: operations.Created, suffix: str = "") -> str:
    return f"/api/v1/heartbeats/{job.secrets.token}{suffix}"


def spooled(server: Server) -> int:
    with sqlite3.connect(server.folder / "spool-0.sqlite3") as spool:
        return int(spool.execute("SELECT count(*) FROM batch").fetchone()[0])


def quarantined(server: Server) -> list[str]:
    with sqlite3.connect(server.folder / "spool-0.sqlite3") as spool:
        return [error for (error,) in spool.execute("SELECT error FROM quarantine")]


def arrival(job: operations.Created, *, at: datetime | None = None, kind: Kind = Kind.SUCCESS, **given: Any) -> Arrival:
    return Arrival(token.digest(job.secrets.token), clock.to_microseconds(at or clock.now()), kind, "GET", **given)


def swept_to() -> datetime:
    """How far the sweep may judge, of an ingest that lives."""
    found = watermark.sweep_clock(clock.now())
    assert found is not None
    return found


# Outage


def test_during_an_outage_pings_are_answered_as_stored_and_come_in_with_their_times(
    server: Server, job: operations.Created, outage: Outage
) -> None:
    server.request(heartbeat(job))
    outage.begin()
    before = clock.now()
    answers = [server.request(heartbeat(job)), server.request(f"/api/v1/beet/{job.secrets.token}")]
    after = clock.now()
    assert ([each.status for each in answers], answers[1].headers["x-heartbeet-recorded"]) == ([204, 200], "true")
    assert Ping.objects.count() == 1

    outage.end()

    until(lambda: Ping.objects.count() == 3, within_sec=5)
    late = Ping.objects.order_by("received_at")[1:]
    assert all(before <= each.received_at <= after for each in late)
    assert Pulse.objects.get().ping_count == 3


def test_signals_of_an_outage_are_judged_in_their_order(
    server: Server, job: operations.Created, outage: Outage
) -> None:
    outage.begin()
    for suffix in ("/start?rid=a", "/fail?rid=a", "/start?rid=b", "/0?rid=b"):
        assert server.request(heartbeat(job, suffix)).status == 204

    outage.end()

    until(lambda: Ping.objects.count() == 4)
    assert Pulse.objects.get().status == "up"
    assert list(job.monitor.runs.order_by("id").values_list("run_id", "outcome")) == [("a", "fail"), ("b", "success")]


def test_unknown_tokens_cannot_be_told_apart_and_are_dropped_at_the_drain(
    server: Server, job: operations.Created, outage: Outage
) -> None:
    outage.begin()
    nobodys = "/api/v1/heartbeats/" + "0" * 64
    assert server.request(nobodys).status == 204
    assert server.request("/api/v1/heartbeats/too-short").status == 404

    outage.end()

    until(lambda: spooled(server) == 0)
    assert not Ping.objects.exists()
    assert server.request(nobodys).status == 404


def test_a_token_rotated_between_receipt_and_drain_counts(
    server: Server, job: operations.Created, outage: Outage
) -> None:
    outage.begin()
    assert server.request(heartbeat(job)).status == 204
    received_before = clock.now() + timedelta(milliseconds=1)
    operations.rotate_token(monitor=job.monitor, by=SYSTEM, now=received_before)

    outage.end()

    until(lambda: Ping.objects.count() == 1)


def test_a_batch_that_was_committed_and_spooled_counts_once(idle_server: Server, job: operations.Created) -> None:
    idle_server.start()
    twice = Batch([arrival(job)])
    store.record(twice, now=clock.now())
    idle_server.stop()
    _leave_in_spool(idle_server, twice)

    idle_server.start()

    until(lambda: spooled(idle_server) == 0)
    assert Ping.objects.count() == 1
    assert Pulse.objects.get().ping_count == 1


def test_an_heir_of_the_folder_drains_what_was_left_and_the_clock_waits_for_it(
    idle_server: Server, job: operations.Created, outage: Outage
) -> None:
    received_at = clock.now() - timedelta(minutes=5)
    idle_server.start()
    idle_server.stop()
    _leave_in_spool(idle_server, Batch([arrival(job, at=received_at)]))
    outage.begin()
    idle_server.start()
    assert watermark.sweep_clock(clock.now()) is None

    outage.end()

    until(lambda: Ping.objects.filter(received_at=received_at).count() == 1)
    until(lambda: (watermark.sweep_clock(clock.now()) or received_at) > received_at)


def test_a_process_that_starts_during_an_outage_takes_pings(
    idle_server: Server, job: operations.Created, outage: Outage
) -> None:
    outage.begin()
    idle_server.start()

    assert idle_server.request(heartbeat(job)).status == 204
    assert app.readiness().is_ready

    outage.end()
    until(lambda: Ping.objects.count() == 1)


def test_a_full_spool_is_503_with_the_process_up_until_the_database_is_back(
    idle_server: Server, configure: Callable[..., None], job: operations.Created, outage: Outage
) -> None:
    configure(spool_max_mb=1)
    idle_server.start()
    outage.begin()
    idle_server.request(heartbeat(job))
    with sqlite3.connect(idle_server.folder / "spool-0.sqlite3") as other:
        other.execute("INSERT INTO quarantine (error, arrival) VALUES ('ballast', zeroblob(1100000))")

    log = b"x" * 20_000

    ping = idle_server.request(heartbeat(job), "POST", body=log)
    image = idle_server.request(f"/api/v1/beet/{job.secrets.token}", "POST", body=log)

    assert (ping.status, image.status, image.headers["x-heartbeet-recorded"]) == (503, 200, "false")
    assert (image.body, app.readiness().is_ready) == (replies.GIF, False)
    outage.end()
    until(lambda: idle_server.request(heartbeat(job)).status == 204)
    assert app.readiness().is_ready


def test_a_damaged_spool_is_moved_aside_and_pings_go_on(
    idle_server: Server, job: operations.Created, outage: Outage
) -> None:
    (idle_server.folder / "spool-0.sqlite3").write_bytes(b"rubbish" * 1000)
    idle_server.start()
    outage.begin()

    assert idle_server.request(heartbeat(job)).status == 204

    assert list(idle_server.folder.glob("*.damaged-*"))
    outage.end()
    until(lambda: Ping.objects.count() == 1)


@pytest.mark.postgresql
def test_a_connection_that_died_unnoticed_costs_nothing(server: Server, job: operations.Created) -> None:
    server.request(heartbeat(job))
    ours = "datname = current_database() AND application_name = %s"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}", [session.APPLICATION])
        assert cursor.fetchall() == [(True,)]

    assert server.request(heartbeat(job)).status == 204

    assert Ping.objects.count() == 2


# Poison


def test_a_poison_ping_is_stored_without_its_metadata_and_stops_no_other(
    server: Server, job: operations.Created
) -> None:
    poison = arrival(job, run_id="\ud800")
    good = [arrival(job) for _ in range(5)]

    server.submit(*good[:3], poison, *good[3:])

    assert {each.outcome for each in (*good, poison)} == {Outcome.STORED}
    assert Ping.objects.count() == 6
    assert Pulse.objects.get().ping_count == 6


def test_a_ping_that_the_database_refuses_altogether_is_quarantined(server: Server, job: operations.Created) -> None:
    poison = Arrival(token.digest(job.secrets.token), LONG_BEFORE_US, Kind.SUCCESS)
    good = arrival(job)

    server.submit(good, poison)

    assert (good.outcome, poison.outcome) == (Outcome.STORED, Outcome.STORED)
    assert Ping.objects.count() == 1
    assert len(quarantined(server)) == 1


def test_a_poison_ping_in_the_spool_stops_neither_the_drain_nor_the_watermark(
    idle_server: Server, job: operations.Created
) -> None:
    idle_server.start()
    idle_server.stop()
    poison = Arrival(token.digest(job.secrets.token), LONG_BEFORE_US, Kind.SUCCESS)
    _leave_in_spool(idle_server, Batch([arrival(job), poison, arrival(job)]))
    started_at = clock.now()

    idle_server.start()

    until(lambda: Ping.objects.count() == 2)
    until(lambda: (watermark.sweep_clock(clock.now()) or started_at) > started_at)
    assert len(quarantined(idle_server)) == 1


# Start and end


def test_what_was_accepted_is_stored_before_the_process_ends(server: Server, job: operations.Created) -> None:
    answers = [server.begin(heartbeat(job, "/log")) for _ in range(50)]

    server.stop()

    accepted = [each.result(20).status for each in answers].count(204)
    assert Ping.objects.count() == accepted


def test_it_says_that_it_listens_before_it_does_and_goodbye_at_the_end(idle_server: Server) -> None:
    before = clock.now()
    idle_server.start()
    node = IngestNode.objects.get()
    assert (node.stopped_at, before <= node.listening_since <= node.flushed_through) == (None, True)

    idle_server.stop()

    assert IngestNode.objects.get().stopped_at is not None
    assert watermark.sweep_clock(clock.now()) is None


def test_the_watermark_moves_on_while_nothing_happens(server: Server) -> None:
    started_at = swept_to()

    until(lambda: swept_to() > started_at)


def test_the_watermark_stands_still_while_the_database_is_away(
    server: Server, job: operations.Created, outage: Outage
) -> None:
    outage.begin()
    server.request(heartbeat(job))
    received_by = clock.now()
    time.sleep(1.2)  # two beats would have come

    assert swept_to() < received_by

    outage.end()
    until(lambda: swept_to() > received_by)
    assert Ping.objects.count() == 1


def test_an_heir_of_an_embedded_folder_says_goodbye_for_its_predecessor(
    idle_server: Server, settings: Settings
) -> None:
    settings.HEARTBEET_EMBEDDED = True
    dead = IngestNode.objects.create(
        id="7c9e6679-7425-40de-944b-e07fc1f90ae7",
        name="killed",
        listening_since=clock.now(),
        flushed_through=clock.now() - timedelta(seconds=50),
        beat_at=clock.now(),
    )

    idle_server.start()

    dead.refresh_from_db()
    assert dead.stopped_at is not None
    assert swept_to() > dead.flushed_through


def test_two_never_share_the_folder_of_an_embedded_installation(tmp_path: Path) -> None:
    first = guard.take_slot(tmp_path, only_one=True, wait_sec=0)

    with pytest.raises(guard.FolderInUse):
        guard.take_slot(tmp_path, only_one=True, wait_sec=0)

    first.release()
    guard.take_slot(tmp_path, only_one=True, wait_sec=0).release()


def test_processes_of_one_machine_each_have_a_spool_of_their_own(tmp_path: Path) -> None:
    slots = [guard.take_slot(tmp_path, only_one=False) for _ in range(3)]

    assert len({each.spool_path for each in slots}) == 3
    for slot in slots:
        slot.release()


def test_a_process_that_receives_no_pings_says_so() -> None:
    assert app.readiness() == app.Readiness(False, "this process does not receive pings")


def _leave_in_spool(server: Server, batch: Batch) -> None:
    """As a process would that was killed during an outage."""
    spool = Spool(server.folder / "spool-0.sqlite3", max_mb=16)
    spool.put(batch)
    spool.close()
