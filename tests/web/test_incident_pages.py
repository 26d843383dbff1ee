"""Incidents on the pages: seen, acknowledged, noted, resolved."""

import pytest
from django.test import Client

from accounts.models import Membership
from monitors.models import Incident, Monitor
from tests import factories

pytestmark = pytest.mark.django_db


def test_acknowledging_says_who_is_on_it(owner: Client, alice: Membership, incident: Incident) -> None:
    page = owner.post(f"/incidents/{incident.id}/acknowledge", follow=True).content.decode()

    assert f"by {alice.user.email}" in page
    assert "Acknowledge</button>" not in page
    assert "Resolve</button>" in page


def test_resolving_by_hand_ends_it_and_says_what_follows(owner: Client, incident: Incident) -> None:
    page = owner.post(f"/incidents/{incident.id}/resolve", follow=True).content.decode()

    assert Incident.objects.get().resolution == "resolved"
    assert "The monitor waits anew" in page
    assert "Resolve</button>" not in page


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_acting_on_what_is_over_says_so(owner: Client, alices_monitor: Monitor, action: str) -> None:
    over = factories.incident(alices_monitor, resolved=True)

    page = owner.post(f"/incidents/{over.id}/{action}", follow=True).content.decode()

    assert "is resolved already" in page


def test_a_note_is_in_the_timeline_and_inert(owner: Client, incident: Incident) -> None:
    page = owner.post(f"/incidents/{incident.id}/notes", {"message": "<b>disk full</b>\nsee wiki"}, follow=True)

    assert "&lt;b&gt;disk full&lt;/b&gt;<br>see wiki" in page.content.decode()


@pytest.mark.parametrize("message", ["", "  ", "x" * 10_001, "a\x00b"])
def test_a_note_without_words_or_with_too_many_is_refused(owner: Client, incident: Incident, message: str) -> None:
    page = owner.post(f"/incidents/{incident.id}/notes", {"message": message}, follow=True)

    assert "Write a note of 1 to 10,000 characters" in page.content.decode()
    assert incident.events.count() == 1


def test_the_incident_of_a_deleted_monitor_keeps_its_page(
    owner: Client, alices_monitor: Monitor, incident: Incident
) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/delete")

    page = owner.get(f"/incidents/{incident.id}").content.decode()

    assert "nightly backup (deleted)" in page
    assert f'href="/monitors/{alices_monitor.id}"' not in page


def test_a_refresh_brings_the_living_part_alone(owner: Client, incident: Incident) -> None:
    page = owner.get(f"/incidents/{incident.id}", headers={"HX-Request": "true"}).content.decode()

    assert "Timeline" in page
    assert "<html" not in page
    assert "Add a note" not in page
