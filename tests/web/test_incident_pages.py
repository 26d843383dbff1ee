"""Incidents on the pages: seen, acknowledged, noted, resolved."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from accounts.domain.actor import SYSTEM
from accounts.models import Membership, Organization
from alerts import operations as alerts_operations
from alerts.models import Delivery
from heartbeet.lib import clock
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


def test_what_was_acknowledged_leaves_the_other_button_where_it_was(owner: Client, incident: Incident) -> None:
    owner.post(f"/incidents/{incident.id}/acknowledge")

    page = owner.get(f"/incidents/{incident.id}").content.decode()

    actions = page.partition('<div class="cluster">')[2].partition("</div>")[0]
    assert actions.index("Acknowledged</span>") < actions.index("Resolve</button>")


def test_the_head_says_who_is_on_it_and_who_ended_it(owner: Client, alice: Membership, incident: Incident) -> None:
    path = f"/incidents/{incident.id}"
    before = head(owner.get(path).content.decode())
    taken = head(owner.post(f"{path}/acknowledge", follow=True).content.decode())
    ended = head(owner.post(f"{path}/resolve", follow=True).content.decode())

    assert before == "Open since 5 min ago"
    assert re.fullmatch(rf"Acknowledged by {alice.user.email}, (just now|1 s ago); open since 5 min ago", taken)
    assert re.fullmatch(rf"Resolved after 5 min( \d+ s)?, (just now|\d s ago): by {alice.user.email}", ended)


def test_an_end_that_came_by_itself_says_how(owner: Client, alices_monitor: Monitor) -> None:
    over = factories.incident(alices_monitor, resolved=True)

    page = owner.get(f"/incidents/{over.id}").content.decode()

    assert head(page) == "Resolved after 1 min, 4 min ago: a success came"


def test_the_timeline_says_how_much_later_each_entry_came(owner: Client, alices_monitor: Monitor) -> None:
    over = factories.incident(alices_monitor, resolved=True)
    at = over.opened_at
    for seq, (kind, later) in enumerate([("reminded", 0), ("note", 65), ("resolved", 3665)], start=2):
        over.events.create(seq=seq, kind=kind, at=at + timedelta(seconds=later), created_at=at)

    page = owner.get(f"/incidents/{over.id}").content.decode()

    assert re.findall(r"</time>, ([\w ]+ later)", page) == ["1 min 5 s later", "1 h later"]


def test_a_note_that_is_being_written_is_in_no_part_that_refreshes(owner: Client, incident: Incident) -> None:
    page = owner.get(f"/incidents/{incident.id}").content.decode()
    refresh = owner.get(f"/incidents/{incident.id}", headers={"HX-Request": "true"}).content.decode()

    assert 'id="note"' in page
    assert 'id="note"' not in refresh
    assert re.findall(r'id="(incident-\w+)" data-live hx-swap-oob', refresh) == ["incident-story", "incident-told"]


def test_the_page_leads_to_the_monitor_its_pings_and_its_other_incidents(
    owner: Client, alices_monitor: Monitor, incident: Incident
) -> None:
    page = owner.get(f"/incidents/{incident.id}").content.decode()

    monitor = f"/monitors/{alices_monitor.id}"
    assert all(
        f'href="{url}"' in page for url in (monitor, f"{monitor}/pings", f"/incidents?monitor={alices_monitor.id}")
    )


def test_the_ledger_leads_to_channels_that_are_still_there(
    owner: Client, acme: Organization, incident: Incident
) -> None:
    channels = [
        alerts_operations.create_channel(
            organization=acme, kind="email", name=name, config={"to": "x@example.com"}, by=SYSTEM, now=clock.now()
        )
        for name in ("kept", "gone")
    ]
    for channel in channels:
        Delivery.objects.create(
            event=incident.events.get(), incident=incident, channel=channel, status="delivered", created_at=clock.now()
        )
    owner.post(f"/channels/{channels[1].id}/delete")

    page = owner.get(f"/incidents/{incident.id}").content.decode()

    assert f'<a href="/channels/{channels[0].id}">kept</a>' in page
    assert f"/channels/{channels[1].id}" not in page
    assert "gone</td>" in page


def head(page: str) -> str:
    """What stands below the title."""
    line = page.partition('<p class="muted clip">')[2].partition("</p>")[0]
    return " ".join(re.sub(r"<[^>]+>", "", line).split())
