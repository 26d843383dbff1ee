"""Monitors as finished values for the templates: no query, no clock, no HTML but times."""

from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.web.components import State
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors import queries
from monitors.domain import fields, schedule, values
from monitors.domain.policy import BUDGET_WEEKS, Policy
from monitors.domain.status import Cause, Status
from monitors.models import Incident, Monitor, Ping, StatusChange
from monitors.queries import Outlook

_PER = {
    fields.PING: "each ping",
    fields.HOUR_SUM: "as the sum of each hour",
    fields.HOUR_MEAN: "as the mean of each hour",
}
_FIRST_PINGS, _YOUNG = 3, timedelta(hours=1)
"""So long the page says that the first ping has come: whoever just made the monitor is looking for it."""


@dataclass(frozen=True, slots=True)
class Headline:
    """The head of a monitor's page: how it is, since when, why, and what comes next."""

    state: State
    since: Moment
    ago: Moment
    reason: SafeString | str
    outlook: SafeString | str
    snooze: SafeString | str
    last_ping: Moment | None
    ping_count: int
    pings: str
    is_waiting: bool
    is_first: bool
    upcoming: list[Moment]
    zone: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a monitor's settings."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class History:
    """What explains a monitor's state: its last change, the open incident, and the ping whose `fail` was the change."""

    change: StatusChange | None
    incident: Incident | None
    failure: Ping | None


def headline(monitor: Monitor, outlook: Outlook, history: History, its: Policy, tell: Teller) -> Headline:
    """The head of a monitor's page; `its` is the policy that counts for it."""
    is_late = outlook.status == Status.LATE and outlook.next_due_at
    pulse = monitor.pulse
    since = outlook.next_due_at if is_late and outlook.next_due_at else pulse.status_since
    is_young = outlook.status in (Status.UP, Status.LEARNING) and tell.now - monitor.created_at < _YOUNG
    return Headline(
        state=State.of(outlook.status),
        since=tell.clock(since.replace(microsecond=0)),
        ago=tell.moment(since),
        reason="The ping that was due has not come yet." if is_late else _reason(monitor, history, tell),
        outlook=_what_next(monitor, outlook, its, tell),
        snooze=_snooze(monitor, tell),
        last_ping=tell.maybe(monitor.pulse.last_ping_at),
        ping_count=pulse.ping_count,
        pings=f"{pulse.ping_count:,}",
        is_waiting=pulse.ping_count == 0 and outlook.status in (Status.NEW, Status.LEARNING),
        is_first=0 < pulse.ping_count <= _FIRST_PINGS and is_young,
        upcoming=upcoming(monitor, outlook, tell),
        zone=monitor.timezone if monitor.cron else "",
    )


def facts(monitor: Monitor, its: Policy) -> list[Fact]:
    """A monitor's settings in words; `its` is the policy that counts for it."""
    kept = [
        *(_rhythm(monitor, its) if monitor.type == Monitor.BEET else _promise(monitor, its)),
        Fact("Value", _good_values(monitor)),
        Fact("Counts", "POST only" if monitor.post_only else ""),
        Fact("Project", monitor.project.name),
    ]
    return [fact for fact in kept if fact.value]


def _rhythm(monitor: Monitor, its: Policy) -> list[Fact]:
    silence, shared = monitor.learning_silence_sec, its.beet_budget_weeks if monitor.budget_weeks is None else None
    weeks = monitor.budget_weeks or shared or BUDGET_WEEKS
    return [
        Fact("Schedule", "learns its rhythm"),
        Fact("Alerts", f"when it is silent, or below {round(100 * monitor.rho, 1):g} % of usual"),
        Fact("False alarms", f"one in {weeks} weeks{', all beets together' if shared else ''}"),
        Fact("Until it has learned", f"alerts after {durations.short(silence)} of silence" if silence else ""),
        Fact("Local time", monitor.timezone),
        *(_telling(its)[:2] if its.alert_delay_sec or its.remind_every_sec else []),
    ]


def _good_values(monitor: Monitor) -> str:
    """Which values are good, in words; empty if all are."""
    below, above = monitor.value_below, monitor.value_above
    limits = values.band(below, above) if (below, above) != (None, None) else ""
    good = ", ".join(filter(None, [limits, "usual for its hour" if monitor.value_band else ""]))
    return f"{good}, {_PER[monitor.value_per]}" if good else ""


def _promise(monitor: Monitor, its: Policy) -> list[Fact]:
    return [
        Fact("Schedule", _schedule(monitor).describe()),
        Fact("Cron", monitor.cron),
        Fact("Grace", durations.short(monitor.grace_sec)),
        Fact("Alerts after", "1 failure" if monitor.alert_threshold == 1 else f"{monitor.alert_threshold:,} in a row"),
        *(_telling(its) if replace(its, beet_budget_weeks=None) != Policy() else []),
        Fact("Longest run", durations.short(monitor.max_runtime_sec) if monitor.max_runtime_sec else ""),
    ]


def policy(found: Policy) -> list[Fact]:
    """When people are told, in words."""
    shared = found.beet_budget_weeks
    budget = f"one false alarm in {shared} weeks, all together" if shared else "each has a budget of its own"
    return [*_telling(found), Fact("Beets", budget)]


