"""RIVALS 1 to 6: cases that the best systems of this field lose."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.domain.actor import SYSTEM
from alerts import claims, dispatcher, operations, queries
from alerts import ledger as alerts_ledger
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Delivery
from alerts.sender import Sender
from heartbeet.lib import clock
from monitors import transitions
from monitors.domain.status import Status
from monitors.models import Incident, IncidentEvent, Monitor, Pulse
from tests.alerts.house import House, claim, ledger, send_all
from tests.receivers import Answer, HTTPReceiver, Received, SMTPReceiver


class Crash(Exception):
    """The process dies here."""


def test_1_a_sender_that_dies_between_claim_and_send_loses_nothing(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    dispatcher.dispatch(now=house.now)
    claim(house.now, 1)  # and here the process is gone

    send_all(house.now + claims.LEASE)

    assert len(http_receiver.requests) == 1
    assert ledger(incident) == [("opened", "delivered")]


def test_1_a_sender_that_dies_after_sending_sends_again_under_the_same_id(
    house: House, http_receiver: HTTPReceiver
) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    [claimed] = claim(house.now, 1)
    [parcel] = claims.prepare([claimed], now=house.now)
    claims.hand_over(parcel, now=house.now)  # sent, and gone before it could be recorded

    send_all(house.now + claims.LEASE)

    first, second = http_receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_2_a_channel_that_fails_does_not_stop_the_channels_after_it(
    house: House, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    smtp_server.refuse("554 no")
    house.email()
    house.webhook("http://127.0.0.1:1/nobody-listens")
    house.webhook(http_receiver.url)
    incident = house.opens()

    send_all(house.now)

    assert len(http_receiver.requests) == 1
    assert ledger(incident) == [("opened", "dead"), ("opened", "queued"), ("opened", "delivered")]


def test_3_a_crash_leaves_neither_a_red_monitor_nor_an_alert(house: House) -> None:
    last = house.now - timedelta(hours=1)
    Pulse.objects.update(status=Status.UP, status_since=last, last_ping_at=last, last_success_at=last)

    with pytest.raises(Crash):
        judge_and_crash(house)

    assert Pulse.objects.get().status == Status.UP
    assert not IncidentEvent.objects.exists()


@transaction.atomic
def judge_and_crash(house: House) -> None:
    transitions.clock([house.monitor.id], watermark=house.now, now=house.now)
    assert Incident.objects.exists()
    raise Crash


def test_3_a_dispatcher_that_dies_leaves_the_event_in_the_outbox(
    house: House, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.webhook(http_receiver.url)
    house.opens()

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr("alerts.dispatcher._deliveries", crash)
        with pytest.raises(Crash):
            dispatcher.dispatch(now=house.now)
    send_all(house.now)

    assert len(http_receiver.requests) == 1


def test_4_a_failing_webhook_is_tried_for_a_day_then_a_dead_letter_that_can_be_replayed(
    house: House, http_receiver: HTTPReceiver
) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    http_receiver.answer(status=500)
    tried_at = try_until_dead(house.now)

    assert len(tried_at) == 12
    assert timedelta(hours=19) < tried_at[-1] - tried_at[0] < timedelta(hours=29)
    assert ledger(incident) == [("opened", "dead")]

    http_receiver.answer(status=200)
    operations.replay(delivery=Delivery.objects.get(), by=SYSTEM, now=tried_at[-1])
    send_all(tried_at[-1])

    assert ledger(incident) == [("opened", "delivered")]
    assert len({request.headers["webhook-id"] for request in http_receiver.requests}) == 1


def try_until_dead(now: datetime) -> list[datetime]:
    """Send at each moment the delivery asks for, until it asks no more."""
    moment: datetime | None = now
    tried: list[datetime] = []
    while moment:
        send_all(moment)
        tried.append(moment)
        moment = Delivery.objects.get().next_try_at
    return tried


class Meeting(HTTPReceiver):
    """Answers nobody before `guests` requests are there at the same time."""

    def __init__(self, guests: int) -> None:
        super().__init__()
        self.barrier = threading.Barrier(guests)

    def take(self, request: Received) -> Answer:
        answer = super().take(request)
        self.barrier.wait(timeout=8)
        return answer


@contextmanager
def sending(*, slots: int) -> Iterator[Sender]:
    """Real threads, which are through before the test ends."""
    sender = Sender(slots=slots)
    yield sender
    assert sender.close(wait_sec=10)


@pytest.mark.django_db(transaction=True)
def test_5_three_monitors_with_a_slow_webhook_are_told_at_the_same_time(transactional_db: None) -> None:
    house = House.build(clock.now())
    names = ["Invoices", "Mails", "Reports"]
    with sending(slots=8) as sender, Meeting(guests=3) as slow:
        house.webhook(slow.url, *(house.another_monitor(name) for name in names))
        for monitor in Monitor.objects.filter(name__in=names):
            house.opens(monitor)
        dispatcher.dispatch(now=clock.now())

        sender.pump()

        assert len(slow.wait_for(3)) == 3
    assert set(Delivery.objects.values_list("status", flat=True)) == {DeliveryStatus.DELIVERED}


@pytest.mark.django_db(transaction=True)
def test_5_a_hanging_channel_does_not_delay_another_one(transactional_db: None, http_receiver: HTTPReceiver) -> None:
    house = House.build(clock.now())
    storm = [house.another_monitor(f"Storm {number}") for number in range(10)]
    with sending(slots=6) as sender, HTTPReceiver() as hanging:
        hanging.answer(hang_sec=60)
        house.webhook(hanging.url, *storm)
        house.webhook(http_receiver.url)
        for monitor in [*storm, house.monitor]:
            house.opens(monitor)
        dispatcher.dispatch(now=clock.now())

        sender.pump()

        http_receiver.wait_for(1)
        assert len(hanging.wait_for(4)) == 4


def test_6_a_failed_alert_is_visible(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    http_receiver.answer(status=500, body=b"database is down")

    send_all(house.now)

    [entry] = alerts_ledger.of_incident(incident)
    [attempt] = entry.attempts
    assert (attempt.status_code, attempt.excerpt) == (500, "database is down")
    undelivered = queries.undelivered(house.now + timedelta(minutes=5))
    assert undelivered == queries.Undelivered(waiting=1, oldest_at=house.now, dead=0)


def test_6_a_dead_letter_stays_visible_until_it_is_replayed(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.then(status=410)
    send_all(house.now)
    assert queries.undelivered(house.now).dead == 1

    operations.replay(delivery=Delivery.objects.get(), by=SYSTEM, now=house.now)
    send_all(house.now)

    assert queries.undelivered(house.now) == queries.Undelivered(waiting=0, oldest_at=None, dead=0)
    assert Attempt.objects.count() == 2


def test_6_an_event_that_nobody_dispatches_is_visible(house: House) -> None:
    house.opens()

    assert queries.undelivered(house.now).waiting == 1
