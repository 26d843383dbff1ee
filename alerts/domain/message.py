"""What is told: a message with everything that a person, or a program, needs. Values only, the same at every try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from alerts.domain import stream, words
from monitors.domain import fields
from monitors.domain.evidence import Evidence
from monitors.domain.status import RESOLVED_BY_PING, Cause, EventKind, IncidentStatus


class MessageType(StrEnum):
    """What a message is about; the names are those of the webhook's contract."""

    OPENED = "incident.opened"
    ESCALATED = "incident.escalated"
    ACKNOWLEDGED = "incident.acknowledged"
    RESOLVED = "incident.resolved"
    REMINDER = "incident.reminder"
    TEST = "test"
    STORM = "storm"
    NOTICE = "notice"


class Tone(StrEnum):
    """How a message looks: what colour, which mark."""

    ALARM = "alarm"
    RECOVERY = "recovery"
    PLAIN = "plain"


TYPE_OF_EVENT = {
    EventKind.OPENED: MessageType.OPENED,
    EventKind.ESCALATED: MessageType.ESCALATED,
    EventKind.REMINDED: MessageType.REMINDER,
    EventKind.ACKNOWLEDGED: MessageType.ACKNOWLEDGED,
    EventKind.RESOLVED: MessageType.RESOLVED,
}
"""The events that are told at all; a note stays on the incident's page."""

EVERY_EVENT = frozenset({*TYPE_OF_EVENT.values(), MessageType.TEST})


