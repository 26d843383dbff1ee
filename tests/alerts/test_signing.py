"""Webhooks signed by the organisation's secret, while it is replaced."""

from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks

from accounts import webhooks
from accounts.domain.actor import SYSTEM
from accounts.models import WebhookSecret
from alerts import queries, trials
from heartbeet.lib import crypto
from tests.alerts.house import House, send_all
from tests.receivers import HTTPReceiver

pytestmark = pytest.mark.django_db

OWN = "whsec_" + "B" * 40


@pytest.fixture
def now() -> datetime:
    """The real time: the signature's own library refuses an old timestamp."""
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("rotated_ago", "accepting"),
    [
        pytest.param(None, {"old"}, id="before a rotation"),
        pytest.param(timedelta(hours=1), {"old", "new"}, id="both for 24 hours"),
        pytest.param(timedelta(hours=25), {"new"}, id="after it"),
    ],
)
def test_receivers_have_a_day_to_move_over(
    house: House, http_receiver: HTTPReceiver, rotated_ago: timedelta | None, accepting: set[str]
) -> None:
    house.webhook(http_receiver.url)
    known = {"old": current(house, ago=timedelta(days=3))}
    if rotated_ago:
        rotated = webhooks.rotate(organization=house.organization, by=SYSTEM, now=house.now - rotated_ago)
        known["new"] = rotated[0].text
    house.opens()

    send_all(house.now)

    assert {name for name, secret in known.items() if verifies(http_receiver, secret)} == accepting


def test_a_secret_of_its_own_goes_before_that_of_the_organisation(house: House, http_receiver: HTTPReceiver) -> None:
    house.channel("webhook", {"url": http_receiver.url, "secret": OWN})
    shared = current(house)
    house.opens()

    send_all(house.now)

    assert (verifies(http_receiver, OWN), verifies(http_receiver, shared)) == (True, False)


def test_a_test_alert_is_signed_as_well(house: House, http_receiver: HTTPReceiver) -> None:
    channel = house.webhook(http_receiver.url)

    result = trials.of_channel(channel=channel, by=SYSTEM, now=house.now)

    assert result.ok
    assert verifies(http_receiver, current(house))


def test_the_secret_is_made_when_the_first_webhook_is_sent(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()

    send_all(house.now)

    assert house.organization.webhook_secrets.count() == 1


def test_a_secret_that_cannot_be_opened_is_a_failed_try(house: House, http_receiver: HTTPReceiver) -> None:
    channel = house.webhook(http_receiver.url)
    current(house)
    WebhookSecret.objects.update(envelope=crypto.seal("moved", bound_to="another row"))
    incident = house.opens()

    send_all(house.now)

    assert http_receiver.requests == []
    assert "cannot be used" in incident.deliveries.get().last_error
    assert queries.signs_for_organization(channel)


def current(house: House, ago: timedelta = timedelta(0)) -> str:
    secrets = webhooks.opened(webhooks.sealed(organization=house.organization, now=house.now - ago))
    return secrets[0].text


def verifies(receiver: HTTPReceiver, secret: str) -> bool:
    [request] = receiver.requests
    try:
        standardwebhooks.Webhook(secret).verify(request.body, request.headers)
    except standardwebhooks.WebhookVerificationError:
        return False
    return True
