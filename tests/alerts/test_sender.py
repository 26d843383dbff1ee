"""Sending in parallel, with real threads and, in the tests of several senders, as several processes would."""

import threading
from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection

from alerts import claims, dispatcher
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Delivery
from alerts.sender import Sender
from heartbeet.lib import clock
from tests.alerts.house import House
from tests.receivers import HTTPReceiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(transactional_db: None) -> House:
    return House.build(clock.now())


def test_what_waits_behind_a_delivery_goes_out_without_another_knock(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)
    dispatcher.dispatch(now=clock.now())
    sender = Sender(slots=1)

    sender.pump()

    opened, resolved = http_receiver.wait_for(2)
    assert (opened.json()["type"], resolved.json()["type"]) == ("incident.opened", "incident.resolved")
    assert sender.close(wait_sec=10)


def test_several_senders_send_each_delivery_once(house: House, http_receiver: HTTPReceiver) -> None:
    monitors = [house.another_monitor(f"Job {number}") for number in range(15)]
    house.webhook(http_receiver.url, *monitors)
    house.webhook(http_receiver.url, *monitors)
    for monitor in monitors:
        house.resolves(house.opens(monitor))
    dispatcher.dispatch(now=clock.now())
    senders = [Sender(slots=3) for _ in range(3)]

    for sender in senders:
        sender.pump()
    http_receiver.wait_for(60, seconds=30)

    for sender in senders:
        assert sender.close(wait_sec=10)
    sent = Counter(request.headers["webhook-id"] for request in http_receiver.requests)
    assert len(sent) == 60
    assert set(sent.values()) == {1}
    assert Delivery.objects.filter(status=DeliveryStatus.DELIVERED).count() == 60


def test_several_dispatchers_make_each_delivery_once(house: House, http_receiver: HTTPReceiver) -> None:
    monitors = [house.another_monitor(f"Job {number}") for number in range(5)]
    house.webhook(http_receiver.url, *monitors)
    for monitor in monitors:
        house.resolves(house.opens(monitor))
    start = threading.Barrier(3)

    def dispatch() -> None:
        with closing(connection):
            start.wait()
            dispatcher.dispatch(now=clock.now())

    dispatchers = [threading.Thread(target=dispatch) for _ in range(3)]
    for each in dispatchers:
        each.start()
    for each in dispatchers:
        each.join()

    assert Delivery.objects.count() == 10


def test_a_sender_that_closes_starts_nothing_more(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=clock.now())
    sender = Sender(slots=4)

    assert sender.close(wait_sec=1)
    sender.pump()

    assert sender.close(wait_sec=1)
    assert Delivery.objects.get().status == DeliveryStatus.QUEUED


def test_a_send_that_cannot_be_recorded_is_sent_again_when_its_lease_ends(
    house: House, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=clock.now())

    with monkeypatch.context() as patch:
        patch.setattr("alerts.claims.record", lambda *_, **__: 1 / 0)
        sender = Sender(slots=2)
        sender.pump()
        http_receiver.wait_for(1)
        assert sender.close(wait_sec=10)
    later = clock.now() + claims.LEASE + timedelta(seconds=1)
    again = Sender(slots=2, now=lambda: later)
    again.pump()

    first, second = http_receiver.wait_for(2)
    assert again.close(wait_sec=10)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert Attempt.objects.get().is_ok
