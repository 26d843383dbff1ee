"""What the rules said becomes rows: pulse, rhythm, runs, change of state, incident and outbox row, in the caller's
transaction. Only `transitions` calls this; the pulses are locked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeGuard, TypeVar

from django.db.models import Max

from monitors import rhythms, sweep_sql
from monitors.domain import beet, evidence, facts, values
from monitors.domain.status import Cause, EventKind, Severity
from monitors.models import Incident, IncidentEvent, Monitor, Run, StatusChange

TITLES = {
    Cause.MISSED: "{name} missed its ping",
    Cause.FAILED: "{name} reported a failure",
    Cause.OVERRAN: "{name} ran too long",
    Cause.SILENCE: "{name} went silent",
    Cause.DROP: "{name} dropped",
    Cause.VALUE: "{name} reported an unusual value",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A monitor under judgement: its pulse is locked, its facts were read under that lock."""

    monitor: Monitor
    facts: facts.Facts | beet.BeetFacts
    incident: Incident | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules said about a subject; `pings` is how many pings the judgement took in."""

    subject: Subject
    verdict: facts.Verdict | beet.BeetVerdict
    pings: int = 0


def write(outcomes: list[Outcome], *, now: datetime, user_id: int | None = None) -> int:
    """Write what the rules said, set-based. Returns how many incidents opened or got worse."""
    if not outcomes:
        return 0
    sweep_sql.write_pulses([_pulse_row(outcome) for outcome in outcomes])
    sweep_sql.write_arms([row for outcome in outcomes if (row := _arms_row(outcome))])
    StatusChange.objects.bulk_create(_status_changes(outcomes))
    for outcome in outcomes:
        _write_runs(outcome)
    stories = [(outcome.subject, _story(outcome)) for outcome in outcomes]
    opened = [(subject, story[0]) for subject, story in stories if _only_opens(story)]
    _open_incidents(opened, now)
    others = [(subject, story) for subject, story in stories if story and not _only_opens(story)]
    return len(opened) + sum(_follow(subject, story, now, user_id) for subject, story in others)


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


def _arms_row(outcome: Outcome) -> tuple[Any, ...] | None:
    after = outcome.verdict.facts
    if not isinstance(after, beet.BeetFacts) or after.arms is None:
        return None
    return (*rhythms.arms_columns(after.arms), outcome.subject.monitor.id)


Effect = TypeVar("Effect")


def effects(outcomes: list[Outcome], kind: type[Effect]) -> Iterator[tuple[Subject, Effect]]:
    """The effects of one kind, each with its subject."""
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
        for subject, effect in effects(outcomes, facts.StatusChanged)
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


IncidentEffect = facts.IncidentOpened | facts.IncidentEscalated | facts.IncidentResolved


def _story(outcome: Outcome) -> list[IncidentEffect]:
    """What happened to the monitor's incidents, in order."""
    return [effect for effect in outcome.verdict.effects if isinstance(effect, IncidentEffect)]


def _only_opens(story: list[IncidentEffect]) -> TypeGuard[list[facts.IncidentOpened]]:
    return len(story) == 1 and isinstance(story[0], facts.IncidentOpened)


def _follow(subject: Subject, story: list[IncidentEffect], now: datetime, user_id: int | None) -> int:
    """Write one after the other: a look at a beet after a long time may find that several began and ended. Returns how
    many opened or got worse."""
    incident, alarms = subject.incident, 0
    for effect in story:
        if isinstance(effect, facts.IncidentOpened):
            incident = _open_incidents([(subject, effect)], now)[0]
        elif incident is None:
            raise ValueError("the rules end or worsen only what is open")
        elif isinstance(effect, facts.IncidentEscalated):
            _escalate(subject.monitor, incident, effect, now)
        else:
            _resolve(incident, effect, now, user_id)
            incident = None
        alarms += not isinstance(effect, facts.IncidentResolved)
    return alarms


def _open_incidents(opened: list[tuple[Subject, facts.IncidentOpened]], now: datetime) -> list[Incident]:
    rows = Incident.objects.bulk_create([_incident(subject.monitor, effect) for subject, effect in opened])
    IncidentEvent.objects.bulk_create(
        IncidentEvent(
            incident=row,
            seq=1,
            kind=EventKind.OPENED,
            at=row.opened_at,
            created_at=now,
            as_of=evidence.freeze(row.cause, row.severity, row.evidence),
        )
        for row in rows
    )
    return rows


def _incident(monitor: Monitor, effect: facts.IncidentOpened) -> Incident:
    return Incident(
        monitor=monitor,
        cause=effect.cause,
        title=_title(monitor, effect),
        opened_at=effect.at,
        expected_at=effect.expected_at,
        last_ping_at=effect.last_ping_at,
        severity=effect.severity,
        evidence=None if effect.evidence is None else dict(effect.evidence),
    )


def _title(monitor: Monitor, effect: facts.IncidentOpened | facts.IncidentEscalated) -> str:
    """One sentence; that of a value says the number."""
    found = evidence.read(effect.evidence)
    if isinstance(found, evidence.Amount):
        return values.title(monitor.name, found)
    return TITLES[effect.cause].format(name=monitor.name)


def _escalate(monitor: Monitor, incident: Incident, effect: facts.IncidentEscalated, now: datetime) -> None:
    """The incident is what it has become; its timeline says when. Who acknowledged a warning did so for less
    than what is critical now: nobody is on that yet."""
    title = _title(monitor, effect)
    found = Incident.objects.filter(id=incident.id)
    if effect.severity is Severity.CRITICAL:
        found.filter(severity=Severity.WARNING).update(acknowledged_at=None, acknowledged_by=None)
    found.update(severity=effect.severity, cause=effect.cause, title=title, evidence=dict(effect.evidence))
    add_event(incident.id, EventKind.ESCALATED, at=effect.at, now=now)


def _resolve(incident: Incident, effect: facts.IncidentResolved, now: datetime, user_id: int | None) -> None:
    """End an incident; the constraint refuses an end before its start, so the start is the earliest end."""
    ended = max(effect.at, incident.opened_at)
    still_open = Incident.objects.filter(id=incident.id, resolved_at=None)
    still_open.update(resolved_at=ended, resolution=effect.cause, remind_at=None)
    add_event(incident.id, EventKind.RESOLVED, at=ended, now=now, user_id=user_id)


def add_event(
    incident_id: int, kind: EventKind, *, at: datetime, now: datetime, user_id: int | None = None, message: str = ""
) -> None:
    """The next line of an incident's timeline, which is to be told; it keeps what the incident is by now."""
    its = Incident.objects.filter(id=incident_id).annotate(last=Max("events__seq"))
    last, cause, severity, shown = its.values_list("last", "cause", "severity", "evidence").get()
    IncidentEvent.objects.create(
        incident_id=incident_id,
        seq=(last or 0) + 1,
        kind=kind,
        at=at,
        actor_id=user_id,
        message=message,
        created_at=now,
        as_of=evidence.freeze(cause, severity, shown),
    )
