"""Dead letters sent again: all of a channel's, in their order, and without calling anybody out to what is over."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent
from alerts import ledger, operations
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery
from tests.alerts.house import House, send_all
from tests.receivers import HTTPReceiver, SMTPReceiver

LATER = timedelta(hours=1)


@pytest.fixture
def mail(house: House, smtp_server: SMTPReceiver, settings: Any) -> Channel:
    """An address that is refused."""
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    smtp_server.refuse("554 no")
    return house.email()


def replay(channel: Channel, house: House, **choice: Any) -> int:
    return operations.replay_all(channel=channel, by=SYSTEM, now=house.now + LATER, **choice)


def subjects(server: SMTPReceiver) -> list[str]:
    return [str(each.message["Subject"]) for each in server.mails]


def test_all_dead_letters_of_a_channel_are_sent_again(house: House, mail: Channel, smtp_server: SMTPReceiver) -> None:
    for name in ("a", "b", "c"):
        house.email(f"{name}@example.com")
    house.opens()
    send_all(house.now)
    smtp_server.accept()

    replayed = replay(mail, house)
    send_all(house.now + LATER)

    assert replayed == 1
    assert Delivery.objects.get(channel=mail).status == DeliveryStatus.DELIVERED
    assert Delivery.objects.filter(status=DeliveryStatus.DEAD).count() == 3


def test_since_leaves_out_what_is_older(house: House, mail: Channel) -> None:
    house.opens()
    send_all(house.now)

    assert replay(mail, house, since=house.now + timedelta(seconds=1)) == 0
    assert replay(mail, house, since=house.now) == 1


def test_it_stands_in_the_audit_log_unless_there_was_nothing(house: House, mail: Channel) -> None:
    house.opens()
    send_all(house.now)

    replay(mail, house)
    replay(mail, house)

    written = AuditEvent.objects.get(action="REPLAY_DEAD_LETTERS")
    assert written.meta["replayed"] == 1


def test_a_channel_that_is_switched_off_refuses(house: House, mail: Channel) -> None:
    house.opens()
    send_all(house.now)
    operations.edit_channel(channel=mail, changes={"is_enabled": False}, by=SYSTEM, now=house.now)

    with pytest.raises(operations.SwitchedOff):
        replay(mail, house)

    assert Delivery.objects.get().status == DeliveryStatus.DEAD


def test_people_are_told_in_one_message_of_what_is_over_by_now(
    house: House, mail: Channel, smtp_server: SMTPReceiver
) -> None:
    incident = house.opens()
    send_all(house.now)
    house.resolves(incident)
    smtp_server.accept()
    send_all(house.now)  # the end arrives, for what was before it is dead
    before = subjects(smtp_server)

    replay(mail, house)
    send_all(house.now + LATER)

    again = subjects(smtp_server)[len(before) :]
    assert again == ["RECOVERED: Nightly backup"]


def test_a_beginning_and_an_end_that_are_both_dead_are_one_message(
    house: House, mail: Channel, smtp_server: SMTPReceiver
) -> None:
    incident = house.opens()
    send_all(house.now)
    house.resolves(incident)
    send_all(house.now)
    smtp_server.accept()

    replay(mail, house)
    send_all(house.now + LATER)

    opened, resolved = ledger.of_incident(incident)
    assert len(smtp_server.mails) == 1
    assert (opened.delivery.status, resolved.delivery.status) == ("delivered", "collapsed")
    assert resolved.told_in_id == opened.delivery.id


def test_a_program_is_told_the_end_once_more_after_its_beginning(house: House, http_receiver: HTTPReceiver) -> None:
    channel = house.webhook(http_receiver.url)
    incident = house.opens()
    http_receiver.then(status=410)
    send_all(house.now)
    house.resolves(incident)
    send_all(house.now)

    replay(channel, house)
    send_all(house.now + LATER)

    told = [(request.json()["type"], request.headers["webhook-id"]) for request in http_receiver.requests]
    (_, began), (_, ended) = told[0], told[1]
    assert told[2:] == [("incident.opened", began), ("incident.resolved", ended)]
