"""Incidents, their timeline and the ledger of their deliveries as finished values for the templates."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.web.components import State
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors.domain.status import Cause, EventKind
from monitors.models import Incident, IncidentEvent

_EVENTS = {
    EventKind.OPENED: ("down", "Incident opened"),
    EventKind.ESCALATED: ("down", "Escalated"),
    EventKind.REMINDED: ("late", "People were reminded"),
    EventKind.ACKNOWLEDGED: ("acknowledged", "Acknowledged"),
    EventKind.NOTE: ("note", "Note"),
    EventKind.RESOLVED: ("resolved", "Resolved"),
}
_CAUSES = {
    Cause.MISSED: "A ping did not come",
    Cause.FAILED: "The job said that it failed",
    Cause.OVERRAN: "A run took too long",
}
_RESOLUTIONS = {
    Cause.RECOVERED: "A success came",
    Cause.LATE_EVIDENCE: "The ping had been sent in time and arrived late",
    Cause.RESOLVED: "Resolved by hand",
    Cause.PAUSED: "The monitor was paused",
    Cause.DELETED: "The monitor was deleted",
}


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One incident in a list."""

    id: int
    url: str
    title: str
    monitor: str
    state: State
    opened: Moment
    length: str
    is_open: bool
    can_acknowledge: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was known when an incident opened, and how it ended."""

    cause: str
    expected: Moment | None
    last_ping: Moment | None
    acknowledged: Moment | None
    acknowledged_by: str
    resolved: Moment | None
    resolution: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """An entry of the timeline."""

    state: State
    at: Moment
    by: str
    message: SafeString | str


def incident(given: Incident, tell: Teller) -> IncidentRow:
    """One incident in a list; its monitor must be loaded."""
    end, units = (given.resolved_at, 2) if given.resolved_at else (tell.now, 1)
    return IncidentRow(
        id=given.id,
        url=given.get_absolute_url(),
        title=given.title,
        monitor=given.monitor.name,
        state=State.of(given.status),
        opened=tell.moment(given.opened_at),
        length=durations.short(int((end - given.opened_at).total_seconds()), units=units),
        is_open=given.resolved_at is None,
        can_acknowledge=given.resolved_at is None and given.acknowledged_at is None,
    )


def evidence(given: Incident, tell: Teller) -> Evidence:
    """The facts of one incident."""
    return Evidence(
        cause=_CAUSES.get(Cause(given.cause), given.cause.capitalize()),
        expected=tell.maybe(given.expected_at),
        last_ping=tell.maybe(given.last_ping_at),
        acknowledged=tell.maybe(given.acknowledged_at),
        acknowledged_by=given.acknowledged_by.email if given.acknowledged_by else "",
        resolved=tell.maybe(given.resolved_at),
        resolution=_RESOLUTIONS.get(Cause(given.resolution), "") if given.resolution else "",
    )


def event(given: IncidentEvent, tell: Teller) -> EventRow:
    """One entry of the timeline; its actor must be loaded."""
    key, word = _EVENTS[EventKind(given.kind)]
    by = given.actor.email if given.actor else ""
    return EventRow(State(key, word), tell.precise(given.at), by, given.message or _held(given, tell))


def _held(given: IncidentEvent, tell: Teller) -> SafeString | str:
    """What holds the beginning of an incident back; the incident's monitor must be loaded."""
    if given.kind != EventKind.OPENED or given.dispatched_at or given.hold_until is None:
        return ""
    if given.incident.monitor.snoozed_at:
        return "Nobody is told while the monitor is snoozed."
    return format_html("Nobody is told before {}, for it may be over by then.", tell.precise(given.hold_until))
