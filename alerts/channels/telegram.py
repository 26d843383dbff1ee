"""A Telegram chat, by a bot. The bot's token is part of the address we post to, so that address is shown nowhere.

What its answers mean, from https://core.telegram.org/bots/api#making-requests: a failure is JSON with `error_code` and
`description`. 400 (`chat not found`), 401 (the token was revoked), 403 (`bot was blocked by the user`, `bot was
kicked`) and 404 (no such bot) stay until somebody changes something; 429 says in `parameters.retry_after` how many
seconds to wait. A group that became a supergroup has a new number, in `parameters.migrate_to_chat_id`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from alerts.channels.base import BadConfig, Field, HTTPChannel, Receipt, receipt_of, refused, said_json, seconds
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import http

API = "https://api.telegram.org"
MARKS = {Tone.ALARM: "🔴", Tone.RECOVERY: "🟢", Tone.PLAIN: "🔔"}

# Telegram refuses a message of more than 4096 UTF-16 units without its markup:
# https://core.telegram.org/bots/api#sendmessage
HEADLINE, SUMMARY, NAME, FACT, ROWS, ROOM = 200, 1000, 100, 300, 40, 2600

_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,63}")
_LINK = re.compile(r"(?:https?://)?t\.me/([A-Za-z][A-Za-z0-9_]{3,63})/?")
_CALLS = re.compile(r"(?<![^\W_])(?<!/)([@#$/])(?=\w)|(:)(?=//)")


@dataclass(frozen=True, slots=True)
class BotToken(Field):
    """What @BotFather gives for a bot."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if _TOKEN.fullmatch(text):
            return text
        if "api.telegram.org" in text or _TOKEN.fullmatch(text.removeprefix("bot")):
            raise BadConfig(self.name, "Give the token alone, without the address and without “bot” before it.")
        raise BadConfig(self.name, "Give the bot's token as @BotFather shows it, like 123456789:AAE….")


@dataclass(frozen=True, slots=True)
class ChatId(Field):
    """A chat's number, or the name of a public channel."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if _CHAT.fullmatch(text):
            return text
        if _TOKEN.fullmatch(text):
            raise BadConfig(self.name, "This is a bot's token; give the number of the chat, like -1001234567890.")
        if link := _LINK.fullmatch(text):
            raise BadConfig(self.name, f"Give a public channel by its name: @{link[1]}.")
        raise BadConfig(self.name, "Give the chat's number, like -1001234567890, or a channel like @alerts.")


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
    steps = (
        "In Telegram, write /newbot to @BotFather, and copy the token that it gives for the bot.",
        "Add the bot to the group that is to be told, or to the channel as an administrator; or write it a message.",
        "Open https://api.telegram.org/bot<token>/getUpdates in a browser, with the token in its place: the chat's "
        "number is the id inside chat. A public channel is also known by its @name.",
    )

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        return "api.telegram.org"

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self._call("sendMessage", {"chat_id": self.config["chat_id"], **body(message)})

    def update(self, message: Telling, reference: str, delivery_id: str, *, now: datetime) -> Receipt | None:
        about = {"chat_id": self.config["chat_id"], "message_id": int(reference)}
        receipt = self._call("editMessageText", {**about, **body(message)})
        if "message is not modified" in receipt.excerpt:
            return replace(receipt, is_ok=True, error="", reference=reference)
        return None if receipt.is_gone else receipt

    def _call(self, method: str, given: dict[str, Any]) -> Receipt:
        return self.post(f"{API}/bot{self.config['bot_token']}/{method}", given)

    def receipt(self, response: http.Response) -> Receipt:
        """What Telegram answers says more than its status: why, and how long to wait."""
        found, said = receipt_of(response), said_json(response)
        if found.is_ok:
            return replace(found, reference=_number(said))
        if not (said.get("error_code") and said.get("description")):
            return found
        why, hints = str(said["description"]), _object(said, "parameters")
        moved = f" Its number is {hints['migrate_to_chat_id']} now." if "migrate_to_chat_id" in hints else ""
        failure = Failure.PERMANENT if response.status in (400, 404) else found.failure
        worded = refused(found, f"Telegram answered {said['error_code']}: {why.rstrip('.')}.{moved}", failure=failure)
        wait = seconds(hints.get("retry_after")) or found.retry_after
        return replace(worded, retry_after=wait, is_gone=_is_gone(why))


def _is_gone(why: str) -> bool:
    return "message to edit not found" in why or "message can't be edited" in why


def _number(said: dict[str, Any]) -> str:
    """The message's own, of an answer to sendMessage or editMessageText."""
    return str(_object(said, "result").get("message_id") or "")


def _object(said: dict[str, Any], name: str) -> dict[str, Any]:
    inner = said.get(name)
    return inner if isinstance(inner, dict) else {}


def body(message: Telling) -> dict[str, Any]:
    """The message for Telegram, in its HTML."""
    facts = [(calm(name, NAME), calm(fact, FACT)) for name, fact in message.facts]
    rows = words.as_many(facts, most=ROWS, budget=ROOM)
    paragraphs = [
        f"{MARKS[message.tone]} <b>{_plain(calm(message.headline, HEADLINE))}</b>",
        _plain(calm(message.summary, SUMMARY)),
        "\n".join(f"{_plain(name)}: {_plain(fact)}" for name, fact in rows),
        f'<a href="{escape(message.url)}">Open in Heartbeet</a>',
    ]
    return {
        "text": "\n\n".join(paragraph for paragraph in paragraphs if paragraph),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


def calm(text: str, limit: int) -> str:
    """A text in which nobody is called by a mention and nothing becomes a command or a link: an invisible character
    keeps the sign apart from the name."""
    return words.fit(text, limit, written=lambda line: _CALLS.sub("\\1\\2\u2060", line))


def _plain(text: str) -> str:
    return escape(text, quote=False)
