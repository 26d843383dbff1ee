"""Telegram: what is posted, that nothing in it can be markup, and that the bot's token is shown nowhere."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.channels import base, telegram
from alerts.channels.telegram import Telegram
from alerts.domain.retry import Failure
from tests.alerts.messages import opened, resolved
from tests.receivers import HTTPReceiver

NOW = datetime(2026, 1, 5, 12, 6, tzinfo=UTC)
TOKEN = "123456789:AAEverysecretverysecretverysecret12"
CONFIG = {"bot_token": TOKEN, "chat_id": "-1001234567890"}


@pytest.fixture
def api(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> HTTPReceiver:
    """Telegram's own address leads to this machine."""
    monkeypatch.setattr(telegram, "API", http_receiver.url.removesuffix("/hook"))
    return http_receiver


def refused(code: int, description: str, **parameters: int) -> bytes:
    said = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    return json.dumps(said).encode()


def test_a_message_is_sent_to_the_chat_with_a_link(api: HTTPReceiver) -> None:
    api.answer(200, b'{"ok": true, "result": {"message_id": 7}}')

    receipt = Telegram(CONFIG).send(opened(), "id-1", now=NOW)

    request = api.requests[0]
    body = request.json()
    assert receipt.is_ok
    assert request.path == f"/bot{TOKEN}/sendMessage"
    assert (body["chat_id"], body["parse_mode"]) == ("-1001234567890", "HTML")
    assert body["text"].startswith("🔴 <b>Nightly backup is down</b>\n\nNightly backup did not ping")
    assert '<a href="https://beet.example.com/incidents/17">Open in Heartbeet</a>' in body["text"]


def test_the_end_says_how_long_it_lasted() -> None:
    text = telegram.body(resolved(), chat_id="1")["text"]

    assert text.startswith("🟢 <b>Nightly backup has recovered</b>")
    assert "Lasted: 12 minutes" in text


@pytest.mark.parametrize(
    "name", ["<!channel> @everyone *x* <script> [a](b)", "</b><a href='x'>", "a & b &lt;", "/start #tag $USD @bot"]
)
def test_a_name_is_shown_as_it_is_and_calls_nobody(name: str) -> None:
    text = telegram.body(opened(name, title=f"{name} missed its ping"), chat_id="1")["text"]

    bare = re.sub(r'</?b>|<a href="https://beet\.example\.com/incidents/17">|</a>', "", text)
    assert "<" not in bare
    assert html.unescape(bare).replace("\u2060", "").startswith(f"🔴 {name} is down")
    assert not re.search(r"(?<!\w)[@#$/]\w", bare)


@pytest.mark.parametrize("name", ["x" * 255, "<" * 255, "日" * 255, "@a " * 85])
def test_telegrams_limit_holds(name: str) -> None:
    text = telegram.body(opened(name, title=name + " missed its ping"), chat_id="1")["text"]

    assert len(html.unescape(re.sub(r"<[^>]+>", "", text))) <= 4096


@pytest.mark.parametrize(
    ("status", "body", "error", "failure", "wait"),
    [
        (400, refused(400, "Bad Request: chat not found"), "chat not found", Failure.PERMANENT, None),
        (401, refused(401, "Unauthorized"), "Telegram answered 401: Unauthorized.", Failure.PERMANENT, None),
        (403, refused(403, "Forbidden: bot was blocked by the user"), "blocked", Failure.PERMANENT, None),
        (404, refused(404, "Not Found"), "Not Found", Failure.MISSING, None),
        (429, refused(429, "Too Many Requests", retry_after=35), "Too Many", Failure.TRANSIENT, 35),
        (502, b"<html>Bad Gateway</html>", "answered 502", Failure.TRANSIENT, None),
        (500, b'["not", "an object"]', "answered 500", Failure.TRANSIENT, None),
    ],
)
def test_what_telegram_refuses_is_said_in_its_words(
    status: int, body: bytes, error: str, failure: Failure, wait: int | None, api: HTTPReceiver
) -> None:
    api.answer(status, body)

    receipt = Telegram(CONFIG).send(opened(), "id-1", now=NOW)

    assert error in receipt.error
    assert (receipt.failure, receipt.retry_after) == (failure, wait and timedelta(seconds=wait))


@pytest.mark.parametrize("answer", ["echo", "hang up"])
def test_the_token_is_shown_nowhere(answer: str, api: HTTPReceiver, caplog: Any, monkeypatch: Any) -> None:
    if answer == "echo":
        api.answer(404, refused(404, f"no such path /bot{TOKEN}/sendMessage"))
    else:
        monkeypatch.setattr(telegram, "API", "http://127.0.0.1:1")

    receipt, _ = base.timed(Telegram(CONFIG), opened(), "id-1", now=NOW)

    assert not receipt.is_ok
    assert TOKEN not in repr(receipt) + caplog.text


def test_the_token_is_a_secret_and_the_chat_is_not() -> None:
    config = Telegram.clean(CONFIG)

    assert (config.shown, config.secrets) == ({"chat_id": "-1001234567890"}, {"bot_token": TOKEN})
    assert "verysecret" not in repr(config)


@pytest.mark.parametrize("chat", ["12345", "-1001234567890", "@alerts_of_acme"])
def test_a_chat_is_a_number_or_a_name(chat: str) -> None:
    assert Telegram.clean({**CONFIG, "chat_id": chat}).shown == {"chat_id": chat}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bot_token", "verysecret"),
        ("bot_token", f"{TOKEN}/../x"),
        ("bot_token", f"bot{TOKEN}"),
        ("chat_id", "alerts"),
        ("chat_id", "@a b"),
        ("chat_id", "1.5"),
    ],
)
def test_what_cannot_be_a_bot_or_a_chat_is_refused(field: str, value: str) -> None:
    with pytest.raises(base.BadConfig) as caught:
        Telegram.clean({**CONFIG, field: value})

    assert caught.value.path == field
    assert "verysecret" not in str(caught.value)
