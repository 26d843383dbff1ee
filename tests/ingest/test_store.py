"""One batch in one transaction: what is stored, what is judged, and what goes wrong alone."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from heartbeet.lib import clock
from monitors import operations, transitions
from monitors.domain import ping, token
from monitors.domain.status import Kind
from monitors.ingest import store
from monitors.ingest.arrival import Arrival, Batch, Body, Outcome
from monitors.models import Batch as BatchRow
from monitors.models import Incident, Monitor, Ping, Pulse, Run
from monitors.models import Token as TokenRow
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def seconds(count: float) -> datetime:
    return NOON + timedelta(seconds=count)


def digest(monitor: Monitor) -> bytes:
    return bytes(TokenRow.objects.get(monitor=monitor, retired_at=None).digest)


def arrival(monitor: Monitor, at: datetime = NOON, kind: Kind = Kind.SUCCESS, **given: Any) -> Arrival:
    return Arrival(digest(monitor), clock.to_microseconds(at), kind, "POST", "192.0.2.7", **given)


def record(*arrivals: Arrival, now: datetime | None = None, **given: Any) -> list[Outcome]:
    batch = Batch(list(arrivals), **given)
    store.record(batch, now=now or seconds(60))
    return [each.outcome for each in arrivals]


def pulse(monitor: Monitor) -> Pulse:
    return Pulse.objects.get(monitor=monitor)


def pings(monitor: Monitor) -> list[tuple[str, datetime]]:
    return list(Ping.objects.filter(monitor=monitor).order_by("received_at").values_list("kind", "received_at"))


def test_ordinary_successes_are_stored_and_move_only_the_last_times() -> None:
    row = factories.healthy(at=NOON)
    before = pulse(row)

    outcomes = record(arrival(row, seconds(2)), arrival(row, seconds(1)), arrival(row, seconds(3)))

    after = pulse(row)
    assert outcomes == [Outcome.STORED] * 3
    assert len(pings(row)) == 4
    assert (after.last_ping_at, after.last_success_at, after.ping_count) == (seconds(3), seconds(3), 4)
    assert (after.status, after.status_since, after.deadline) == (before.status, before.status_since, before.deadline)


def test_an_older_ping_never_turns_the_last_times_back() -> None:
    row = factories.healthy(at=seconds(100))

    record(arrival(row, seconds(1)))

    after = pulse(row)
    assert (after.last_ping_at, after.last_success_at, after.ping_count) == (seconds(100), seconds(100), 2)


def test_times_are_stored_to_the_microsecond() -> None:
    row = factories.healthy(at=NOON)
    exact = NOON + timedelta(seconds=1, microseconds=7)

    record(arrival(row, exact), arrival(row, NOON + timedelta(seconds=2)))

    assert [at for _, at in pings(row)[1:]] == [exact, NOON + timedelta(seconds=2)]
    assert pulse(row).last_ping_at == NOON + timedelta(seconds=2)


def test_every_column_arrives() -> None:
    row = factories.healthy(at=NOON)
    body = Body(b"\x00head\xff", b"tail", 20_000)

    record(
        arrival(row, seconds(1), exit_code=0, value=1.5, body=body),
        arrival(row, seconds(2), body=Body(b"short", b"", 5)),
        arrival(row, seconds(3)),
    )

    full, short, bare = Ping.objects.filter(monitor=row, received_at__gt=NOON).order_by("received_at")
    assert (full.exit_code, full.value, full.method, full.source) == (0, 1.5, "POST", "192.0.2.7")
    assert (bytes(full.body_head or b""), bytes(full.body_tail or b"")) == (b"\x00head\xff", b"tail")
    assert full.body_size == 20_000
    assert (bytes(short.body_head or b""), bytes(short.body_tail or b""), short.body_size) == (b"short", b"", 5)
    assert (bare.body_head, bare.body_tail, bare.body_size, bare.run_id) == (None, None, 0, "")


def test_the_first_ping_makes_a_monitor_up() -> None:
    row = factories.monitor()

    assert record(arrival(row)) == [Outcome.STORED]

    assert (pulse(row).status, pulse(row).ping_count, len(pings(row))) == ("up", 1, 1)


def test_a_ping_that_recovers_resolves_the_incident_in_the_same_transaction() -> None:
    row = factories.healthy(at=NOON)
    record(arrival(row, seconds(1), Kind.FAIL))
    assert Incident.objects.get().resolved_at is None

    record(arrival(row, seconds(2)))

    assert (pulse(row).status, Incident.objects.get().resolved_at) == ("up", seconds(2))


def test_a_batch_of_everything_keeps_the_order_of_each_monitor() -> None:
    plain, failing, running = (factories.healthy(at=NOON) for _ in range(3))

    outcomes = record(
        arrival(failing, seconds(3)),
        arrival(plain, seconds(1)),
        arrival(running, seconds(1), Kind.START, run_id="a"),
        arrival(failing, seconds(2), Kind.FAIL),
        arrival(running, seconds(5), run_id="a"),
        arrival(failing, seconds(1), Kind.LOG),
        Arrival(b"?" * 32, clock.to_microseconds(NOON), Kind.SUCCESS),
    )

    assert outcomes == [Outcome.STORED] * 6 + [Outcome.UNKNOWN]
    assert [pulse(each).status for each in (plain, failing, running)] == ["up"] * 3
    assert [kind for kind, _ in pings(failing)] == ["success", "log", "fail", "success"]
    assert Incident.objects.get().resolved_at == seconds(3)
    assert Run.objects.get().outcome == "success"
    assert Ping.objects.get(monitor=running, received_at=seconds(5)).duration_sec == 4.0
    assert [pulse(each).ping_count for each in (plain, failing, running)] == [2, 4, 3]


def test_a_success_without_a_run_id_closes_the_run_that_is_open() -> None:
    row = factories.healthy(at=NOON)
    record(arrival(row, seconds(1), Kind.START))

    record(arrival(row, seconds(31)))

    assert (Run.objects.get().outcome, Run.objects.get().finished_at) == ("success", seconds(31))


def test_a_paused_monitor_stores_and_stays_paused() -> None:
    row = factories.healthy(at=NOON)
    operations.pause(monitor=row, by=SYSTEM, now=seconds(1))

    record(arrival(row, seconds(2)))

    assert (pulse(row).status, pulse(row).last_success_at, pulse(row).ping_count) == ("paused", seconds(2), 2)


def test_a_beet_is_never_judged_here() -> None:
    row = factories.created(type="beet", interval_sec=None, grace_sec=0).monitor

    record(arrival(row, seconds(1)), arrival(row, seconds(2), Kind.FAIL))

    after = pulse(row)
    assert (after.status, after.last_ping_at, after.last_success_at) == ("learning", seconds(2), seconds(1))
    assert after.ping_count == 2


def test_a_ping_received_before_the_rotation_counts_and_one_after_it_does_not() -> None:
    row = factories.healthy(at=NOON)
    old = digest(row)
    operations.rotate_token(monitor=row, by=SYSTEM, now=seconds(10))
    before, at, after = (
        Arrival(old, clock.to_microseconds(each), Kind.SUCCESS)
        for each in (seconds(10) - timedelta(microseconds=1), seconds(10), seconds(11))
    )

    assert record(before, at, after) == [Outcome.STORED, Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert len(pings(row)) == 2


def test_limited_pings_are_counted_and_move_nothing_else() -> None:
    row = factories.healthy(at=NOON)
    untouched = factories.monitor()

    record(limited={digest(row): 7, b"?" * 32: 3, digest(untouched): 1})

    assert (pulse(row).limited_count, pulse(row).ping_count, pulse(row).last_ping_at) == (7, 1, NOON)
    assert (pulse(untouched).limited_count, pulse(untouched).last_ping_at) == (1, None)


def test_a_batch_counts_once() -> None:
    row = factories.healthy(at=NOON)
    batch = Batch([arrival(row, seconds(1))])
    store.record(batch, now=seconds(2))
    again = Batch([arrival(row, seconds(1))], id=batch.id)

    store.record_once(again, now=seconds(3))

    assert again.arrivals[0].outcome is Outcome.STORED
    assert (len(pings(row)), pulse(row).ping_count, BatchRow.objects.count()) == (2, 2, 1)


def test_a_judgement_that_raises_keeps_the_ping_and_wakes_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    sick, well = factories.monitor(), factories.monitor()
    record_well = transitions.record

    def fail_for_the_sick(monitor_id: int, fact: ping.Ping, *, now: datetime) -> None:
        if monitor_id == sick.id:
            Pulse.objects.filter(monitor_id=monitor_id).update(status="down")
            raise ZeroDivisionError
        record_well(monitor_id, fact, now=now)

    monkeypatch.setattr(transitions, "record", fail_for_the_sick)

    assert record(arrival(sick, seconds(1)), arrival(well, seconds(1)), now=seconds(9)) == [Outcome.STORED] * 2

    after = pulse(sick)
    assert (after.status, after.deadline, after.last_success_at, after.ping_count) == ("new", seconds(9), seconds(1), 1)
    assert (len(pings(sick)), pulse(well).status) == (1, "up")


def test_a_digest_is_of_the_token_as_it_is_written() -> None:
    made = factories.created()

    assert digest(made.monitor) == token.digest(made.secrets.token)


def test_an_ordinary_batch_takes_as_many_statements_for_a_hundred_pings_as_for_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = [factories.healthy(at=NOON) for _ in range(20)]
    batch = [arrival(row, seconds(index)) for index in range(5) for row in rows]

    with django_assert_max_num_queries(2):  # the savepoint of this test's transaction; the rest is raw
        record(*batch)

    assert Ping.objects.count() == 120
