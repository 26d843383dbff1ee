"""What the rules made of it: one monitor's 90 days, judged ping by ping and silence by silence by the rules that judge
in the product (`monitors.domain.judge`), so that states, runs and incidents of a demo follow from its pings. Pure.
"""

import heapq
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from heartbeet.demo.habits import Life, Sent, Spell
from heartbeet.demo.plan import HISTORY, Care, Job
from monitors.domain import judge, schedule
from monitors.domain.beet import BeetFacts
from monitors.domain.facts import (
    Excused,
    Facts,
    IncidentEscalated,
    IncidentOpened,
    IncidentResolved,
    KnownRun,
    RunBegan,
    RunEffect,
    RunEnded,
    RunNoted,
    RunOpened,
    RunReopened,
    StateEffect,
    StatusChanged,
    Verdict,
)
from monitors.domain.gaps import Gaps, Window
from monitors.domain.ping import Ping
from monitors.domain.status import Cause, Kind, RunOutcome, Severity, Status

FIRST_PING_AFTER = timedelta(minutes=25)
"""How long after a monitor was made its first ping came."""


@dataclass(slots=True)
class Run:
    """A run of a job."""

    run_id: str
    started_at: datetime | None
    finished_at: datetime | None = None
    outcome: RunOutcome | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state."""

    at: datetime
    from_status: Status
    to_status: Status
    cause: Cause


@dataclass(slots=True)
class Case:
    """An incident as the rules open and end it, and what people will do about it."""

    cause: Cause
    opened_at: datetime
    expected_at: datetime | None
    last_ping_at: datetime | None
    care: Care | None = None
    severity: Severity = Severity.CRITICAL
    escalated_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Cause | None = None
    evidence: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Record:
    """All that is stored of a monitor. `facts` is how its pulse ends, `unheard` the moments at which a gap left it
    unknown."""

    job: Job
    facts: Facts | BeetFacts
    deadline: datetime | None = None
    pings: list[Sent] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    unheard: list[datetime] = field(default_factory=list)

    def take(self, effect: StateEffect, care: Care | None = None) -> None:
        """Note what the rules said; `care` is what people do about an incident that opens."""
        match effect:
            case StatusChanged():
                self.changes.append(Change(effect.at, effect.from_status, effect.to_status, effect.cause))
            case Excused():
                self.unheard.append(effect.at)
            case IncidentOpened():
                case = Case(effect.cause, effect.at, effect.expected_at, effect.last_ping_at, care, effect.severity)
                case.evidence = effect.evidence
                self.cases.append(case)
            case IncidentEscalated():
                case = self.cases[-1]
                case.cause, case.severity, case.escalated_at = effect.cause, effect.severity, effect.at
                case.evidence = effect.evidence
            case IncidentResolved():
                self.cases[-1].resolved_at, self.cases[-1].resolution = effect.at, effect.cause


class Act(StrEnum):
    """What a person does to a monitor."""

    PAUSE = "pause"
    RESUME = "resume"
    LOCK = "lock"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """An act at a moment; one that resolves names the case by its place."""

    at: datetime
    act: Act
    case: int = -1


def tell(job: Job, life: Life, gaps: Gaps, *, recovery_threshold: int, now: datetime) -> Record:
    """The record of a job that lived like this. `recovery_threshold` is the organisation's."""
    return _Film(job, life, gaps, recovery_threshold, now).play(now)


def orders(job: Job, now: datetime) -> list[Order]:
    """What the plan says people do to a monitor, in order."""
    found = [Order(now - job.locked_ago, Act.LOCK)] if job.locked_ago else []
    for ago, lasts in job.pauses:
        found.append(Order(now - ago, Act.PAUSE))
        if lasts:
            found.append(Order(now - ago + lasts, Act.RESUME))
    return sorted(found)


