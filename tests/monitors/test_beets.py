"""Beets in the database: the sweep reads what came since its last look, and writes what the arms say of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.domain.actor import SYSTEM
from monitors import operations, policies, queries, rhythms, sweep, sweep_sql
from monitors.domain.status import Status
from monitors.models import Gap, Incident, IncidentEvent, Monitor, Ping, Pulse, Rhythm, StatusChange
from tests import factories
from tests.factories import NOON
from tests.monitors.world import World, status

pytestmark = pytest.mark.django_db
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def learned(*, rate: float = 60.0, at: datetime = NOON, **given: Any) -> Monitor:
    """A beet that knows its rhythm, of so many events an hour, and was looked at."""
    monitor = factories.monitor(type="beet", interval_sec=None, grace_sec=60, now=at - HOUR, **given)
    Rhythm.objects.filter(monitor=monitor).update(rates=rhythms.pack_rates([rate] * 168), learned_at=at)
    happen(monitor, [at])
    look(at)
    return monitor


def happen(monitor: Monitor, times: Iterable[datetime]) -> None:
    """Events, as ingest leaves them."""
    rows = [Ping(monitor=monitor, received_at=at, kind="success", method="POST") for at in times]
    Ping.objects.bulk_create(rows)
    newest = max(row.received_at for row in rows)
    Pulse.objects.filter(monitor=monitor).update(last_ping_at=newest, last_success_at=newest)
    Pulse.objects.filter(monitor=monitor, deadline=None).update(deadline=newest)


def every(step: timedelta, start: datetime, end: datetime) -> list[datetime]:
    return [start + step * number for number in range(1, (end - start) // step + 1)]


def look(at: datetime) -> sweep.Result:
    return sweep.run(watermark=at, now=at)


def kinds(incident: Incident) -> list[str]:
    return list(incident.events.order_by("seq").values_list("kind", flat=True))


def test_a_new_beet_learns_and_wakes_nobody() -> None:
    monitor = factories.monitor(type="beet", interval_sec=None)

    happen(monitor, every(MINUTE, NOON, NOON + HOUR))
    look(NOON + 100 * HOUR)

    assert (status(monitor), Incident.objects.count()) == ("learning", 0)


def test_what_is_learned_is_up_from_then_on() -> None:
    monitor = learned()

    assert status(monitor) == "up"
    change = StatusChange.objects.get(monitor=monitor)
    assert (change.from_status, change.to_status, change.cause) == ("learning", "up", "learned")


def test_events_only_move_the_deadline_on() -> None:
    monitor = learned()
    before = Pulse.objects.get(monitor=monitor).deadline
    assert before is not None
    happen(monitor, every(MINUTE, NOON, NOON + 2 * HOUR))

    result = look(NOON + 2 * HOUR)

    after = Pulse.objects.get(monitor=monitor).deadline
    assert (result.visited, result.opened) == (1, 0)
    assert after is not None
    assert NOON + 2 * HOUR < after < NOON + 3 * HOUR
    assert Rhythm.objects.get(monitor=monitor).heard_at == NOON + 2 * HOUR


def test_silence_opens_an_incident_at_its_true_time_and_the_stream_ends_it() -> None:
    monitor = learned()
    happen(monitor, every(MINUTE, NOON, NOON + HOUR))

    assert look(NOON + 5 * HOUR).opened == 1

    incident = Incident.objects.get()
    assert (incident.cause, incident.severity, incident.title) == ("silence", "critical", f"{monitor.name} went silent")
    assert incident.last_ping_at == NOON + HOUR
    assert NOON + HOUR + 10 * MINUTE < incident.opened_at < NOON + HOUR + 15 * MINUTE
    assert incident.evidence is not None
    assert incident.evidence["seen"] == 0
    assert incident.evidence["expected"] == pytest.approx(12.5, abs=0.5)
    assert status(monitor) == "down"

    happen(monitor, every(MINUTE, NOON + 5 * HOUR, NOON + 6 * HOUR))
    look(NOON + 6 * HOUR)

    incident.refresh_from_db()
    assert (incident.resolution, status(monitor)) == ("recovered", "up")
    assert incident.resolved_at is not None
    assert incident.resolved_at < NOON + 5 * HOUR + 10 * MINUTE
    assert kinds(incident) == ["opened", "resolved"]


def test_a_drop_that_becomes_a_silence_is_one_incident_that_got_worse() -> None:
    monitor = learned()
    happen(monitor, every(3 * MINUTE, NOON, NOON + 2 * HOUR))
    look(NOON + 2 * HOUR)
    incident = Incident.objects.get()
    assert (incident.cause, incident.severity, status(monitor)) == ("drop", "warning", "warning")

    assert look(NOON + 3 * HOUR).opened == 1

    incident.refresh_from_db()
    assert (incident.cause, incident.severity, status(monitor)) == ("silence", "critical", "down")
    assert incident.title == f"{monitor.name} went silent"
    assert kinds(incident) == ["opened", "escalated"]


def test_a_sweep_that_was_away_finds_all_that_happened_meanwhile() -> None:
    monitor = learned()
    happen(
        monitor, [*every(MINUTE, NOON + 2 * HOUR, NOON + 5 * HOUR), *every(MINUTE, NOON + 8 * HOUR, NOON + 9 * HOUR)]
    )

    look(NOON + 9 * HOUR)

    found = list(Incident.objects.order_by("opened_at"))
    assert [kinds(each) for each in found] == [["opened", "resolved"]] * 2
    assert [each.opened_at.hour for each in found] == [12, 17]
    changes = StatusChange.objects.filter(monitor=monitor).order_by("at", "id")
    assert list(changes.values_list("to_status", flat=True)) == ["up", "down", "up", "down", "up"]


def test_looking_every_minute_and_once_are_the_same() -> None:
    often, once = learned(name="often"), learned(name="once")
    events = [*every(MINUTE, NOON, NOON + HOUR), *every(4 * MINUTE, NOON + HOUR, NOON + 3 * HOUR)]
    happen(often, events)
    Pulse.objects.filter(monitor=once).update(deadline=None)

    for at in every(MINUTE, NOON, NOON + 5 * HOUR):
        look(at)
    happen(once, events)
    Pulse.objects.filter(monitor=once).update(deadline=NOON)
    look(NOON + 5 * HOUR)

    one, other = (Incident.objects.get(monitor=each) for each in (often, once))
    assert abs(one.opened_at - other.opened_at) < timedelta(milliseconds=10)
    assert kinds(one) == kinds(other) == ["opened", "escalated"]
    assert one.evidence == pytest.approx(other.evidence, abs=0.02) or one.evidence == other.evidence


def test_very_many_events_are_taken_in_some_at_a_time_and_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a day away a stream may have had half a million. Some share an instant, at which a look may end."""
    times = [*every(MINUTE, NOON, NOON + 2 * HOUR), *every(4 * MINUTE, NOON + 5 * HOUR, NOON + 8 * HOUR)]
    events = sorted([*times, *times[10:14], *times[10:14], *times[30:33]])
    whole = learned(name="whole")
    happen(whole, events)
    look(NOON + 9 * HOUR)
    parts = learned(name="parts")
    happen(parts, events)
    monkeypatch.setattr(sweep_sql, "EVENTS_AT_ONCE", 7)
    monkeypatch.setattr(sweep_sql, "FEWEST_EVENTS", 7)

    looks = 0
    while look(NOON + 9 * HOUR).visited:
        looks += 1

    assert looks >= 5
    ours, theirs = [
        Incident.objects.filter(monitor=each)
        .values_list("cause", "severity", "opened_at", "resolved_at", "evidence__seen")
        .order_by("id")
        for each in (parts, whole)
    ]
    assert list(ours) == list(theirs) != []
    assert Rhythm.objects.get(monitor=parts).drop == pytest.approx(Rhythm.objects.get(monitor=whole).drop)


