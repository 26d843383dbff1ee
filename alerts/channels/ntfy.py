"""An ntfy topic, on ntfy.sh or a server of one's own. Everything is in the JSON, so that no text of a user can become a
header: https://docs.ntfy.sh/publish/#publish-as-json"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from alerts.channels.base import (
    URL,
    AlertUrlInvalid,
    BadConfig,
    Choice,
    Field,
    HTTPChannel,
    Receipt,
    receipt_of,
    refused,
    said_json,
)
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import http

TAGS = {Tone.ALARM: "rotating_light", Tone.RECOVERY: "white_check_mark", Tone.PLAIN: "bell"}
NORMAL = 3

# What is longer than 4,096 bytes becomes an attachment: https://docs.ntfy.sh/publish/#limitations
TITLE, SUMMARY, NAME, FACT, ROWS, ROOM = 250, 1000, 100, 300, 60, 2600

# 400 says what is wrong with the request, 413 that it is too long; a limit of messages (429) ends by itself.
NEVER = (400, 413)

_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TOKEN = re.compile(r"tk_[A-Za-z0-9]{20,64}")


@dataclass(frozen=True, slots=True)
class Server(URL):
    """The root of an ntfy server."""

    def default(self) -> str:
        return "https://ntfy.sh"

    def clean(self, value: str) -> str:
        text = URL.clean(self, value)
        parts = urlsplit(text)
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise AlertUrlInvalid(self.name, "Give the server alone, like https://ntfy.sh, and the topic in its field.")
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class Topic(Field):
    """The name of a topic. Whoever knows it may read along where the server asks for no token, so that those who may
    not change the channel do not see it."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if not _TOPIC.fullmatch(text):
            raise BadConfig(self.name, "Give a topic of at most 64 letters, digits, _ and -, without the server.")
        return text

    def masked(self, value: str) -> str:
        return "…"


@dataclass(frozen=True, slots=True)
class Token(Field):
    """An access token of the server."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if text and not _TOKEN.fullmatch(text):
            raise BadConfig(self.name, "Give an access token like tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2, or none.")
        return text


class Ntfy(HTTPChannel):
    """A notification with a title, a text, a picture for the tone, and a link."""

    kind = "ntfy"
    label = "ntfy"
    fields = (
        Server("url", "server", hint="https://ntfy.sh", where="Left empty: https://ntfy.sh.", service="ntfy"),
        Topic(
            "topic",
            "topic",
            hint="acme-alerts-x7Kq2mVb9R",
            where="Make it hard to guess: on ntfy.sh whoever knows the name reads along, and may write.",
        ),
        Token(
            "token",
            "access token",
            is_secret=True,
            is_required=False,
            hint="tk_…",
            where="From the account's settings, for a topic that is reserved or a server that asks for one.",
        ),
        Choice(
            "priority",
            "priority of an alarm",
            where="Everything else comes with the default priority.",
            choices=(("4", "High"), ("5", "Urgent"), ("3", "Default")),
        ),
    )
    steps = (
        "Think of a topic that nobody guesses, or reserve one in your account on ntfy.sh.",
        "In the ntfy app or the web page of the server, subscribe to that topic.",
        "For a reserved topic or a server that asks for it: Account, Access tokens, Create access token.",
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        priority = int(self.config.get("priority", NORMAL)) if message.tone is Tone.ALARM else NORMAL
        token = self.config.get("token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        said = {"topic": self.config["topic"], "priority": priority, **body(message)}
        return self.post(f"{self.config['url']}/", said, headers)

    def receipt(self, response: http.Response) -> Receipt:
        """What ntfy refuses is said in `error`: https://github.com/binwiederhier/ntfy/blob/main/server/errors.go"""
        found = receipt_of(response)
        why = said_json(response).get("error")
        if found.is_ok or not why:
            return found
        failure = Failure.PERMANENT if response.status in NEVER else found.failure
        return refused(found, f"ntfy answered {response.status}: {why}.", failure=failure)


def body(message: Telling) -> dict[str, Any]:
    """The message for ntfy, as plain text."""
    facts = [(_fit(name, NAME), _fit(fact, FACT)) for name, fact in message.facts]
    rows = words.as_many(facts, most=ROWS, budget=ROOM, size=_bytes)
    paragraphs = [_fit(message.summary, SUMMARY), "\n".join(f"{name}: {fact}" for name, fact in rows)]
    return {
        "title": _fit(message.headline, TITLE),
        "message": "\n\n".join(filter(None, paragraphs)) or _fit(message.headline, TITLE),
        "tags": [TAGS[message.tone]],
        "click": message.url,
    }


def _fit(text: str, limit: int) -> str:
    return words.fit(text, limit, size=_bytes)


def _bytes(text: str) -> int:
    return len(text.encode(errors="replace"))
