"""The only writer of a monitor's state: pulse, runs, status change, incident and outbox row, in one transaction.

Every function runs inside the caller's transaction, locks the pulses first (in monitor-id order), asks the rules what
follows from the facts, and writes what they answer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Case, F, Max, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest

from monitors import notices, queries, rhythms, sweep_sql, verdicts
from monitors.domain import beet, facts, hours, judge, values
from monitors.domain.beet import BeetFacts
from monitors.domain.gaps import Gaps
from monitors.domain.ping import Ping
from monitors.domain.schedule import Interval
from monitors.domain.status import EventKind, Kind, Status
from monitors.models import Gap, Incident, IncidentEvent, Monitor, Pulse, Rhythm, RollupMark, Run, StatusChange
from monitors.models import Ping as PingRow
from monitors.verdicts import Outcome, Subject

PULSE_TIMES = "status_since", "last_ping_at", "last_success_at", "last_fail_at", "waiting_from"
"""The columns of a pulse that say when something was."""


def lock(monitor_ids: Iterable[int]) -> list[Subject]:
    """Lock the pulses of these monitors and read their facts; deleted monitors are left out."""
    found = Pulse.objects.filter(monitor_id__in=list(monitor_ids), monitor__deleted_at=None)
    pulses = found.select_for_update(no_key=True, of=("self",)).select_related("monitor").order_by("monitor_id")
    locked = list(pulses)
    ids = [pulse.monitor_id for pulse in locked]
    open_runs, open_incidents = queries.open_runs(ids), queries.open_incidents(ids)
    thresholds = queries.recovery_thresholds(pulse.monitor for pulse in locked if pulse.status == Status.DOWN)
    beets = rhythms.facts_of(_beets(locked), open_incidents)
    bands = rhythms.bands_of(pulse.monitor for pulse in locked if pulse.monitor.type == Monitor.HEARTBEAT)
    subjects = []
    for pulse in locked:
        id_ = pulse.monitor_id
        incident, runs = open_incidents.get(id_), open_runs.get(id_, ())
        gathered = queries.gather(pulse.monitor, pulse, runs, incident, thresholds.get(id_, 1), bands.get(id_))
        subjects.append(Subject(pulse.monitor, gathered or beets[pulse.monitor_id], incident))
    return subjects


def _beets(pulses: list[Pulse]) -> list[Monitor]:
    """Those of the monitors that are beets, each with its pulse as it was locked."""
    found = []
    for pulse in pulses:
        if pulse.monitor.type == Monitor.BEET:
            pulse.monitor.pulse = pulse
            found.append(pulse.monitor)
    return found


def record(monitor_id: int, ping: Ping, *, now: datetime) -> None:
    """Take one stored ping into the state. The caller has the row of the ping in the database."""
    for subject in lock([monitor_id]):
        if isinstance(subject.facts, BeetFacts):
            verdicts.write([Outcome(subject, beet.on_ping(subject.facts, ping), pings=1)], now=now)
            continue
        known = queries.known_run(monitor_id, ping.run_id) if ping.run_id else None
        verdict = judge.on_ping(subject.facts, ping, known)
        verdicts.write([Outcome(subject, verdict, pings=1)], now=now)
        if ping.id is not None and verdict.duration is not None:
            PingRow.objects.filter(id=ping.id).update(duration_sec=verdict.duration.total_seconds())


def weighed(monitor_id: int, pings: Sequence[tuple[float, datetime]], *, now: datetime) -> None:
    """Take the values of stored pings of a beet into its state, in order, each with when it was received. Its pulse
    knows of the pings already."""
    for subject in lock([monitor_id]):
        its = subject.facts
        if isinstance(its, BeetFacts) and its.rule.is_per_ping:
            judged = [(values.judge(its.rule, its.bands, value, at), at) for value, at in pings]
            _write_if_news([Outcome(subject, beet.on_values(its, judged))], now=now)


def hour(came_to: Mapping[int, float], *, start: datetime, now: datetime) -> int:
    """Take what the values of monitors came to in the hour from `start` into their state; returns how many incidents
    opened."""
    end, outcomes = start + hours.HOUR, []
    for subject in lock(came_to):
        its = subject.facts
        judged = values.judge(its.rule, its.bands, came_to[subject.monitor.id], start)
        if not its.rule.is_hourly:
            continue  # somebody was faster and changed it
        if isinstance(its, BeetFacts):
            outcomes.append(Outcome(subject, beet.on_values(its, [(judged, end)])))
        else:
            outcomes.append(Outcome(subject, judge.on_hour(its, judged, end)))
    return _write_if_news(outcomes, now=now)


def _write_if_news(outcomes: list[Outcome], *, now: datetime) -> int:
    """Write what changes anything; an early deadline is none of it."""
    return verdicts.write([each for each in outcomes if each.verdict.facts != each.subject.facts], now=now)


def clock(monitor_ids: Iterable[int], *, watermark: datetime, now: datetime) -> int:
    """Judge what the time up to `watermark` means for these monitors, the times known by then in which nobody listened
    aside; returns how many incidents opened or got worse."""
    subjects = lock(monitor_ids)
    reach = [since for each in subjects if (since := _looks_back_to(each))]
    rows = queries.gaps_since(min(reach)) if reach else []
    deaf = Gaps.of((row.started_at, row.ended_at) for row in rows)
    heard = _heard(subjects, watermark)
    outcomes = []
    for each in _with_habits(subjects, rows):
        if isinstance(each.facts, BeetFacts):
            events, until = heard.get(each.monitor.id, ([], watermark))
            outcomes.append(Outcome(each, beet.on_clock(each.facts, events, until, deaf)))
        else:
            outcomes.append(Outcome(each, judge.on_clock(each.facts, watermark, deaf)))
    began = verdicts.write(outcomes, now=now)
    excused = verdicts.effects(outcomes, facts.Excused)
    notices.take(rows, [(subject.monitor, effect) for subject, effect in excused], now=now)
    return began


def _looks_back_to(subject: Subject) -> datetime | None:
    """The earliest moment that the judgement looks at."""
    found = subject.facts
    return beet.looks_back_to(found) if isinstance(found, BeetFacts) else judge.looks_back_to(found)


def _heard(subjects: list[Subject], watermark: datetime) -> dict[int, tuple[list[datetime], datetime]]:
    """What each beet heard since its last look, and up to when that is all."""
    looks = [
        (each.monitor.id, since)
        for each in subjects
        if isinstance(each.facts, BeetFacts) and (since := beet.reads_from(each.facts))
    ]
    return sweep_sql.events_since(looks, watermark) if looks else {}


def _with_habits(subjects: list[Subject], gaps: list[Gap]) -> list[Subject]:
    """The subjects, and how often those usually succeed that need not as often. It matters only where gaps are."""
    if not gaps:
        return subjects
    jobs = {each.monitor.id: each.facts for each in subjects if isinstance(each.facts, facts.Facts)}
    usual = sweep_sql.usual_periods([id_ for id_, found in jobs.items() if isinstance(found.schedule, Interval)])
    return [
        replace(each, facts=replace(each.facts, usual_period=usual.get(each.monitor.id)))
        if isinstance(each.facts, facts.Facts)
        else each
        for each in subjects
    ]


def rewound(*, now: datetime) -> None:
    """The clock was set back to `now`: what it dated later happened by now. What was judged stays judged; every wait
    that began in the future begins now, and the sweep looks at them again. All others keep their deadlines."""
    whole = hours.floor(now)
    RollupMark.objects.filter(rolled_until__gt=whole).update(rolled_until=whole)  # first, as whoever counts hours does
    ahead = Q(*((f"{name}__gt", now) for name in PULSE_TIMES), _connector=Q.OR)
    ahead |= Q(deadline__gt=now) & ~Q(judge_error="")
    list(Pulse.objects.filter(ahead).select_for_update(no_key=True).order_by("monitor_id").values_list("monitor_id"))
    Pulse.objects.filter(ahead).update(**_at_most(now, *PULSE_TIMES, "deadline"))
    for name in ("evaluated_at", "heard_at", "drop_since", "learned_at"):
        Rhythm.objects.filter(**{f"{name}__gt": now}).update(**{name: now})
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
    return _by_hand(monitor_id, now, judge.on_pause, beet.on_pause, unless=lambda found: found.status is Status.PAUSED)


def resumed(monitor_id: int, *, now: datetime) -> bool:
    """Judge again, from now. False if it was not paused."""
    return _by_hand(
        monitor_id, now, judge.on_resume, beet.on_resume, unless=lambda found: found.status is not Status.PAUSED
    )


def edited(monitor_id: int, *, now: datetime) -> bool:
    """Wait anew from now by the schedule that the row has by now."""
    return _by_hand(monitor_id, now, judge.on_edit, beet.on_edit)


def judge_soon(monitors: QuerySet[Monitor], *, now: datetime, holds_others: bool = False) -> None:
    """Let the sweep look at these monitors: what counts for them has changed, so their true deadline may be earlier
    than the stored one. A caller that `holds_others` waits for no lock, which would be out of order: what is locked is
    being judged right now, and is judged by what counts at its next look."""
    later = Pulse.objects.filter(monitor__in=monitors, deadline__gt=now)
    locked = later.select_for_update(no_key=True, skip_locked=holds_others)
    ids = list(locked.order_by("monitor_id").values_list("monitor_id", flat=True))
    Pulse.objects.filter(monitor_id__in=ids).update(deadline=now)


def deleted(monitor_id: int, *, now: datetime) -> bool:
    """Resolve what is open; the monitor is judged no more."""
    return _by_hand(monitor_id, now, judge.on_delete, beet.on_delete)


class NotOpen(ValueError):
    """The incident is resolved already; nothing is left to do."""


def resolved(incident_id: int, *, user_id: int | None, now: datetime) -> None:
    """Close an incident by hand; the monitor waits anew from now. Raises NotOpen."""
    for subject in _lock_open(incident_id):
        outcome = _ordered(subject, now, judge.on_resolve, beet.on_resolve)
        verdicts.write([outcome], now=now, user_id=user_id)


def acknowledged(incident_id: int, *, user_id: int | None, now: datetime) -> bool:
    """Note who is on it. False if somebody is already. Raises NotOpen."""
    _lock_open(incident_id)
    fresh = Incident.objects.filter(id=incident_id, acknowledged_at=None)
    if not fresh.update(acknowledged_at=now, acknowledged_by_id=user_id, remind_at=None):
        return False
    verdicts.add_event(incident_id, EventKind.ACKNOWLEDGED, at=now, now=now, user_id=user_id)
    return True


def reminded(incident_id: int, *, due: datetime, next_at: datetime | None, now: datetime) -> bool:
    """Note that people are told again, and when next. False if this was done already, or nobody needs it any more."""
    monitor_id = Incident.objects.values_list("monitor_id", flat=True).get(id=incident_id)
    Pulse.objects.select_for_update(no_key=True).get(monitor_id=monitor_id)
    if not Incident.objects.filter(id=incident_id, remind_at=due, resolved_at=None).update(remind_at=next_at):
        return False
    verdicts.add_event(incident_id, EventKind.REMINDED, at=now, now=now)
    return True


def noted(incident_id: int, *, message: str, user_id: int | None, now: datetime) -> None:
    """Add a person's words to the timeline; they may also come after the end."""
    Pulse.objects.select_for_update(no_key=True).get(monitor__incidents__id=incident_id)
    verdicts.add_event(incident_id, EventKind.NOTE, at=now, now=now, user_id=user_id, message=message)


