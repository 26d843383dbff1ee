"""A Slack channel, by its incoming webhook.

What its answers mean, from
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors: a failure is a status with
one word as text. 400 (`invalid_payload`, `user_not_found`), 403 (`action_prohibited`, `invalid_token`), 404
(`channel_not_found`, `no_service`) and 410 (`channel_is_archived`) stay until somebody changes something in Slack; 429
says by Retry-After how long to wait; 500 (`rollup_error`) may pass.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from alerts.channels.base import URL, AlertUrlInvalid, HTTPChannel, Receipt, receipt_of, refused
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import http

MARKS = {Tone.ALARM: "🔴", Tone.RECOVERY: "🟢", Tone.PLAIN: "🔔"}

# Slack refuses a message with longer texts: https://docs.slack.dev/reference/block-kit/blocks
HEADER, TEXT, FIELD, FIELDS = 150, 3000, 300, 10
ROWS, ROOM = 50, 12_000

MEANINGS = {
    "action_prohibited": "an administrator of the workspace has restricted this webhook",
    "channel_is_archived": "the channel is archived",
    "channel_not_found": "the channel does not exist any more",
    "invalid_token": "the webhook was revoked",
    "no_active_hooks": "the webhook is switched off",
    "no_service": "the webhook was removed or switched off",
    "no_service_id": "the address is not complete",
    "no_team": "the workspace does not exist any more",
    "posting_to_general_channel_denied": "the webhook may not write to the general channel",
    "team_disabled": "the workspace is disabled",
    "user_not_found": "the person it wrote to does not exist any more",
}
_WORD = re.compile(r"[a-z_]{3,60}")


@dataclass(frozen=True, slots=True)
class WebhookURL(URL):
    """The address of an incoming webhook, not that of a workflow: a workflow wants variables of its own."""

    def clean(self, value: str) -> str:
        text = URL.clean(self, value)
        path = urlsplit(text).path
        if path.startswith(("/workflows/", "/triggers/")):
            raise AlertUrlInvalid(self.name, "This address starts a workflow: give that of an incoming webhook.")
        if not re.fullmatch(r"/services/\w+/\w+/\w+/?", path):
            raise AlertUrlInvalid(self.name, "Give the whole address, https://hooks.slack.com/services/T…/B…/….")
        return text


class Slack(HTTPChannel):
    """The summary as a header, the facts below it, and a link."""

    kind = "slack"
    label = "Slack"
    fields = (
        WebhookURL(
            "url",
            "webhook URL",
            is_secret=True,
            hint="https://hooks.slack.com/services/…",
            where="From the Incoming Webhooks of a Slack app.",
            service="Slack",
            hosts=("hooks.slack.com", "hooks.slack-gov.com"),
        ),
    )
    steps = (
        "Open https://api.slack.com/apps, press Create New App and choose From scratch.",
        "In the app, open Incoming Webhooks and switch them on.",
        "Press Add New Webhook to Workspace and choose the channel that is to be told.",
        "Copy the webhook URL; it starts with https://hooks.slack.com/services/.",
    )

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        return self.post(self.config["url"], body(message))

    def receipt(self, response: http.Response) -> Receipt:
        """Slack's word for what is wrong, and what it means."""
        found = receipt_of(response)
        if found.is_ok or not _WORD.fullmatch(found.excerpt):
            return found
        meaning = f": {MEANINGS[found.excerpt]}" if found.excerpt in MEANINGS else ""
        failure = Failure.PERMANENT if response.status in (400, 404) else found.failure
        return refused(found, f"Slack answered {response.status} {found.excerpt}{meaning}.", failure=failure)


def body(message: Telling) -> dict[str, Any]:
    """The message for Slack. Only the link is markup: a monitor's name can neither call @channel nor be bold."""
    header = plain(f"{MARKS[message.tone]} {message.headline}", HEADER)
    return {
        "text": escape(message.summary or message.headline, TEXT),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [
            {"type": "header", "text": header},
            *([{"type": "section", "text": plain(message.summary, TEXT)}] if message.summary else []),
            *_sections(message),
            {"type": "section", "text": {"type": "mrkdwn", "text": f"<{message.url}|Open in Heartbeet>"}},
        ],
    }


def _sections(message: Telling) -> list[dict[str, Any]]:
    """The facts, ten to a section."""
    facts = [plain(f"{name}: {fact}", FIELD) for name, fact in words.as_many(message.facts, most=ROWS, budget=ROOM)]
    return [{"type": "section", "fields": facts[start : start + FIELDS]} for start in range(0, len(facts), FIELDS)]


def plain(text: str, limit: int) -> dict[str, Any]:
    """A text object that Slack shows as it is."""
    return {"type": "plain_text", "text": escape(text, limit), "emoji": False}


def escape(text: str, limit: int) -> str:
    """Slack's three special characters escaped, the whole not longer than `limit`, no entity cut in half."""
    return words.fit(text, limit, written=_escaped)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
