"""The only writer of a monitor's state: pulse, runs, status change, incident and outbox row, in one transaction.

Every function runs inside the caller's transaction, locks the pulses first (in monitor-id order), asks the rules what
follows from the facts, and writes what they answer.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Case, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest

from monitors import notices, queries, sweep_sql
from monitors.domain import facts, judge
from monitors.domain.gaps import Gaps
from monitors.domain.ping import Ping
from monitors.domain.schedule import Interval
from monitors.domain.status import Cause, EventKind, Kind, Status
from monitors.models import Gap, Incident, IncidentEvent, Monitor, Pulse, Run, StatusChange
from monitors.models import Ping as PingRow

TITLES = {
    Cause.MISSED: "{name} missed its ping",
    Cause.FAILED: "{name} reported a failure",
    Cause.OVERRAN: "{name} ran too long",
    Cause.SILENCE: "{name} went silent",
    Cause.DROP: "{name} dropped",
    Cause.VALUE: "{name} reported an unusual value",
}


PULSE_TIMES = "status_since", "last_ping_at", "last_success_at", "last_fail_at", "waiting_from"
"""The columns of a pulse that say when something was."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A monitor under judgement: its pulse is locked, its facts were read under that lock."""

    monitor: Monitor
    facts: facts.Facts
    incident: Incident | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules said about a subject; `pings` is how many pings the judgement took in."""

    subject: Subject
    verdict: facts.Verdict
    pings: int = 0


def lock(monitor_ids: Iterable[int]) -> list[Subject]:
    """Lock the pulses of these monitors and read their facts; deleted monitors and beets are left out."""
    found = Pulse.objects.filter(monitor_id__in=list(monitor_ids), monitor__deleted_at=None)
    pulses = found.select_for_update(no_key=True, of=("self",)).select_related("monitor").order_by("monitor_id")
    locked = list(pulses)
    ids = [pulse.monitor_id for pulse in locked]
    open_runs, open_incidents = queries.open_runs(ids), queries.open_incidents(ids)
    thresholds = queries.recovery_thresholds(pulse.monitor for pulse in locked if pulse.status == Status.DOWN)
    subjects = []
    for pulse in locked:
        incident = open_incidents.get(pulse.monitor_id)
        recovery = thresholds.get(pulse.monitor_id, 1)
        gathered = queries.gather(pulse.monitor, pulse, open_runs.get(pulse.monitor_id, ()), incident, recovery)
        if gathered is not None:
            subjects.append(Subject(pulse.monitor, gathered, incident))
    return subjects


def record(monitor_id: int, ping: Ping, *, now: datetime) -> None:
    """Take one stored ping into the state. The caller has the row of the ping in the database."""
    for subject in lock([monitor_id]):
        known = queries.known_run(monitor_id, ping.run_id) if ping.run_id else None
        verdict = judge.on_ping(subject.facts, ping, known)
        write([Outcome(subject, verdict, pings=1)], now=now)
        if ping.id is not None and verdict.duration is not None:
            PingRow.objects.filter(id=ping.id).update(duration_sec=verdict.duration.total_seconds())


def clock(monitor_ids: Iterable[int], *, watermark: datetime, now: datetime) -> int:
    """Judge what silence up to `watermark` means for these monitors, the times known by then in which nobody listened
    aside; returns how many incidents opened."""
    subjects = lock(monitor_ids)
    reach = [since for each in subjects if (since := judge.looks_back_to(each.facts))]
    rows = queries.gaps_since(min(reach)) if reach else []
    deaf = Gaps.of((row.started_at, row.ended_at) for row in rows)
    outcomes = [Outcome(each, judge.on_clock(each.facts, watermark, deaf)) for each in _with_habits(subjects, rows)]
    opened = write(outcomes, now=now)
    notices.take(rows, [(subject.monitor, effect) for subject, effect in _effects(outcomes, facts.Excused)], now=now)
    return opened


def _with_habits(subjects: list[Subject], gaps: list[Gap]) -> list[Subject]:
    """The subjects, and how often those usually succeed that need not as often. It matters only where gaps are."""
    if not gaps:
        return subjects
    ids = [each.monitor.id for each in subjects if isinstance(each.facts.schedule, Interval)]
    usual = sweep_sql.usual_periods(ids)
    return [replace(each, facts=replace(each.facts, usual_period=usual.get(each.monitor.id))) for each in subjects]


def rewound(*, now: datetime) -> None:
    """The clock was set back to `now`: what it dated later happened by now. What was judged stays judged; every wait
    that began in the future begins now, and the sweep looks at them again. All others keep their deadlines."""
    ahead = Q(*((f"{name}__gt", now) for name in PULSE_TIMES), _connector=Q.OR)
    ahead |= Q(deadline__gt=now) & ~Q(judge_error="")
    list(Pulse.objects.filter(ahead).select_for_update(no_key=True).order_by("monitor_id").values_list("monitor_id"))
    Pulse.objects.filter(ahead).update(**_at_most(now, *PULSE_TIMES, "deadline"))
    for name in ("started_at", "finished_at"):
        Run.objects.filter(**{f"{name}__gt": now}).update(**{name: now})
    Incident.objects.filter(resolved_at=None, opened_at__gt=now).update(**_at_most(now, "opened_at", "acknowledged_at"))
    StatusChange.objects.filter(at__gt=now).update(at=now)
    for event in IncidentEvent.objects.filter(dispatched_at=None, created_at__gt=now):
        held = event.hold_until and now + (event.hold_until - event.created_at)
        IncidentEvent.objects.filter(id=event.id).update(at=min(event.at, now), created_at=now, hold_until=held)


def recalled(*, since: datetime, until: datetime) -> None:
    """The clock was set forward to `until`: what was heard before it was wrongly set back counts again, at its time."""
    known_at = "monitor__pulse__last_ping_at"
    heard = PingRow.objects.filter(received_at__gt=since, received_at__lte=until).values_list("monitor_id", known_at)
    forgotten = (
        heard.annotate(newest=Max("received_at"))
        .filter(newest__gt=F(known_at))
        .annotate(
            success=Max("received_at", filter=Q(kind=Kind.SUCCESS)), fail=Max("received_at", filter=Q(kind=Kind.FAIL))
        )
    )
    for monitor_id, _, *times in forgotten.order_by("monitor_id"):
        last = zip(("last_ping_at", "last_success_at", "last_fail_at"), times, strict=True)
        known = {name: Coalesce(Greatest(name, Value(at)), Value(at)) for name, at in last if at}
        Pulse.objects.filter(monitor_id=monitor_id).update(**known)


def _at_most(now: datetime, *names: str) -> dict[str, Case]:
    return {name: Case(When(**{f"{name}__gt": now}, then=Value(now)), default=F(name)) for name in names}


def paused(monitor_id: int, *, now: datetime) -> bool:
    """Stop judging. False if it was paused already."""
    return _by_hand(monitor_id, now, judge.on_pause, unless=lambda found: found.status is Status.PAUSED)


def resumed(monitor_id: int, *, now: datetime) -> bool:
    """Judge again, from now. False if it was not paused."""
    return _by_hand(monitor_id, now, judge.on_resume, unless=lambda found: found.status is not Status.PAUSED)


def edited(monitor_id: int, *, now: datetime) -> bool:
    """Wait anew from now by the schedule that the row has by now."""
    return _by_hand(monitor_id, now, judge.on_edit)


def judge_soon(monitors: QuerySet[Monitor], *, now: datetime) -> None:
    """Let the sweep look at these monitors: what counts for them has changed, so their true deadline may be earlier
    than the stored one."""
    later = Pulse.objects.filter(monitor__in=monitors, deadline__gt=now)
    ids = list(later.select_for_update(no_key=True).order_by("monitor_id").values_list("monitor_id", flat=True))
    Pulse.objects.filter(monitor_id__in=ids).update(deadline=now)


def deleted(monitor_id: int, *, now: datetime) -> bool:
    """Resolve what is open; the monitor is judged no more."""
    return _by_hand(monitor_id, now, judge.on_delete)


class NotOpen(ValueError):
    """The incident is resolved already; nothing is left to do."""


def resolved(incident_id: int, *, user_id: int | None, now: datetime) -> None:
    """Close an incident by hand; the monitor waits anew from now. Raises NotOpen."""
    for subject in _lock_open(incident_id):
        write([Outcome(subject, judge.on_resolve(subject.facts, now))], now=now, user_id=user_id)


def acknowledged(incident_id: int, *, user_id: int | None, now: datetime) -> bool:
    """Note who is on it. False if somebody is already. Raises NotOpen."""
    _lock_open(incident_id)
    fresh = Incident.objects.filter(id=incident_id, acknowledged_at=None)
    if not fresh.update(acknowledged_at=now, acknowledged_by_id=user_id, remind_at=None):
        return False
    _add_event(incident_id, EventKind.ACKNOWLEDGED, at=now, now=now, user_id=user_id)
    return True


def reminded(incident_id: int, *, due: datetime, next_at: datetime | None, now: datetime) -> bool:
    """Note that people are told again, and when next. False if this was done already, or nobody needs it any more."""
    monitor_id = Incident.objects.values_list("monitor_id", flat=True).get(id=incident_id)
    Pulse.objects.select_for_update(no_key=True).get(monitor_id=monitor_id)
    if not Incident.objects.filter(id=incident_id, remind_at=due, resolved_at=None).update(remind_at=next_at):
        return False
    _add_event(incident_id, EventKind.REMINDED, at=now, now=now)
    return True


def noted(incident_id: int, *, message: str, user_id: int | None, now: datetime) -> None:
    """Add a person's words to the timeline; they may also come after the end."""
    Pulse.objects.select_for_update(no_key=True).get(monitor__incidents__id=incident_id)
    _add_event(incident_id, EventKind.NOTE, at=now, now=now, user_id=user_id, message=message)