def _telling(found: Policy) -> list[Fact]:
    delay, remind, times = found.alert_delay_sec, found.remind_every_sec, found.recovery_threshold
    return [
        Fact("Tells", f"what is still down after {durations.short(delay)}" if delay else "at once"),
        Fact("Reminds", f"every {durations.short(remind)}" if remind else "never"),
        Fact("Up again after", "1 good ping" if times == 1 else f"{times} good pings in a row"),
    ]


def upcoming(monitor: Monitor, outlook: Outlook, tell: Teller, count: int = 5) -> list[Moment]:
    """The next times at which a ping is expected: of a cron line by the clock of its zone, of an interval if each ping
    comes when it is due. None while nothing is expected."""
    due_at, promise = outlook.next_due_at, outlook.promise
    if due_at is None or promise is None:
        return []
    found = [at for at in (due_at, *promise.upcoming(due_at, count)) if at > tell.now]
    local = Teller.for_zone(tell.now, monitor.timezone) if monitor.cron else tell
    return [local.clock(at) for at in found[:count]]


def _schedule(monitor: Monitor) -> schedule.Schedule:
    return schedule.build(interval_sec=monitor.interval_sec, cron=monitor.cron, zone=monitor.timezone)


def _named(monitor: Monitor) -> str:
    """What comes to it."""
    return "event" if monitor.type == Monitor.BEET else "ping"


def _snooze(monitor: Monitor, tell: Teller) -> SafeString | str:
    if not queries.is_snoozed(monitor, tell.now):
        return ""
    if monitor.snoozed_until is None:
        return "Snoozed until its next healthy ping: nobody is told that incidents open."
    return format_html("Snoozed until {}: nobody is told that incidents open.", tell.precise(monitor.snoozed_until))


def _what_next(monitor: Monitor, outlook: Outlook, its: Policy, tell: Teller) -> SafeString | str:
    if outlook.status == Status.PAUSED:
        return "Pings are still stored. Silence alerts nobody until it is resumed."
    if monitor.type == Monitor.BEET:
        return _of_beet(outlook, tell)
    if monitor.locked:
        return "Locked by the limit of your plan: pings are stored, silence is not judged."
    if outlook.next_due_at is None or outlook.deadline_at is None:
        return "Nothing is expected before the first ping has come."
    due, deadline = tell.moment(outlook.next_due_at), tell.moment(outlook.deadline_at)
    if outlook.status == Status.LATE:
        return format_html("It goes down {} if nothing comes.", deadline)
    if outlook.status == Status.DOWN:
        times = f"{monitor.pulse.misses:,} failures in a row. " if monitor.pulse.misses > 1 else ""
        told = (
            "A ping was due {} and has not come" if outlook.next_due_at < tell.now else "The next ping is expected {}"
        )
        return format_html("{}" + told + "; {}.", times, due, _way_back(monitor, its))
    grace = durations.short(monitor.grace_sec) if monitor.grace_sec else "no"
    return format_html("The next ping is due {}, with {} of grace.", due, grace)


def _of_beet(outlook: Outlook, tell: Teller) -> SafeString | str:
    """What a beet does next."""
    if outlook.status in (Status.DOWN, Status.WARNING):
        return "It is up again once events come as they usually do."
    silent_at = outlook.deadline_at
    if silent_at is not None and silent_at > tell.now:
        return format_html("If no event comes any more, it alerts {}.", tell.moment(silent_at))
    if outlook.status == Status.LEARNING:
        return "It counts events, and learns how many are usual at each hour of the week."
    return "It alerts when a silence or a drop is too unlikely to be chance."


def _way_back(monitor: Monitor, its: Policy) -> str:
    left = its.recovery_threshold - monitor.pulse.good_pings
    return "one success brings it back up" if left <= 1 else f"{left} successes in a row bring it back up"


def _reason(monitor: Monitor, history: History, tell: Teller) -> SafeString | str:
    change, incident, failure = history.change, history.incident, history.failure
    if change is None:
        return "" if monitor.pulse.ping_count else f"Waiting for the first {_named(monitor)}."
    if change.cause == Cause.RECOVERED and change.from_status == Status.UNKNOWN:
        return "A success came; before, nobody could tell."
    if change.cause == Cause.RECOVERED and monitor.type == Monitor.BEET:
        return "Events come again."
    if change.cause == Cause.MISSED and incident and incident.expected_at:
        return format_html("The ping expected {} did not come.", tell.moment(incident.expected_at))
    if change.cause == Cause.FAILED and failure and failure.exit_code is not None:
        return f"The job ended with exit code {failure.exit_code}."
    return _REASONS.get(Cause(change.cause), "")


_REASONS = {
    Cause.MISSED: "An expected ping did not come.",
    Cause.FAILED: "The job said that it failed.",
    Cause.OVERRAN: "A run took longer than it may.",
    Cause.SILENCE: "No event came where some were expected.",
    Cause.DROP: "Fewer events came than usual.",
    Cause.VALUE: "A value was outside its limits.",
    Cause.PINGED: "The first ping came.",
    Cause.RECOVERED: "A success came after the failure.",
    Cause.LATE_EVIDENCE: "The missing ping had been sent in time and arrived late.",
    Cause.RESOLVED: "The incident was resolved by hand.",
    Cause.PAUSED: "It was paused by hand.",
    Cause.RESUMED: "It was resumed and waits anew.",
    Cause.LEARNED: "It has learned what is usual.",
    Cause.GAP: "Heartbeet was not listening when a ping was expected, so it cannot tell.",
}
