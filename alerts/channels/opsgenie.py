"""Opsgenie, and the operations of Jira Service Management, which took over its API. Alerts are opened, acknowledged and
closed by an alias: https://docs.opsgenie.com/docs/alert-api"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from alerts.channels.base import BadConfig, Choice, Field, HTTPChannel, Receipt, receipt_of, refused, said_json, seconds
from alerts.domain import words
from alerts.domain.message import EVERY_EVENT, Message, MessageType, Telling
from alerts.domain.retry import Failure
from heartbeet.lib import http
from monitors.domain.status import Severity

API = {"us": "https://api.opsgenie.com", "eu": "https://api.eu.opsgenie.com", "jsm": "https://api.atlassian.com"}
PATHS = {"us": "/v2/alerts", "eu": "/v2/alerts", "jsm": "/jsm/ops/integration/v2/alerts"}

# It refuses an alert with a longer text: https://docs.opsgenie.com/docs/alert-api#create-alert (details: 8,000 in all)
MESSAGE, DESCRIPTION, ENTITY, FACT, FACTS = 130, 15_000, 512, 500, 14

ACTIONS = {MessageType.ACKNOWLEDGED: "acknowledge", MessageType.RESOLVED: "close"}
"""Everything else creates. While the alert is open, that only counts it up; where someone closed it although the
monitor is still down, a reminder opens it again."""

PRIORITIES = {Severity.CRITICAL: "P1", Severity.WARNING: "P3"}

# 400 invalid, 402 not in the plan, 405, 422 semantically wrong: https://docs.opsgenie.com/docs/response
NEVER = (400, 402, 405, 422)

_KEY = re.compile(r"[A-Za-z0-9_=-]{20,200}")


@dataclass(frozen=True, slots=True)
class ApiKey(Field):
    """The key of an API integration."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if not _KEY.fullmatch(text):
            raise BadConfig(self.name, "Give the API key of an integration of type API: letters, digits and dashes.")
        return text


class Opsgenie(HTTPChannel):
    """Every event, in order. A test is an alert of its own, created and closed at once."""

    kind = "opsgenie"
    label = "Opsgenie, Jira Service Management"
    fields = (
        ApiKey(
            "api_key",
            "API key",
            is_secret=True,
            hint="01234567-89ab-cdef-0123-456789abcdef",
            where="From the team's Integrations: add one of type API and copy its key.",
        ),
        Choice(
            "region",
            "service",
            where="Alerts of Opsgenie that moved to Jira go to Jira Service Management, whatever the region.",
            choices=(("us", "Opsgenie US"), ("eu", "Opsgenie EU"), ("jsm", "Jira Service Management")),
        ),
    )
    steps = (
        "In Opsgenie, open the team that shall be told, and its Integrations; in Jira Service Management, open the "
        "team under Operations, and its Integrations.",
        "Choose Add integration, and the one named API. Let it create and update alerts.",
        "Copy its API key, and turn the integration on.",
    )
    tells = EVERY_EVENT
    collapses = False

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        return urlsplit(API[config.get("region", "us")]).hostname or ""

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        assert isinstance(message, Message), "bulletins are for people"
        if message.type is MessageType.TEST:
            return self._test(message, f"heartbeet-{delivery_id}")
        action = ACTIONS.get(message.type)
        return self._change(action, message, message.key) if action else self._create(message, message.key)

    def _test(self, message: Message, alias: str) -> Receipt:
        begun = self._create(message, alias)
        if not begun.is_ok:
            return begun
        ended = self._change("close", message, alias)
        error = f"The test alert was created, but not closed: close it there. {ended.error}"
        return ended if ended.is_ok else replace(ended, error=error)

    def _create(self, message: Message, alias: str) -> Receipt:
        return self._ask("", alert(message, alias=alias))

    def _change(self, action: str, message: Message, alias: str) -> Receipt:
        note = {"source": "Heartbeet", "note": words.one_line(message.summary, DESCRIPTION)}
        return self._ask(f"/{quote(alias, safe='')}/{action}?identifierType=alias", note)

    def _ask(self, path: str, body: dict[str, Any]) -> Receipt:
        region = self.config.get("region", "us")
        url = API[region] + PATHS[region] + path
        return self.post(url, body, {"Authorization": f"GenieKey {self.config['api_key']}"})

    def receipt(self, response: http.Response) -> Receipt:
        """202 is taken, and done a moment later. What is wrong is said in `message` and `errors`; 429 says how long a
        period of its limit lasts."""
        found = receipt_of(response)
        if found.is_ok:
            return found
        failure = Failure.PERMANENT if response.status in NEVER else found.failure
        wait = found.retry_after
        if wait is None and response.status == 429:
            wait = seconds(response.headers.get("x-ratelimit-period-in-sec"))
        known = replace(found, failure=failure, retry_after=wait)
        why = _reason(said_json(response))
        return refused(known, f"It answered {response.status}: {why}.") if why else known


def alert(message: Message, *, alias: str) -> dict[str, Any]:
    """A new alert."""
    is_test = message.type is MessageType.TEST
    incident, name = message.incident, words.one_line(message.monitor.name, ENTITY)
    facts = [(label, words.one_line(fact, FACT)) for label, fact in message.facts[:FACTS]]
    lines = [words.one_line(message.summary, 2000), "", *(f"{label}: {fact}" for label, fact in facts), "", message.url]
    return {
        "message": words.one_line(message.headline, MESSAGE),
        "alias": alias,
        "description": "\n".join(lines)[:DESCRIPTION],
        "details": {**dict(facts), "Incident": str(incident.id), "Link": message.url},
        "entity": name,
        "source": "Heartbeet",
        "tags": ["heartbeet", "test" if is_test else incident.cause],
        "priority": "P5" if is_test else PRIORITIES.get(Severity(incident.severity), "P3"),
    }


def _reason(said: dict[str, Any]) -> str:
    errors = said.get("errors")
    details = ", ".join(f"{name} {why}" for name, why in errors.items()) if isinstance(errors, dict) else ""
    return " ".join(filter(None, [str(said.get("message") or ""), details and f"({details})"]))
