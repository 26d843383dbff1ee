"""The one writer: a ping or a hand changes pulse, runs, history, incident and outbox together."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from monitors import sweep, transitions
from monitors.domain.ping import Ping
from monitors.domain.status import Kind
from monitors.models import Incident, IncidentEvent, Monitor, Pulse, Run, StatusChange
from monitors.models import Ping as PingRow
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=5)
PINGED = factories.NOON


def ping(monitor: Monitor, kind: str, at: datetime, **given: Any) -> PingRow:
    """Store a ping and take it into the state, as ingest does."""
    row = PingRow.objects.create(monitor=monitor, received_at=at, kind=kind, run_id=given.get("run_id", ""))
    with transaction.atomic():
        transitions.record(monitor.id, Ping(received_at=at, kind=Kind(kind), id=row.id, **given), now=at)
    row.refresh_from_db()
    return row


def pulse_of(monitor: Monitor) -> Pulse:
    return Pulse.objects.get(monitor=monitor)


def test_the_first_success_of_a_new_monitor_makes_it_up() -> None:
    monitor = factories.monitor()

    ping(monitor, "success", PINGED)

    pulse = pulse_of(monitor)
    assert (pulse.status, pulse.status_since, pulse.ping_count) == ("up", PINGED, 1)
    assert pulse.deadline == PINGED + HOUR + GRACE
    assert StatusChange.objects.get().cause == "pinged"


def test_a_ping_that_recovers_resolves_its_incident_in_the_same_transaction() -> None:
    monitor = factories.healthy(at=PINGED)
    down_at, back_at = PINGED + HOUR + GRACE, PINGED + 3 * HOUR
    sweep.run(watermark=down_at, now=down_at)

    ping(monitor, "success", back_at)

    incident = Incident.objects.get()
    assert (incident.resolved_at, incident.resolution) == (back_at, "recovered")
    assert list(IncidentEvent.objects.order_by("seq").values_list("seq", "kind")) == [(1, "opened"), (2, "resolved")]
    assert (pulse_of(monitor).status, pulse_of(monitor).misses) == ("up", 0)


def test_a_failure_opens_at_once_and_the_same_due_is_not_counted_again() -> None:
    monitor = factories.healthy(at=PINGED)
    failed_at = PINGED + HOUR + GRACE - timedelta(seconds=1)

    ping(monitor, "fail", failed_at)
    sweep.run(watermark=PINGED + HOUR + GRACE, now=PINGED + HOUR + GRACE)

    incident = Incident.objects.get()
    assert (incident.cause, incident.opened_at) == ("failed", failed_at)
    assert pulse_of(monitor).misses == 1


def test_start_and_success_make_one_run_with_its_duration() -> None:
    monitor = factories.healthy(at=PINGED)

    ping(monitor, "start", PINGED + HOUR, run_id="a")
    finish = ping(monitor, "success", PINGED + HOUR + timedelta(seconds=90), run_id="a")

    run = Run.objects.get()
    assert (run.started_at, run.finished_at) == (PINGED + HOUR, PINGED + HOUR + timedelta(seconds=90))
    assert run.outcome == "success"
    assert finish.duration_sec == 90.0


def test_a_finish_that_arrives_before_its_start_pairs_all_the_same() -> None:
    monitor = factories.healthy(at=PINGED)
    start, end = PINGED + HOUR, PINGED + HOUR + timedelta(seconds=2)

    ping(monitor, "success", end, run_id="a")
    ping(monitor, "start", start, run_id="a")

    run = Run.objects.get()
    assert (run.started_at, run.finished_at, run.outcome) == (start, end, "success")


def test_overlapping_runs_are_kept_apart() -> None:
    monitor = factories.healthy(at=PINGED)
    ping(monitor, "start", PINGED + timedelta(seconds=10), run_id="a")
    ping(monitor, "start", PINGED + timedelta(seconds=20), run_id="b")

    first = ping(monitor, "success", PINGED + timedelta(seconds=40), run_id="a")
    second = ping(monitor, "success", PINGED + timedelta(seconds=45), run_id="b")

    assert (first.duration_sec, second.duration_sec) == (30.0, 25.0)


def test_a_run_without_an_id_pairs_with_the_latest_start_without_one() -> None:
    monitor = factories.healthy(at=PINGED)
    ping(monitor, "start", PINGED + timedelta(seconds=10))
    ping(monitor, "start", PINGED + timedelta(seconds=20))

    finish = ping(monitor, "success", PINGED + timedelta(seconds=25))

    assert finish.duration_sec == 5.0
    assert sorted(Run.objects.values_list("outcome", flat=True)) == ["success", "superseded"]


def test_a_run_that_takes_too_long_opens_an_incident_and_is_closed() -> None:
    monitor = factories.healthy(at=PINGED, max_runtime_sec=600)
    ping(monitor, "start", PINGED + HOUR)
    at = PINGED + HOUR + timedelta(minutes=10)

    sweep.run(watermark=at, now=at)

    incident = Incident.objects.get()
    assert (incident.cause, incident.opened_at) == ("overran", at)
    assert Run.objects.get().outcome == "overran"


def test_a_log_is_counted_and_judges_nothing() -> None:
    monitor = factories.healthy(at=PINGED)

    ping(monitor, "log", PINGED + timedelta(seconds=5))

    pulse = pulse_of(monitor)
    assert (pulse.status, pulse.ping_count, pulse.last_success_at) == ("up", 2, PINGED)
    assert pulse.last_ping_at == PINGED + timedelta(seconds=5)


def test_an_older_failure_does_not_move_a_newer_success() -> None:
    monitor = factories.healthy(at=PINGED)

    ping(monitor, "fail", PINGED - timedelta(seconds=1))

    pulse = pulse_of(monitor)
    assert (pulse.status, pulse.last_ping_at) == ("up", PINGED)
    assert not Incident.objects.exists()


def test_late_evidence_undoes_the_miss() -> None:
    monitor = factories.healthy(at=PINGED)
    at = PINGED + HOUR + GRACE
    sweep.run(watermark=at, now=at)

    ping(monitor, "success", PINGED + HOUR + timedelta(minutes=2))

    incident = Incident.objects.get()
    assert (incident.resolution, incident.resolved_at) == ("late_evidence", incident.opened_at)
    assert pulse_of(monitor).status == "up"
    assert pulse_of(monitor).deadline == PINGED + 2 * HOUR + GRACE + timedelta(minutes=2)
