"""Opsgenie and Jira Service Management: which requests become of what is told, and what their answers mean."""

from datetime import datetime, timedelta

import pytest

from alerts.channels import base, opsgenie
from alerts.channels.opsgenie import Opsgenie
from alerts.domain.message import Message
from alerts.domain.retry import Failure
from tests.alerts import messages
from tests.alerts.channels import cast
from tests.alerts.messages import OPENED_AT, acknowledged, escalated, opened, reminder, resolved, trial
from tests.receivers import HTTPReceiver

NOW: datetime = OPENED_AT
KEY = "01234567-89ab-cdef-0123-456789abcdef"
ALIAS = messages.INCIDENT.key


@pytest.fixture
def channel(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> base.Channel:
    http_receiver.answer(202, b'{"result":"Request will be processed","took":0.1,"requestId":"x"}')
    return cast.ready("opsgenie", http_receiver, monkeypatch)


@pytest.mark.parametrize(
    ("message", "path", "reason"),
    [
        (opened(), "/v2/alerts", "it begins"),
        (escalated(), "/v2/alerts", "counted up under its alias"),
        (reminder(), "/v2/alerts", "counted up, or opened again where someone closed it too early"),
        (acknowledged(), f"/v2/alerts/{ALIAS}/acknowledge?identifierType=alias", "someone is on it"),
        (resolved(), f"/v2/alerts/{ALIAS}/close?identifierType=alias", "it is over"),
    ],
)
def test_each_event_is_told_by_the_same_alias(
    message: Message, path: str, reason: str, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    assert channel.send(message, "id-1", now=NOW).is_ok

    [request] = http_receiver.requests
    assert request.path == path, reason
    assert request.json().get("alias", ALIAS) == ALIAS


def test_the_key_is_a_header(channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    channel.send(opened(), "id-1", now=NOW)

    assert http_receiver.requests[0].headers["authorization"] == f"GenieKey {channel.config['api_key']}"


def test_jira_service_management_has_its_own_path(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    http_receiver.answer(202, b"{}")
    channel = cast.ready("opsgenie", http_receiver, monkeypatch, region="jsm")

    channel.send(resolved(), "id-1", now=NOW)

    wanted = f"/jsm/ops/integration/v2/alerts/{ALIAS}/close?identifierType=alias"
    assert http_receiver.requests[0].path == wanted


@pytest.mark.parametrize(
    ("region", "host"),
    [("us", "api.opsgenie.com"), ("eu", "api.eu.opsgenie.com"), ("jsm", "api.atlassian.com")],
)
def test_each_service_has_its_own_host(region: str, host: str) -> None:
    assert Opsgenie.host({"region": region}) == host


def test_it_gets_every_event_in_order() -> None:
    assert not Opsgenie.collapses
    assert {opened().type, escalated().type, acknowledged().type, reminder().type, resolved().type} <= Opsgenie.tells


def test_a_test_is_closed_at_once_and_wakes_nobody_who_sleeps_through_a_P5(
    channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    assert channel.send(trial(), "test-1", now=NOW).is_ok

    begun, ended = http_receiver.requests
    assert (begun.json()["alias"], begun.json()["priority"]) == ("heartbeet-test-1", "P5")
    assert ended.path == "/v2/alerts/heartbeet-test-1/close?identifierType=alias"


@pytest.mark.parametrize(("severity", "priority"), [("critical", "P1"), ("warning", "P3")])
def test_the_priority_is_the_severity(severity: str, priority: str) -> None:
    assert opsgenie.alert(opened(severity=severity), alias="a")["priority"] == priority


@pytest.mark.parametrize("name", ["x" * 255, "日" * 255, "<!channel> *x* <script>"])
def test_their_limits_hold(name: str) -> None:
    alert = opsgenie.alert(opened(name, title="y" * 20_000), alias="a")

    assert len(alert["message"]) <= 130
    assert len(alert["description"]) <= 15_000
    assert alert["entity"] == name
    assert sum(len(label) + len(value) for label, value in alert["details"].items()) <= 8000


@pytest.mark.parametrize(
    ("status", "body", "error", "failure"),
    [
        (422, b'{"message":"Request body is not processable","errors":{"message":"can not be empty"}}',
         "It answered 422: Request body is not processable (message can not be empty).", Failure.PERMANENT),
        (401, b'{"message":"Could not authenticate","took":0.0}', "401: Could not authenticate.", Failure.PERMANENT),
        (402, b'{"message":"Plan"}', "402: Plan.", Failure.PERMANENT),
        (400, b"<html>", "The receiver answered 400 Bad Request.", Failure.PERMANENT),
        (404, b'{"message":"No such alert"}', "404: No such alert.", Failure.MISSING),
        (503, b"", "answered 503", Failure.TRANSIENT),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_its_words(
    status: int, body: bytes, error: str, failure: Failure, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body)

    receipt = channel.send(opened(), "id-1", now=NOW)

    assert error in receipt.error
    assert receipt.failure is failure


def test_too_many_wait_as_long_as_a_period_of_the_limit(channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(429, b'{"message":"You are making too many requests!"}', X_RateLimit_Period_In_Sec="60")

    receipt = channel.send(opened(), "id-1", now=NOW)

    assert (receipt.failure, receipt.retry_after) == (Failure.TRANSIENT, timedelta(seconds=60))


@pytest.mark.parametrize(
    ("given", "path", "error"),
    [
        ({"api_key": "short"}, "api_key", "API key"),
        ({"api_key": "GenieKey " + KEY}, "api_key", "letters, digits and dashes"),
        ({"api_key": KEY + "\r\nX: y"}, "api_key", "line breaks"),
        ({"api_key": KEY, "region": "api.opsgenie.com"}, "region", "Give one of us, eu, jsm."),
    ],
)
def test_a_mistake_is_named(given: dict[str, str], path: str, error: str) -> None:
    with pytest.raises(base.BadConfig, match=error) as caught:
        Opsgenie.clean(given)

    assert caught.value.path == path
