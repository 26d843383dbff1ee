"""Telegram: what is posted, that nothing in it can be markup, and that the bot's token is shown nowhere."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.channels import base, telegram
from alerts.channels.telegram import Telegram
from alerts.domain import words
from alerts.domain.retry import Failure
from tests.alerts.messages import notice, opened, resolved, storm
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
    text = telegram.body(resolved())["text"]

    assert text.startswith("🟢 <b>Nightly backup has recovered</b>")
    assert "Lasted: 12 minutes" in text


@pytest.mark.parametrize(
    "name", ["<!channel> @everyone *x* <script> [a](b)", "</b><a href='x'>", "a & b &lt;", "/start #tag $USD @bot"]
)
def test_a_name_is_shown_as_it_is_and_calls_nobody(name: str) -> None:
    for told in (opened(name, title=f"{name} missed its ping"), storm(name), notice(name)):
        text = telegram.body(told)["text"]

        bare = re.sub(rf'</?b>|<a href="{told.url}">|</a>', "", text)
        assert "<" not in bare
        assert not re.search(r"(?<!\w)[@#$/]\w", bare)
    assert shown(telegram.body(opened(name))["text"]).replace("\u2060", "").startswith(f"🔴 {name} is down")


def shown(text: str) -> str:
    """What is left when Telegram has read the markup: that is what its limit counts."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))


@pytest.mark.parametrize("name", ["x" * 255, "<" * 255, "日" * 255, "@a " * 85, "😀" * 255])
def test_telegrams_limit_holds(name: str) -> None:
    for told in (opened(name, title=name + " missed its ping"), storm(name, monitors=500)):
        text = telegram.body(told)["text"]

        assert words.utf16(shown(text)) <= 4096
        assert shown(text).endswith("Open in Heartbeet")


def test_the_list_of_a_storm_ends_with_how_many_are_left_out() -> None:
    text = shown(telegram.body(storm(monitors=500))["text"])

    listed = [line for line in text.splitlines() if "missed its ping" in line]
    assert f"And: {500 - len(listed)} more" in text


@pytest.mark.parametrize("name", ["tg://resolve?domain=evil", "https://evil.example", "_@bot", "-#tag", "(/start)"])
def test_nothing_of_a_name_can_be_tapped(name: str) -> None:
    text = shown(telegram.body(opened(name))["text"])

    assert not re.search(r"://|(?<![A-Za-z0-9/])[@#$/]\w", text)


@pytest.mark.parametrize(
    ("status", "body", "error", "failure", "wait"),
    [
        (400, refused(400, "Bad Request: chat not found"), "chat not found", Failure.PERMANENT, None),
        (401, refused(401, "Unauthorized"), "Telegram answered 401: Unauthorized.", Failure.PERMANENT, None),
        (403, refused(403, "Forbidden: bot was blocked by the user"), "blocked", Failure.PERMANENT, None),
        (404, refused(404, "Not Found"), "Not Found", Failure.PERMANENT, None),
        (429, refused(429, "Too Many Requests", retry_after=35), "Too Many", Failure.TRANSIENT, 35),
        (
            400,
            refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-100987),
            "upgraded to a supergroup chat. Its number is -100987 now.",
            Failure.PERMANENT,
            None,
        ),
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


@pytest.mark.parametrize(
    ("given", "path", "error", "reason"),
    [
        ({"bot_token": f"bot{TOKEN}"}, "bot_token", "without “bot” before it", "copied from an address"),
        ({"bot_token": f"https://api.telegram.org/bot{TOKEN}"}, "bot_token", "Give the token alone", "the address"),
        ({"chat_id": ""}, "chat_id", "Give the chat id", "the token alone does not say where to"),
        ({"chat_id": TOKEN}, "chat_id", "This is a bot's token", "in the wrong box"),
        ({"chat_id": "https://t.me/acme_alerts"}, "chat_id", "by its name: @acme_alerts", "a link"),
        ({"chat_id": "t.me/+AbCd"}, "chat_id", "Give the chat's number", "an invitation has no name"),
    ],
)
def test_the_mistake_is_named(given: dict[str, str], path: str, error: str, reason: str) -> None:
    with pytest.raises(base.BadConfig, match=re.escape(error)) as caught:
        Telegram.clean({**CONFIG, **given})

    assert caught.value.path == path, reason
    assert "verysecret" not in str(caught.value)


def test_a_message_is_changed_where_it_stands(api: HTTPReceiver) -> None:
    api.answer(200, b'{"ok": true, "result": {"message_id": 7}}')

    sent = Telegram(CONFIG).send(storm(), "id-1", now=NOW)
    changed = Telegram(CONFIG).update(storm(monitors=12), sent.reference, "id-1", now=NOW)

    request = api.requests[1]
    assert sent.reference == "7"
    assert request.path == f"/bot{TOKEN}/editMessageText"
    assert request.json() == {"chat_id": "-1001234567890", "message_id": 7, **telegram.body(storm(monitors=12))}
    assert changed is not None
    assert (changed.is_ok, changed.reference) == (True, "7")


def test_a_message_that_says_so_already_is_fine(api: HTTPReceiver) -> None:
    api.answer(400, refused(400, "Bad Request: message is not modified: specified new message content is the same"))

    receipt, _ = base.timed(Telegram(CONFIG), storm(), "id-1", now=NOW, reference="7")

    assert (receipt.is_ok, receipt.error, receipt.reference, len(api.requests)) == (True, "", "7", 1)


@pytest.mark.parametrize("why", ["message to edit not found", "message can't be edited"])
def test_a_message_that_is_gone_is_sent_anew(why: str, api: HTTPReceiver) -> None:
    api.then(400, refused(400, f"Bad Request: {why}"))
    api.then(200, b'{"ok": true, "result": {"message_id": 8}}')

    receipt, _ = base.timed(Telegram(CONFIG), storm(), "id-1", now=NOW, reference="7")

    assert [request.path.rpartition("/")[2] for request in api.requests] == ["editMessageText", "sendMessage"]
    assert (receipt.is_ok, receipt.reference) == (True, "8")


def test_a_change_that_fails_is_no_reason_for_a_second_message(api: HTTPReceiver) -> None:
    api.answer(429, refused(429, "Too Many Requests: retry after 5", retry_after=5))

    receipt, _ = base.timed(Telegram(CONFIG), storm(), "id-1", now=NOW, reference="7")

    assert (receipt.failure, receipt.retry_after, len(api.requests)) == (Failure.TRANSIENT, timedelta(seconds=5), 1)
