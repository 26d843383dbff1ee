"""A PagerDuty service, by its Events API v2. It keeps incidents of its own, which ours open, acknowledge and resolve by
a key: https://developer.pagerduty.com/docs/events-api-v2-overview"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from alerts.channels.base import BadConfig, Choice, Field, HTTPChannel, Receipt, receipt_of, refused, said_json
from alerts.domain import words
from alerts.domain.message import EVERY_EVENT, Message, MessageType, Telling
from alerts.domain.retry import Failure
from heartbeet.lib import http
from monitors.domain.status import Severity

API = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}

# It cuts a longer summary: https://developer.pagerduty.com/docs/send-alert-event. The rest keeps the event readable.
SUMMARY, SOURCE, FACT, FACTS = 1024, 255, 1000, 20

ACTIONS = {MessageType.ACKNOWLEDGED: "acknowledge", MessageType.RESOLVED: "resolve"}
"""Everything else triggers. While the incident is open there, that adds to its log and calls nobody twice; where
someone resolved it there although the monitor is still down, a reminder opens it again."""

SEVERITIES = {Severity.CRITICAL: "critical", Severity.WARNING: "warning"}


@dataclass(frozen=True, slots=True)
class IntegrationKey(Field):
    """The key of an integration of a service."""

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if not (len(text) == 32 and text.isascii() and text.isalnum()):
            raise BadConfig(self.name, "Give the key of an integration of type Events API V2: 32 letters and digits.")
        return text


class PagerDuty(HTTPChannel):
    """Every event, in order. A test is an event of its own, triggered and resolved at once."""

    kind = "pagerduty"
    label = "PagerDuty"
    fields = (
        IntegrationKey(
            "routing_key",
            "integration key",
            is_secret=True,
            hint="0123456789abcdef0123456789abcdef",
            where="From the service's Integrations: add “Events API V2” and copy its integration key.",
        ),
        Choice(
            "region",
            "service region",
            where="EU if the address of your PagerDuty has .eu. in it.",
            choices=(("us", "US"), ("eu", "EU")),
        ),
    )
    steps = (
        "In PagerDuty, open the service that shall be told (Services, Service Directory), and its Integrations.",
        "Choose Add an integration, Events API V2, and Add.",
        "Open the new integration, and copy its Integration Key.",
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
        return self._enqueue(event(message, key=message.key))

    def _test(self, message: Message, key: str) -> Receipt:
        begun = self._enqueue(event(message, key=key))
        if not begun.is_ok:
            return begun
        ended = self._enqueue({"event_action": "resolve", "dedup_key": key})
        error = f"The test was triggered, but not resolved: resolve it in PagerDuty. {ended.error}"
        return ended if ended.is_ok else replace(ended, error=error)

    def _enqueue(self, said: dict[str, Any]) -> Receipt:
        url = f"{API[self.config.get('region', 'us')]}/v2/enqueue"
        return self.post(url, {"routing_key": self.config["routing_key"], **said})

    def receipt(self, response: http.Response) -> Receipt:
        """202 is taken. 400 says what is wrong with the event or its key, which no second try makes better; 429 and
        5xx are to be tried again."""
        found = receipt_of(response)
        if found.is_ok:
            return found
        failure = Failure.PERMANENT if response.status == 400 else found.failure
        why = _reason(said_json(response))
        error = f"PagerDuty answered {response.status}: {why}."
        return refused(found, error, failure=failure) if why else replace(found, failure=failure)


def event(message: Message, *, key: str) -> dict[str, Any]:
    """The event. What ends an incident, or says that someone is on it, needs the key only."""
    action = ACTIONS.get(message.type, "trigger")
    about = {"event_action": action, "dedup_key": key}
    if action != "trigger":
        return about
    return {
        **about,
        "client": "Heartbeet",
        "client_url": message.url,
        "links": [{"href": message.url, "text": "Open in Heartbeet"}],
        "payload": _payload(message),
    }


def _payload(message: Message) -> dict[str, Any]:
    monitor, incident = message.monitor, message.incident
    is_test = message.type is MessageType.TEST
    facts = {name: words.one_line(fact, FACT) for name, fact in message.facts[:FACTS]}
    return {
        "summary": words.one_line(message.summary, SUMMARY),
        "source": words.one_line(monitor.name, SOURCE),
        "severity": "info" if is_test else SEVERITIES.get(Severity(incident.severity), "error"),
        "timestamp": words.stamp(message.at),
        "component": monitor.type,
        "class": "test" if is_test else incident.cause,
        "custom_details": {**facts, "Incident": incident.id, "Event": message.type.value},
    }


def _reason(said: dict[str, Any]) -> str:
    errors = said.get("errors")
    details = ", ".join(map(str, errors)) if isinstance(errors, list) else ""
    return ": ".join(filter(None, [str(said.get("message") or ""), details]))
