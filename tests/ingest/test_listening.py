"""What an ingest process tells of its own listening, from what happens to it to the row in the database."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from heartbeet.lib import clock
from monitors import operations
from monitors.domain import listening
from monitors.domain.gaps import Reason
from monitors.ingest import app, store
from monitors.ingest.anchor import AnchoredClock
from monitors.ingest.listener import Listener
from monitors.ingest.spool import Spool, SpoolFull
from monitors.models import Deafness, IngestNode, Ping
from tests import factories
from tests.ingest.conftest import Outage, Server
from tests.ingest.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

HOUR_NS = 3600 * 10**9


@pytest.fixture
def job(transactional_db: None) -> operations.Created:
    return factories.created(now=clock.now())


def ping(server: Server, job: operations.Created) -> int:
    return server.request(f"/api/v1/heartbeats/{job.secrets.token}").status


def ended(reason: Reason) -> Deafness | None:
    return Deafness.objects.filter(reason=reason, ended_at__isnull=False).first()


def node() -> IngestNode:
    return IngestNode.objects.get(stopped_at=None)


# Refused


def test_pings_that_found_the_queue_full_are_told_until_we_can_store_again(
    idle_server: Server, configure: Callable[..., None], job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(ingest_queue_max=1)
    writing, may_go_on = _stop_in(monkeypatch, store, "record")
    idle_server.start()
    held = idle_server.begin(f"/api/v1/heartbeats/{job.secrets.token}")
    writing.wait()
    waiting = idle_server.begin(f"/api/v1/heartbeats/{job.secrets.token}")
    before = clock.now()
    until(lambda: app._ingest and len(app._ingest._queue) == 1)

    refused = ping(idle_server, job)

    may_go_on.set()
    assert (refused, [each.result(20).status for each in (held, waiting)]) == (503, [204, 204])
    until(lambda: ended(Reason.REFUSED))
    deaf = Deafness.objects.get()
    assert before <= deaf.started_at <= (deaf.ended_at or before)
    assert node().flushed_through >= deaf.started_at


def test_a_beacon_that_was_answered_unrecorded_is_told_too(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.Ingest, "_gather", _raise)

    answer = server.request(f"/api/v1/beet/{job.secrets.token}")

    assert (answer.status, answer.headers["x-heartbeet-recorded"]) == (200, "false")
    until(lambda: ended(Reason.REFUSED))


def test_a_batch_that_could_not_be_written_is_told(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitors.ingest.writer.Writer._record", _raise)
    assert ping(server, job) == 503
    monkeypatch.undo()

    until(lambda: ended(Reason.REFUSED))


def test_what_a_full_disk_refused_while_the_database_was_away_is_told_when_it_is_back(
    server: Server, job: operations.Created, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ping(server, job)
    outage.begin()
    assert ping(server, job) == 204  # into the spool
    put = Spool.put
    monkeypatch.setattr(Spool, "put", _no_space)
    assert ping(server, job) == 503
    refused_by = clock.now()
    monkeypatch.setattr(Spool, "put", put)

    assert ping(server, job) == 204  # somebody made room
    stored_by = clock.now()
    assert not Deafness.objects.exists()
    outage.end()

    until(lambda: ended(Reason.REFUSED))
    deaf = Deafness.objects.get()
    assert deaf.ended_at is not None
    assert deaf.started_at <= refused_by <= deaf.ended_at <= stored_by
    until(lambda: Ping.objects.count() == 3)


def test_whoever_refuses_and_is_idle_listens_again_as_soon_as_a_beat_reaches_the_database(
    server: Server, job: operations.Created, outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage.begin()
    monkeypatch.setattr(Spool, "put", _no_space)
    assert ping(server, job) == 503
    time.sleep(1.2)  # beats that prove nothing, for the database is away
    back_at = clock.now()
    outage.end()

    until(lambda: ended(Reason.REFUSED))

    assert all(each.ended_at is not None for each in Deafness.objects.all())
    assert max(each.ended_at or back_at for each in Deafness.objects.all()) >= back_at


# Frozen


def test_a_loop_that_stood_still_is_told_before_the_clock_passes_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "LATE", timedelta(seconds=0.3))
    before = clock.now()

    server._run(_stand_still(1.5)).result(20)

    until(lambda: ended(Reason.FROZEN))
    deaf = Deafness.objects.filter(reason=Reason.FROZEN).first()
    assert deaf is not None
    assert deaf.ended_at is not None
    assert deaf.started_at <= before + timedelta(seconds=0.6)
    assert deaf.ended_at - deaf.started_at >= timedelta(seconds=1.4)


def test_a_writer_that_takes_long_is_no_loop_that_stood_still(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, may_go_on = _stop_in(monkeypatch, store, "record")
    held = server.begin(f"/api/v1/heartbeats/{job.secrets.token}")
    writing.wait()
    monkeypatch.setattr(listening, "LATE", timedelta(seconds=1))
    held_since = clock.now()
    time.sleep(1.8)
    assert node().flushed_through <= held_since

    may_go_on.set()

    assert held.result(20).status == 204
    until(lambda: node().flushed_through > held_since)
    assert not Deafness.objects.exists()


async def _stand_still(seconds: float) -> None:
    time.sleep(seconds)


# The clock


@dataclass
class Wall:
    """A wall clock that can be set, and a steady one that can be let run."""

    offset_ns: int = 0
    passed_ns: int = 0

    def now_ns(self) -> int:
        return time.time_ns() + self.offset_ns + self.passed_ns

    def steady_ns(self) -> int:
        return time.monotonic_ns() + self.passed_ns


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    monkeypatch.setattr(app, "Listener", lambda: Listener(AnchoredClock(wall_ns=made.now_ns, steady_ns=made.steady_ns)))
    return made


def test_a_clock_set_forward_is_a_time_in_which_nobody_listened(wall: Wall, idle_server: Server) -> None:
    idle_server.start()
    before = clock.now()

    wall.offset_ns = HOUR_NS

    until(lambda: ended(Reason.CLOCK))
    deaf = Deafness.objects.get()
    assert deaf.ended_at is not None
    assert before <= deaf.started_at
    assert timedelta(minutes=59) < deaf.ended_at - deaf.started_at < timedelta(minutes=61)
    until(lambda: node().beat_at > clock.now() + timedelta(minutes=59))


def test_after_the_clock_was_set_back_beats_and_pings_carry_the_new_time(
    wall: Wall, idle_server: Server, job: operations.Created
) -> None:
    idle_server.start()
    ping(idle_server, job)

    wall.offset_ns = -HOUR_NS

    until(lambda: node().beat_at < clock.now() - timedelta(minutes=59))
    assert node().flushed_through <= node().beat_at
    assert not Deafness.objects.exists()
    ping(idle_server, job)
    assert Ping.objects.latest("id").received_at < clock.now() - timedelta(minutes=59)


def test_a_clock_set_back_limits_nobody_until_it_has_caught_up(
    wall: Wall, idle_server: Server, job: operations.Created, redis_url: str
) -> None:
    idle_server.start()
    assert [ping(idle_server, job) for _ in range(61)] == [204] * 60 + [429]

    wall.offset_ns, wall.passed_ns = -HOUR_NS, 11 * 10**9

    until(lambda: node().beat_at < clock.now() - timedelta(minutes=59))
    assert ping(idle_server, job) == 204


def test_what_was_spooled_while_the_clock_was_ahead_was_received_by_now(
    wall: Wall, idle_server: Server, job: operations.Created, outage: Outage
) -> None:
    wall.offset_ns = HOUR_NS
    idle_server.start()
    outage.begin()
    assert ping(idle_server, job) == 204
    idle_server.stop()
    wall.offset_ns = 0
    outage.end()

    idle_server.start()

    until(lambda: Ping.objects.count() == 1)
    assert Ping.objects.get().received_at <= clock.now()


# The end


def test_a_process_has_listened_until_it_began_to_stop(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    ping(server, job)
    asked_at = clock.now()

    server.stop()

    left = IngestNode.objects.get()
    assert left.stopped_at is not None
    assert asked_at <= left.flushed_through <= left.stopped_at


def test_whom_it_turns_away_while_it_still_writes_is_told_with_the_goodbye(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, may_go_on = _stop_in(monkeypatch, store, "record")
    held = server.begin(f"/api/v1/heartbeats/{job.secrets.token}")
    writing.wait()
    assert app._ingest is not None
    app._ingest._writer.close()

    assert ping(server, job) == 503

    may_go_on.set()
    assert held.result(20).status == 204
    server.stop()
    left, deaf = IngestNode.objects.get(), Deafness.objects.get()
    assert left.stopped_at is not None
    assert deaf.ended_at is not None
    assert (deaf.reason, left.flushed_through <= deaf.started_at <= deaf.ended_at) == (Reason.REFUSED, True)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_died_turns_pings_away_instead_of_keeping_them_waiting(
    server: Server, job: operations.Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app._ingest is not None
    monkeypatch.setattr(app._ingest._queue, "finish", _die)
    until(lambda: app._ingest and not app._ingest._writer.is_alive())
    monkeypatch.undo()

    until(lambda: ping(server, job) == 503)

    assert not app.readiness().is_ready


def _stop_in(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> tuple[threading.Event, threading.Event]:
    """Have a function say that it was called, and wait until it may go on."""
    called, may_go_on = threading.Event(), threading.Event()
    function = getattr(module, name)

    def wait(*args: Any, **given: Any) -> Any:
        called.set()
        may_go_on.wait(20)
        return function(*args, **given)

    monkeypatch.setattr(module, name, wait)
    return called, may_go_on


def _raise(*_: object) -> None:
    raise RuntimeError("a mistake of ours")


def _no_space(*_: object) -> None:
    raise SpoolFull("database or disk is full")


def _die(*_: object) -> None:
    raise SystemExit
