"""A Discord channel, by its webhook.

What its answers mean, from https://discord.com/developers/docs/topics/opcodes-and-status-codes: a failure is JSON with
a `message` and a `code`. 400 (50035, a form that Discord does not understand), 401 and 403 (50027, the token is wrong)
and 404 (10015, the webhook was deleted) stay until somebody changes something. 429 says how long to wait, in
`retry_after` and in the header Retry-After, and X-RateLimit-Reset-After when the bucket is full again:
https://discord.com/developers/docs/topics/rate-limits. A 404 or 429 without JSON comes from a proxy before Discord.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from alerts.channels.base import (
    URL,
    AlertUrlInvalid,
    HTTPChannel,
    Receipt,
    receipt_of,
    refused,
    said_json,
    seconds,
)
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import http

COLORS = {Tone.ALARM: 0xC62828, Tone.RECOVERY: 0x2E7D32, Tone.PLAIN: 0x8B2252}

# Discord refuses a message with longer texts (25 fields, a value of 1024, 6000 in all):
# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
TITLE, DESCRIPTION, NAME, VALUE, FIELDS, ROOM = 256, 2048, 256, 400, 25, 3600

NOTHING = "-"  # Discord refuses an empty text
UNKNOWN_MESSAGE, WRITTEN_BY_ANOTHER = 10008, 50005

_MARKUP = re.compile(r"([\\*_~`|>\[\]()#<@:-])")
_PATH = re.compile(r"/api/(?:v\d+/)?webhooks/(?=\d+/[\w-]+/?$)")


@dataclass(frozen=True, slots=True)
class WebhookURL(URL):
    """The address of a webhook, as the settings of a channel give it."""

    def clean(self, value: str) -> str:
        text = URL.clean(self, value)
        path = urlsplit(text).path.rstrip("/")
        if path.endswith(("/slack", "/github")):
            raise AlertUrlInvalid(self.name, f"Leave out {path[path.rindex('/') :]} at the end of the address.")
        if not _PATH.match(path):
            raise AlertUrlInvalid(self.name, "Give the whole address, https://discord.com/api/webhooks/<id>/<token>.")
        return text


class Discord(HTTPChannel):
    """One embed: the headline with a link, the summary, the facts."""

    kind = "discord"
    label = "Discord"
    fields = (
        WebhookURL(
            "url",
            "webhook URL",
            is_secret=True,
            hint="https://discord.com/api/webhooks/…",
            where="From the channel's settings: Integrations, Webhooks.",
            service="Discord",
            hosts=("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"),
        ),
    )
    steps = (
        "In Discord, open the settings of the channel (the cog beside its name), then Integrations, then Webhooks.",
        "Press New Webhook, and give it a name.",
        "Press Copy Webhook URL; it starts with https://discord.com/api/webhooks/.",
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        told = {"username": "Heartbeet", **body(message)}
        return self.post(self._address(wait="true"), told)

    def update(self, message: Telling, reference: str, delivery_id: str, *, now: datetime) -> Receipt | None:
        receipt = self.request("PATCH", self._address(f"/messages/{reference}"), body(message))
        return None if receipt.is_gone else receipt

    def _address(self, below: str = "", **query: str) -> str:
        """In version 10, where waits are seconds: an address without a version speaks an old one. `thread_id` stays."""
        parts = urlsplit(self.config["url"])
        path = _PATH.sub("/api/v10/webhooks/", parts.path.rstrip("/"))
        asked = [*parse_qsl(parts.query), *query.items()]
        return parts._replace(path=path + below, query=urlencode(asked)).geturl()

    def receipt(self, response: http.Response) -> Receipt:
        """Discord's own words for what is wrong, how long to wait, and how the message is called."""
        found, said = receipt_of(response), said_json(response)
        if found.is_ok:
            return replace(found, reference=str(said.get("id") or ""))
        if response.status == 429:
            found = replace(found, retry_after=_wait(found, said, response))
        if not said.get("message"):
            return found
        failure = Failure.PERMANENT if response.status in (400, 404) else found.failure
        code = said.get("code")
        why = f"Discord answered {response.status}: {said['message']}" + (f" (code {code})" if code else "")
        worded = refused(found, f"{why.rstrip('.')}.", failure=failure)
        return replace(worded, is_gone=code in (UNKNOWN_MESSAGE, WRITTEN_BY_ANOTHER))


def _wait(found: Receipt, said: dict[str, Any], response: http.Response) -> timedelta | None:
    waits = [found.retry_after, seconds(said.get("retry_after"))]
    return max((wait for wait in waits if wait), default=seconds(response.headers.get("x-ratelimit-reset-after")))


def body(message: Telling) -> dict[str, Any]:
    """The message for Discord. Nobody is mentioned by it, and a monitor's name is no markup."""
    facts = [(escape(name, NAME) or NOTHING, escape(fact, VALUE) or NOTHING) for name, fact in message.facts]
    return {
        "allowed_mentions": {"parse": []},
        "embeds": [
            {
                "title": escape(message.headline, TITLE),
                "url": message.url,
                "description": escape(message.summary, DESCRIPTION),
                "color": COLORS[message.tone],
                "timestamp": words.stamp(message.at),
                "fields": [
                    {"name": name, "value": fact, "inline": False}
                    for name, fact in words.as_many(facts, most=FIELDS, budget=ROOM)
                ],
            }
        ],
    }


def escape(text: str, limit: int) -> str:
    """A text that Discord shows as it is, at most `limit` characters with its backslashes."""
    return words.fit(text, limit, written=lambda line: _MARKUP.sub(r"\\\1", line))
