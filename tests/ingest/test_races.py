"""Between looking at a pulse and writing it, another process may have been there."""

import threading
from collections.abc import Callable, Sequence

import pytest
from django.db import connection

from accounts.domain.actor import SYSTEM
from heartbeet.lib import clock
from monitors import operations, sql
from monitors.domain.status import Kind
from monitors.ingest import store
from monitors.ingest.arrival import Arrival, Batch, Outcome
from monitors.models import Batch as BatchRow
from monitors.models import Monitor, Ping, Pulse, Run, Token
from tests import factories

Deed = Callable[[], object]

pytestmark = pytest.mark.django_db(transaction=True)


def arrival(monitor: Monitor, kind: Kind = Kind.SUCCESS) -> Arrival:
    digest = bytes(Token.objects.get(monitor=monitor, retired_at=None).digest)
    return Arrival(digest, clock.to_microseconds(clock.now()), kind)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Deed], None]:
    """Do something, once, right after the next batch has looked at its pulses."""

    def arrange(deed: Deed) -> None:
        look_up = sql.look_up

        def look_up_then_act(digests: Sequence[bytes]) -> dict[bytes, sql.Known]:
            found = look_up(digests)
            monkeypatch.setattr(sql, "look_up", look_up)
            deed()
            return found

        monkeypatch.setattr(sql, "look_up", look_up_then_act)

    return arrange


@pytest.mark.postgresql
def test_a_start_that_came_in_between_is_closed_by_the_success(meanwhile: Callable[[Deed], None]) -> None:
    row = factories.healthy(at=clock.now())
    start, success = arrival(row, Kind.START), arrival(row)
    meanwhile(lambda: store.record(Batch([start]), now=clock.now()))

    store.record(Batch([success]), now=clock.now())

    assert success.outcome is Outcome.STORED
    assert Run.objects.get().outcome == "success"
    assert (Ping.objects.count(), Pulse.objects.get().ping_count, BatchRow.objects.count()) == (3, 3, 2)


@pytest.mark.postgresql
def test_a_monitor_that_went_down_in_between_recovers(meanwhile: Callable[[Deed], None]) -> None:
    row = factories.healthy(at=clock.now())
    meanwhile(lambda: Pulse.objects.update(status="down", misses=1))

    store.record(Batch([arrival(row)]), now=clock.now())

    assert (Pulse.objects.get().status, Pulse.objects.get().misses) == ("up", 0)


@pytest.mark.postgresql
def test_a_monitor_that_was_paused_in_between_stays_paused(meanwhile: Callable[[Deed], None]) -> None:
    row = factories.healthy(at=clock.now())
    meanwhile(lambda: operations.pause(monitor=row, by=SYSTEM, now=clock.now()))

    store.record(Batch([arrival(row)]), now=clock.now())

    assert (Pulse.objects.get().status, Pulse.objects.get().ping_count) == ("paused", 2)


def test_two_processes_with_the_same_monitors_lose_nothing_and_never_deadlock() -> None:
    rows = [factories.healthy(at=clock.now()) for _ in range(12)]
    batches = [[Batch([arrival(row) for row in order]) for _ in range(10)] for order in (rows, rows[::-1])]
    threads = [threading.Thread(target=_record_all, args=(each,)) for each in batches]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert Ping.objects.count() == 12 * 21
    assert set(Pulse.objects.values_list("ping_count", flat=True)) == {21}


def _record_all(batches: list[Batch]) -> None:
    for batch in batches:
        store.record(batch, now=clock.now())
    connection.close()
