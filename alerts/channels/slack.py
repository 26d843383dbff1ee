"""A Slack channel, by its incoming webhook."""

from datetime import datetime
from typing import Any

from alerts.channels.base import URL, HTTPChannel, Receipt
from alerts.domain import words
from alerts.domain.message import Telling, Tone

MARKS = {Tone.ALARM: "🔴", Tone.RECOVERY: "🟢", Tone.PLAIN: "🔔"}

# Slack refuses a message with a longer text: https://docs.slack.dev/reference/block-kit/blocks
HEADER, TEXT, FIELD, FIELDS = 150, 3000, 2000, 10


class Slack(HTTPChannel):
    """The summary as a header, the facts below it, and a link."""

    kind = "slack"
    label = "Slack"
    fields = (
        URL(
            "url",
            "webhook URL",
            is_secret=True,
            hint="https://hooks.slack.com/services/…",
            where="From the Incoming Webhooks of a Slack app.",
            service="Slack",
            hosts=("hooks.slack.com", "hooks.slack-gov.com"),
        ),
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self.post(self.config["url"], body(message))


def body(message: Telling) -> dict[str, Any]:
    """The message for Slack. Only the link is markup: a monitor's name can neither call @channel nor be bold."""
    summary = message.summary
    return {
        "text": escape(summary, TEXT),
        "mrkdwn": False,
        "unfurl_links": False,
        "blocks": [
            {"type": "header", "text": plain(f"{MARKS[message.tone]} {message.headline}", HEADER)},
            {"type": "section", "text": plain(summary, TEXT)},
            {"type": "section", "fields": [plain(f"{name}: {fact}", FIELD) for name, fact in message.facts[:FIELDS]]},
            {"type": "section", "text": {"type": "mrkdwn", "text": f"<{message.url}|Open in Heartbeet>"}},
        ],
    }


def plain(text: str, limit: int) -> dict[str, Any]:
    """A text object that Slack shows as it is."""
    return {"type": "plain_text", "text": escape(text, limit), "emoji": False}


def escape(text: str, limit: int) -> str:
    """Slack's three special characters escaped, the whole not longer than `limit`, no entity cut in half."""
    for length in range(limit, 0, -max(1, limit // 10)):
        cut = words.one_line(text, length)
        escaped = cut.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if len(escaped) <= limit:
            return escaped
    return ""
