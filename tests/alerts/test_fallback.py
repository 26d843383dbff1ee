"""The fallback channel: who is told what another channel could not be told, when, and once."""

import threading
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from alerts import aftermath, dispatcher, storms
from alerts.models import Channel, Delivery, Subscription
from heartbeet.lib import clock
from tests.alerts.house import House, send_all
from tests.receivers import HTTPReceiver, SMTPReceiver

LATE = timedelta(seconds=121)


@pytest.fixture
def broken(house: House, http_receiver: HTTPReceiver) -> Channel:
    """A subscribed webhook that answers 500."""
    http_receiver.answer(status=500)
    return house.webhook(http_receiver.url)


@pytest.fixture
def fallback(house: House) -> Channel:
    """The fallback: an e-mail address that no monitor is subscribed to."""
    channel = house.email("fallback@example.com")
    channel.subscriptions.all().delete()
    channel.is_fallback = True
    channel.save()
    return channel


def told(channel: Channel) -> list[tuple[str, int]]:
    """What a channel is told, as (event, step) in order."""
    rows = Delivery.objects.filter(channel=channel).order_by("event__seq")
    return list(rows.values_list("event__kind", "step"))


def test_a_down_that_fails_for_two_minutes_is_told_by_the_fallback(
    house: House, broken: Channel, fallback: Channel
) -> None:
    house.opens()
    send_all(house.now)

    early = aftermath.look(now=house.now + timedelta(seconds=119))
    made = aftermath.look(now=house.now + LATE)

    assert (early, made) == (0, 1)
    assert told(fallback) == [("opened", 1)]
    assert Delivery.objects.get(channel=broken).fell_back_at == house.now + LATE


def test_looking_again_tells_nothing_twice(house: House, broken: Channel, fallback: Channel) -> None:
    house.opens()
    send_all(house.now)
    aftermath.look(now=house.now + LATE)

    again = aftermath.look(now=house.now + LATE)

    assert (again, len(told(fallback))) == (0, 1)


def test_a_dead_letter_is_told_at_once(
    house: House, broken: Channel, fallback: Channel, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status=410)
    house.opens()

    send_all(house.now)

    assert told(fallback) == [("opened", 1)]


def test_two_channels_that_fail_make_one_message(
    house: House, broken: Channel, fallback: Channel, http_receiver: HTTPReceiver
) -> None:
    other = house.webhook(http_receiver.url)
    house.opens()
    send_all(house.now)

    aftermath.look(now=house.now + LATE)

    assert told(fallback) == [("opened", 1)]
    assert Delivery.objects.filter(channel__in=[broken, other]).exclude(fell_back_at=None).count() == 2


def test_whom_the_fallback_told_is_told_the_end_too(house: House, broken: Channel, fallback: Channel) -> None:
    incident = house.opens()
    send_all(house.now)
    aftermath.look(now=house.now + LATE)
    send_all(house.now + LATE)

    house.resolves(incident)
    dispatcher.dispatch(now=house.now + LATE)

    assert told(fallback) == [("opened", 1), ("resolved", 1)]


def test_an_end_that_was_dispatched_before_is_told_with_the_beginning(
    house: House, broken: Channel, fallback: Channel
) -> None:
    house.resolves(house.opens())
    send_all(house.now)

    aftermath.look(now=house.now + LATE)

    assert told(fallback) == [("opened", 1), ("resolved", 1)]


def test_nobody_is_told_where_there_is_no_fallback(house: House, broken: Channel) -> None:
    house.opens()
    send_all(house.now)

    made = aftermath.look(now=house.now + LATE)

    assert made == 0
    assert Delivery.objects.get().fell_back_at is None


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"deleted_at": "now"}])
def test_what_a_channel_is_not_wanted_to_tell_any_more_does_not_fall_back(
    change: dict[str, Any], house: House, broken: Channel, fallback: Channel
) -> None:
    house.opens()
    send_all(house.now)
    Channel.objects.filter(id=broken.id).update(
        **{key: house.now if key == "deleted_at" else value for key, value in change.items()}
    )

    assert aftermath.look(now=house.now + LATE) == 0


