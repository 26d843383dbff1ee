"""Pushover, to the devices of a person or a group: https://pushover.net/api"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerts.channels.base import BadConfig, Choice, Field, HTTPChannel, Receipt, receipt_of, refused, said_json
from alerts.domain import words
from alerts.domain.message import Message, MessageType, Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import http

API = "https://api.pushover.net"
NORMAL, EMERGENCY = 0, 2

# It refuses a text of more than 1,024 characters: https://pushover.net/api#limits
TITLE, URL, SUMMARY, NAME, FACT, ROWS, ROOM = 250, 512, 500, 80, 200, 20, 450

RETRY_SEC, EXPIRE_SEC = 60, 3600
"""An emergency rings every minute until someone acknowledges it there, for an hour (30 s and 3 h are its limits)."""

ENDS = (MessageType.RESOLVED, MessageType.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Key(Field):
    """Both of its keys look alike."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if not (len(text) == 30 and text.isascii() and text.isalnum()):
            raise BadConfig(self.name, f"Give the {self.label} as Pushover shows it: 30 letters and digits.")
        return text


class Pushover(HTTPChannel):
    """A notification with a title, a text and a link."""

    kind = "pushover"
    label = "Pushover"
    fields = (
        Key(
            "token",
            "application token",
            is_secret=True,
            hint="azGDORePK8gMaC0QOYAMyEEuzJnyUi",
            where="From pushover.net: “Create an Application/API Token”.",
        ),
        Key(
            "user",
            "user or group key",
            is_secret=True,
            hint="uQiRzpo4DXghDmr9QzzfQu27cmVRsG",
            where="From the first page after the sign-in, or that of a group.",
        ),
        Choice(
            "priority",
            "priority of an alarm",
            where="An emergency rings every minute until someone acknowledges it there, for an hour at most.",
            choices=(("1", "High: also in quiet hours"), ("0", "Normal"), ("2", "Emergency: rings again and again")),
        ),
    )
    steps = (
        "Sign in at https://pushover.net and copy Your User Key; or make a delivery group, and copy its key.",
        "Choose Create an Application/API Token, name it Heartbeet, and copy its API token.",
    )

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        return "api.pushover.net"

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        is_emergency = int(self.config.get("priority", NORMAL)) == EMERGENCY
        if is_emergency and isinstance(message, Message) and message.type in ENDS:
            ended = self._stop_ringing(message.key)  # first: if it fails, both are tried again
            if not ended.is_ok:
                return ended
        return self._ask("messages.json", {"user": self.config["user"], **self._urgency(message), **body(message)})

    def _urgency(self, message: Telling) -> dict[str, Any]:
        priority = int(self.config.get("priority", NORMAL)) if message.tone is Tone.ALARM else NORMAL
        if priority != EMERGENCY:
            return {"priority": priority}
        tag = message.key if isinstance(message, Message) else message.thread
        return {"priority": priority, "retry": RETRY_SEC, "expire": EXPIRE_SEC, "tags": tag}

    def _stop_ringing(self, tag: str) -> Receipt:
        return self._ask(f"receipts/cancel_by_tag/{tag}.json", {})

    def _ask(self, path: str, said: dict[str, Any]) -> Receipt:
        return self.post(f"{API}/1/{path}", {"token": self.config["token"], **said})

    def receipt(self, response: http.Response) -> Receipt:
        """What is wrong is listed in `errors`, and does not get better (4xx); a limit (429) and its own trouble (5xx)
        do: https://pushover.net/api#friendly"""
        found = receipt_of(response)
        if found.is_ok:
            return found
        is_wrong = 400 <= response.status < 500 and response.status not in (408, 429)
        failure = Failure.PERMANENT if is_wrong else found.failure
        errors = said_json(response).get("errors")
        why = ", ".join(map(str, errors)) if isinstance(errors, list) else ""
        error = f"Pushover answered {response.status}: {why}."
        return refused(found, error, failure=failure) if why else replace(found, failure=failure)


def body(message: Telling) -> dict[str, Any]:
    """The message for Pushover, as plain text: it reads no markup unless it is asked to."""
    facts = [(_fit(name, NAME), _fit(fact, FACT)) for name, fact in message.facts]
    rows = [f"{name}: {fact}" for name, fact in words.as_many(facts, most=ROWS, budget=ROOM, size=len)]
    link = {"url": message.url, "url_title": "Open in Heartbeet"} if len(message.url) <= URL else {}
    return {
        "title": _fit(message.headline, TITLE),
        "message": "\n".join(filter(None, [_fit(message.summary, SUMMARY), *rows])) or _fit(message.headline, TITLE),
        "timestamp": int(message.at.timestamp()),
        **link,
    }


def _fit(text: str, limit: int) -> str:
    return words.fit(text, limit, size=len)
