"""Pushover: what is sent, when it rings again and again, and what its answers mean."""

from datetime import datetime
from typing import Any

import pytest

from alerts.channels import base, pushover
from alerts.channels.pushover import Pushover
from alerts.domain.message import Telling
from alerts.domain.retry import Failure
from tests.alerts import messages
from tests.alerts.channels import cast
from tests.alerts.messages import OPENED_AT, acknowledged, notice, opened, reminder, resolved, storm, trial
from tests.receivers import HTTPReceiver

NOW: datetime = OPENED_AT
GIVEN = {"token": "azGDORePK8gMaC0QOYAMyEEuzJnyUi", "user": "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"}
KEY = messages.INCIDENT.key


@pytest.fixture
def channel(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> base.Channel:
    http_receiver.answer(200, b'{"status":1,"request":"x"}')
    return cast.ready("pushover", http_receiver, monkeypatch)


@pytest.fixture
def emergency(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> base.Channel:
    http_receiver.answer(200, b'{"status":1,"request":"x"}')
    return cast.ready("pushover", http_receiver, monkeypatch, priority="2")


@pytest.mark.parametrize(
    ("message", "priority"),
    [(opened(), 1), (reminder(), 1), (storm(), 1), (resolved(), 0), (acknowledged(), 0), (trial(), 0), (notice(), 0)],
)
def test_only_an_alarm_is_loud_and_nothing_is_an_emergency_unless_that_was_chosen(
    message: Telling, priority: int, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    assert channel.send(message, "id-1", now=NOW).is_ok

    [request] = http_receiver.requests
    assert request.json()["priority"] == priority
    assert not {"retry", "expire"} & set(request.json())


def test_a_chosen_emergency_rings_until_someone_is_on_it(emergency: base.Channel, http_receiver: HTTPReceiver) -> None:
    emergency.send(opened(), "id-1", now=NOW)

    body = http_receiver.requests[0].json()
    assert (body["priority"], body["retry"], body["expire"], body["tags"]) == (2, 60, 3600, KEY)


@pytest.mark.parametrize("message", [resolved(), acknowledged()])
def test_the_end_stops_the_ringing_first(
    message: Telling, emergency: base.Channel, http_receiver: HTTPReceiver
) -> None:
    emergency.send(message, "id-1", now=NOW)

    stop, told = http_receiver.requests
    assert (stop.path, told.path) == (f"/1/receipts/cancel_by_tag/{KEY}.json", "/1/messages.json")
    assert told.json()["priority"] == 0


def test_what_could_not_be_stopped_is_tried_again_and_told_once(
    emergency: base.Channel, http_receiver: HTTPReceiver
) -> None:
    http_receiver.then(500, b"")

    receipt = emergency.send(resolved(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure, len(http_receiver.requests)) == (False, Failure.TRANSIENT, 1)


@pytest.mark.parametrize("name", ["x" * 255, "日" * 255, "<!channel> *x* <script>", "<b>&amp;</b>"])
def test_a_name_is_plain_text_within_the_limits(name: str) -> None:
    for message in (opened(name, title=name * 9), storm(name, monitors=1000)):
        body: dict[str, Any] = pushover.body(message)
        assert 0 < len(body["message"]) <= 1024
        assert 0 < len(body["title"]) <= 250
        assert "html" not in body
    assert name[:100] in pushover.body(opened(name))["title"]


def test_a_link_that_is_too_long_is_left_out() -> None:
    body = pushover.body(opened(url="https://beet.example.com/" + "x" * 512))

    assert "url" not in body


@pytest.mark.parametrize(
    ("status", "body", "error", "failure"),
    [
        (400, b'{"user":"invalid","errors":["user identifier is invalid"],"status":0,"request":"x"}',
         "Pushover answered 400: user identifier is invalid.", Failure.PERMANENT),
        (400, b'{"token":"invalid","errors":["application token is invalid"],"status":0}',
         "application token is invalid", Failure.PERMANENT),
        (413, b"", "answered 413", Failure.PERMANENT),
        (429, b'{"errors":["message limit reached"],"status":0}', "message limit reached", Failure.TRANSIENT),
        (500, b"", "answered 500", Failure.TRANSIENT),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_its_words(
    status: int, body: bytes, error: str, failure: Failure, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body)

    receipt = channel.send(opened(), "id-1", now=NOW)

    assert error in receipt.error
    assert receipt.failure is failure


def test_both_keys_are_secrets() -> None:
    config = Pushover.clean(GIVEN)

    assert (config.shown, config.secrets) == ({"priority": "1"}, GIVEN)


@pytest.mark.parametrize(
    ("given", "path", "error"),
    [
        ({"token": "x" * 29}, "token", "Give the application token as Pushover shows it"),
        ({"user": "me@example.com"}, "user", "Give the user or group key as Pushover shows it"),
        ({"priority": "9"}, "priority", "Give one of 1, 0, 2."),
    ],
)
def test_a_mistake_is_named(given: dict[str, str], path: str, error: str) -> None:
    with pytest.raises(base.BadConfig, match=error) as caught:
        Pushover.clean({**GIVEN, **given})

    assert caught.value.path == path
