"""Incidents, their timeline and the ledger of their deliveries as finished values for the templates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.web.components import State
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors.domain import evidence, explain
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
CAUSES = {
    Cause.MISSED.value: "Missed",
    Cause.FAILED.value: "Failed",
    Cause.OVERRAN.value: "Ran too long",
    Cause.SILENCE.value: "Silent",
    Cause.DROP.value: "Dropped",
    Cause.VALUE.value: "Unusual value",
}
"""Each cause in a word or two."""
_CAUSES = {
    Cause.MISSED: "A ping did not come",
    Cause.FAILED: "The job said that it failed",
    Cause.OVERRAN: "A run took too long",
    Cause.SILENCE: "No event came",
    Cause.DROP: "Fewer events came than usual",
    Cause.VALUE: "A value was outside its limits",
}
_RESOLUTIONS = {
    Cause.RECOVERED: "a success came",
    Cause.LATE_EVIDENCE: "the ping had been sent in time and arrived late",
    Cause.RESOLVED: "resolved by hand",
    Cause.PAUSED: "the monitor was paused",
    Cause.DELETED: "the monitor was deleted",
}
_OF_STREAMS = frozenset({Cause.SILENCE, Cause.DROP})
_RESOLUTIONS_OF_STREAMS = {
    Cause.RECOVERED: "events came again",
    Cause.LATE_EVIDENCE: "the events had been sent in time and arrived late",
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
class Fact:
    """Something that does not change any more."""

    name: str
    value: Moment | str


@dataclass(frozen=True, slots=True)
class EventRow:
    """An entry of the timeline; `after` is how long after the one before it."""

    id: int
    state: State
    at: Moment
    after: str
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
        acknowledged_by=who_acknowledged(given),
        is_open=is_open,
        can_acknowledge=is_open and given.acknowledged_at is None,
    )


def standing(given: Standing) -> str:
    """How the incidents of an organisation stand, in a sentence or two."""
    opened = f"{given.open:,} open{_of_them(given)}." if given.open else "Nothing is open."
    if given.mean_time_to_resolve is None:
        return opened
    count, days = given.resolved_lately, LATELY.days
    after = durations.short(int(given.mean_time_to_resolve.total_seconds()), units=2)
    if count == 1:
        return f"{opened} Of those that opened in the last {days} days one is resolved, after {after}."
    return f"{opened} Of those that opened in the last {days} days {count:,} are resolved, after {after} on average."


def _of_them(given: Standing) -> str:
    if not given.acknowledged:
        return ""
    if given.acknowledged < given.open:
        return f", {given.acknowledged:,} of them acknowledged"
    return ", acknowledged" if given.open == 1 else ", all acknowledged"


def _lasted(given: Incident, tell: Teller) -> timedelta:
    return max(timedelta(), (given.resolved_at or tell.now) - given.opened_at)


def cause(given: Incident) -> str:
    """Why an incident opened."""
    return _CAUSES.get(Cause(given.cause), given.cause.capitalize())


def ending(given: Incident) -> str:
    """How an incident ended, to go on in a sentence; '' for one that is open."""
    if not given.resolution:
        return ""
    words = {**_RESOLUTIONS, **_RESOLUTIONS_OF_STREAMS} if given.cause in _OF_STREAMS else _RESOLUTIONS
    return words.get(Cause(given.resolution), "")


def who_acknowledged(given: Incident) -> str:
    """Who is on it; '' if nobody is."""
    if given.acknowledged_at is None:
        return ""
    return given.acknowledged_by.email if given.acknowledged_by else "someone who has left"


def outcome(given: Incident, events: Sequence[IncidentEvent], tell: Teller) -> SafeString:
    """What follows the word for its state: since when, who, and how it ended."""
    if given.resolved_at is not None:
        length = durations.short(int(_lasted(given, tell).total_seconds()), units=2)
        by = next((each.actor.email for each in events if each.kind == EventKind.RESOLVED and each.actor), "")
        how = f"by {by}" if by else ending(given)
        return format_html("after {}, {}{}", length, tell.moment(given.resolved_at), f": {how}" if how else "")
    opened = tell.moment(given.opened_at)
    if given.acknowledged_at is None:
        return format_html("since {}", opened)
    by = who_acknowledged(given)
    return format_html("by {}, {}; open since {}", by, tell.moment(given.acknowledged_at), opened)


def facts(given: Incident, tell: Teller) -> list[Fact]:
    """What is known of an incident from its beginning on."""
    return [
        Fact("Cause", cause(given)),
        Fact("Severity", given.severity.capitalize()),
        Fact("Opened", tell.precise(given.opened_at)),
        *([Fact("Expected", tell.precise(given.expected_at))] if given.expected_at else []),
        Fact(
            "Last event" if given.cause in _OF_STREAMS else "Last ping",
            tell.precise(given.last_ping_at) if given.last_ping_at else "never",
        ),
    ]


def events(given: Sequence[IncidentEvent], tell: Teller) -> list[EventRow]:
    """The timeline; the actors of the entries must be loaded."""
    before = [None, *given]
    got_worse = any(each.kind == EventKind.ESCALATED for each in given)
    return [_event(each, earlier, tell, got_worse) for each, earlier in zip(given, before, strict=False)]


def _event(given: IncidentEvent, earlier: IncidentEvent | None, tell: Teller, got_worse: bool) -> EventRow:
    key, word = _EVENTS[EventKind(given.kind)]
    seconds = int((given.at - earlier.at).total_seconds()) if earlier else 0
    return EventRow(
        id=given.id,
        state=State(key, word),
        at=tell.precise(given.at),
        after=f"{durations.short(seconds, units=2)} later" if seconds > 0 else "",
        by=given.actor.email if given.actor else "",
        message=given.message or _held(given, tell) or (_told_then(given, tell) if got_worse else ""),
    )


def _told_then(given: IncidentEvent, tell: Teller) -> str:
    """What an incident that got worse was opened on, and what it got worse by: the page tells the last of it only."""
    then = evidence.thaw(given.as_of)
    if given.kind not in (EventKind.OPENED, EventKind.ESCALATED) or then is None or then.evidence is None:
        return ""
    return explain.told(then.evidence, given.at, tell.zone)


def _held(given: IncidentEvent, tell: Teller) -> SafeString | str:
    """What holds the beginning of an incident back; the incident's monitor must be loaded."""
    if given.kind != EventKind.OPENED or given.dispatched_at or given.hold_until is None:
        return ""
    if given.incident.monitor.snoozed_at:
        return "Nobody is told while the monitor is snoozed."
    return format_html("Nobody is told before {}, for it may be over by then.", tell.precise(given.hold_until))
