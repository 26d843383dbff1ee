"""`/o/<organisation>/…`: the address says which organisation a page acts in."""

import pytest
from django.test import Client
from django.urls import get_script_prefix

from accounts.models import Membership, Organization
from alerts.models import Channel
from monitors.models import Incident, Monitor
from tests import factories
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def beta() -> Organization:
    """Another organisation of alice's, who is a viewer there until a test says otherwise."""
    return factories.organization("Beta")


@pytest.fixture
def both(alice: Membership, beta: Organization) -> Client:
    """A browser of alice, who belongs to Acme and to Beta."""
    Membership.objects.create(user=alice.user, organization=beta, role="owner", created_at=factories.NOON)
    return sign_in(alice)


def test_links_of_a_page_stay_in_its_organisation(
    owner: Client, acme: Organization, alices_monitor: Monitor, incident: Incident
) -> None:
    pages = ["", f"monitors/{alices_monitor.id}", "incidents", f"incidents/{incident.id}", "channels", "monitors/new"]

    for page in pages:
        shown = owner.get(acme.home + page)

        assert shown.status_code == 200
        links = [part.split('"')[0] for part in shown.content.decode().split('href="')[1:]]
        assert [
            link for link in links if not link.startswith((acme.home, "/static/", "/assets/", "#", "?", "/account"))
        ] == []


def test_who_belongs_to_one_organisation_may_leave_the_prefix_out(owner: Client, alices_monitor: Monitor) -> None:
    page = owner.get(f"/monitors/{alices_monitor.id}")

    assert page.status_code == 200
    assert "/o/" not in page.content.decode()


def test_a_short_address_leads_to_the_organisation_used_last(
    both: Client, acme: Organization, beta: Organization
) -> None:
    first = both.get("/incidents?status=open")
    both.get(beta.home)
    second = both.get("/incidents?status=open")

    assert first["Location"] == f"{acme.home}incidents?status=open"
    assert second["Location"] == f"{beta.home}incidents?status=open"


def test_two_tabs_never_mix(both: Client, acme: Organization, beta: Organization) -> None:
    both.get(f"{acme.home}channels/new/email")
    both.get(f"{beta.home}channels/new/email")

    made = both.post(f"{acme.home}channels/new/email", {"name": "ops", "config-to": "ops@example.com"})

    channel = acme.channels.get()
    assert made["Location"] == f"{acme.home}channels/{channel.id}"
    assert not beta.channels.exists()


def test_a_form_without_the_prefix_changes_nothing_once_there_are_several(
    both: Client, acme: Organization, beta: Organization
) -> None:
    answer = both.post("/channels/new/email", {"name": "ops", "config-to": "ops@example.com"}, follow=True)

    assert answer.redirect_chain == [(acme.home, 302)]
    assert "nothing was changed" in answer.content.decode()
    assert not Channel.objects.exists()


def test_what_belongs_to_the_other_organisation_is_not_there(
    both: Client, beta: Organization, alices_monitor: Monitor
) -> None:
    assert both.get(f"{beta.home}monitors/{alices_monitor.id}").status_code == 404


def test_the_role_is_that_of_the_organisation_in_the_address(
    both: Client, acme: Organization, beta: Organization
) -> None:
    Membership.objects.filter(organization=beta).update(role="viewer")

    assert both.get(f"{acme.home}monitors/new").status_code == 200
    assert both.get(f"{beta.home}monitors/new").status_code == 403


def test_a_foreign_organisation_cannot_be_told_from_none(outsider: Client, acme: Organization) -> None:
    foreign, absent = outsider.get(acme.home), outsider.get("/o/no-such-place/")

    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
    assert foreign.status_code == 404


def test_who_is_removed_loses_the_organisation_at_once(both: Client, acme: Organization, beta: Organization) -> None:
    assert both.get(beta.home).status_code == 200

    Membership.objects.filter(organization=beta).delete()

    assert both.get(beta.home).status_code == 404
    assert both.get("/").status_code == 200


def test_a_stranger_signs_in_and_comes_back_to_the_organisation(client: Client, acme: Organization) -> None:
    page, form = client.get(f"{acme.home}incidents?status=open"), client.post(f"{acme.home}channels/new/email")

    assert page["Location"] == f"/sign-in?next={acme.home}incidents%3Fstatus%3Dopen"
    assert form["Location"] == "/sign-in"


@pytest.mark.parametrize(
    "page",
    ["api/v1/me", "admin/", "health/live", "metrics", "static/css/base.css", "no-such-page", "/evil.example", "o/x/"],
)
def test_nothing_but_pages_is_behind_the_prefix(owner: Client, acme: Organization, page: str) -> None:
    assert owner.get(acme.home + page).status_code == 404


def test_a_page_of_the_person_is_the_same_in_every_organisation(owner: Client, acme: Organization) -> None:
    signed_out = owner.post(f"{acme.home}sign-out")

    assert owner.get(f"{acme.home}sign-in?next=/x")["Location"] == "/sign-in?next=/x"
    assert signed_out["Location"] == "/sign-in"


def test_the_prefix_ends_with_the_request(owner: Client, acme: Organization) -> None:
    owner.get(acme.home)

    assert get_script_prefix() == "/"


def test_the_slug_alone_is_completed(owner: Client, acme: Organization) -> None:
    assert owner.get(acme.home.removesuffix("/"))["Location"] == acme.home


def test_one_switches_between_ones_own_organisations(both: Client, acme: Organization, beta: Organization) -> None:
    page = both.get(acme.home).content.decode()

    assert f'href="{beta.home}"' in page
