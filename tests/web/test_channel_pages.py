"""Channels on the pages: added, tested, switched, deleted; secrets shown once or never."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Membership, Organization
from alerts import operations, queries
from alerts.channels import registry
from alerts.models import Channel, Delivery, Subscription
from heartbeet.lib import clock, ratelimit
from monitors.models import Incident, Monitor
from tests import factories
from tests.receivers import SMTPReceiver
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db

WHSEC = re.compile(r"whsec_[A-Za-z0-9+/=]{20,}")
SLACK = "https://hooks.slack.com/services/T000/B000/verysecret"


def make(organization: Organization, kind: str, **config: str) -> Channel:
    return operations.create_channel(
        organization=organization, kind=kind, name=f"my {kind}", config=config, by=SYSTEM, now=clock.now()
    )


@pytest.fixture
def mail(acme: Organization) -> Channel:
    return make(acme, "email", to="ops@example.com")


def test_the_first_visit_teaches_what_a_channel_is_for(owner: Client) -> None:
    page = owner.get("/channels").content.decode()

    assert "Nobody is told yet" in page
    assert 'href="/channels/new/email"' in page


def test_an_email_channel_is_added(owner: Client, acme: Organization) -> None:
    added = owner.post("/channels/new/email", {"name": "Ops", "config-to": "ops@example.com", "is_default": "on"})

    channel = Channel.objects.get()
    assert added["Location"] == f"/channels/{channel.id}"
    assert (channel.organization, channel.config, channel.is_default) == (acme, {"to": "ops@example.com"}, True)
    assert "ops@example.com" in owner.get("/channels").content.decode()


def test_the_form_says_step_by_step_where_to_get_what_it_wants(owner: Client) -> None:
    page = owner.get("/channels/new/slack").content.decode()

    assert all(f"<li>{step}</li>" in page for step in registry.find("slack").steps)


def test_a_slack_address_in_the_form_of_discord_is_named(owner: Client) -> None:
    page = owner.post("/channels/new/discord", {"name": "x", "config-url": SLACK}).content.decode()

    assert "This address belongs to Slack: add a channel of that kind for it." in page


def test_a_webhook_without_a_secret_says_where_the_organisations_is(owner: Client, bob: Membership) -> None:
    added = owner.post("/channels/new/webhook", {"name": "Bridge", "config-url": "https://example.com/hook"})

    for_owner = owner.get(added["Location"]).content.decode()
    for_member = sign_in(bob).get(added["Location"]).content.decode()

    assert 'href="/settings/webhook-secret"' in for_owner
    assert "which an owner or admin can read" in for_member
    assert not WHSEC.search(for_owner)


@pytest.mark.parametrize(
    ("kind", "secret", "value", "shown"),
    [
        ("slack", "url", SLACK, {}),
        ("discord", "url", "https://discord.com/api/webhooks/1/verysecret", {}),
        ("msteams", "url", "https://prod-1.westeurope.logic.azure.com/workflows/ab?sig=verysecret", {}),
        ("telegram", "bot_token", "123456789:AAEverysecretverysecretverysecret12", {"chat_id": "-1001234567890"}),
    ],
)
def test_what_lets_others_write_to_a_chat_is_a_secret_that_no_page_shows(
    kind: str, secret: str, value: str, shown: dict[str, str], owner: Client, acme: Organization
) -> None:
    given = {f"config-{name}": text for name, text in {secret: value, **shown}.items()}
    added = owner.post(f"/channels/new/{kind}", {"name": "#ops", **given})

    pages = [owner.get(url).content.decode() for url in [added["Location"], added["Location"] + "/edit", "/channels"]]

    channel = Channel.objects.get()
    assert (queries.secrets_of(channel), channel.config) == ({secret: value}, shown)
    assert all("verysecret" not in page for page in pages)
    assert all(text in pages[0] for text in shown.values())


def test_where_a_webhook_leads_is_for_those_who_may_change_it(
    owner: Client, acme: Organization, vera: Membership
) -> None:
    channel = make(acme, "webhook", url="https://example.com/in/passw0rd")
    viewer = Client()
    viewer.force_login(vera.user)

    def pages(client: Client) -> list[str]:
        return [client.get(url).content.decode() for url in ("/channels", f"/channels/{channel.id}")]

    assert all("https://example.com/in/passw0rd" in page for page in pages(owner))
    assert all("https://example.com/…" in page and "passw0rd" not in page for page in pages(viewer))


@pytest.mark.parametrize(
    ("kind", "given", "field", "hint"),
    [
        ("email", {"config-to": "ops"}, "config-to", "name@example.com"),
        ("email", {"config-to": ""}, "config-to", "Give the e-mail address"),
        ("email", {"config-to": "ops@example.com", "name": ""}, "name", "Give the channel a name"),
        ("webhook", {"config-url": "http://127.0.0.1/"}, "config-url", ""),
        ("webhook", {"config-url": "example.com"}, "config-url", ""),
        ("webhook", {"config-url": "https://example.com", "config-secret": "x"}, "config-secret", "whsec_"),
        ("slack", {"config-url": "https://example.com/"}, "config-url", "https://hooks.slack.com/"),
        ("slack", {"config-url": ""}, "config-url", "Give the webhook URL"),
        ("discord", {"config-url": "https://example.com/"}, "config-url", "https://discord.com/"),
        ("msteams", {"config-url": "https://example.com/"}, "config-url", "logic.azure.com"),
        ("telegram", {"config-bot_token": "x", "config-chat_id": "1"}, "config-bot_token", "@BotFather"),
        ("telegram", {"config-bot_token": "x", "config-chat_id": ""}, "config-chat_id", "Give the chat id"),
    ],
)
def test_a_mistake_is_explained_beside_its_field(
    owner: Client, kind: str, given: dict[str, Any], field: str, hint: str
) -> None:
    page = owner.post(f"/channels/new/{kind}", {"name": "x", **given}).content.decode()

    assert hint in page.split(f'id="id_{field}_error"')[1][:900]
    assert not Channel.objects.exists()


def test_editing_keeps_a_secret_that_is_left_empty(owner: Client, acme: Organization) -> None:
    channel = make(acme, "slack", url=SLACK)

    owner.post(f"/channels/{channel.id}/edit", {"name": "renamed", "config-url": ""})

    channel.refresh_from_db()
    assert (channel.name, queries.secrets_of(channel)) == ("renamed", {"url": SLACK})


def test_a_test_says_exactly_what_came_of_it(
    owner: Client, mail: Channel, smtp_server: SMTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_SMTP_URL = "smtp://127.0.0.1:1"  # nobody listens there

    failed = owner.post(f"/channels/{mail.id}/test", follow=True).content.decode()
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    arrived = owner.post(f"/channels/{mail.id}/test", follow=True).content.decode()

    assert "The test did not arrive: The mail server 127.0.0.1 could not be used" in failed
    assert "The test arrived, in " in arrived


def test_too_many_tests_are_answered_with_how_long_to_wait(
    owner: Client, mail: Channel, smtp_server: SMTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    allowed = int(ratelimit.TEST_RATE.split("/")[0])

    def post() -> str:
        return owner.post(f"/channels/{mail.id}/test", follow=True).content.decode()

    pages = [post() for _ in range(2 * allowed + 1)]  # a new minute may begin among them, and counts anew

    assert "Too many tests: wait " not in pages[0]
    assert any("Too many tests: wait " in page for page in pages)


def test_a_channel_is_switched_off_and_on(owner: Client, mail: Channel) -> None:
    off = owner.post(f"/channels/{mail.id}/disable", follow=True).content.decode()
    on = owner.post(f"/channels/{mail.id}/enable", follow=True).content.decode()

    assert "It is told nothing" in off.replace("it is", "It is")
    assert "Switch off" in on


def test_deleting_says_how_many_monitors_lose_it(owner: Client, mail: Channel, alices_monitor: Monitor) -> None:
    Subscription.objects.create(monitor=alices_monitor, channel=mail)

    question = owner.get(f"/channels/{mail.id}/delete").content.decode()
    deleted = owner.post(f"/channels/{mail.id}/delete")

    assert "1 monitor tells it now" in question
    assert deleted["Location"] == "/channels"
    assert owner.get(f"/channels/{mail.id}").status_code == 404


@pytest.mark.parametrize("url", ["", "/edit", "/delete"])
def test_a_foreign_channel_is_as_good_as_none(outsider: Client, mail: Channel, url: str) -> None:
    assert outsider.get(f"/channels/{mail.id}{url}").status_code == 404


@pytest.mark.parametrize("action", ["test", "enable", "disable", "delete", "edit"])
def test_neither_an_outsider_nor_a_viewer_acts_on_a_channel(
    outsider: Client, viewer: Client, mail: Channel, action: str
) -> None:
    assert outsider.post(f"/channels/{mail.id}/{action}").status_code == 404
    assert viewer.post(f"/channels/{mail.id}/{action}").status_code == 403


def test_a_dead_letter_is_shown_with_its_error_and_sent_again(
    owner: Client, outsider: Client, mail: Channel, incident: Incident
) -> None:
    letter = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=mail, status="dead", tries=12,
        created_at=clock.now(), last_error="The mail server said <no>.",
    )  # fmt: skip

    pages = [owner.get(url).content.decode() for url in [f"/channels/{mail.id}", f"/incidents/{incident.id}"]]
    foreign = outsider.post(f"/deliveries/{letter.id}/replay")
    again = owner.post(f"/deliveries/{letter.id}/replay")

    assert all("The mail server said &lt;no&gt;." in page and "Send again" in page for page in pages)
    assert (foreign.status_code, again.status_code) == (404, 302)
    letter.refresh_from_db()
    assert letter.status == "queued"


def test_an_unknown_kind_is_not_found(owner: Client) -> None:
    assert owner.get("/channels/new/pigeon").status_code == 404


def test_the_list_says_what_became_of_the_last_message_and_how_many_monitors_tell_it(
    owner: Client, acme: Organization, mail: Channel, incident: Incident, alices_monitor: Monitor
) -> None:
    gone = factories.monitor(acme, name="gone")
    for monitor in (alices_monitor, factories.monitor(acme, name="other"), gone):
        Subscription.objects.create(monitor=monitor, channel=mail)
    owner.post(f"/monitors/{gone.id}/delete")
    sent(mail, incident, "dead", last_error="No such <mailbox>. " + "x" * 300)
    late = sent(make(acme, "slack", url=SLACK), incident, "delivered", delivered_at=clock.now())
    make(acme, "email", to="new@example.com")

    page = owner.get("/channels").content.decode()

    rows = {name: row(page, name) for name in (mail.name, late.channel.name)}
    assert all(text in rows[mail.name] for text in ("Failed", "No such &lt;mailbox&gt;.", ">2</td>"))
    assert "x" * 200 not in page
    assert "Delivered" in rows[late.channel.name]
    assert page.count("Never used") == 1
    assert page.count(">none</td>") == 2


def test_a_message_that_is_tried_again_says_why(owner: Client, mail: Channel, incident: Incident) -> None:
    sent(mail, incident, "queued", tries=2, last_error="The mail server is busy.")

    page = owner.get("/channels").content.decode()

    assert "Waiting" in row(page, mail.name)
    assert "The mail server is busy." in row(page, mail.name)


def test_the_list_of_channels_takes_a_fixed_number_of_queries(
    owner: Client, acme: Organization, incident: Incident, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        channel = make(acme, "email", to=f"ops{number}@example.com")
        Subscription.objects.create(monitor=incident.monitor, channel=channel)
        sent(channel, incident, "delivered", delivered_at=clock.now())

    with django_assert_max_num_queries(8):  # session, user, membership, banner, worst, channels, last, monitors
        owner.get("/channels")


def sent(channel: Channel, incident: Incident, status: str, **fields: Any) -> Delivery:
    """A message about an incident, and what became of it."""
    given = {"event": incident.events.get(), "incident": incident, "created_at": clock.now(), **fields}
    return Delivery.objects.create(channel=channel, status=status, **given)


def row(page: str, name: str) -> str:
    """The row of the channel of this name."""
    return next(part for part in page.split("<tr>") if f">{name}</a>" in part)
