"""PagerDuty: which events become of what is told, by which key, and what its answers mean."""

from datetime import datetime
from typing import Any

import pytest

from alerts.channels import base, pagerduty
from alerts.channels.pagerduty import PagerDuty
from alerts.domain.message import Message
from alerts.domain.retry import Failure
from tests.alerts import messages
from tests.alerts.channels import cast
from tests.alerts.messages import OPENED_AT, acknowledged, escalated, opened, reminder, resolved, trial
from tests.receivers import HTTPReceiver

NOW: datetime = OPENED_AT
KEY = "0123456789abcdef0123456789abcdef"
OURS = messages.INCIDENT.key


@pytest.fixture
def channel(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> base.Channel:
    http_receiver.answer(202, b'{"status":"success","message":"Event processed","dedup_key":"x"}')
    return cast.ready("pagerduty", http_receiver, monkeypatch)


def event_of(receiver: HTTPReceiver) -> dict[str, Any]:
    found: dict[str, Any] = receiver.requests[-1].json()
    return found


@pytest.mark.parametrize(
    ("message", "action", "reason"),
    [
        (opened(), "trigger", "it begins"),
        (escalated(), "trigger", "with a higher severity"),
        (reminder(), "trigger", "logged while it is open there, opened again where someone resolved it too early"),
        (acknowledged(), "acknowledge", "someone is on it"),
        (resolved(), "resolve", "it is over"),
    ],
)
def test_each_event_is_told_by_the_same_key(
    message: Message, action: str, reason: str, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    assert channel.send(message, "id-1", now=NOW).is_ok

    event = event_of(http_receiver)
    assert (event["event_action"], event["dedup_key"]) == (action, OURS), reason


def test_it_gets_every_event_in_order() -> None:
    assert not PagerDuty.collapses
    assert {opened().type, escalated().type, acknowledged().type, reminder().type, resolved().type} <= PagerDuty.tells


def test_a_test_is_resolved_at_once_and_touches_no_incident(channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    assert channel.send(trial(), "test-1", now=NOW).is_ok

    begun, ended = [request.json() for request in http_receiver.requests]
    assert (begun["event_action"], begun["payload"]["severity"]) == ("trigger", "info")
    assert (ended["event_action"], ended["dedup_key"]) == ("resolve", "heartbeet-test-1")
    assert begun["dedup_key"] == ended["dedup_key"]


def test_a_test_that_stays_open_is_said(channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    http_receiver.then(202, b"{}")
    http_receiver.then(500, b"oops")

    receipt = channel.send(trial(), "test-1", now=NOW)

    assert not receipt.is_ok
    assert receipt.error.startswith("The test was triggered, but not resolved: resolve it in PagerDuty.")


@pytest.mark.parametrize(("severity", "theirs"), [("critical", "critical"), ("warning", "warning")])
def test_severities_are_theirs(severity: str, theirs: str) -> None:
    assert pagerduty.event(opened(severity=severity), key="k")["payload"]["severity"] == theirs


@pytest.mark.parametrize("name", ["x" * 255, "日" * 255, "<!channel> *x* <script>"])
def test_a_name_is_data_within_the_limits(name: str) -> None:
    payload = pagerduty.event(opened(name, title="y" * 2000), key="k")["payload"]

    assert payload["source"] == name
    assert len(payload["summary"]) <= 1024
    assert all(len(str(value)) <= 1000 for value in payload["custom_details"].values())


@pytest.mark.parametrize(
    ("status", "body", "error", "failure"),
    [
        (
            400,
            b'{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}',
            "PagerDuty answered 400: Event object is invalid: Invalid routing key.",
            Failure.PERMANENT,
        ),
        (400, b"not JSON", "The receiver answered 400 Bad Request.", Failure.PERMANENT),
        (429, b'{"message":"Requests for this routing key are throttled"}', "throttled", Failure.TRANSIENT),
        (503, b"", "answered 503", Failure.TRANSIENT),
    ],
)
def test_a_refusal_is_said_in_its_words(
    status: int, body: bytes, error: str, failure: Failure, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body)

    receipt = channel.send(opened(), "id-1", now=NOW)

    assert error in receipt.error
    assert receipt.failure is failure


def test_each_region_has_its_own_host() -> None:
    assert PagerDuty.host({"region": "us"}) == "events.pagerduty.com"
    assert PagerDuty.host({"region": "eu"}) == "events.eu.pagerduty.com"


def test_without_a_choice_it_is_the_region_of_most() -> None:
    config = PagerDuty.clean({"routing_key": KEY})

    assert (config.shown, config.secrets) == ({"region": "us"}, {"routing_key": KEY})


@pytest.mark.parametrize(
    ("given", "path", "error"),
    [
        ({"routing_key": "x" * 31}, "routing_key", "32 letters and digits"),
        ({"routing_key": "x" * 31 + "/"}, "routing_key", "32 letters and digits"),
        ({"routing_key": "é" * 32}, "routing_key", "32 letters and digits"),
        ({"routing_key": KEY, "region": "moon"}, "region", "Give one of us, eu."),
    ],
)
def test_a_mistake_is_named(given: dict[str, str], path: str, error: str) -> None:
    with pytest.raises(base.BadConfig, match=error) as caught:
        PagerDuty.clean(given)

    assert caught.value.path == path
