"""Messages for the tests of what is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.domain.message import AboutIncident, AboutMonitor, Message, MessageType
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
