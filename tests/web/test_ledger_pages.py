"""The ledger on pages, dead letters sent again, the fallback, the flag, and tests of many channels at once."""

import threading
from concurrent import futures
from contextlib import closing
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, Membership, Organization
from alerts import operations
from alerts.models import Attempt, Channel, Delivery, Subscription
from heartbeet.lib import clock, ratelimit
from monitors.models import Incident
from tests import factories
from tests.alerts.house import send_all
from tests.receivers import HTTPReceiver

pytestmark = pytest.mark.django_db


def make(organization: Organization, name: str, **fields: Any) -> Channel:
    return operations.create_channel(
        organization=organization, kind="email", name=name, config={"to": f"{name}@example.com"}, by=SYSTEM,
        now=clock.now(), **fields,
    )  # fmt: skip


@pytest.fixture
def mail(acme: Organization) -> Channel:
    return make(acme, "ops")


@pytest.fixture
def dead(mail: Channel, incident: Incident) -> Delivery:
    """A dead letter with two tries."""
    now = clock.now()
    delivery = Delivery.objects.create(
        event=incident.events.order_by("seq").first(), incident=incident, channel=mail, status="dead", tries=2,
        created_at=now, last_error="The mail server refused it.",
    )  # fmt: skip
    Attempt.objects.create(delivery=delivery, at=now, is_ok=False, duration_ms=1500, status_code=421, error="Busy.")
    Attempt.objects.create(
        delivery=delivery,
        at=now,
        is_ok=False,
        duration_ms=40,
        status_code=550,
        error="Refused.",
        excerpt="no such <user>",
    )
    return delivery


@pytest.mark.parametrize("page", ["/incidents/{incident}", "/channels/{channel}"])
def test_every_try_is_shown_with_what_the_receiver_said(page: str, owner: Client, dead: Delivery) -> None:
    shown = owner.get(page.format(incident=dead.incident_id, channel=dead.channel_id)).content.decode()

    assert "2 tries" in shown
    assert all(text in shown for text in ("answer 421", "took 1.5 s", "Busy.", "answer 550", "took 40 ms"))
    assert "no such &lt;user&gt;" in shown


def test_the_ledger_says_for_whom_the_fallback_was_told(owner: Client, acme: Organization, dead: Delivery) -> None:
    other = make(acme, "oncall", is_fallback=True)
    now = clock.now()
    Delivery.objects.filter(id=dead.id).update(fell_back_at=now)
    Delivery.objects.create(
        event=dead.event,
        incident=dead.incident,
        channel=other,
        step=1,
        status="delivered",
        created_at=now,
        delivered_at=now,
    )

    page = owner.get(f"/incidents/{dead.incident_id}").content.decode()

    assert "Told here because “ops” could not be told." in page
    assert "“oncall” was told instead." in page


def test_a_channels_ledger_can_be_narrowed_to_dead_letters(owner: Client, dead: Delivery) -> None:
    path = f"/channels/{dead.channel_id}"

    assert dead.incident
    assert dead.incident.title in owner.get(f"{path}?status=dead").content.decode()
    assert "No message stands like this." in owner.get(f"{path}?status=delivered").content.decode()
    assert owner.get(f"{path}?status=nonsense").status_code == 200


def test_a_ledger_asks_the_same_number_of_queries_for_many_messages(
    owner: Client, mail: Channel, incident: Incident, django_assert_max_num_queries: Any
) -> None:
    now = clock.now()
    for number in range(12):
        event = incident.events.create(seq=100 + number, kind="note", at=now, created_at=now)
        sent = Delivery.objects.create(event=event, incident=incident, channel=mail, status="dead", created_at=now)
        Attempt.objects.create(delivery=sent, at=now, is_ok=False, duration_ms=1)

    with django_assert_max_num_queries(20):
        owner.get(f"/channels/{mail.id}")


def test_all_dead_letters_are_sent_again_after_a_question(owner: Client, dead: Delivery) -> None:
    path = f"/channels/{dead.channel_id}/replay"

    question = owner.get(path).content.decode()
    done = owner.post(path, follow=True).content.decode()

    assert "Send 1 message again?" in question
    assert "1 message is being sent again." in done
    dead.refresh_from_db()
    assert dead.status == "queued"


def test_nothing_is_sent_again_to_a_channel_that_is_switched_off(owner: Client, dead: Delivery) -> None:
    owner.post(f"/channels/{dead.channel_id}/disable")

    page = owner.post(f"/channels/{dead.channel_id}/replay", follow=True).content.decode()

    assert "Switch it on first." in page
    dead.refresh_from_db()
    assert dead.status == "dead"


def test_choosing_another_fallback_moves_it_and_writes_both_down(owner: Client, acme: Organization) -> None:
    first = make(acme, "first", is_fallback=True)
    second = make(acme, "second")

    owner.post(f"/channels/{second.id}/edit", {"name": "second", "config-to": "x@example.com", "is_fallback": "on"})

    assert list(Channel.objects.filter(is_fallback=True)) == [second]
    written = [row for row in AuditEvent.objects.filter(action="UPDATE_CHANNEL") if "isFallback" in row.meta["diff"]]
    assert {row.resource for row in written} == {f"channel:{first.id}", f"channel:{second.id}"}