Rule = Callable[[facts.Facts, datetime], facts.Verdict]
BeetRule = Callable[[BeetFacts, datetime], beet.BeetVerdict]


def _by_hand(
    monitor_id: int,
    now: datetime,
    rule: Rule,
    beet_rule: BeetRule,
    unless: Callable[[facts.Facts | BeetFacts], bool] = lambda found: False,
) -> bool:
    for subject in lock([monitor_id]):
        if not unless(subject.facts):
            verdicts.write([_ordered(subject, now, rule, beet_rule)], now=now)
            return True
    return False


def _ordered(subject: Subject, now: datetime, rule: Rule, beet_rule: BeetRule) -> Outcome:
    """What a person's order means for a monitor of either kind."""
    if isinstance(subject.facts, BeetFacts):
        return Outcome(subject, beet_rule(subject.facts, now))
    return Outcome(subject, rule(subject.facts, now))


def _lock_open(incident_id: int) -> list[Subject]:
    """Lock the monitor of an incident that is still open under the lock. Raises NotOpen."""
    monitor_id = Incident.objects.values_list("monitor_id", flat=True).get(id=incident_id)
    subjects = lock([monitor_id])
    if not any(subject.incident and subject.incident.id == incident_id for subject in subjects):
        raise NotOpen(NotOpen.__doc__)
    return subjects
