"""The signed webhook."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import standardwebhooks

from alerts.channels import base
from alerts.channels.webhook import Webhook
from alerts.domain.retry import Failure
from heartbeet.lib import http
from tests import servers
from tests.alerts.messages import opened
from tests.receivers import HTTPReceiver


def made(url: str) -> Webhook:
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    config = Webhook.clean({"url": url, "secret": secret})
    return Webhook({**config.shown, **config.secrets})


def test_the_official_library_accepts_the_signature(http_receiver: HTTPReceiver) -> None:
    channel = made(http_receiver.url)

    receipt = channel.send(opened("Frühstück 🥕"), "id-1", now=datetime.now(UTC))

    [request] = http_receiver.requests
    verified = standardwebhooks.Webhook(channel.config["secret"]).verify(request.body, request.headers)
    assert receipt.is_ok
    assert verified["data"]["monitor"]["name"] == "Frühstück 🥕"


def test_a_changed_body_is_not_accepted(http_receiver: HTTPReceiver) -> None:
    channel = made(http_receiver.url)
    channel.send(opened(), "id-1", now=datetime.now(UTC))
    [request] = http_receiver.requests

    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(channel.config["secret"]).verify(request.body + b" ", request.headers)


def test_while_a_secret_is_replaced_both_verify(http_receiver: HTTPReceiver) -> None:
    old, new = (made(http_receiver.url).config["secret"] for _ in range(2))
    channel = Webhook({"url": http_receiver.url, "secret": f"{new} {old}"})

    channel.send(opened(), "id-1", now=datetime.now(UTC))

    [request] = http_receiver.requests
    for secret in (old, new):
        assert standardwebhooks.Webhook(secret).verify(request.body, request.headers)


def test_without_a_secret_of_its_own_it_keeps_none() -> None:
    assert Webhook.clean({"url": "https://example.com"}).secrets == {}


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", "whsec_" + "A" * 200])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(base.BadConfig, match="whsec_") as caught:
        Webhook.clean({"url": "https://example.com", "secret": secret})

    assert caught.value.path == "secret"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "VALIDATION_FAILED"),
        ("example.com", "ALERT_URL_INVALID"),
        ("ftp://example.com", "ALERT_URL_INVALID"),
        ("https://me:secret@example.com", "ALERT_URL_INVALID"),
        ("http://10.0.0.1/", "ALERT_URL_BLOCKED"),
        ("http://169.254.169.254/latest/meta-data", "ALERT_URL_BLOCKED"),
        ("http://0x0a000001/", "ALERT_URL_BLOCKED"),
        ("http://[::1]:8000/", "ALERT_URL_BLOCKED"),
        ("https://hooks.slack.com/services/T0/B0/x", "ALERT_URL_INVALID"),
        ("https://discord.com/api/webhooks/1/x", "ALERT_URL_INVALID"),
        ("https://api.telegram.org/bot1:x/sendMessage", "ALERT_URL_INVALID"),
    ],
)
def test_a_bad_url_is_refused_with_its_path_and_code(url: str, code: str) -> None:
    with pytest.raises(base.BadConfig) as caught:
        Webhook.clean({"url": url})

    assert (caught.value.path, caught.value.code) == ("url", code)


@pytest.mark.parametrize(
    ("status", "failure"),
    [(500, Failure.TRANSIENT), (404, Failure.MISSING), (410, Failure.PERMANENT), (302, Failure.TRANSIENT)],
)
def test_the_receipt_says_what_the_receiver_answered(
    http_receiver: HTTPReceiver, status: int, failure: Failure
) -> None:
    http_receiver.answer(status, b"why\x00 not")

    receipt = made(http_receiver.url).send(opened(), "id-1", now=datetime.now(UTC))

    assert (receipt.is_ok, receipt.status_code, receipt.failure) == (False, status, failure)
    assert str(status) in receipt.error
    assert receipt.excerpt == "why not"


@pytest.mark.parametrize(
    ("headers", "seconds", "reason"),
    [
        ({"retry-after": "120"}, 120, "seconds"),
        ({"retry-after": "9" * 30}, 86_400, "absurd: a day"),
        (
            {"retry-after": "Mon, 05 Jan 2026 12:02:00 GMT", "date": "Mon, 05 Jan 2026 12:00:00 GMT"},
            120,
            "a date, measured by the receiver's own clock",
        ),
        (
            {"retry-after": "Mon, 05 Jan 2026 11:00:00 GMT", "date": "Mon, 05 Jan 2026 12:00:00 GMT"},
            0,
            "a date that is past",
        ),
        ({"retry-after": "Mon, 05 Jan 2026 12:02:00 GMT"}, None, "a date, and no clock to measure it by"),
        ({"retry-after": "soon"}, None, "no date"),
        ({"retry-after": "-5"}, None, "not a number of seconds"),
        ({}, None, "no wish"),
    ],
)
def test_a_wish_for_patience_is_understood(headers: dict[str, str], seconds: int | None, reason: str) -> None:
    receipt = base.receipt_of(http.Response(429, "Too Many Requests", headers, b""))

    wished = None if seconds is None else timedelta(seconds=seconds)
    assert receipt.retry_after == wished, reason


def test_a_receiver_that_is_not_there_is_a_failure_with_a_reason() -> None:
    receipt = made(f"http://127.0.0.1:{servers.free_port()}/").send(opened(), "id-1", now=datetime.now(UTC))

    assert (receipt.is_ok, receipt.failure) == (False, Failure.TRANSIENT)
    assert "Connection refused" in receipt.error


def test_a_name_that_leads_into_a_private_network_is_a_permanent_failure(settings: Any) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = []

    receipt = Webhook({"url": "http://127.0.0.1:9/", "secret": "whsec_" + "A" * 40}).send(
        opened(), "id-1", now=datetime.now(UTC)
    )

    assert receipt.failure is Failure.PERMANENT
    assert "loopback" in receipt.error
