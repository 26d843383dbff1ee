"""ntfy: what is published, that no text becomes a header, and what its answers mean."""

from datetime import datetime, timedelta

import pytest

from alerts.channels import base, ntfy
from alerts.channels.ntfy import Ntfy
from alerts.domain.message import Telling
from alerts.domain.retry import Failure
from tests.alerts.channels import cast
from tests.alerts.messages import OPENED_AT, notice, opened, reminder, resolved, storm, trial
from tests.receivers import HTTPReceiver

NOW: datetime = OPENED_AT
GIVEN = {"topic": "acme-alerts", "token": "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"}


@pytest.fixture
def channel(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> base.Channel:
    return cast.ready("ntfy", http_receiver, monkeypatch)


@pytest.mark.parametrize(
    ("message", "priority", "tag"),
    [
        (opened(), 5, "rotating_light"),
        (reminder(), 5, "rotating_light"),
        (storm(), 5, "rotating_light"),
        (resolved(), 3, "white_check_mark"),
        (trial(), 3, "bell"),
        (notice(), 3, "bell"),
    ],
)
def test_only_an_alarm_has_the_priority_that_was_chosen(
    message: Telling, priority: int, tag: str, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = cast.ready("ntfy", http_receiver, monkeypatch, priority="5")

    assert channel.send(message, "id-1", now=NOW).is_ok

    body = http_receiver.requests[0].json()
    assert (body["priority"], body["tags"], body["click"]) == (priority, [tag], message.url)


def test_the_token_is_a_header_and_without_one_there_is_none(
    channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    channel.send(opened(), "id-1", now=NOW)
    Ntfy({**channel.config, "token": ""}).send(opened(), "id-1", now=NOW)

    first, second = http_receiver.requests
    assert first.headers["authorization"] == f"Bearer {channel.config['token']}"
    assert "authorization" not in second.headers


@pytest.mark.parametrize("name", ["x\r\nPriority: 5", "é", "<!channel> *x* <script>", "=?UTF-8?B?eA==?="])
def test_a_name_never_becomes_a_header(name: str, channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    channel.send(opened(name), "id-1", now=NOW)

    [request] = http_receiver.requests
    assert not {"title", "priority", "tags", "click", "x-title"} & set(request.headers)
    assert request.json()["title"] == f"{' '.join(name.split())} is down"
    assert "markdown" not in request.json()


@pytest.mark.parametrize("name", ["x" * 255, "日" * 255, "😀" * 255])
def test_no_message_is_long_enough_to_become_an_attachment(name: str) -> None:
    for message in (opened(name, title=name * 9), storm(name, monitors=1000)):
        assert 0 < len(ntfy.body(message)["message"].encode()) <= 4096


@pytest.mark.parametrize(
    ("status", "body", "error", "failure"),
    [
        (403, b'{"code":40301,"http":403,"error":"forbidden"}', "ntfy answered 403: forbidden.", Failure.PERMANENT),
        (401, b'{"code":40101,"http":401,"error":"unauthorized"}', "unauthorized", Failure.PERMANENT),
        (400, b'{"code":40009,"http":400,"error":"topic invalid"}', "topic invalid", Failure.PERMANENT),
        (413, b'{"code":41303,"http":413,"error":"JSON body too large"}', "too large", Failure.PERMANENT),
        (429, b'{"code":42908,"http":429,"error":"limit reached: too many messages"}', "limit", Failure.TRANSIENT),
        (507, b"", "answered 507", Failure.TRANSIENT),
    ],
)
def test_a_refusal_is_said_in_its_words(
    status: int, body: bytes, error: str, failure: Failure, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body, Retry_After="20")

    receipt = channel.send(opened(), "id-1", now=NOW)

    assert error in receipt.error
    assert (receipt.failure, receipt.retry_after) == (failure, timedelta(seconds=20))


def test_without_a_server_it_is_ntfy_sh() -> None:
    config = Ntfy.clean(GIVEN)

    assert config.shown == {"url": "https://ntfy.sh", "topic": "acme-alerts", "priority": "4"}
    assert config.secrets == {"token": GIVEN["token"]}


def test_a_topic_is_not_shown_to_those_who_may_not_change_it() -> None:
    assert Ntfy.masked(Ntfy.clean(GIVEN).shown)["topic"] == "…"


def test_a_server_is_kept_without_its_slash() -> None:
    assert (
        Ntfy.clean({**GIVEN, "url": "https://ntfy.example.com:8443/"}).shown["url"] == "https://ntfy.example.com:8443"
    )


@pytest.mark.parametrize(
    ("given", "path", "error"),
    [
        ({"url": "https://ntfy.sh/acme-alerts"}, "url", "server alone"),
        ({"url": "http://10.0.0.1"}, "url", "private address"),
        ({"url": "ntfy.sh"}, "url", "https://"),
        ({"topic": "https://ntfy.sh/x"}, "topic", "at most 64 letters"),
        ({"topic": "two words"}, "topic", "at most 64 letters"),
        ({"token": "secret"}, "token", "tk_"),
        ({"priority": "max"}, "priority", "Give one of 4, 5, 3."),
    ],
)
def test_a_mistake_is_named(given: dict[str, str], path: str, error: str) -> None:
    with pytest.raises(base.BadConfig, match=error) as caught:
        Ntfy.clean({**GIVEN, **given})

    assert caught.value.path == path
