"""The tasks: names that others ring by, and the way from a knock to a message."""

from collections.abc import Iterator

import pytest

from alerts import dispatcher, sender, tasks
from alerts.domain.retry import DeliveryStatus
from alerts.models import Delivery
from heartbeet import celery
from heartbeet.lib import clock
from tests.alerts.house import House
from tests.receivers import HTTPReceiver


@pytest.fixture
def fresh_sender() -> Iterator[sender.Sender]:
    """The sender of this process, made for this test and gone after it."""
    sender.of_this_process.cache_clear()
    yield sender.of_this_process()
    assert sender.of_this_process().close(wait_sec=10)
    sender.of_this_process.cache_clear()


@pytest.mark.parametrize("name", ["alerts.dispatch", "alerts.send"])
def test_the_names_and_queues_are_those_that_others_ring(name: str) -> None:
    assert name in celery.app.tasks
    assert name in celery.CONFIGURATION["task_routes"]


@pytest.mark.django_db(transaction=True)
def test_two_knocks_bring_an_event_to_its_receiver(
    transactional_db: None, fresh_sender: sender.Sender, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House.build(clock.now())
    house.webhook(http_receiver.url)
    house.opens()
    rung: list[str] = []
    monkeypatch.setattr(tasks.send, "apply_async", lambda **_: rung.append("alerts.send"))

    tasks.dispatch()
    tasks.send()

    http_receiver.wait_for(1)
    assert fresh_sender.close(wait_sec=10)
    assert rung == ["alerts.send"]
    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED


@pytest.mark.django_db
def test_nothing_new_rings_no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(tasks.send, "apply_async", lambda **_: rung.append("alerts.send"))

    tasks.dispatch()

    assert rung == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stops_waits_for_its_sends(
    transactional_db: None, fresh_sender: sender.Sender, http_receiver: HTTPReceiver
) -> None:
    house = House.build(clock.now())
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.answer(hang_sec=0.3)
    dispatcher.dispatch(now=clock.now())
    tasks.send()
    http_receiver.wait_for(1)

    tasks.drain()

    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED
