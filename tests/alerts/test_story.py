"""The whole way: an event in the outbox, a message at the receiver, an entry in the ledger."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import standardwebhooks

from accounts import webhooks
from alerts import queries
from alerts.models import Attempt, Delivery
from tests.alerts.house import House, ledger, send_all
from tests.receivers import HTTPReceiver, SMTPReceiver


@pytest.fixture
def now() -> datetime:
    """The real time: the signature's own library refuses an old timestamp."""
    return datetime.now(UTC)


def test_an_opened_incident_reaches_a_webhook_signed(house: House, http_receiver: HTTPReceiver) -> None:
    channel = house.webhook(http_receiver.url)
    incident = house.opens()

    send_all(house.now)

    [request] = http_receiver.requests
    [secret] = webhooks.opened(queries.signers(channel, house.now))
    verified = standardwebhooks.Webhook(secret.text).verify(request.body, request.headers)
    assert verified["type"] == "incident.opened"
    assert verified["data"]["incident"]["id"] == incident.id
    assert ledger(incident) == [("opened", "delivered")]


def test_the_id_of_a_webhook_is_the_delivery(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()

    send_all(house.now)

    [request] = http_receiver.requests
    assert request.headers["webhook-id"] == str(Delivery.objects.get().uid)


def test_each_try_is_in_the_ledger_with_what_the_receiver_said(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.then(status=500, body=b"out of beets")

    send_all(house.now)
    send_all(house.now + timedelta(seconds=10))

    first, second = Attempt.objects.order_by("id")
    assert (first.is_ok, first.status_code, first.excerpt) == (False, 500, "out of beets")
    assert first.error == "The receiver answered 500 Internal Server Error."
    assert (second.is_ok, second.status_code) == (True, 200)


def test_opened_and_resolved_reach_a_mailbox(house: House, smtp_server: SMTPReceiver, settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    house.email("ops@example.com")
    incident = house.opens()

    send_all(house.now)
    house.resolves(incident)
    send_all(house.now + timedelta(minutes=12))

    opened, resolved = smtp_server.wait_for(2)
    assert opened.recipients == ["ops@example.com"]
    assert opened.message["Subject"] == "DOWN: Nightly backup"
    assert resolved.message["Subject"] == "RECOVERED: Nightly backup"
    assert ledger(incident) == [("opened", "delivered"), ("resolved", "delivered")]
