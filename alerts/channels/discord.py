"""A Discord channel, by its webhook."""

import re
from datetime import datetime
from typing import Any

from alerts.channels.base import URL, HTTPChannel, Receipt
from alerts.domain import words
from alerts.domain.message import Telling, Tone

COLORS = {Tone.ALARM: 0xC62828, Tone.RECOVERY: 0x2E7D32, Tone.PLAIN: 0x8B2252}

# Discord refuses a message with a longer text: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
TITLE, DESCRIPTION, NAME, VALUE, FIELDS, ALL = 256, 2048, 256, 400, 8, 6000

_MARKUP = re.compile(r"([\\*_~`|>\[\]()#<@:-])")


class Discord(HTTPChannel):
    """One embed: the headline with a link, the summary, the facts."""

    kind = "discord"
    label = "Discord"
    fields = (
        URL(
            "url",
            "webhook URL",
            is_secret=True,
            hint="https://discord.com/api/webhooks/…",
            where="From the channel's settings: Integrations, Webhooks.",
            service="Discord",
            hosts=("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"),
        ),
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self.post(self.config["url"], body(message))


def body(message: Telling) -> dict[str, Any]:
    """The message for Discord. Nobody is mentioned by it, and a monitor's name is no markup."""
    return {
        "username": "Heartbeet",
        "allowed_mentions": {"parse": []},
        "embeds": [
            {
                "title": escape(message.headline, TITLE),
                "url": message.url,
                "description": escape(message.summary, DESCRIPTION),
                "color": COLORS[message.tone],
                "timestamp": words.stamp(message.at),
                "fields": [
                    {"name": escape(name, NAME), "value": escape(fact, VALUE), "inline": False}
                    for name, fact in message.facts[:FIELDS]
                ],
            }
        ],
    }


def escape(text: str, limit: int) -> str:
    """A text that Discord shows as it is, at most `limit` characters with its backslashes."""
    for length in range(limit, 0, -max(1, limit // 10)):
        escaped = _MARKUP.sub(r"\\\1", words.one_line(text, length))
        if len(escaped) <= limit:
            return escaped
    return ""
