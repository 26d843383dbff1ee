"""The fallback channel: who is told what another channel could not be told, when, and once."""

from datetime import timedelta
from typing import Any

import pytest

from alerts import aftermath, claims, dispatcher
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Receiver
from monitors.domain.status import EventKind
from monitors.models import Incident
from tests.alerts.house import House, send_all
from tests.receivers import HTTPReceiver

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
