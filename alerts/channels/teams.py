"""A Microsoft Teams channel or chat, by a workflow that is started by a webhook."""

from datetime import datetime
from typing import Any

from alerts.channels.base import URL, HTTPChannel, Receipt
from alerts.domain import words
from alerts.domain.message import Telling, Tone

COLORS = {Tone.ALARM: "attention", Tone.RECOVERY: "good", Tone.PLAIN: "accent"}

# Teams refuses a card of more than 28 kB: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors
HEADLINE, SUMMARY, NAME, FACT, FACTS = 200, 2000, 100, 500, 10


class Teams(HTTPChannel):
    """An adaptive card: the headline, the summary, the facts, and a button."""

    kind = "msteams"
    label = "Microsoft Teams"
    fields = (
        URL(
            "url",
            "workflow URL",
            is_secret=True,
            hint="https://….logic.azure.com/workflows/…",
            where="From Workflows in Teams: “When a Teams webhook request is received”.",
            service="Microsoft Teams",
            hosts=("*.logic.azure.com", "*.powerplatform.com", "*.webhook.office.com"),
        ),
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self.post(self.config["url"], body(message))


def body(message: Telling) -> dict[str, Any]:
    """The message for Teams."""
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card(message),
            }
        ],
    }


def card(message: Telling) -> dict[str, Any]:
    """The card. All its texts are runs, which Teams does not read as Markdown: a monitor's name can be no link."""
    color = COLORS[message.tone]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": words.one_line(message.headline, HEADLINE),
        "msteams": {"width": "Full"},
        "body": [
            _line(_run(words.one_line(message.headline, HEADLINE), size="large", weight="bolder", color=color)),
            _line(_run(words.one_line(message.summary, SUMMARY))),
            *(_fact(name, fact) for name, fact in message.facts[:FACTS]),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Heartbeet", "url": message.url}],
    }


def _fact(name: str, fact: str) -> dict[str, Any]:
    return _line(_run(f"{words.one_line(name, NAME)}: ", weight="bolder"), _run(words.one_line(fact, FACT)))


def _line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs), "spacing": "small"}


def _run(text: str, **looks: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **looks}