class _Film:
    """A monitor while its life goes by. `_wake` is its deadline as the product keeps it: it may be early, never late.
    `_last` is an ordinary success that the facts do not have yet."""

    def __init__(self, job: Job, life: Life, gaps: Gaps, recovery_threshold: int, now: datetime) -> None:
        self._facts = _before(job, recovery_threshold, now)
        self._record = Record(job, self._facts)
        self._life, self._gaps = life, gaps
        self._orders = orders(job, now)
        self._wake: datetime | None = None
        self._last: datetime | None = None
        self._successes: deque[datetime] = deque(maxlen=11)
        self._named: dict[str, int] = {}
        self._cared: set[Spell] = set()

    def play(self, now: datetime) -> Record:
        """Up to `now`, where everything is judged."""
        record = self._record
        if self._facts.status is Status.UP:
            record.changes.append(Change(self._facts.status_since, Status.NEW, Status.UP, Cause.PINGED))
        for ping in self._life.sent:
            if not self._gaps.touching(Window(ping.at, ping.at)):
                self._wait(ping.at)
                self._hear(ping)
        self._wait(now)
        self._settle()
        record.facts, record.deadline = self._facts, judge.deadline(self._facts)
        return record

    def _wait(self, until: datetime) -> None:
        """Let the time pass: deadlines are judged and orders carried out in the order of their times."""
        while True:
            order_at = self._orders[0].at if self._orders else until
            if self._wake and self._wake <= min(order_at, until):
                self._judge(self._wake)
            elif self._orders and order_at <= until:
                self._obey(heapq.heappop(self._orders))
            else:
                return

    def _judge(self, at: datetime) -> None:
        """What silence up to `at` means; mostly the deadline has just moved on."""
        facts = self._facts
        if facts.status is Status.UP and not facts.open_runs and not facts.locked:
            heard = self._last or facts.last_success_at
            self._wake = judge.plain_deadline(facts.schedule, facts.grace, heard, facts.waiting_from)
            if self._wake is None or self._wake > at:
                return
        self._settle()
        facts = self._facts
        usual = min((later - before for before, later in pairwise(self._successes)), default=None)
        self._take(judge.on_clock(replace(facts, usual_period=usual), at, self._gaps))

    def _hear(self, sent: Sent) -> None:
        """Take a ping in; an ordinary success needs no judgement, as in ingest."""
        facts = self._facts
        self._record.pings.append(sent)
        if sent.kind is Kind.SUCCESS:
            self._successes.append(sent.at)
            if facts.status in (Status.UP, Status.PAUSED) and not facts.open_runs and not sent.run_id:
                self._last, self._wake = sent.at, self._wake or sent.at
                return
        self._settle()
        ping = Ping(sent.at, sent.kind, sent.run_id, sent.exit_code, sent.value)
        verdict = judge.on_ping(self._facts, ping, self._known(sent.run_id))
        sent.duration_sec = verdict.duration.total_seconds() if verdict.duration is not None else None
        self._take(verdict)

    def _obey(self, order: Order) -> None:
        self._settle()
        facts = self._facts
        if order.act is Act.RESOLVE:
            if self._record.cases[order.case].resolved_at is None:
                self._take(judge.on_resolve(facts, order.at))
        else:
            self._take(_BY_HAND[order.act](facts, order.at))

    def _settle(self) -> None:
        if self._last:
            self._facts = replace(self._facts, last_ping_at=self._last, last_success_at=self._last)
            self._last = None

    def _known(self, run_id: str) -> KnownRun | None:
        place = self._named.get(run_id) if run_id else None
        if place is None:
            return None
        run = self._record.runs[place]
        return KnownRun(place, run_id, run.started_at, run.finished_at, run.outcome)

    def _take(self, verdict: Verdict) -> None:
        """Note what the rules said."""
        for effect in verdict.effects:
            match effect:
                case IncidentOpened():
                    self._open(effect)
                case StatusChanged() | Excused() | IncidentEscalated() | IncidentResolved():
                    self._record.take(effect)
                case _:
                    self._write_run(effect)
        newest = len(self._record.runs) - 1
        runs = tuple(replace(run, id=newest) if run.id is None else run for run in verdict.facts.open_runs)
        self._facts = replace(verdict.facts, open_runs=runs)
        self._wake = verdict.deadline

    def _open(self, effect: IncidentOpened) -> None:
        care = self._care_at(effect.at)
        self._record.take(effect, care)
        if care and care.resolved_min is not None:
            at = effect.at + timedelta(minutes=care.resolved_min)
            heapq.heappush(self._orders, Order(at, Act.RESOLVE, len(self._record.cases) - 1))

    def _care_at(self, at: datetime) -> Care | None:
        """What people do about what opens now: the first incident of a spell has their attention."""
        begun = [spell for spell in self._life.spells if spell.begins_at <= at]
        if not begun or begun[-1] in self._cared:
            return None
        self._cared.add(begun[-1])
        return begun[-1].trouble.care

    def _write_run(self, effect: RunEffect) -> None:
        runs = self._record.runs
        match effect:
            case RunOpened():
                runs.append(Run(effect.run_id, effect.started_at))
                self._named[effect.run_id] = len(runs) - 1
            case RunNoted():
                runs.append(Run(effect.run_id, None, effect.finished_at, effect.outcome))
                self._named[effect.run_id] = len(runs) - 1
            case RunBegan():
                runs[effect.id].started_at = effect.started_at
            case RunReopened():
                runs[effect.id] = Run(runs[effect.id].run_id, effect.started_at)
            case RunEnded():
                runs[effect.id].finished_at, runs[effect.id].outcome = effect.finished_at, effect.outcome


_BY_HAND = {Act.PAUSE: judge.on_pause, Act.RESUME: judge.on_resume, Act.LOCK: judge.on_lock}


def _before(job: Job, recovery_threshold: int, now: datetime) -> Facts:
    """What is known of a monitor before its first ping of which there is a row."""
    given, made_at = job.fields, now - job.made_ago
    is_old = job.made_ago > HISTORY and job.is_pinged
    return Facts(
        schedule=schedule.build(interval_sec=given.interval_sec, cron=given.cron, zone=given.timezone),
        grace=timedelta(seconds=given.grace_sec),
        max_runtime=None if given.max_runtime_sec is None else timedelta(seconds=given.max_runtime_sec),
        alert_threshold=given.alert_threshold,
        status=Status.UP if is_old else Status.NEW,
        status_since=made_at + FIRST_PING_AFTER if is_old else made_at,
        recovery_threshold=given.recovery_threshold or recovery_threshold,
    )
