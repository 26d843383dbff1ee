"""Channels with something to choose, and a kind that the operator may leave out, on the pages."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from alerts import operations, queries
from alerts.models import Channel
from heartbeet.lib import clock

pytestmark = pytest.mark.django_db

KEY = "0123456789abcdef0123456789abcdef"
GOTIFY = "gotifys://gotify.example.com/verysecretverysecret"


def chosen(page: str) -> list[str]:
    """The options of a page's lists that are selected."""
    return re.findall(r'<option value="([^"]*)" selected', page)


@pytest.fixture
def pager(acme: Organization) -> Channel:
    return operations.create_channel(
        organization=acme,
        kind="pagerduty",
        name="Pager",
        config={"routing_key": KEY, "region": "eu"},
        by=SYSTEM,
        now=clock.now(),
    )


def test_a_new_form_offers_what_most_people_want(owner: Client) -> None:
    page = owner.get("/channels/new/pagerduty").content.decode()

    assert '<option value="eu">EU</option>' in page
    assert chosen(page) == ["us"]


def test_a_choice_is_kept_and_shown_again(pager: Channel, owner: Client) -> None:
    assert chosen(owner.get(f"/channels/{pager.id}/edit").content.decode()) == ["eu"]


def test_a_choice_is_not_where_a_channel_leads(pager: Channel, owner: Client) -> None:
    assert 'data-label="Leads to"' not in owner.get("/channels").content.decode()


def test_a_choice_is_changed_without_giving_the_key_again(pager: Channel, owner: Client) -> None:
    owner.post(f"/channels/{pager.id}/edit", {"name": "Pager", "config-region": "us"})

    pager.refresh_from_db()
    assert (pager.config, queries.secrets_of(pager)) == ({"region": "us"}, {"routing_key": KEY})


def test_what_is_not_offered_is_an_error_beside_its_field(owner: Client) -> None:
    given = {"name": "Pager", "config-routing_key": KEY, "config-region": "moon"}

    answer = owner.post("/channels/new/pagerduty", given)

    assert "config-region" in answer.context["form"].errors
    assert not Channel.objects.exists()


def test_an_optional_secret_may_be_left_out(owner: Client) -> None:
    owner.post("/channels/new/ntfy", {"name": "Phones", "config-topic": "acme-x7", "config-priority": "5"})

    channel = Channel.objects.get()
    assert channel.config == {"url": "https://ntfy.sh", "topic": "acme-x7", "priority": "5"}
    assert channel.secrets == ""


def test_apprise_is_not_offered_unless_the_operator_wants_it(owner: Client, settings: Any) -> None:
    assert "/channels/new/apprise" not in owner.get("/channels/new").content.decode()
    assert owner.get("/channels/new/apprise").status_code == 404
    assert owner.post("/channels/new/apprise", {"name": "x", "config-url": GOTIFY}).status_code == 404

    settings.HEARTBEET_APPRISE = True

    assert "/channels/new/apprise" in owner.get("/channels/new").content.decode()
    assert owner.post("/channels/new/apprise", {"name": "x", "config-url": GOTIFY}).status_code == 302


def test_an_apprise_channel_can_be_switched_off_and_deleted_after_apprise_was(
    owner: Client, acme: Organization, settings: Any
) -> None:
    settings.HEARTBEET_APPRISE = True
    owner.post("/channels/new/apprise", {"name": "Gotify", "config-url": GOTIFY})
    channel = Channel.objects.get()
    settings.HEARTBEET_APPRISE = False

    page = owner.get(f"/channels/{channel.id}").content.decode()
    owner.post(f"/channels/{channel.id}/disable")
    edited = owner.post(f"/channels/{channel.id}/edit", {"name": "New", "config-url": ""}).content.decode()
    owner.post(f"/channels/{channel.id}/delete")

    channel.refresh_from_db()
    assert "Apprise" in page
    assert "verysecret" not in page
    assert "Apprise is switched off here." in edited
    assert (channel.is_enabled, channel.deleted_at is not None) == (False, True)