def write(outcomes: list[Outcome], *, now: datetime, user_id: int | None = None) -> int:
    """Write what the rules said, set-based. Returns how many incidents opened."""
    if not outcomes:
        return 0
    sweep_sql.write_pulses([_pulse_row(outcome) for outcome in outcomes])
    StatusChange.objects.bulk_create(_status_changes(outcomes))
    for outcome in outcomes:
        _write_runs(outcome)
    for subject, effect in _effects(outcomes, facts.IncidentResolved):
        _resolve(subject, effect, now, user_id)
    return _open_incidents(list(_effects(outcomes, facts.IncidentOpened)), now)


def _pulse_row(outcome: Outcome) -> tuple[Any, ...]:
    after = outcome.verdict.facts
    return (
        after.status.value,
        after.status_since,
        after.last_ping_at,
        after.last_success_at,
        after.last_fail_at,
        after.waiting_from,
        after.misses,
        after.good_pings,
        outcome.verdict.deadline,
        outcome.pings,
        outcome.subject.monitor.id,
    )


Effect = TypeVar("Effect")


def _effects(outcomes: list[Outcome], kind: type[Effect]) -> Iterator[tuple[Subject, Effect]]:
    for outcome in outcomes:
        for effect in outcome.verdict.effects:
            if isinstance(effect, kind):
                yield outcome.subject, effect


