"""Alerts about a stream of events tell what was so at their moment, whatever the incident has become since."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from alerts import dispatcher, queries
from alerts import operations as alerts_operations
from alerts.models import Channel, Delivery, Subscription
from monitors import beet_evidence, transitions, verdicts
from monitors.domain import evidence, facts
from monitors.domain.beet import BeetFacts, BeetVerdict
from monitors.domain.status import Cause, EventKind, Severity
from monitors.models import AlertPolicy, Incident, IncidentEvent, Monitor
from tests import factories
from tests.monitors.test_beets import every, happen, learned, look

pytestmark = pytest.mark.django_db

OPENED = factories.NOON
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LOW = {
    "arm": "drop", "since": (OPENED - HOUR).isoformat(), "expected": 61.0, "seen": 12, "logOdds": 9.2,
    "budgetWeeks": 26, "ratePerHour": 56.0,
}  # fmt: skip
SILENT = {**LOW, "arm": "silence", "since": OPENED.isoformat(), "expected": 23.4, "seen": 0}


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="checkouts", type="beet", interval_sec=None)


@pytest.fixture
def low(beet: Monitor) -> Incident:
    """It dropped, as the rules say it."""
    effect = facts.IncidentOpened(OPENED, Cause.DROP, None, OPENED - HOUR, Severity.WARNING, LOW)
    said(beet, effect, OPENED)
    return Incident.objects.get(monitor=beet)


def fall_silent(incident: Incident) -> None:
    """It got worse, two hours later."""
    at = OPENED + 2 * HOUR
    said(incident.monitor, facts.IncidentEscalated(at, Cause.SILENCE, Severity.CRITICAL, SILENT), at)


def said(monitor: Monitor, effect: facts.StateEffect, now: datetime) -> None:
    """What follows from a judgement with this effect is written."""
    for subject in transitions.lock([monitor.id]):
        assert isinstance(subject.facts, BeetFacts)
        verdicts.write([verdicts.Outcome(subject, BeetVerdict(subject.facts, None, (effect,)))], now=now)


def summary(incident: Incident, kind: str) -> str:
    event = IncidentEvent.objects.select_related("incident__monitor__organization").get(incident=incident, kind=kind)
    return queries.message_of(event).summary


def channel(beet: Monitor, **given: Any) -> Channel:
    made = alerts_operations.create_channel(
        organization=beet.organization, kind="email", name="ops", config={"to": "x@example.com"}, by=SYSTEM, now=OPENED
    )
    Subscription.objects.create(monitor=beet, channel=made, **given)
    return made


def test_the_beginning_is_told_as_it_was_after_it_got_worse(low: Incident) -> None:
    fall_silent(low)

    assert summary(low, "opened") == "checkouts dropped: 12 events since 11:00 UTC where 61 were expected."
    assert summary(low, "escalated") == (
        "checkouts went from low to silent: no event since 12:00 UTC, 23 were expected by 14:00."
    )
    told = queries.message_of(low.events.get(kind="opened")).incident
    assert (told.cause, told.severity, told.title) == ("drop", "warning", "checkouts dropped")


def test_who_acknowledged_the_drop_did_not_acknowledge_the_silence(low: Incident) -> None:
    verdicts.add_event(low.id, EventKind.ACKNOWLEDGED, at=OPENED + HOUR, now=OPENED + HOUR)
    fall_silent(low)
    verdicts.add_event(low.id, EventKind.REMINDED, at=OPENED + 3 * HOUR, now=OPENED + 3 * HOUR)

    assert summary(low, "acknowledged").startswith("checkouts dropped: acknowledged")
    assert summary(low, "reminded").startswith("checkouts is still down after 3 hours")


def test_reading_the_beginning_costs_nothing_more(
    low: Incident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    event = IncidentEvent.objects.select_related(
        "incident__monitor__organization", "incident__acknowledged_by"
    ).get(incident=low)  # fmt: skip

    with django_assert_num_queries(0):
        queries.message_of(event)


def test_an_event_of_before_this_release_tells_what_the_incident_says(low: Incident) -> None:
    IncidentEvent.objects.update(as_of=None)

    assert summary(low, "opened") == "checkouts dropped, since 5 Jan 2026, 12:00:00 UTC."


def test_a_channel_for_what_is_critical_hears_that_it_got_worse_and_not_that_it_was_low(
    beet: Monitor, low: Incident
) -> None:
    channel(beet, min_severity="critical")
    fall_silent(low)

    dispatcher.dispatch(now=OPENED + 2 * HOUR)

    assert [row.event.kind for row in Delivery.objects.select_related("event") if row.event] == ["escalated"]


@pytest.mark.parametrize(
    ("severity", "heard"), [("critical", ["escalated", "resolved"]), ("warning", ["opened", "resolved"])]
)
def test_who_hears_of_beginnings_alone_hears_of_one_that_begins_for_them_when_it_gets_worse(
    severity: str, heard: list[str], beet: Monitor, low: Incident
) -> None:
    """What was a warning at first is told to nobody who wants the critical only: getting worse is its beginning."""
    channel(beet, min_severity=severity, events=["opened", "resolved"])
    dispatcher.dispatch(now=OPENED)
    fall_silent(low)
    dispatcher.dispatch(now=OPENED + 2 * HOUR)

    said(beet, facts.IncidentResolved(OPENED + 3 * HOUR, Cause.RECOVERED), OPENED + 3 * HOUR)
    dispatcher.dispatch(now=OPENED + 3 * HOUR)

    found = Delivery.objects.select_related("event").order_by("event__seq")
    assert [row.event.kind for row in found if row.event] == heard


def test_people_are_reminded_again_of_what_got_worse_after_somebody_was_on_it(beet: Monitor, low: Incident) -> None:
    AlertPolicy.objects.create(organization=beet.organization, remind_every_sec=600, updated_at=OPENED)
    channel(beet)
    dispatcher.dispatch(now=OPENED)
    transitions.acknowledged(low.id, user_id=None, now=OPENED + HOUR)
    fall_silent(low)

    dispatcher.dispatch(now=OPENED + 2 * HOUR)

    low.refresh_from_db()
    assert (low.status, low.remind_at) == ("open", OPENED + 2 * HOUR + 10 * MINUTE)
    assert transitions.acknowledged(low.id, user_id=None, now=OPENED + 3 * HOUR)


def test_what_was_critical_already_stays_acknowledged_when_it_becomes_a_silence(beet: Monitor, low: Incident) -> None:
    Incident.objects.update(severity="critical")
    transitions.acknowledged(low.id, user_id=None, now=OPENED + HOUR)

    fall_silent(low)

    low.refresh_from_db()
    assert low.status == "acknowledged"


def test_an_incident_without_evidence_keeps_nothing_with_its_timeline(incident: Incident) -> None:
    verdicts.add_event(incident.id, EventKind.NOTE, at=OPENED, now=OPENED, message="x")

    assert set(incident.events.values_list("as_of", flat=True)) == {None}


def test_a_moment_is_read_as_it_was_kept() -> None:
    kept = evidence.thaw(evidence.freeze("drop", "warning", LOW))

    assert kept == evidence.Moment(Cause.DROP, Severity.WARNING, evidence.read(LOW))
    assert evidence.thaw(None) is evidence.thaw(evidence.freeze("missed", "critical", None)) is None


def test_what_the_sweep_finds_is_told_in_numbers(acme: Organization) -> None:
    """A stream of 60 an hour drops to a third, and two hours later falls silent: from the events to the words."""
    monitor = learned(of=acme, name="checkouts")
    happen(monitor, every(3 * MINUTE, OPENED, OPENED + 2 * HOUR))
    look(OPENED + 2 * HOUR)
    low = summary(Incident.objects.get(), "opened")
    look(OPENED + 3 * HOUR)

    incident = Incident.objects.select_related("monitor").get()
    assert re.fullmatch(
        r"checkouts dropped: \d+ events since 12:\d\d UTC where \d+ were expected\.", low
    ), low  # fmt: skip
    assert summary(incident, "opened") == low
    assert re.fullmatch(
        r"checkouts went from low to silent: no event since 14:00 UTC, 1\d were expected by 14:1\d\.",
        summary(incident, "escalated"),
    ), summary(incident, "escalated")
    told = beet_evidence.sentences(incident)
    assert re.fullmatch(r"1\d\.?\d? events were expected since Mon 5 Jan, 14:00 UTC; none came by 14:1\d\.", told[0])
    assert told[1:3] == [
        "About 60 an hour are usual at that time.",
        "By chance so long a silence comes less than once in 26 weeks: the odds against chance are about 260,000 to 1.",
    ]
