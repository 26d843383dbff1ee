"""From the outbox to the receivers, step by step."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from alerts import claims, dispatcher
from alerts.channels import base
from alerts.domain.retry import MAX_TRIES, DeliveryStatus
from alerts.models import Attempt, Delivery, Subscription
from monitors.domain.status import EventKind
from monitors.models import IncidentEvent
from tests.alerts.house import House, claim, deliver, ledger, send_all
from tests.receivers import HTTPReceiver, SMTPReceiver

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def mail(smtp_server: SMTPReceiver, settings: Any) -> SMTPReceiver:
    """E-mails go to a server on loopback."""
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    return smtp_server


def types(receiver: HTTPReceiver) -> list[str]:
    return [request.json()["type"] for request in receiver.requests]


def test_each_subscribed_channel_gets_one_delivery(house: House, http_receiver: HTTPReceiver) -> None:
    channels = [house.webhook(http_receiver.url), house.email()]
    house.opens()

    made = dispatcher.dispatch(now=house.now)

    assert made == 2
    assert {row.channel_id for row in Delivery.objects.all()} == {channel.id for channel in channels}


def test_dispatching_again_makes_nothing_twice(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    IncidentEvent.objects.update(dispatched_at=None)  # as if the dispatcher had died before it could say so

    dispatcher.dispatch(now=house.now)

    assert Delivery.objects.count() == 1


def test_an_event_nobody_subscribed_to_leaves_the_outbox(house: House) -> None:
    house.opens()

    assert dispatcher.dispatch(now=house.now) == 0
    assert not IncidentEvent.objects.filter(dispatched_at=None).exists()


def test_more_events_than_a_batch_are_all_dispatched(
    house: House, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "BATCH", 2)
    house.webhook(http_receiver.url)
    incident = house.opens()
    for _ in range(4):
        house.event(incident, EventKind.ACKNOWLEDGED, house.now)

    assert dispatcher.dispatch(now=house.now) == 5


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"deleted": True}])
def test_a_channel_that_is_off_gets_nothing(house: House, http_receiver: HTTPReceiver, fields: dict[str, bool]) -> None:
    channel = house.webhook(http_receiver.url)
    channel.is_enabled = fields.get("is_enabled", True)
    channel.deleted_at = house.now if fields.get("deleted") else None
    channel.save()
    house.opens()

    send_all(house.now)

    assert http_receiver.requests == []


def test_a_channel_switched_off_in_between_gets_nothing_and_the_ledger_says_why(
    house: House, http_receiver: HTTPReceiver
) -> None:
    channel = house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    channel.is_enabled = False
    channel.save()

    send_all(house.now)

    assert http_receiver.requests == []
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.next_try_at) == (DeliveryStatus.DEAD, None)
    assert "switched off" in delivery.last_error


def test_a_note_is_not_sent(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.event(incident, EventKind.NOTE, house.now)

    send_all(house.now)

    assert types(http_receiver) == ["incident.opened"]


def test_an_acknowledgement_goes_to_programs_only(
    house: House, http_receiver: HTTPReceiver, mail: SMTPReceiver
) -> None:
    house.webhook(http_receiver.url)
    house.email()
    incident = house.opens()
    house.event(incident, EventKind.ACKNOWLEDGED, house.now)

    send_all(house.now)

    assert types(http_receiver) == ["incident.opened", "incident.acknowledged"]
    assert len(mail.mails) == 1


def test_a_deleted_monitor_still_tells_that_it_is_over(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)
    house.monitor.deleted_at = house.now
    house.monitor.save()

    send_all(house.now)

    assert types(http_receiver) == ["incident.opened", "incident.resolved"]


def test_a_later_event_waits_until_the_earlier_one_has_arrived(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)
    http_receiver.then(status=500)

    send_all(house.now)
    assert ledger(incident) == [("opened", "queued"), ("resolved", "queued")]

    send_all(house.now + MINUTE)
    assert types(http_receiver) == ["incident.opened", "incident.opened", "incident.resolved"]
    assert ledger(incident) == [("opened", "delivered"), ("resolved", "delivered")]


def test_a_later_event_waits_while_the_earlier_one_is_being_sent(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)
    dispatcher.dispatch(now=house.now)

    first = claim(house.now, 10)
    second = claim(house.now, 10)

    assert len(first) == 1
    assert second == []


def test_a_later_event_waits_while_the_earlier_one_is_not_dispatched(house: House, http_receiver: HTTPReceiver) -> None:
    """Another dispatcher has taken the earlier event and has not committed yet."""
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)
    dispatcher.dispatch(now=house.now)
    Delivery.objects.filter(event__kind=EventKind.OPENED).delete()
    IncidentEvent.objects.filter(kind=EventKind.OPENED).update(dispatched_at=None)

    assert claim(house.now, 10) == []


def test_incidents_of_other_monitors_do_not_wait(house: House, http_receiver: HTTPReceiver) -> None:
    other = house.another_monitor("Invoices")
    house.webhook(http_receiver.url, house.monitor, other)
    house.opens()
    house.opens(other)
    http_receiver.then(status=500)

    send_all(house.now)

    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["delivered", "queued"]


def test_a_dead_letter_releases_what_waits_behind_it(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)
    http_receiver.then(status=410)

    send_all(house.now)

    assert ledger(incident) == [("opened", "dead"), ("resolved", "delivered")]


def test_people_are_told_in_one_message_when_it_is_over_already(house: House, mail: SMTPReceiver) -> None:
    house.email()
    incident = house.opens()
    house.resolves(incident)

    send_all(house.now)

    [told] = mail.wait_for(1)
    assert "could not be delivered before" in told.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert ledger(incident) == [("opened", "delivered"), ("resolved", "collapsed")]


def test_a_failed_message_for_both_is_tried_again_for_both(house: House, mail: SMTPReceiver) -> None:
    house.email()
    incident = house.opens()
    house.resolves(incident)
    mail.refuse("451 later")

    send_all(house.now)
    assert ledger(incident) == [("opened", "queued"), ("resolved", "queued")]

    mail.accept()
    send_all(house.now + MINUTE)
    assert len(mail.wait_for(1)) == 1
    assert ledger(incident) == [("opened", "delivered"), ("resolved", "collapsed")]


def test_a_lease_keeps_others_away_and_then_runs_out(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    claim(house.now, 10)

    just_before = claim(house.now + claims.LEASE - SECOND, 10)
    at_its_end = claim(house.now + claims.LEASE, 10)

    assert (len(just_before), len(at_its_end)) == (0, 1)


def test_a_sender_that_lost_its_lease_changes_nothing_but_the_ledger(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    [slow] = claim(house.now, 1)
    [parcel] = claims.prepare([slow], now=house.now)
    [quick] = claim(house.now + claims.LEASE, 1)
    deliver(quick, now=house.now + claims.LEASE)

    claims.record([claims.Outcome(parcel, base.failed("too late"), house.now, SECOND)])

    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED
    assert Attempt.objects.count() == 2


def test_a_claim_that_is_no_longer_held_sends_nothing(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    [late] = claim(house.now, 1)
    claim(house.now + claims.LEASE, 1)

    deliver(late, now=house.now + claims.LEASE)

    assert http_receiver.requests == []


def test_a_delivery_that_kills_every_sender_ends(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    dispatcher.dispatch(now=house.now)
    moment = house.now

    for _ in range(MAX_TRIES + 1):
        claim(moment, 1)
        moment += claims.LEASE

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.next_try_at) == (DeliveryStatus.DEAD, None)


def test_retry_after_is_honoured(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.then(status=429, Retry_After="120")

    send_all(house.now)

    again = Delivery.objects.get().next_try_at
    assert again is not None
    assert again - house.now >= 2 * MINUTE


def test_a_channel_whose_secrets_cannot_be_opened_is_an_error_of_that_channel(
    house: House, http_receiver: HTTPReceiver
) -> None:
    broken = house.webhook(http_receiver.url)
    house.webhook(http_receiver.url)
    broken.secrets = '{"v":2,"kid":"gone","iv":"","ct":""}'
    broken.save()
    house.opens()

    send_all(house.now)

    assert len(http_receiver.requests) == 1
    assert "cannot be used" in Delivery.objects.get(channel=broken).last_error


def test_a_bug_in_a_channel_is_an_error_of_that_channel(
    house: House, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.channels.email.compose", lambda *_, **__: 1 / 0)
    house.email()
    house.webhook(http_receiver.url)
    incident = house.opens()

    send_all(house.now)

    assert len(http_receiver.requests) == 1
    assert set(ledger(incident)) == {("opened", "queued"), ("opened", "delivered")}


def test_one_storm_does_not_hide_the_other_channels(house: House, http_receiver: HTTPReceiver) -> None:
    quiet = house.another_monitor("Quiet")
    calm = house.webhook(http_receiver.url, quiet)
    noisy = house.webhook(http_receiver.url)
    for number in range(20):
        Subscription.objects.create(monitor=house.another_monitor(f"Storm {number}"), channel=noisy)
    for subscription in noisy.subscriptions.all():
        house.opens(subscription.monitor)
    house.opens(quiet)
    dispatcher.dispatch(now=house.now)

    found = claim(house.now, 8)

    claimed = Delivery.objects.filter(id__in=[each.delivery_id for each in found])
    assert calm.id in set(claimed.values_list("channel_id", flat=True))


@pytest.mark.parametrize(
    ("failed_ago", "at_once", "reason"),
    [
        (timedelta(0), 1, "the channel has just failed: one at a time"),
        (timedelta(hours=2), 3, "that one waits for hours by now and says nothing about the channel"),
    ],
)
def test_a_channel_that_fails_is_tried_one_at_a_time(
    house: House, http_receiver: HTTPReceiver, failed_ago: timedelta, at_once: int, reason: str
) -> None:
    others = [house.another_monitor(f"Job {number}") for number in range(3)]
    house.webhook(http_receiver.url, house.monitor, *others)
    house.opens()
    http_receiver.then(500)
    send_all(house.now)
    Delivery.objects.update(next_try_at=house.now + 6 * failed_ago + SECOND)
    for monitor in others:
        house.opens(monitor)
    dispatcher.dispatch(now=house.now)

    assert len(claim(house.now, 10)) == at_once, reason


def test_every_delivery_has_an_id_of_its_own(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)

    send_all(house.now)

    ids = {UUID(request.headers["webhook-id"]) for request in http_receiver.requests}
    assert len(ids) == 2


def test_finding_nothing_to_do_takes_one_query_each(
    house: House, http_receiver: HTTPReceiver, django_assert_max_num_queries: Any
) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    send_all(house.now)

    with django_assert_max_num_queries(2):
        dispatcher.dispatch(now=house.now)
        claim(house.now, 10)
