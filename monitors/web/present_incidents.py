"""Incidents, their timeline and the ledger of their deliveries as finished values for the templates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.web.components import State
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors.domain.status import Cause, EventKind
from monitors.incidents import LATELY, Standing
from monitors.models import Incident, IncidentEvent

_EVENTS = {
    EventKind.OPENED: ("down", "Incident opened"),
    EventKind.ESCALATED: ("down", "Escalated"),
    EventKind.REMINDED: ("late", "People were reminded"),
    EventKind.ACKNOWLEDGED: ("acknowledged", "Acknowledged"),
    EventKind.NOTE: ("note", "Note"),
    EventKind.RESOLVED: ("resolved", "Resolved"),
}
CAUSES = {Cause.MISSED.value: "Missed", Cause.FAILED.value: "Failed", Cause.OVERRAN.value: "Ran too long"}
"""The causes that there are by now, each in a word."""
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
    """One incident in a list; `share` is how long it lasted, in percent of the longest beside it. A monitor that is
    deleted has no `monitor_url`."""

    id: int
    url: str
    title: str
    monitor: str
    monitor_url: str
    project: str
    state: State
    cause: str
    opened: Moment
    length: str
    share: str
    acknowledged_by: str
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


def incidents(given: Iterable[Incident], tell: Teller) -> list[IncidentRow]:
    """Incidents in a list, each with how long it lasted beside the longest; their monitors must be loaded, with the
    projects."""
    many = list(given)
    longest = max((_lasted(each, tell) for each in many), default=timedelta())
    return [incident(each, tell, longest) for each in many]


def incident(given: Incident, tell: Teller, longest: timedelta = timedelta()) -> IncidentRow:
    """One incident; its monitor must be loaded, with its project."""
    is_open, lasted, monitor = given.resolved_at is None, _lasted(given, tell), given.monitor
    return IncidentRow(
        id=given.id,
        url=given.get_absolute_url(),
        title=given.title,
        monitor=monitor.name,
        monitor_url="" if monitor.deleted_at else monitor.get_absolute_url(),
        project=monitor.project.name,
        state=State.of(given.status),
        cause=CAUSES.get(given.cause, given.cause.capitalize()),
        opened=tell.moment(given.opened_at),
        length=durations.short(int(lasted.total_seconds()), units=1 if is_open else 2),
        share=f"{100 * (lasted / longest) if longest else 0:.1f}%",
        acknowledged_by=_who_acknowledged(given),
        is_open=is_open,
        can_acknowledge=is_open and given.acknowledged_at is None,
    )


def standing(given: Standing) -> str:
    """How the incidents of an organisation stand, in a sentence or two; '' if there never was one."""
    if not given.total:
        return ""
    opened = f"{given.open:,} open{_of_them(given)}." if given.open else "Nothing is open."
    if given.mean_time_to_resolve is None:
        return opened
    after = durations.short(int(given.mean_time_to_resolve.total_seconds()), units=2)
    return f"{opened} {given.resolved_lately:,} resolved in the last {LATELY.days} days, after {after} on average."


def _of_them(given: Standing) -> str:
    if not given.acknowledged:
        return ""
    if given.acknowledged < given.open:
        return f", {given.acknowledged:,} of them acknowledged"
    return ", acknowledged" if given.open == 1 else ", all acknowledged"


def _lasted(given: Incident, tell: Teller) -> timedelta:
    return max(timedelta(), (given.resolved_at or tell.now) - given.opened_at)


def _who_acknowledged(given: Incident) -> str:
    if given.acknowledged_at is None:
        return ""
    return given.acknowledged_by.email if given.acknowledged_by else "someone who has left"


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