@dataclass(frozen=True, slots=True)
class AboutMonitor:
    """The monitor. `schedule` is what it promised, in words; empty for a beet."""

    id: int
    name: str
    type: str
    url: str
    schedule: str = ""
    grace: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class AboutIncident:
    """The incident as it was at the moment the message tells of, not as it may have become since. `key` is of no other
    incident anywhere, and stays. `evidence` is what a rhythm or a value had to show; of one that got worse, `was` is
    the cause that it had before."""

    id: int
    url: str
    cause: str
    severity: str
    title: str
    opened_at: datetime
    expected_at: datetime | None = None
    last_ping_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    resolved_at: datetime | None = None
    resolution: str = ""
    key: str = ""
    evidence: Evidence | None = None
    was: str = ""

    @property
    def is_low(self) -> bool:
        """Whether the monitor is low, and not down."""
        return stream.is_low(self.cause, self.severity)

    @property
    def status(self) -> IncidentStatus:
        return IncidentStatus.of(self.acknowledged_at, self.resolved_at)

    @property
    def lasted(self) -> timedelta | None:
        return self.resolved_at - self.opened_at if self.resolved_at else None


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell. `tells_both`: the incident opened and resolved before anyone could be told that it opened."""

    type: MessageType
    at: datetime
    monitor: AboutMonitor
    incident: AboutIncident
    tells_both: bool = False

    @property
    def url(self) -> str:
        """Where to read on."""
        return self.incident.url

    @property
    def thread(self) -> str:
        """What messages that belong together share; the same for all of one incident."""
        return f"incident-{self.incident.id}"

    @property
    def key(self) -> str:
        """What a program that keeps incidents of its own knows this one by."""
        return self.incident.key or self.thread

    @property
    def tone(self) -> Tone:
        return _TONES.get(self.type, Tone.PLAIN)

    @property
    def headline(self) -> str:
        """A few words for a subject line or a title."""
        return _headline(self).format(name=words.one_line(self.monitor.name, 120))

    @property
    def summary(self) -> str:
        """One plain sentence that says it all."""
        if self.type is MessageType.TEST:
            return "This is a test: alerts from Heartbeet reach you here."
        if self.type is MessageType.OPENED:
            return _opened(self)
        if self.type is MessageType.RESOLVED:
            return _resolved(self)
        if self.type is MessageType.REMINDER:
            how = stream.lasting(self.incident.cause, self.incident.severity, self.at - self.incident.opened_at)
            return f"{self.monitor.name} is {how}, and nobody has acknowledged it yet."
        if self.type is MessageType.ESCALATED and (happened := _of_stream(self)):
            return f"{happened}."
        who = f" by {self.incident.acknowledged_by}" if self.incident.acknowledged_by else ""
        return f"{self.incident.title}: {self.type.value.removeprefix('incident.')}{who}."

    @property
    def facts(self) -> Sequence[tuple[str, str]]:
        """What a person wants to know, as labels and texts in order."""
        if self.type is MessageType.TEST:
            about = [("Monitor", self.monitor.name)] if self.monitor.id else []
            return [*about, ("Sent", words.instant(self.at))]
        return list(_facts(self))


@dataclass(frozen=True, slots=True)
class Bulletin:
    """Something to tell people that is no event of one incident: a storm's list, or that a channel does not work. It
    offers what a `Message` offers, so that channels need not know which they have."""

    type: MessageType
    at: datetime
    tone: Tone
    headline: str
    summary: str
    url: str
    thread: str
    facts: Sequence[tuple[str, str]] = ()


Telling = Message | Bulletin
"""What a channel that people read can tell."""

_TONES = {
    MessageType.OPENED: Tone.ALARM,
    MessageType.ESCALATED: Tone.ALARM,
    MessageType.REMINDER: Tone.ALARM,
    MessageType.RESOLVED: Tone.RECOVERY,
}

_HEADLINES = {
    MessageType.OPENED: "{name} is down",
    MessageType.ESCALATED: "{name} got worse",
    MessageType.REMINDER: "{name} is still down",
    MessageType.ACKNOWLEDGED: "{name}: someone is on it",
    MessageType.RESOLVED: "{name} has recovered",
    MessageType.TEST: "Test alert from Heartbeet",
}

_LOW_HEADLINES = {
    **_HEADLINES,
    MessageType.OPENED: "{name} is low",
    MessageType.REMINDER: "{name} is still low",
}
_SILENT_HEADLINE = "{name} went silent"

_ENDINGS = {
    Cause.RECOVERED: "{name} is up again after {lasted}",
    Cause.PINGED: "{name} is up again after {lasted}",
    Cause.LATE_EVIDENCE: "{name} was up after all: its ping was received in time and reached us late",
    Cause.RESOLVED: "The incident of {name} was resolved by hand after {lasted}",
    Cause.PAUSED: "The incident of {name} ended after {lasted}, because the monitor was paused",
    Cause.DELETED: "The incident of {name} ended after {lasted}, because the monitor was deleted",
}


def _headline(message: Message) -> str:
    incident = message.incident
    if message.type is MessageType.ESCALATED and incident.cause == Cause.SILENCE:
        return _SILENT_HEADLINE
    headlines = _LOW_HEADLINES if incident.is_low else _HEADLINES
    return headlines[message.type]


def _opened(message: Message) -> str:
    monitor, incident = message.monitor, message.incident
    if incident.cause == Cause.MISSED and incident.expected_at:
        return (
            f"{monitor.name} did not ping: it was expected at {words.instant(incident.expected_at)}, "
            f"and its last ping came {_before(incident)}."
        )
    if incident.cause == Cause.FAILED:
        return f"{monitor.name} reported a failure at {words.instant(incident.opened_at)}."
    if incident.cause == Cause.OVERRAN:
        return f"{monitor.name} started and did not finish in time, by {words.instant(incident.opened_at)}."
    happened = _of_stream(message)
    return f"{happened}." if happened else f"{incident.title}, since {words.instant(incident.opened_at)}."


def _of_stream(message: Message) -> str:
    incident = message.incident
    return stream.happened(message.monitor.name, incident.evidence, message.at, incident.was)


def _resolved(message: Message) -> str:
    incident = message.incident
    ending = _ending(Cause(incident.resolution or Cause.RECOVERED), Cause(incident.cause))
    told = "; the alert about it could not be delivered before" if message.tells_both else ""
    lasted = words.span(incident.lasted or timedelta(0))
    return f"{ending.format(name=message.monitor.name, lasted=lasted)}{told}."


def _ending(resolution: Cause, cause: Cause) -> str:
    if cause in stream.ENDINGS and resolution is Cause.LATE_EVIDENCE:
        return stream.LATE_EVIDENCE
    if cause in stream.ENDINGS and resolution in (Cause.RECOVERED, Cause.PINGED):
        return stream.ENDINGS[cause]
    return _ENDINGS.get(resolution, _ENDINGS[Cause.RECOVERED])


def _before(incident: AboutIncident) -> str:
    """When the last ping came, said from the moment the incident opened."""
    if incident.last_ping_at is None:
        return "never"
    return f"{words.span(incident.opened_at - incident.last_ping_at)} before the alert"


def _facts(message: Message) -> list[tuple[str, str]]:
    monitor, incident = message.monitor, message.incident
    found = [("Monitor", monitor.name), ("What happened", incident.title)]
    if monitor.schedule:
        found.append(("Expected", f"a ping {monitor.schedule}, with {words.span(monitor.grace)} of grace"))
    if incident.expected_at:
        found.append(("Was due", words.instant(incident.expected_at)))
    found += stream.facts(incident.evidence)
    last = "Last event before" if monitor.type == fields.BEET else "Last ping before"
    found += [(last, words.instant(incident.last_ping_at)), ("Since", words.instant(incident.opened_at))]
    if incident.resolved_at:
        found.append(("Until", words.instant(incident.resolved_at)))
        found.append(("Lasted", words.span(incident.resolved_at - incident.opened_at)))
    return found


def payload(message: Message) -> dict[str, Any]:
    """The body of the webhook we send (CONTRACT §8)."""
    monitor = message.monitor
    return {
        "type": message.type.value,
        "timestamp": words.stamp(message.at),
        "data": {
            "incident": _incident_row(message),
            "monitor": {"id": monitor.id, "name": monitor.name, "type": monitor.type, "url": monitor.url},
            "summary": message.summary,
        },
    }


def _incident_row(message: Message) -> dict[str, Any]:
    incident = message.incident
    lasted = incident.lasted
    return {
        "id": incident.id,
        "monitorId": message.monitor.id,
        "monitorName": message.monitor.name,
        "status": incident.status.value,
        "severity": incident.severity,
        "cause": incident.cause,
        "title": incident.title,
        "openedAt": words.stamp(incident.opened_at),
        "acknowledgedAt": words.stamp(incident.acknowledged_at),
        "acknowledgedBy": incident.acknowledged_by or None,
        "resolvedAt": words.stamp(incident.resolved_at),
        "durationSec": None if lasted is None else int(lasted.total_seconds()),
        "autoResolved": incident.resolution in RESOLVED_BY_PING,
    }


def sample(*, monitor: AboutMonitor, at: datetime) -> Message:
    """A test message: everything as in a real one, about an incident that never was."""
    incident = AboutIncident(
        id=0, url=monitor.url, cause=Cause.MISSED, severity="critical", title="This is a test", opened_at=at
    )
    return Message(type=MessageType.TEST, at=at, monitor=monitor, incident=incident)
