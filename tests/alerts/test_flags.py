"""A channel that loses message after message is flagged, and its people are told by another way, once."""

import threading
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.domain.actor import SYSTEM
from accounts.models import Letter
from alerts import aftermath, bulletins, operations, trials
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Notice
from heartbeet.lib import clock
from tests import factories
from tests.alerts.house import House, send_all
from tests.receivers import HTTPReceiver


@pytest.fixture
def hook(house: House, http_receiver: HTTPReceiver) -> Channel:
    """A webhook that refuses for good, with words."""
    http_receiver.answer(status=410, body=b"this hook was removed")
    return house.webhook(http_receiver.url)


def loses(house: House, count: int) -> None:
    """So many incidents open, and none can be told to the hook."""
    for _ in range(count):
        incident = house.opens()
        incident.resolved_at = incident.opened_at
        incident.save()
        send_all(house.now)


def test_five_dead_letters_in_a_row_flag_a_channel(house: House, hook: Channel) -> None:
    loses(house, 4)
    hook.refresh_from_db()
    before = hook.flagged_at

    loses(house, 1)

    hook.refresh_from_db()
    assert (before, hook.dead_in_a_row) == (None, 5)
    assert hook.flagged_at is not None


def test_a_message_that_arrives_lifts_the_flag_and_counts_anew(
    house: House, hook: Channel, http_receiver: HTTPReceiver
) -> None:
    loses(house, 5)
    http_receiver.answer(status=200)

    loses(house, 1)

    hook.refresh_from_db()
    assert (hook.flagged_at, hook.dead_in_a_row) == (None, 0)


def test_a_message_that_arrives_between_interrupts_the_row(
    house: House, hook: Channel, http_receiver: HTTPReceiver
) -> None:
    loses(house, 4)
    http_receiver.answer(status=200)
    loses(house, 1)
    http_receiver.answer(status=410)

    loses(house, 4)

    hook.refresh_from_db()
    assert (hook.flagged_at, hook.dead_in_a_row) == (None, 4)


def test_a_test_that_arrives_lifts_the_flag(house: House, hook: Channel, http_receiver: HTTPReceiver) -> None:
    loses(house, 5)
    http_receiver.answer(status=200)
    hook.refresh_from_db()

    trials.of_channel(channel=hook, by=SYSTEM, now=house.now)

    hook.refresh_from_db()
    assert (hook.flagged_at, hook.dead_in_a_row) == (None, 0)


def test_the_flag_is_told_once_by_the_fallback(house: House, hook: Channel) -> None:
    fallback = house.channel("email", {"to": "fallback@example.com"}, house.another_monitor("none"), is_fallback=True)
    house.channel("email", {"to": "default@example.com"}, house.another_monitor("nothing"), is_default=True)

    loses(house, 7)

    notice = Notice.objects.get()
    assert (notice.kind, notice.about) == (Notice.FLAGGED, hook)
    assert Delivery.objects.get(notice=notice).channel == fallback


@pytest.mark.parametrize(
    ("others", "told"),
    [
        pytest.param(["plain", "default", "fallback"], "fallback", id="the fallback first"),
        pytest.param(["plain", "default"], "default", id="then one that new monitors tell"),
        pytest.param(["old", "plain"], "plain", id="then the one that delivered last"),
    ],
)
def test_who_tells_the_flag(others: list[str], told: str, house: House, hook: Channel) -> None:
    made = {name: another(house, name) for name in others}

    loses(house, 5)

    assert Delivery.objects.get(notice__isnull=False).channel == made[told]


def another(house: House, name: str) -> Channel:
    """A channel that delivered something, `old` longer ago, and is used by another monitor."""
    monitor = house.another_monitor(name)
    channel = house.channel(
        "email", {"to": f"{name}@example.com"}, monitor, is_default=name == "default", is_fallback=name == "fallback"
    )
    at = house.now - timedelta(days=9 if name == "old" else 1)
    Delivery.objects.create(
        notice=None, event=house.opens(monitor).events.get(), incident=monitor.incidents.get(), channel=channel,
        status=DeliveryStatus.DELIVERED, created_at=at, delivered_at=at,
    )  # fmt: skip
    return channel


def test_with_no_other_channel_the_owners_get_a_letter(house: House, hook: Channel) -> None:
    factories.member(house.organization, "owner", "olivia")
    factories.member(house.organization, "member", "mike")

    loses(house, 5)

    assert Letter.objects.count() == 1
    assert not Delivery.objects.filter(notice__isnull=False).exists()


def test_a_notice_that_cannot_be_delivered_becomes_a_letter(house: House, hook: Channel, settings: Any) -> None:
    factories.member(house.organization, "owner", "olivia")
    house.channel("email", {"to": "x@example.com"}, house.another_monitor("none"), is_default=True)
    loses(house, 4)
    loses(house, 1)
    lost = Delivery.objects.select_related("channel", "notice").get(notice__isnull=False)
    lost.status = DeliveryStatus.DEAD

    with transaction.atomic():
        aftermath.conclude([lost], now=house.now)

    assert Letter.objects.count() == 1


def test_the_notice_says_which_channel_since_when_why_and_what_to_do(house: House, hook: Channel) -> None:
    house.channel("email", {"to": "x@example.com"}, house.another_monitor("none"), is_default=True)
    loses(house, 5)

    told = bulletins.of(Notice.objects.get())

    facts = dict(told.facts)
    assert "webhook channel" in told.headline
    assert facts["Last message that arrived"] == "never"
    assert facts["Last error"] == "The receiver answered 410 Gone."
    assert "send a test" in facts["What to do"]
    assert told.url.endswith(f"/o/{house.organization.slug}/channels/{hook.id}")


def test_a_channel_that_is_switched_off_is_not_to_blame(house: House, hook: Channel) -> None:
    loses(house, 4)
    operations.edit_channel(channel=hook, changes={"is_enabled": False}, by=SYSTEM, now=house.now)
    lost = Delivery.objects.select_related("channel", "notice").first()
    assert lost

    with transaction.atomic():
        aftermath.conclude([lost], now=house.now)

    hook.refresh_from_db()
    assert (hook.flagged_at, hook.dead_in_a_row) == (None, 4)


@pytest.mark.django_db(transaction=True)
def test_two_recorders_flag_once(transactional_db: None) -> None:
    house = House.build(clock.now())
    factories.member(house.organization, "owner", "olivia")
    hook = house.webhook("http://127.0.0.1:1/")
    Channel.objects.filter(id=hook.id).update(dead_in_a_row=4)
    incident = house.opens()
    lost = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=hook, status=DeliveryStatus.DEAD, created_at=house.now
    )
    start = threading.Barrier(3)

    def conclude() -> None:
        with closing(connection):
            start.wait()
            with transaction.atomic():
                aftermath.conclude([lost], now=house.now)

    recorders = [threading.Thread(target=conclude) for _ in range(3)]
    for each in recorders:
        each.start()
    for each in recorders:
        each.join()

    assert Notice.objects.count() == 1
    assert Channel.objects.get().dead_in_a_row == 7