def _status_changes(outcomes: list[Outcome]) -> list[StatusChange]:
    return [
        StatusChange(
            monitor=subject.monitor,
            at=effect.at,
            from_status=effect.from_status,
            to_status=effect.to_status,
            cause=effect.cause,
        )
        for subject, effect in _effects(outcomes, facts.StatusChanged)
    ]


def _write_runs(outcome: Outcome) -> None:
    monitor = outcome.subject.monitor
    for effect in outcome.verdict.effects:
        match effect:
            case facts.RunOpened():
                Run.objects.create(monitor=monitor, run_id=effect.run_id, started_at=effect.started_at)
            case facts.RunNoted():
                Run.objects.create(
                    monitor=monitor, run_id=effect.run_id, finished_at=effect.finished_at, outcome=effect.outcome
                )
            case facts.RunBegan():
                Run.objects.filter(id=effect.id).update(started_at=effect.started_at)
            case facts.RunReopened():
                Run.objects.filter(id=effect.id).update(started_at=effect.started_at, finished_at=None, outcome="")
            case facts.RunEnded():
                Run.objects.filter(id=effect.id).update(finished_at=effect.finished_at, outcome=effect.outcome)
            case _:
                pass  # the effects on state and incident are written by others


def _open_incidents(opened: list[tuple[Subject, facts.IncidentOpened]], now: datetime) -> int:
    rows = Incident.objects.bulk_create([_incident(subject.monitor, effect) for subject, effect in opened])
    IncidentEvent.objects.bulk_create(
        IncidentEvent(incident=row, seq=1, kind=EventKind.OPENED, at=row.opened_at, created_at=now) for row in rows
    )
    return len(rows)


def _incident(monitor: Monitor, effect: facts.IncidentOpened) -> Incident:
    return Incident(
        monitor=monitor,
        cause=effect.cause,
        title=TITLES[effect.cause].format(name=monitor.name),
        opened_at=effect.at,
        expected_at=effect.expected_at,
        last_ping_at=effect.last_ping_at,
        severity=effect.severity,
        evidence=None if effect.evidence is None else dict(effect.evidence),
    )


def _resolve(subject: Subject, effect: facts.IncidentResolved, now: datetime, user_id: int | None) -> None:
    """End the open incident; the constraint refuses an end before its start, so the start is the earliest end."""
    incident = subject.incident
    assert incident is not None, "the rules resolve only what is open"
    ended = max(effect.at, incident.opened_at)
    still_open = Incident.objects.filter(id=incident.id, resolved_at=None)
    still_open.update(resolved_at=ended, resolution=effect.cause, remind_at=None)
    _add_event(incident.id, EventKind.RESOLVED, at=ended, now=now, user_id=user_id)


def _add_event(
    incident_id: int, kind: EventKind, *, at: datetime, now: datetime, user_id: int | None = None, message: str = ""
) -> None:
    last = IncidentEvent.objects.filter(incident_id=incident_id).aggregate(Max("seq"))["seq__max"] or 0
    IncidentEvent.objects.create(
        incident_id=incident_id, seq=last + 1, kind=kind, at=at, actor_id=user_id, message=message, created_at=now
    )


def _by_hand(
    monitor_id: int,
    now: datetime,
    rule: Callable[[facts.Facts, datetime], facts.Verdict],
    unless: Callable[[facts.Facts], bool] = lambda found: False,
) -> bool:
    for subject in lock([monitor_id]):
        if not unless(subject.facts):
            write([Outcome(subject, rule(subject.facts, now))], now=now)
            return True
    return False


def _lock_open(incident_id: int) -> list[Subject]:
    """Lock the monitor of an incident that is still open under the lock. Raises NotOpen."""
    monitor_id = Incident.objects.values_list("monitor_id", flat=True).get(id=incident_id)
    subjects = lock([monitor_id])
    if not any(subject.incident and subject.incident.id == incident_id for subject in subjects):
        raise NotOpen(NotOpen.__doc__)
    return subjects
