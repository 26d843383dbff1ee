"""What is read of the surroundings of a beet's incident: how, how much, and of whom not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organization, Project
from monitors import beet_evidence
from monitors.models import Gap, Incident, IncidentEvent, Monitor, Ping, StatusChange
from tests import factories

pytestmark = pytest.mark.django_db

OPENED = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="checkouts", type="beet", interval_sec=None, now=OPENED - timedelta(days=63))


@pytest.fixture
def silence(beet: Monitor) -> Incident:
    return factories.beet_incident(beet, at=OPENED)


def changed(monitor: Monitor, at: datetime, to: str, cause: str = "missed") -> None:
    StatusChange.objects.create(monitor=monitor, at=at, from_status="up", to_status=to, cause=cause)


def told(incident: Incident) -> str:
    return " ".join(beet_evidence.sentences(incident))


def story(incident: Incident, now: datetime = OPENED + HOUR) -> beet_evidence.Story:
    found = beet_evidence.of(incident, zone=UTC, now=now)
    assert found is not None
    return found


def test_other_monitors_of_the_project_that_changed_near_it_are_named(acme: Organization, silence: Incident) -> None:
    for name, minutes in [("early", -31), ("first", -30), ("last", 30), ("late", 31)]:
        changed(factories.monitor(acme, name=name), OPENED + minutes * MINUTE, "down")

    assert "2 other monitors of the project changed within 30 minutes: first (down at 14:30), last (down at" in told(
        silence
    )


def test_what_does_not_belong_to_it_is_left_out(
    acme: Organization, beet: Monitor, silence: Incident, charlie: Any
) -> None:
    other = Project.objects.create(organization=acme, name="Other", slug="other", created_at=OPENED)
    elsewhere = factories.monitor(acme, name="elsewhere")
    Monitor.objects.filter(id=elsewhere.id).update(project=other)
    gone = factories.monitor(acme, name="gone")
    Monitor.objects.filter(id=gone.id).update(deleted_at=OPENED)
    learned = factories.monitor(acme, name="learned")
    for monitor in (elsewhere, gone, beet, factories.monitor(charlie.organization)):
        changed(monitor, OPENED, "down")
    changed(learned, OPENED, "up", "learned")

    assert "No other monitor of the project changed within 30 minutes." in told(silence)


def test_a_monitor_that_changed_several_times_is_told_once_by_the_worst(acme: Organization, silence: Incident) -> None:
    flapping = factories.monitor(acme, name="payments")
    for minutes, status in [(-9, "up"), (-5, "warning"), (-3, "down"), (4, "up"), (9, "down")]:
        changed(flapping, OPENED + minutes * MINUTE, status)

    assert "1 other monitor of the project changed within 30 minutes: payments (down at 14:57)." in told(silence)


def test_earlier_incidents_are_its_own_and_before_it(acme: Organization, beet: Monitor, silence: Incident) -> None:
    for days, monitor in [(12, beet), (-3, beet), (2, factories.monitor(acme))]:
        Incident.objects.create(
            monitor=monitor, cause="silence", title="x", opened_at=OPENED - timedelta(days=days),
            resolved_at=OPENED + timedelta(days=4),
        )  # fmt: skip

    assert "It is the first silence in 12 days." in told(silence)


def test_what_was_told_last_is_when_it_got_worse(silence: Incident) -> None:
    for seq, kind, hours in [(2, "escalated", 2), (3, "note", 3)]:
        at = OPENED + hours * HOUR
        IncidentEvent.objects.create(incident=silence, seq=seq, kind=kind, at=at, created_at=at)

    assert "none came by 17:00." in told(silence)


def test_our_own_gaps_near_it_are_named_the_longest_first_come_in_order(silence: Incident) -> None:
    lengths = {-89: 1, -60: 5, -40: 0.4, -30: 4, -20: 3, -15: 2, 20: 9}
    for minutes, length in lengths.items():
        start = OPENED + minutes * MINUTE
        Gap.objects.create(started_at=start, ended_at=start + length * MINUTE, reason="deaf")

    assert [start for start, _ in story(silence).deaf] == [OPENED + minutes * MINUTE for minutes in (-60, -30, -20)]
    assert "not listening from Mon 5 Jan, 14:00 UTC to 14:05" in told(silence)


def test_the_events_around_it_are_counted_part_by_part(beet: Monitor, silence: Incident) -> None:
    before = [OPENED - HOUR - minutes * MINUTE for minutes in range(0, 60, 2)]
    Ping.objects.bulk_create(Ping(monitor=beet, received_at=at, kind="success") for at in [*before, OPENED + HOUR / 2])
    Ping.objects.create(monitor=factories.monitor(beet.organization), received_at=OPENED, kind="success")

    around = story(silence).around

    assert around is not None
    assert (around.start, around.end) == (OPENED - 2 * HOUR, OPENED + HOUR)
    assert (sum(around.counts), len(around.counts)) == (31, 60)
    assert around.counts[21:] == [0] * 29 + [1] + [0] * 9
    assert around.expected == pytest.approx(23.4 / 20)


def test_a_part_is_not_counted_to_its_end(beet: Monitor, silence: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beet_evidence, "MOST_IN_PART", 3)
    Ping.objects.bulk_create(Ping(monitor=beet, received_at=OPENED - HOUR, kind="success") for _ in range(9))

    around = story(silence).around

    assert around is not None
    assert sum(around.counts) == 3


def test_events_that_are_not_kept_any_more_are_not_shown_as_none(silence: Incident) -> None:
    assert story(silence).around is None


def test_a_drop_that_was_told_before_it_fell_silent_has_a_beginning_too(beet: Monitor, silence: Incident) -> None:
    """The silence began an hour after the incident."""
    Incident.objects.filter(id=silence.id).update(opened_at=OPENED - 2 * HOUR)
    silence.refresh_from_db()
    IncidentEvent.objects.create(incident=silence, seq=2, kind="escalated", at=OPENED, created_at=OPENED)
    Ping.objects.create(monitor=beet, received_at=OPENED - HOUR, kind="success")

    around = story(silence, now=OPENED).around

    assert around is not None
    assert (around.start, around.low_since, around.end) == (OPENED - 4 * HOUR, OPENED - HOUR, OPENED)


def test_it_takes_five_queries_however_much_there_is(
    acme: Organization, beet: Monitor, silence: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        changed(factories.monitor(acme), OPENED + number * MINUTE, "down")
        Incident.objects.create(
            monitor=beet, cause="drop", title="x", opened_at=OPENED - number * HOUR - HOUR,
            resolved_at=OPENED - number * HOUR,
        )  # fmt: skip
    loaded = Incident.objects.select_related("monitor").get(id=silence.id)

    with django_assert_num_queries(5):
        story(loaded)
    with django_assert_num_queries(4):
        beet_evidence.sentences(loaded)


def test_an_incident_of_another_kind_has_no_story_and_costs_nothing(
    incident: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert beet_evidence.of(incident, zone=UTC, now=OPENED) is None
        assert beet_evidence.sentences(incident) == []
