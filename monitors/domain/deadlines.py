"""When a monitor is due, by when it is judged, and how it looks now: all computed from the facts, nothing stored."""

from datetime import datetime, timedelta

from monitors.domain import runs
from monitors.domain.facts import Facts
from monitors.domain.schedule import Schedule
from monitors.domain.status import Status


def reference(facts: Facts) -> datetime | None:
    """The time from which the next ping is awaited; None while nothing was ever heard that could be waited on."""
    return _reference(facts.schedule, facts.grace, facts.last_success_at, facts.waiting_from)


def is_judged(facts: Facts) -> bool:
    """Whether silence means anything: not while paused, locked, or never pinged."""
    return facts.status is not Status.PAUSED and not facts.locked and reference(facts) is not None


def due_at(facts: Facts) -> datetime | None:
    """The next expected time; None while the monitor is not judged."""
    since = reference(facts)
    if since is None or not is_judged(facts):
        return None
    return facts.schedule.due_after(since)


def deadline(facts: Facts) -> datetime | None:
    """The earliest moment at which, if nothing more arrives, the state could change; None if it never can.

    An open run with a longest run time answers for the dues inside it, so then only the runs' own deadlines count."""
    due = due_at(facts)
    if due is None:
        return None
    ends = [runs.deadline(facts, run) for run in facts.open_runs]
    if ends and facts.max_runtime is not None:
        return min(ends)
    return min([due + facts.grace, *ends])


def plain_deadline(
    schedule: Schedule, grace: timedelta, last_success_at: datetime | None, waiting_from: datetime | None
) -> datetime | None:
    """`deadline` for a judged monitor without open runs, in a few microseconds: most of what a sweep visits."""
    since = _reference(schedule, grace, last_success_at, waiting_from)
    return None if since is None else schedule.due_after(since) + grace


def view_status(facts: Facts, now: datetime) -> Status:
    """The state to show: `late` is an `up` monitor past its due, unless a run still answers for it. A deadline that
    nobody has judged yet is late too: a sweep that stands still must not look like health."""
    due, limit = due_at(facts), deadline(facts)
    if facts.status is not Status.UP or due is None or limit is None:
        return facts.status
    is_answered = bool(facts.open_runs) and facts.max_runtime is not None
    return Status.LATE if (limit if is_answered else due) < now else Status.UP


def _reference(
    schedule: Schedule, grace: timedelta, last_success_at: datetime | None, waiting_from: datetime | None
) -> datetime | None:
    if last_success_at is None:
        return waiting_from
    met = schedule.reference_of(last_success_at, grace)
    return met if waiting_from is None or met > waiting_from else waiting_from