def test_a_fallback_that_is_subscribed_is_not_told_twice(
    house: House, broken: Channel, fallback: Channel, smtp_server: SMTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    Subscription.objects.create(monitor=house.monitor, channel=fallback)
    house.opens()
    send_all(house.now)

    aftermath.look(now=house.now + LATE)

    assert told(fallback) == [("opened", 0)]


def test_what_the_fallback_cannot_be_told_falls_back_to_nobody(
    house: House, fallback: Channel, smtp_server: SMTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    smtp_server.refuse("554 no")
    Subscription.objects.create(monitor=house.monitor, channel=fallback)
    house.opens()

    send_all(house.now)

    assert told(fallback) == [("opened", 0)]


def test_an_end_that_fails_is_no_reason_to_fall_back(
    house: House, fallback: Channel, http_receiver: HTTPReceiver
) -> None:
    channel = house.webhook(http_receiver.url)
    incident = house.opens()
    send_all(house.now)
    http_receiver.answer(status=410)
    house.resolves(incident)

    send_all(house.now)

    assert told(channel) == [("opened", 0), ("resolved", 0)]
    assert told(fallback) == []


def test_what_nobody_tried_yet_waits_for_us_not_for_the_channel(
    house: House, broken: Channel, fallback: Channel
) -> None:
    house.opens()
    dispatcher.dispatch(now=house.now)  # and then our own senders are away for a while

    made = aftermath.look(now=house.now + timedelta(minutes=10))

    assert made == 0


def test_what_waits_behind_a_failing_message_of_the_same_channel_falls_back(
    house: House, broken: Channel, fallback: Channel
) -> None:
    house.opens()
    send_all(house.now)
    other = house.another_monitor("Invoices")
    Subscription.objects.create(monitor=other, channel=broken)
    waiting = house.opens(other)
    dispatcher.dispatch(now=house.now)

    aftermath.look(now=house.now + LATE)

    assert Delivery.objects.filter(incident=waiting, channel=fallback, step=1).count() == 1


def test_when_many_fall_back_the_rest_is_one_list(
    house: House, broken: Channel, fallback: Channel, settings: Any
) -> None:
    settings.HEARTBEET_STORM_INCIDENTS = 2
    monitors = [house.another_monitor(f"Job {number}") for number in range(5)]
    for monitor in monitors:
        Subscription.objects.create(monitor=monitor, channel=broken)
        house.opens(monitor)
    send_all(house.now)

    aftermath.look(now=house.now + LATE)

    storm_ids = Delivery.objects.filter(channel=fallback).values_list("storm", flat=True)
    assert [storm is None for storm in storm_ids.order_by("event")] == [True, True, False, False, False]


def test_the_list_of_a_storm_falls_back_as_a_list(house: House, fallback: Channel, settings: Any) -> None:
    settings.HEARTBEET_STORM_INCIDENTS = 1
    settings.HEARTBEET_SMTP_URL = "smtp://127.0.0.1:1"
    channel = house.email()
    for name in ("a", "b", "c"):
        monitor = house.another_monitor(name)
        Subscription.objects.create(monitor=monitor, channel=channel)
        house.opens(monitor)
    dispatcher.dispatch(now=house.now)
    storms.tell(now=house.now + timedelta(seconds=6))
    send_all(house.now + timedelta(seconds=6))

    aftermath.look(now=house.now + timedelta(seconds=6) + LATE)

    sent = Delivery.objects.filter(channel=fallback).values_list("event__kind", "notice__kind", "step")
    assert sorted(sent, key=str) == [("opened", None, 1), (None, "storm", 1)]


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_look_at_once_tell_it_once(transactional_db: None, http_receiver: HTTPReceiver) -> None:
    house = House.build(clock.now())
    http_receiver.answer(status=500)
    house.webhook(http_receiver.url)
    house.channel("email", {"to": "fallback@example.com"}, house.another_monitor("none"), is_fallback=True)
    house.opens()
    send_all(house.now)
    start = threading.Barrier(4)

    def look() -> None:
        with closing(connection):
            start.wait()
            aftermath.look(now=house.now + LATE)

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for each in lookers:
        each.start()
    for each in lookers:
        each.join()

    assert Delivery.objects.filter(step=1).count() == 1