def test_a_beet_with_more_events_at_one_instant_than_are_read_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = learned()
    happen(monitor, [NOON + MINUTE] * 9)
    happen(monitor, [NOON + 2 * MINUTE])
    Pulse.objects.filter(monitor=monitor).update(deadline=NOON)
    monkeypatch.setattr(sweep_sql, "EVENTS_AT_ONCE", 5)
    monkeypatch.setattr(sweep_sql, "FEWEST_EVENTS", 5)

    look(NOON + 20 * MINUTE)
    look(NOON + 20 * MINUTE)

    assert Rhythm.objects.get(monitor=monitor).heard_at == NOON + 2 * MINUTE


def test_the_first_look_after_learning_begins_anew_whatever_came_before() -> None:
    """It was looked at weeks ago, when somebody still asked for a plain silence."""
    monitor = learned()
    row = Rhythm.objects.filter(monitor=monitor)
    row.update(evaluated_at=NOON - 500 * HOUR, heard_at=NOON - 500 * HOUR)
    Pulse.objects.filter(monitor=monitor).update(status="learning", deadline=NOON + HOUR)
    happen(monitor, [NOON - 400 * HOUR, NOON + HOUR])

    look(NOON + HOUR)

    assert (status(monitor), Incident.objects.count()) == ("up", 0)
    assert row.get().evaluated_at == NOON + HOUR


