"""The dispatcher's mark, and a wall clock that is set back."""

from datetime import timedelta

import pytest

from alerts import claims, dispatcher, marks
from alerts.domain.retry import DeliveryStatus
from alerts.models import Delivery, DispatchMark, Receiver
from monitors.models import IncidentEvent
from tests.alerts.house import House, claim, send_all
from tests.receivers import HTTPReceiver

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def mark(house: House, *, is_back: bool = True) -> None:
    marks.finished(now=house.now, is_back=is_back)


def test_the_mark_says_when_the_dispatcher_came_to_its_end(house: House) -> None:
    mark(house)
    marks.finished(now=house.now + SECOND, is_back=False)

    assert DispatchMark.objects.get().finished_at == house.now + SECOND


def test_a_clock_that_is_set_back_an_hour_delays_no_try(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.then(status=500)
    send_all(house.now)
    mark(house)
    house.now -= HOUR

    mark(house)

    row = Delivery.objects.get()
    assert row.next_try_at is not None
    assert timedelta(0) < row.next_try_at - house.now <= 6 * SECOND
    assert row.first_tried_at == row.created_at == house.now
    send_all(house.now + 6 * SECOND)
    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED


def test_a_send_under_way_when_the_clock_is_set_back_delays_no_try(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.then(status=500)
    dispatcher.dispatch(now=house.now)
    [parcel] = claims.prepare(claim(house.now), now=house.now)
    receipt, took = claims.hand_over(parcel, now=house.now)
    outcome = claims.Outcome(parcel, receipt, house.now, took)
    mark(house)
    house.now -= HOUR
    mark(house)

    claims.record([outcome.known_at(house.now)])

    row = Delivery.objects.get()
    assert row.next_try_at is not None
    assert timedelta(0) < row.next_try_at - house.now <= 6 * SECOND


def test_a_lease_moves_too_and_its_holder_keeps_it(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    [held] = claim(house.now)
    mark(house)
    house.now -= HOUR

    mark(house)

    [parcel] = claims.prepare([held], now=house.now)
    receipt, took = claims.hand_over(parcel, now=house.now)
    assert claim(house.now) == [], "it is leased"
    claims.record([claims.Outcome(parcel, receipt, house.now, took)])
    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED


def test_hosts_and_held_events_do_not_wait_for_the_old_time_either(house: House) -> None:
    Receiver.objects.create(host="a", failures=5, open_until=house.now + 30 * SECOND, updated_at=house.now)
    house.opens()
    IncidentEvent.objects.update(hold_until=house.now + 60 * SECOND)
    mark(house)
    house.now -= HOUR

    mark(house)

    assert Receiver.objects.get().open_until == house.now + 30 * SECOND
    assert IncidentEvent.objects.get().hold_until == house.now + 60 * SECOND


@pytest.mark.parametrize(
    ("ahead", "is_back", "reason"),
    [
        (HOUR, False, "our clock only went on: another host's is ahead, and would be each time"),
        (4 * SECOND, True, "clocks differ by that much"),
        (-HOUR, True, "it was not set back"),
    ],
)
def test_nothing_moves_without_a_step_back(
    house: House, http_receiver: HTTPReceiver, ahead: timedelta, is_back: bool, reason: str
) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    marks.finished(now=house.now + ahead, is_back=False)

    mark(house, is_back=is_back)

    assert Delivery.objects.get().next_try_at == house.now, reason
    assert DispatchMark.objects.get().finished_at == house.now


def test_what_has_happened_keeps_its_times(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    send_all(house.now)
    mark(house)
    before = Delivery.objects.values().get()
    house.now -= HOUR

    mark(house)

    assert Delivery.objects.values().get() == before


@pytest.mark.parametrize(
    ("wall", "steady", "is_back", "reason"),
    [
        (timedelta(seconds=1), timedelta(seconds=1), False, "time goes by"),
        (-HOUR, timedelta(seconds=1), True, "set back an hour"),
        (timedelta(seconds=-3), timedelta(seconds=1), False, "a small correction"),
        (HOUR, timedelta(seconds=1), False, "set forward: everything is due, and goes"),
    ],
)
def test_a_step_is_seen_against_a_clock_that_only_goes_on(
    house: House, wall: timedelta, steady: timedelta, is_back: bool, reason: str
) -> None:
    steps = marks.Steps()
    assert steps.is_back(wall=house.now, steady=house.now), "it may have been set back before the first look"

    assert steps.is_back(wall=house.now + wall, steady=house.now + steady) is is_back, reason
    assert not steps.is_back(wall=house.now + wall, steady=house.now + steady), "and only once"
    assert steps.is_settling(steady=house.now + steady) is (is_back or steady < marks.SETTLES), reason


def test_what_another_thread_still_writes_by_the_old_clock_waits_no_longer(
    house: House, http_receiver: HTTPReceiver
) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    old = house.now
    house.now -= HOUR
    mark(house)
    dispatcher.dispatch(now=old)  # it had looked at the clock before

    marks.finished(now=house.now, is_back=False, is_settling=True)
    send_all(house.now)

    row = Delivery.objects.get()
    assert (row.status, row.created_at) == (DeliveryStatus.DELIVERED, house.now)
