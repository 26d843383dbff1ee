"""The sweep: passed deadlines are judged from the facts, under the lock, once."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitors import sweep, sweep_sql, transitions
from monitors.domain import judge
from monitors.domain.facts import Facts
from monitors.models import Incident, IncidentEvent, Monitor, Ping, Pulse, StatusChange, SweepMark
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=5)
PINGED = factories.NOON


def run(at: datetime) -> sweep.Result:
    return sweep.run(watermark=at, now=at)


def pulse_of(monitor: Monitor) -> Pulse:
    return Pulse.objects.get(monitor=monitor)


def test_a_passed_lazy_deadline_of_a_healthy_monitor_just_moves_on() -> None:
    monitor = factories.healthy(at=PINGED)

    result = run(PINGED + timedelta(minutes=1))

    assert result == sweep.Result(visited=1, rescheduled=1)
    assert pulse_of(monitor).deadline == PINGED + HOUR + GRACE
    assert not StatusChange.objects.exists()


def test_deadlines_that_just_move_on_need_no_gaps() -> None:
    for _ in range(3):
        factories.healthy(at=PINGED)

    with CaptureQueriesContext(connection) as asked:
        run(PINGED + timedelta(minutes=1))

    assert not [query["sql"] for query in asked if "monitors_gap" in query["sql"]]


def test_habits_are_looked_up_only_where_there_are_gaps() -> None:
    factories.healthy(at=PINGED)

    with CaptureQueriesContext(connection) as asked:
        run(PINGED + HOUR + GRACE)

    assert [query["sql"] for query in asked if "monitors_gap" in query["sql"]]
    assert not [query["sql"] for query in asked if "monitors_ping" in query["sql"]]


def test_a_usual_period_is_the_shortest_of_the_last_ten_distances_between_successes() -> None:
    often, once, never = (factories.monitor() for _ in range(3))
    minutes = [0, 1, *range(10, 110, 10), 104]  # the minute between the first two is the eleventh last
    rows = [Ping(monitor=often, received_at=PINGED + timedelta(minutes=each), kind="success") for each in minutes]
    rows += [Ping(monitor=often, received_at=PINGED + timedelta(minutes=105), kind="log")]
    rows += [Ping(monitor=once, received_at=PINGED, kind="success")]
    Ping.objects.bulk_create(rows)

    found = sweep_sql.usual_periods([often.id, once.id, never.id])

    assert found == {often.id: timedelta(minutes=4)}


def test_nothing_is_judged_before_the_deadline() -> None:
    monitor = factories.healthy(at=PINGED)
    run(PINGED)

    result = run(PINGED + HOUR + GRACE - timedelta(microseconds=1))

    assert result == sweep.Result()
    assert pulse_of(monitor).status == "up"


def test_silence_opens_one_incident_with_its_outbox_row_at_the_true_time() -> None:
    monitor = factories.healthy(at=PINGED)
    late = PINGED + HOUR + GRACE + timedelta(seconds=7)

    result = run(late)

    incident = Incident.objects.get()
    event = IncidentEvent.objects.get()
    assert result.opened == 1
    assert (incident.monitor, incident.cause, incident.opened_at) == (monitor, "missed", PINGED + HOUR + GRACE)
    assert (incident.expected_at, incident.last_ping_at) == (PINGED + HOUR, PINGED)
    assert (event.incident, event.seq, event.kind, event.dispatched_at) == (incident, 1, "opened", None)
    assert pulse_of(monitor).status == "down"
    assert pulse_of(monitor).deadline == PINGED + 2 * HOUR + GRACE
    assert list(StatusChange.objects.values_list("from_status", "to_status", "cause", "at")) == [
        ("up", "down", "missed", PINGED + HOUR + GRACE)
    ]


def test_a_silent_monitor_is_told_of_once_however_often_the_sweep_comes() -> None:
    factories.healthy(at=PINGED)

    for hours in range(1, 6):
        run(PINGED + hours * HOUR + GRACE)

    assert Incident.objects.count() == 1
    assert IncidentEvent.objects.count() == 1


def test_with_a_threshold_of_three_the_third_miss_opens() -> None:
    monitor = factories.healthy(at=PINGED, alert_threshold=3)

    run(PINGED + 2 * HOUR + GRACE)
    misses_before, opened_before = pulse_of(monitor).misses, Incident.objects.count()
    run(PINGED + 3 * HOUR + GRACE)

    assert (misses_before, opened_before) == (2, 0)
    assert Incident.objects.get().opened_at == PINGED + 3 * HOUR + GRACE


def test_a_ping_between_claim_and_judgement_keeps_it_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """RIVALS 7: what was read before the lock says silent; what is read under the lock decides."""
    monitor = factories.healthy(at=PINGED)
    at = PINGED + HOUR + GRACE
    claimed = sweep_sql.due(at, 10)
    Pulse.objects.filter(monitor=monitor).update(last_success_at=at - timedelta(seconds=1))
    monkeypatch.setattr(sweep_sql, "due", lambda clock, limit, rows=[claimed]: rows.pop() if rows else [])

    result = run(at)

    assert result.opened == 0
    assert pulse_of(monitor).status == "up"


def test_a_monitor_that_was_never_pinged_is_never_judged() -> None:
    monitor = factories.monitor()

    result = run(factories.NOON + timedelta(days=400))

    assert result == sweep.Result()
    assert pulse_of(monitor).status == "new"


def test_a_poison_monitor_is_put_off_and_stops_nobody_else() -> None:
    poison, healthy = factories.healthy(at=PINGED), factories.healthy(at=PINGED)
    Monitor.objects.filter(id=poison.id).update(interval_sec=None, cron="61 * * * *")
    at = PINGED + HOUR + GRACE

    result = run(at)

    assert (result.opened, result.put_off) == (1, 1)
    assert Incident.objects.get().monitor == healthy
    assert pulse_of(poison).deadline == at + sweep.PUT_OFF
    assert pulse_of(poison).judge_error.startswith("CronSimError")


def test_a_healed_monitor_loses_its_error_at_the_next_judgement() -> None:
    monitor = factories.healthy(at=PINGED)
    Pulse.objects.filter(monitor=monitor).update(judge_error="ValueError: gone")

    run(PINGED + HOUR + GRACE)

    assert pulse_of(monitor).judge_error == ""


@pytest.mark.parametrize("state", ["paused", "deleted", "locked"])
def test_what_is_not_judged_stays_silent(state: str) -> None:
    monitor = factories.healthy(at=PINGED)
    if state == "paused":
        transitions.paused(monitor.id, now=PINGED)
    elif state == "deleted":
        transitions.deleted(monitor.id, now=PINGED)
    else:
        Monitor.objects.filter(id=monitor.id).update(locked=True)

    run(PINGED + timedelta(days=9))

    assert not Incident.objects.exists()


def test_more_monitors_than_a_batch_are_all_judged_in_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH", 3)
    organization = factories.organization()
    for _ in range(8):
        factories.healthy(organization, at=PINGED)

    result = run(PINGED + HOUR + GRACE)

    assert (result.visited, result.opened) == (8, 8)


def test_a_full_sweep_leaves_its_mark() -> None:
    run(PINGED)

    mark = SweepMark.objects.get()
    assert (mark.finished_at, mark.watermark) == (PINGED, PINGED)


def test_the_stored_deadline_after_a_judgement_is_the_true_one() -> None:
    monitor = factories.healthy(at=PINGED, interval_sec=None, cron="0 * * * *", timezone="Europe/Berlin")

    run(PINGED + timedelta(minutes=1))

    [subject] = transitions.lock([monitor.id])
    assert isinstance(subject.facts, Facts)
    assert pulse_of(monitor).deadline == judge.deadline(subject.facts)