def test_an_event_at_the_moment_of_a_look_counts_once() -> None:
    monitor = learned()
    times = [NOON + 2 * MINUTE, NOON + 4 * MINUTE + timedelta(microseconds=1)]
    happen(monitor, times)

    for at in [*times, NOON + 5 * MINUTE]:
        Pulse.objects.filter(monitor=monitor).update(deadline=at)
        look(at)

    row = Rhythm.objects.get(monitor=monitor)
    assert row.drop_seen <= 2
    assert row.quiet == pytest.approx((NOON + 5 * MINUTE - times[1]).total_seconds() / 60, abs=1e-6)


def test_a_time_in_which_nobody_listened_is_no_silence() -> None:
    monitor = learned()
    Gap.objects.create(started_at=NOON + MINUTE, ended_at=NOON + 9 * HOUR, reason="stopped")

    look(NOON + 9 * HOUR + 5 * MINUTE)

    assert (status(monitor), Incident.objects.count()) == ("up", 0)


def test_a_plain_silence_alerts_while_it_learns() -> None:
    monitor = factories.monitor(type="beet", interval_sec=None, learning_silence_sec=3600)
    look(NOON)
    happen(monitor, [NOON + 10 * MINUTE])

    look(NOON + HOUR)
    assert Incident.objects.count() == 0
    look(NOON + 2 * HOUR)

    incident = Incident.objects.get()
    assert (incident.opened_at, incident.cause) == (NOON + HOUR + 10 * MINUTE, "silence")
    happen(monitor, [NOON + 3 * HOUR])
    look(NOON + 3 * HOUR + MINUTE)
    incident.refresh_from_db()
    assert (incident.resolved_at, status(monitor)) == (NOON + 3 * HOUR, "learning")


def test_orders_of_a_person() -> None:
    monitor = learned()
    look(NOON + 2 * HOUR)
    incident = Incident.objects.get()

    operations.resolve(incident=incident, by=SYSTEM, now=NOON + 3 * HOUR)
    assert (status(monitor), incident.resolution) == ("up", "resolved")
    assert Rhythm.objects.get(monitor=monitor).learned_at is None  # it is well, so it is learned from
    look(NOON + 3 * HOUR + 5 * MINUTE)
    assert Incident.objects.filter(resolved_at=None).count() == 0

    operations.pause(monitor=monitor, by=SYSTEM, now=NOON + 4 * HOUR)
    look(NOON + 20 * HOUR)
    assert (status(monitor), Incident.objects.filter(resolved_at=None).count()) == ("paused", 0)

    operations.resume(monitor=monitor, by=SYSTEM, now=NOON + 20 * HOUR)
    look(NOON + 20 * HOUR + 5 * MINUTE)
    assert status(monitor) == "up"
    assert look(NOON + 21 * HOUR).opened == 1

    operations.delete(monitor=monitor, by=SYSTEM, now=NOON + 22 * HOUR)
    assert Incident.objects.filter(resolved_at=None).count() == 0


