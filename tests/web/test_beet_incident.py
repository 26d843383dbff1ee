"""The page and the API of an incident of a beet: why it opened, in plain words."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organization
from monitors.domain import evidence
from monitors.models import Incident, IncidentEvent, Monitor, Ping, StatusChange
from tests import factories

pytestmark = pytest.mark.django_db

OPENED = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="checkouts", type="beet", interval_sec=None, now=OPENED - timedelta(days=63))


@pytest.fixture
def silence(beet: Monitor, alice: Membership) -> Incident:
    alice.user.timezone = "Europe/Berlin"
    alice.user.save()
    Ping.objects.bulk_create(
        Ping(monitor=beet, received_at=OPENED - HOUR - number * 2 * MINUTE, kind="success") for number in range(30)
    )
    return factories.beet_incident(beet, at=OPENED)


def page_of(client: Client, incident: Incident) -> str:
    return client.get(f"/incidents/{incident.id}").content.decode()


def test_the_page_tells_why_by_the_readers_clock_and_links_whom_it_names(
    owner: Client, acme: Organization, silence: Incident
) -> None:
    other = factories.monitor(acme, name="pay <now>")
    StatusChange.objects.create(monitor=other, at=OPENED, from_status="up", to_status="down", cause="missed")

    page = page_of(owner, silence)

    assert "23.4 events were expected since Mon 5 Jan, 15:00 CET; none came by 16:00." in page
    assert f'within 30 minutes: <a href="/monitors/{other.id}">pay &lt;now&gt;</a> (down at 16:00:00).' in page
    assert "<strong>Where to look.</strong> Nothing at all came" in page


def test_the_bars_show_the_events_around_it_and_say_so_in_words(owner: Client, silence: Incident) -> None:
    page = page_of(owner, silence)

    picture = page.partition('<svg class="events"')[2].partition("</svg>")[0]
    assert len(re.findall(r'<rect data-state="up" x="[\d.]+%" y="[\d.]+" width', picture)) >= 20
    assert all(f'<rect data-state="{key}"' in picture for key in ("up", "late", "down"))
    assert (
        "Events in parts of 3 min, where 1.2 each are usual: 30 from Mon 5 Jan, 14:00 to Mon 5 Jan, 15:00, 0 from"
        " then to Mon 5 Jan, 17:00." in picture
    )


def test_a_beet_that_still_learns_has_bars_and_nothing_that_is_usual(owner: Client, silence: Incident) -> None:
    shown = {"arm": "silence", "since": (OPENED - HOUR).isoformat(), "limitSec": 3600}
    Incident.objects.filter(id=silence.id).update(evidence=shown)

    page = page_of(owner, silence)

    assert "it alerts after 1 hour without one" in page
    assert "Events in parts of 3 min: 30 from" in page
    assert "events-usual" not in page


def test_an_unusual_value_of_a_heartbeat_is_told_with_the_strip_of_its_pings(
    owner: Client, alices_monitor: Monitor
) -> None:
    Ping.objects.create(monitor=alices_monitor, received_at=OPENED, kind="success", value=0)
    shown = {"arm": "value", "value": 0, "low": 12, "high": 48, "per": "ping", "learned": True, "at": str(OPENED)}
    incident = Incident.objects.create(
        monitor=alices_monitor, cause="value", title="odd", opened_at=OPENED, evidence=shown
    )

    page = page_of(owner, incident)

    assert "12 to 48 is usual." in page
    assert "<circle" in page.partition('class="moments"')[2].partition("</div>")[0]
    assert 'class="events"' not in page


def test_without_events_that_are_kept_the_strip_stands_in(owner: Client, beet: Monitor) -> None:
    page = page_of(owner, factories.beet_incident(beet, at=OPENED))

    assert "none came by" in page
    assert 'class="events"' not in page
    assert 'class="moments"' in page


def test_a_beets_incident_without_evidence_is_a_page_too(owner: Client, silence: Incident) -> None:
    Incident.objects.filter(id=silence.id).update(evidence=None)

    assert "Where to look" not in page_of(owner, silence)


def test_the_page_of_a_beets_incident_takes_eleven_queries_at_most_for_its_data(
    owner: Client, silence: Incident, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    page_of(owner, silence)

    # session, user, membership, banner, worst state; incident, timeline, pings before and after, deliveries, what was
    # sent beside them; when it was told, earlier ones, neighbours, gaps, counts
    with django_assert_max_num_queries(5 + 6 + 5):
        page_of(owner, silence)


def test_an_incident_that_got_worse_says_what_it_was_at_each_moment(owner: Client, silence: Incident) -> None:
    low = {**(silence.evidence or {}), "arm": "drop", "expected": 61, "seen": 12}
    silence.events.update(as_of=evidence.freeze("drop", "warning", low))
    IncidentEvent.objects.create(
        incident=silence, seq=2, kind="escalated", at=OPENED + HOUR, created_at=OPENED,
        as_of=evidence.freeze("silence", "critical", silence.evidence),
    )  # fmt: skip

    timeline = page_of(owner, silence).partition('class="timeline"')[2]

    assert "61 events were expected since Mon 5 Jan, 15:00 CET; 12 came by 16:00, 20% of that." in timeline
    assert "23.4 events were expected since Mon 5 Jan, 15:00 CET; none came by 17:00." in timeline


def test_what_ends_it_are_events(owner: Client, silence: Incident) -> None:
    Incident.objects.filter(id=silence.id).update(resolved_at=OPENED + HOUR, resolution="recovered")

    page = page_of(owner, silence)

    assert ": events came again" in page
    assert "<dt>Last event</dt>" in page


def test_the_list_can_be_asked_for_silences(owner: Client, silence: Incident, incident: Incident) -> None:
    page = owner.get("/incidents?cause=silence").content.decode()

    assert "checkouts went silent" in page
    assert incident.title not in page
    assert '<option value="silence" selected>Silent</option>' in page
