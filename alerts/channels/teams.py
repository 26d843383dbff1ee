"""A Microsoft Teams channel or chat, by a workflow that is started by a webhook.

What its answers mean, from https://learn.microsoft.com/azure/logic-apps/logic-apps-http-endpoint: 202 says that the
workflow was started. A failure is JSON `{"error": {"code", "message"}}`: 400 with `WorkflowTriggerIsNotEnabled` while
somebody has switched the workflow off; other 400s, 401 (the signature is wrong) and 404 (`WorkflowNotFound`) until
somebody changes something; 413 when the message is over 28 kB; 429 with Retry-After.

The old connectors, which Microsoft has retired, answered 200 and said in the body what went wrong, as in "Webhook
message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId …": see
https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from alerts.channels.base import (
    URL,
    AlertUrlInvalid,
    HTTPChannel,
    Receipt,
    as_json,
    receipt_of,
    refused,
    said_json,
)
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure, classify
from heartbeet.lib import http

COLORS = {Tone.ALARM: "attention", Tone.RECOVERY: "good", Tone.PLAIN: "accent"}

# A message of more than 28 kB is refused: https://learn.microsoft.com/microsoftteams/limits-specifications-teams
HEADLINE, SUMMARY, NAME, FACT, ROWS, ROOM = 200, 1000, 100, 300, 40, 9_000
MAX_BYTES = 28_000

_INSIDE = re.compile(r"returned HTTP error (\d{3})")


@dataclass(frozen=True, slots=True)
class WorkflowURL(URL):
    """The address that starts a workflow, with the signature that allows it."""

    def clean(self, value: str) -> str:
        text = URL.clean(self, value)
        if not parse_qs(urlsplit(text).query).get("sig"):
            raise AlertUrlInvalid(self.name, "Give the whole address: it ends with the signature, &sig=….")
        return text


class Teams(HTTPChannel):
    """An adaptive card: the headline, the summary, the facts, and a button."""

    kind = "msteams"
    label = "Microsoft Teams"
    max_bytes = MAX_BYTES
    fields = (
        WorkflowURL(
            "url",
            "workflow URL",
            is_secret=True,
            hint="https://….logic.azure.com/workflows/…",
            where="From Workflows in Teams: “When a Teams webhook request is received”.",
            service="Microsoft Teams",
            hosts=("*.logic.azure.com", "*.powerplatform.com"),
            retired=("*.webhook.office.com", "outlook.office.com", "outlook.office365.com"),
        ),
    )
    steps = (
        "In Teams, open the menu (…) of the channel or chat that is to be told, and choose Workflows.",
        "Choose the template that sends webhook alerts to a channel or chat; any does that starts when a Teams webhook "
        "request is received.",
        "Let anyone start it, confirm the team and the channel, and add the workflow.",
        "Copy the address that is shown, all of it: the signature, &sig=…, is at its end.",
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self.post(self.config["url"], body(message))

    def receipt(self, response: http.Response) -> Receipt:
        """Microsoft's own words for what is wrong, also where it answers 200 all the same."""
        found = receipt_of(response)
        if found.is_ok:
            return _connector(found)
        error = said_json(response).get("error")
        if not isinstance(error, dict) or not error.get("code"):
            return found
        why = f"Microsoft answered {response.status} {error['code']}: {error.get('message') or 'no reason'}"
        return refused(found, f"{why.rstrip('.')}.", failure=_failure(response.status, str(error["code"])))


def _failure(status: int, code: str) -> Failure:
    if code == "WorkflowTriggerIsNotEnabled":
        return Failure.TRANSIENT  # whoever switched it off may switch it on again
    return Failure.PERMANENT if status in (400, 404, 413) else classify(status)


def _connector(found: Receipt) -> Receipt:
    if "delivery failed" not in found.excerpt:
        return found
    inside = _INSIDE.search(found.excerpt)
    status = int(inside[1]) if inside else 0
    failure = Failure.PERMANENT if status in (400, 413) else classify(status)
    return refused(found, f"Microsoft answered {found.status_code}, but: {found.excerpt}", failure=failure)


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
    headline = words.fit(message.headline, HEADLINE)
    facts = [(words.fit(name, NAME), words.fit(fact, FACT)) for name, fact in message.facts]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": headline,
        "msteams": {"width": "Full"},
        "body": [
            _line(_run(headline, size="large", weight="bolder", color=COLORS[message.tone])),
            *([_line(_run(words.fit(message.summary, SUMMARY)))] if message.summary else []),
            *(_fact(name, fact) for name, fact in words.as_many(facts, most=ROWS, budget=ROOM, size=_weight)),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Heartbeet", "url": message.url}],
    }


def _weight(text: str) -> int:
    """What a run costs in bytes, with all that is around it."""
    return len(as_json(_run(text))) + 50


def _fact(name: str, fact: str) -> dict[str, Any]:
    return _line(_run(f"{name}: ", weight="bolder"), _run(fact))


def _line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs), "spacing": "small"}


def _run(text: str, **looks: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **looks}