def test_edits_of_its_tuning_count_at_once() -> None:
    monitor = learned()

    operations.edit(monitor=monitor, changes={"budget_weeks": 520}, by=SYSTEM, now=NOON)
    longer = Pulse.objects.get(monitor=monitor).deadline
    operations.edit(monitor=monitor, changes={"budget_weeks": 1}, by=SYSTEM, now=NOON)
    shorter = Pulse.objects.get(monitor=monitor).deadline

    assert longer is not None
    assert shorter is not None
    assert longer - shorter == pytest.approx(timedelta(minutes=6.2), abs=timedelta(seconds=10))


def test_a_thousand_beets_are_looked_at_in_few_queries(django_assert_max_num_queries: Any) -> None:
    organization = factories.organization()
    for number in range(20):
        learned(of=organization, name=f"stream {number}")

    with django_assert_max_num_queries(40):
        assert look(NOON + 5 * HOUR).opened == 20


def test_a_clock_that_was_set_back_leaves_no_look_in_the_future() -> None:
    world = World()
    world.listen()
    monitor = learned()
    world.go(3 * SECOND)
    Rhythm.objects.filter(monitor=monitor).update(evaluated_at=NOON + HOUR, heard_at=NOON + HOUR)

    world.step(-HOUR)
    world.go(5 * SECOND)

    row = Rhythm.objects.get(monitor=monitor)
    assert row.evaluated_at is not None
    assert row.evaluated_at <= world.now
    assert row.heard_at is not None
    assert row.heard_at <= world.now


def test_what_is_expected_is_shown_with_it() -> None:
    monitor = learned()
    happen(monitor, [NOON + 30 * MINUTE])
    monitor = queries.live(monitor.organization).get(id=monitor.id)

    outlook = queries.outlook(monitor, NOON + 31 * MINUTE)

    assert (outlook.status, outlook.next_due_at) == (Status.UP, None)
    assert outlook.deadline_at is not None
    assert NOON + 40 * MINUTE < outlook.deadline_at < NOON + 45 * MINUTE
    assert IncidentEvent.objects.count() == 0


def test_a_snooze_until_it_is_well_outlasts_the_few_events_of_a_drop() -> None:
    monitor = learned()
    happen(monitor, every(3 * MINUTE, NOON, NOON + 2 * HOUR))
    look(NOON + 2 * HOUR)
    monitor.refresh_from_db()
    operations.snooze(monitor=monitor, until=None, by=SYSTEM, now=NOON + 2 * HOUR)

    happen(monitor, [NOON + 2 * HOUR + MINUTE])
    low = queries.live(monitor.organization).get(id=monitor.id)
    assert queries.is_snoozed(low, NOON + 2 * HOUR + 2 * MINUTE)

    happen(monitor, every(MINUTE, NOON + 2 * HOUR + MINUTE, NOON + 4 * HOUR))
    look(NOON + 4 * HOUR)
    well = queries.live(monitor.organization).get(id=monitor.id)
    assert (well.pulse.status, queries.is_snoozed(well, NOON + 4 * HOUR)) == ("up", False)


@pytest.mark.parametrize("leaves", ["deleted", "a budget of its own"])
def test_beets_that_share_a_budget_are_looked_at_when_one_leaves(leaves: str) -> None:
    organization = factories.organization()
    stays, goes = learned(of=organization, name="stays"), learned(of=organization, name="goes")
    policies.edit(organization=organization, changes={"beet_budget_weeks": 26}, by=SYSTEM, now=NOON)
    look(NOON)
    before = Pulse.objects.get(monitor=stays).deadline

    if leaves == "deleted":
        operations.delete(monitor=goes, by=SYSTEM, now=NOON)
    else:
        operations.edit(monitor=goes, changes={"budget_weeks": 4}, by=SYSTEM, now=NOON)
    look(NOON)

    after = Pulse.objects.get(monitor=stays).deadline
    assert before is not None
    assert after is not None
    assert timedelta(seconds=30) < before - after < timedelta(minutes=2)
