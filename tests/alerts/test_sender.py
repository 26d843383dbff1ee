"""Sending in parallel, with real threads and, in the tests of several senders, as several processes would."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from alerts import claims, dispatcher
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Delivery
from alerts.sender import SLOW_AFTER_SEC, WAITING_PER_SLOT, Sender
from heartbeet.lib import clock
from tests.alerts.house import House
from tests.chaos.installation import until
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


@contextmanager
def hanging(count: int) -> Iterator[list[HTTPReceiver]]:
    """Receivers that take everything and never answer, each a host of its own."""
    with ExitStack() as stack:
        receivers = [stack.enter_context(HTTPReceiver()) for _ in range(count)]
        for each in receivers:
            each.answer(hang_sec=60)
        yield receivers


@pytest.mark.parametrize(
    ("slots", "hosts", "jobs", "reason"),
    [
        (6, 1, 10, "one that hangs has four senders at most"),
        (4, 3, 3, "three hosts of four senders hang, each with several alerts"),
        (4, 6, 1, "more hosts than senders hang, at their first try"),
    ],
)
def test_receivers_that_hang_delay_no_other_by_a_second(
    house: House, http_receiver: HTTPReceiver, slots: int, hosts: int, jobs: int, reason: str
) -> None:
    monitors = [house.another_monitor(f"Job {number}") for number in range(jobs)]
    with hanging(hosts) as silent:
        for each in silent:
            house.webhook(each.url, *monitors)
        house.webhook(http_receiver.url, *monitors)  # the last in every order
        for monitor in monitors:
            house.opens(monitor)
        dispatcher.dispatch(now=clock.now())
        sender, began = Sender(slots=slots), time.time()

        sender.pump()
        told = http_receiver.wait_for(jobs, seconds=5)

        assert max(request.at for request in told) - began < 1.0, reason
    assert sender.close(wait_sec=10)


def test_hosts_that_have_hung_once_leave_half_of_the_senders_to_others(house: House) -> None:
    """They are tried again, and hang again: a few at a time."""
    monitors = [house.another_monitor(f"Job {number}") for number in range(2)]
    with hanging(6) as silent:
        for each in silent:
            house.webhook(each.url, *monitors)
        for monitor in monitors:
            house.opens(monitor)
        dispatcher.dispatch(now=clock.now())
        Delivery.objects.update(tries=1, first_tried_at=clock.now())
        sender = Sender(slots=1, now=clock.now)

        sender.pump()
        until(lambda: sum(len(each.requests) for each in silent) == WAITING_PER_SLOT // 2)
        time.sleep(5 * SLOW_AFTER_SEC)

        assert sum(len(each.requests) for each in silent) == WAITING_PER_SLOT // 2
    assert sender.close(wait_sec=10)


def test_one_host_gets_no_more_at_once_than_is_set(house: House, http_receiver: HTTPReceiver) -> None:
    monitors = [house.another_monitor(f"Job {number}") for number in range(6)]
    http_receiver.answer(hang_sec=0.2)
    for _ in range(3):
        house.webhook(http_receiver.url, *monitors)
    for monitor in monitors:
        house.opens(monitor)
    dispatcher.dispatch(now=clock.now())
    sender = Sender(slots=16, per_host=2)

    sender.pump()
    received = http_receiver.wait_for(18, seconds=20)

    assert sender.close(wait_sec=10)
    starts = sorted(request.at for request in received)
    assert all(later - earlier > 0.15 for earlier, later in zip(starts, starts[2:], strict=False))


def test_an_errand_that_meets_a_failure_gives_back_what_it_has_not_sent(
    house: House, http_receiver: HTTPReceiver
) -> None:
    monitors = [house.another_monitor(f"Job {number}") for number in range(20)]
    house.webhook(http_receiver.url, *monitors)
    for monitor in monitors:
        house.opens(monitor)
    dispatcher.dispatch(now=clock.now())
    http_receiver.answer(503)
    sender = Sender(slots=4)

    sender.pump()
    http_receiver.wait_for(5)

    until(lambda: not Delivery.objects.filter(status=DeliveryStatus.SENDING).exists())
    assert sender.close(wait_sec=10)
    assert len(http_receiver.requests) == 5, "then the host is left alone"
    assert Delivery.objects.filter(tries=0, status=DeliveryStatus.QUEUED).count() == 15


def test_what_cannot_be_recorded_does_not_keep_others_from_it(
    house: House, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitors = [house.another_monitor(f"Job {number}") for number in range(6)]
    house.webhook(http_receiver.url, *monitors)
    for monitor in monitors:
        house.opens(monitor)
    dispatcher.dispatch(now=clock.now())
    poison = Delivery.objects.latest("id").id
    record = claims.record

    def refuse(outcomes: list[claims.Outcome]) -> None:
        assert all(each.parcel.delivery.id != poison for each in outcomes)
        record(outcomes)

    monkeypatch.setattr(claims, "record", refuse)
    sender = Sender(slots=4)

    sender.pump()
    http_receiver.wait_for(6)

    assert sender.close(wait_sec=10)
    until(lambda: Delivery.objects.filter(status=DeliveryStatus.DELIVERED).count() == 5)
    assert Delivery.objects.get(id=poison).status == DeliveryStatus.SENDING, "until its lease runs out"


def test_what_was_sent_while_the_database_was_away_is_recorded_when_it_is_back(
    house: House, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=clock.now())
    record, failures = claims.record, iter([OperationalError("away"), OperationalError("still away")])

    def away_twice(outcomes: list[claims.Outcome]) -> None:
        for failure in failures:
            raise failure
        record(outcomes)

    monkeypatch.setattr(claims, "record", away_twice)
    sender = Sender(slots=4)

    sender.pump()
    http_receiver.wait_for(1)

    until(lambda: Delivery.objects.get().status == DeliveryStatus.DELIVERED)
    assert sender.close(wait_sec=10)
    assert len(http_receiver.requests) == 1


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