def test_an_edit_that_says_nothing_of_the_fallback_leaves_it(acme: Organization) -> None:
    first = make(acme, "first", is_fallback=True)
    stale = Channel.objects.get(id=first.id)
    second = make(acme, "second", is_fallback=True)

    operations.edit_channel(channel=stale, changes={"name": "renamed"}, by=SYSTEM, now=clock.now())

    assert list(Channel.objects.filter(is_fallback=True)) == [second]


def test_a_flag_says_since_when_why_and_what_to_do(owner: Client, vera: Membership, dead: Delivery) -> None:
    Channel.objects.filter(id=dead.channel_id).update(flagged_at=clock.now(), dead_in_a_row=5)
    viewer = Client()
    viewer.force_login(vera.user)

    for_owner = owner.get(f"/channels/{dead.channel_id}").content.decode()
    for_viewer = viewer.get(f"/channels/{dead.channel_id}").content.decode()

    assert "This channel does not work:" in for_owner
    assert "The mail server refused it." in for_owner
    assert "send the lost messages again" in for_owner
    assert "Tell an admin" in for_viewer
    assert "Fails" in owner.get("/channels").content.decode()


@pytest.mark.parametrize("place", ["/channels/test", "/monitors/{monitor}/test-alert"])
def test_all_channels_are_tested_with_the_exact_error_of_each(
    place: str, owner: Client, acme: Organization, incident: Incident, http_receiver: HTTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = [ip_network("127.0.0.0/8")]
    for name, url in (("good", http_receiver.url), ("bad", "http://127.0.0.1:1/")):
        channel = operations.create_channel(
            organization=acme, kind="webhook", name=name, config={"url": url}, by=SYSTEM, now=clock.now()
        )
        Subscription.objects.create(monitor=incident.monitor, channel=channel)
    path = place.format(monitor=incident.monitor_id)

    sent = owner.post(path)
    page, again = owner.get(path).content.decode(), owner.get(path).content.decode()

    assert (sent.status_code, sent["Location"]) == (302, path)
    assert "Arrived" in page
    assert "did not accept a connection" in page
    assert again.count("did not accept") == page.count("did not accept")
    assert len(http_receiver.requests) == 1


def test_results_are_shown_only_where_they_were_asked_for(owner: Client, mail: Channel, incident: Incident) -> None:
    owner.post("/channels/test")

    page = owner.get(f"/monitors/{incident.monitor_id}/test-alert").content.decode()

    assert "Nothing was sent yet." in page


def test_tests_of_all_channels_are_limited_too(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "TEST_RATE", "1/1m")
    owner.post("/channels/test")

    page = owner.post("/channels/test", follow=True).content.decode()

    assert "Too many tests" in page


def test_a_monitor_offers_to_test_its_channels(owner: Client, mail: Channel, incident: Incident) -> None:
    Subscription.objects.create(monitor=incident.monitor, channel=mail)

    page = owner.get(f"/monitors/{incident.monitor_id}").content.decode()

    assert f'action="/monitors/{incident.monitor_id}/test-alert"' in page


@pytest.mark.django_db(transaction=True)
def test_two_who_choose_a_fallback_at_once_leave_one(transactional_db: None) -> None:
    organization = factories.organization("Acme")
    channels = [make(organization, f"c{number}") for number in range(3)]
    start = threading.Barrier(3)

    def choose(channel: Channel) -> None:
        with closing(connection):
            start.wait()
            operations.edit_channel(channel=channel, changes={"is_fallback": True}, by=SYSTEM, now=clock.now())

    with futures.ThreadPoolExecutor(max_workers=3) as people:
        list(people.map(choose, channels))

    assert Channel.objects.filter(is_fallback=True).count() == 1


def test_a_viewer_does_not_read_a_hooks_address_in_what_its_receiver_said(
    acme: Organization, vera: Membership, incident: Incident, http_receiver: HTTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = [ip_network("127.0.0.0/8")]
    http_receiver.answer(status=500, body=b"Cannot POST /hook/in/passw0rd")
    hook = operations.create_channel(
        organization=acme, kind="webhook", name="hook", config={"url": f"{http_receiver.url}/in/passw0rd"}, by=SYSTEM,
        now=clock.now(),
    )  # fmt: skip
    Subscription.objects.create(monitor=incident.monitor, channel=hook)
    incident.events.update(dispatched_at=None)
    send_all(clock.now())
    viewer = Client()
    viewer.force_login(vera.user)

    pages = [viewer.get(url).content.decode() for url in (f"/channels/{hook.id}", f"/incidents/{incident.id}")]

    assert all("Cannot POST" in page for page in pages)
    assert not any("passw0rd" in page for page in pages)
