"""A Telegram chat, by a bot. The bot's token is part of the address we post to, so that address is shown nowhere."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import Any

from alerts.channels.base import BadConfig, Field, HTTPChannel, Receipt, receipt_of
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import http

API = "https://api.telegram.org"
MARKS = {Tone.ALARM: "🔴", Tone.RECOVERY: "🟢", Tone.PLAIN: "🔔"}

# Telegram refuses a message of more than 4096 characters: https://core.telegram.org/bots/api#sendmessage
HEADLINE, SUMMARY, FACT, FACTS = 200, 1000, 200, 10

_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,63}")
_REFERENCE = re.compile(r"(?<![\w/])([@#$/])(?=\w)")


@dataclass(frozen=True, slots=True)
class BotToken(Field):
    """What @BotFather gives for a bot."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if not _TOKEN.fullmatch(text):
            raise BadConfig(self.name, "Give the bot's token as @BotFather shows it, like 123456789:AAE….")
        return text


@dataclass(frozen=True, slots=True)
class ChatId(Field):
    """A chat's number, or the name of a public channel."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if not _CHAT.fullmatch(text):
            raise BadConfig(self.name, "Give the chat's number, like -1001234567890, or a channel like @alerts.")
        return text


class Telegram(HTTPChannel):
    """The headline in bold, the summary, the facts, and a link."""

    kind = "telegram"
    label = "Telegram"
    fields = (
        BotToken(
            "bot_token", "bot token", is_secret=True, hint="123456789:AAE…", where="@BotFather gives it for a new bot."
        ),
        ChatId(
            "chat_id",
            "chat id",
            hint="-1001234567890",
            where="Add the bot to the chat: getUpdates of the Bot API shows its number. Or @name of a public channel.",
        ),
    )

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        return "api.telegram.org"

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self.post(self._method("sendMessage"), body(message, chat_id=self.config["chat_id"]))

    def _method(self, name: str) -> str:
        return f"{API}/bot{self.config['bot_token']}/{name}"

    def receipt(self, response: http.Response) -> Receipt:
        """What Telegram answers says more than its status: why, and how long to wait. A message or chat that it cannot
        understand (400) does not get better by trying again."""
        found = receipt_of(response)
        if found.is_ok:
            return found
        said = _json(response.body)
        failure = Failure.PERMANENT if response.status == 400 else found.failure
        wait = _seconds(said) or found.retry_after
        return replace(found, error=_error(said) or found.error, failure=failure, retry_after=wait)


def body(message: Telling, *, chat_id: str) -> dict[str, Any]:
    """The message for Telegram, in its HTML."""
    headline = f"{MARKS[message.tone]} <b>{plain(message.headline, HEADLINE)}</b>"
    facts = [f"{plain(name, FACT)}: {plain(fact, FACT)}" for name, fact in message.facts[:FACTS]]
    link = f'<a href="{escape(message.url)}">Open in Heartbeet</a>'
    return {
        "chat_id": chat_id,
        "text": "\n\n".join([headline, plain(message.summary, SUMMARY), "\n".join(facts), link]),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def plain(text: str, limit: int) -> str:
    """A text that Telegram shows as it is: no markup, and nobody called by a mention (an invisible character keeps the
    sign apart from the name)."""
    return escape(_REFERENCE.sub("\\1\u2060", words.one_line(text, limit)), quote=False)


def _json(raw: bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _error(said: dict[str, Any]) -> str:
    code, why = said.get("error_code"), said.get("description")
    return words.one_line(f"Telegram answered {code}: {why}.", 300) if code and why else ""


def _seconds(said: dict[str, Any]) -> timedelta | None:
    parameters = said.get("parameters")
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return timedelta(seconds=min(wait, 86_400)) if type(wait) is int and wait > 0 else None
