"""A Mattermost channel, by an incoming webhook of one's own server:
https://developers.mattermost.com/integrate/webhooks/incoming/"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from alerts.channels.base import URL, AlertUrlInvalid, HTTPChannel, Receipt, receipt_of, refused, said_json
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import http

COLORS = {Tone.ALARM: "#c62828", Tone.RECOVERY: "#2e7d32", Tone.PLAIN: "#8b2252"}

# A post takes 16,383 characters (POST_MESSAGE_MAX_RUNES_V2 of the server); what is longer is folded or refused.
HEADLINE, SUMMARY, NAME, FACT, ROWS, ROOM = 300, 2000, 300, 600, 50, 10_000

# 400: the webhook is gone, or its channel; 413: too long. What the server's limits refuse (429) ends by itself.
NEVER = (400, 413)

_HOOK = re.compile(r"/hooks/[a-z0-9]{26}/?")
_MARKUP = re.compile(r"([\\*_`|\[\]])")
_REFERENCE = re.compile(r"[@~#]|:(?=[A-Za-z/+])|\bwww(?=\.)", re.IGNORECASE)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


@dataclass(frozen=True, slots=True)
class Hook(URL):
    """The address of an incoming webhook."""

    def clean(self, value: str) -> str:
        text = URL.clean(self, value)
        if not _HOOK.search(urlsplit(text).path):
            raise AlertUrlInvalid(self.name, "Give the address that Mattermost shows: https://…/hooks/ and 26 letters.")
        return text


class Mattermost(HTTPChannel):
    """The headline with a link, and an attachment with the summary and the facts."""

    kind = "mattermost"
    label = "Mattermost"
    fields = (
        Hook(
            "url",
            "webhook URL",
            is_secret=True,
            hint="https://mattermost.example.com/hooks/…",
            where="From Integrations, Incoming Webhooks of your Mattermost.",
        ),
    )
    steps = (
        "In Mattermost, open the product menu, Integrations, Incoming Webhooks, and Add Incoming Webhook.",
        "Choose the channel that shall be told, lock the webhook to it, and save.",
        "Copy the URL. If there are no Integrations, a system admin can enable incoming webhooks.",
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self.post(self.config["url"], body(message))

    def receipt(self, response: http.Response) -> Receipt:
        """What Mattermost refuses is said in `message`."""
        found = receipt_of(response)
        why = said_json(response).get("message")
        if found.is_ok or not why:
            return found
        failure = Failure.PERMANENT if response.status in NEVER else found.failure
        return refused(found, f"Mattermost answered {response.status}: {why}", failure=failure)


def body(message: Telling) -> dict[str, Any]:
    """The message for Mattermost. Only the link is markup."""
    facts = [(escape(name, NAME), escape(fact, FACT)) for name, fact in message.facts]
    return {
        "text": f"**[{escape(message.headline, HEADLINE)}]({message.url})**",
        "attachments": [
            {
                "fallback": words.fit(message.headline, HEADLINE, written=_uncalled),
                "color": COLORS[message.tone],
                "text": escape(message.summary, SUMMARY),
                "fields": [
                    {"title": name, "value": fact, "short": False}
                    for name, fact in words.as_many(facts, most=ROWS, budget=ROOM)
                ],
            }
        ],
    }


def escape(text: str, limit: int) -> str:
    """A text that Mattermost shows as it is: no markup, and nobody called."""
    return words.fit(text, limit, written=_written)


def _written(line: str) -> str:
    """Entities keep what it takes from Slack, `<!channel>`, from being read."""
    bare = re.sub("[&<>]", lambda sign: _ENTITIES[sign[0]], _uncalled(line))
    return _MARKUP.sub(r"\\\1", bare)


def _uncalled(line: str) -> str:
    """An invisible character keeps the signs of mentions, channels, hashtags, emoji and addresses apart from the word
    behind them."""
    return _REFERENCE.sub("\\g<0>\u2060", line)
