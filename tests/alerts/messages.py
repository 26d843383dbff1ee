"""Messages for the tests of what is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.domain import message
from alerts.domain.message import AboutIncident, AboutMonitor, Bulletin, Message, MessageType, Telling, Tone
from monitors.domain.status import Cause

OPENED_AT = datetime(2026, 1, 5, 12, 6, tzinfo=UTC)

MONITOR = AboutMonitor(
    id=7,
    name="Nightly backup",
    type="heartbeat",
    url="https://beet.example.com/monitors/7",
    schedule="every 5 minutes",
    grace=timedelta(minutes=1),
)
INCIDENT = AboutIncident(
    id=17,
    url="https://beet.example.com/incidents/17",
    cause=Cause.MISSED,
    severity="critical",
    title="Nightly backup missed its ping",
    opened_at=OPENED_AT,
    expected_at=OPENED_AT - timedelta(minutes=1),
    last_ping_at=OPENED_AT - timedelta(minutes=6),
    key="heartbeet-9f86d081884c7d65-incident-17",
)


def opened(name: str = MONITOR.name, **changes: Any) -> Message:
    """An incident that has just opened; `changes` are fields of the incident."""
    about = replace(MONITOR, name=name)
    incident = replace(INCIDENT, **changes)
    return Message(type=MessageType.OPENED, at=OPENED_AT, monitor=about, incident=incident)


def resolved(name: str = MONITOR.name, *, tells_both: bool = False, **changes: Any) -> Message:
    """The same incident, over after 12 minutes."""
    ended = OPENED_AT + timedelta(minutes=12)
    over = {"resolved_at": ended, "resolution": Cause.RECOVERED, **changes}
    about, incident = replace(MONITOR, name=name), replace(INCIDENT, **over)
    return Message(type=MessageType.RESOLVED, at=ended, monitor=about, incident=incident, tells_both=tells_both)


def escalated(name: str = MONITOR.name, **changes: Any) -> Message:
    """It got worse."""
    return replace(opened(name, **changes), type=MessageType.ESCALATED, at=OPENED_AT + timedelta(minutes=5))


def reminder(name: str = MONITOR.name, **changes: Any) -> Message:
    """It is still open after an hour."""
    return replace(opened(name, **changes), type=MessageType.REMINDER, at=OPENED_AT + timedelta(hours=1))


def acknowledged(name: str = MONITOR.name, **changes: Any) -> Message:
    """Bob looks after it."""
    at = OPENED_AT + timedelta(minutes=3)
    told = opened(name, **{"acknowledged_at": at, "acknowledged_by": "bob@example.com", **changes})
    return replace(told, type=MessageType.ACKNOWLEDGED, at=at)


def collapsed(name: str = MONITOR.name, **changes: Any) -> Message:
    """It was over before anybody could be told that it began."""
    return resolved(name, tells_both=True, **changes)


def trial(name: str = MONITOR.name, **changes: Any) -> Message:
    """A test alert."""
    return message.sample(monitor=replace(MONITOR, name=name), at=OPENED_AT)


def storm(name: str = MONITOR.name, *, monitors: int = 3, **changes: Any) -> Bulletin:
    """Many incidents told at once."""
    return Bulletin(
        type=MessageType.STORM,
        at=OPENED_AT,
        tone=Tone.ALARM,
        headline=f"{monitors} more monitors are down",
        summary=f"{monitors} more monitors of Acme went down within a minute, {name} among them.",
        url="https://beet.example.com/incidents",
        thread="storm-5",
        facts=[(f"{name} {place}"[:255], f"{name} {place} missed its ping") for place in range(1, monitors + 1)],
    )


def notice(name: str = MONITOR.name, **changes: Any) -> Bulletin:
    """Another channel does not work."""
    return Bulletin(
        type=MessageType.NOTICE,
        at=OPENED_AT,
        tone=Tone.PLAIN,
        headline=f"The channel {name} does not work",
        summary=f"The last five alerts could not be delivered to {name}.",
        url="https://beet.example.com/channels/3",
        thread="notice-9",
        facts=[("Channel", name), ("Last error", "The receiver answered 410 Gone.")],
    )


TELLINGS: dict[str, Callable[..., Telling]] = {
    told.__name__: told
    for told in (opened, resolved, collapsed, escalated, acknowledged, reminder, trial, storm, notice)
}
"""Everything that can be told, by name. Each takes the name of the monitor (or channel) it is about."""
