"""What a monitor would do, before it is saved: when it runs, when somebody is alerted if it does not, and what about it
is probably not meant. The rules themselves are asked, so that the answer is what will happen."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from monitors.domain import daylight, judge, schedule
from monitors.domain.daylight import Fate
from monitors.domain.facts import Facts, IncidentOpened, OpenRun
from monitors.domain.policy import Policy
from monitors.domain.schedule import Cron, Schedule
from monitors.domain.status import Status

RUNS = 5
SOON = timedelta(weeks=8)
"""How far ahead a change of the clocks is told of, if the next runs do not reach as far."""
FARTHEST = timedelta(days=400)
"""How far ahead one is looked for: within this, every zone that changes its clocks has done so."""
TOO_FAR = timedelta(days=3653)
"""Ten years: an alert that lies beyond is none."""
_YEAR = timedelta(days=366)
_AT_ONCE = Policy()


class Doubt(StrEnum):
    """Something that is allowed and probably not meant."""

    TOO_OFTEN = "too_often"
    RARE = "rare"
    NO_GRACE = "no_grace"
    LONG_GRACE = "long_grace"
    LONG_RUN = "long_run"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is looked at: a valid configuration. `policy` is what counts for it, its own or the organisation's; `floor`
    is the shortest period that the plan allows."""

    schedule: Schedule
    grace: timedelta
    max_runtime: timedelta | None = None
    alert_threshold: int = 1
    policy: Policy = _AT_ONCE
    floor: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Alarm:
    """How a silence ends in an alert: the expected time that is not met first, when the monitor is down, when the
    incident opens, and when people are told."""

    due_at: datetime
    down_at: datetime
    opens_at: datetime
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen from now on. `period` is the shortest time between two runs; `missed` is the alarm if the first
    of `runs` and all after it do not ping, `overran` the one if it starts and never ends (None without a longest run).
    An alarm is None too if it would take over ten years. `daylight` is the change of the clocks to tell of."""

    runs: tuple[datetime, ...]
    period: timedelta
    missed: Alarm | None
    overran: Alarm | None
    daylight: daylight.Effect | None
    doubts: tuple[Doubt, ...]


def look(plan: Plan, now: datetime, zone: str) -> Preview:
    """What this plan would do if its last ping came `now`. An interval knows no clocks but the reader's, of `zone`."""
    runs = tuple(plan.schedule.upcoming(now, RUNS))
    facts = Facts(
        schedule=plan.schedule,
        grace=plan.grace,
        max_runtime=plan.max_runtime,
        alert_threshold=plan.alert_threshold,
        status=Status.UP,
        status_since=now,
        waiting_from=now,
    )
    started = replace(facts, open_runs=(OpenRun(None, "", runs[0]),))
    period = shortest_period(plan.schedule)
    return Preview(
        runs=runs,
        period=period,
        missed=_alarm(plan, facts, runs[0]),
        overran=_alarm(plan, started, runs[0]) if plan.max_runtime else None,
        daylight=_daylight(plan.schedule, runs, now, zone),
        doubts=tuple(_doubts(plan, period, (now, *runs))),
    )


def shortest_period(of: Schedule) -> timedelta:
    """The shortest time between two runs."""
    if isinstance(of, Cron):
        return timedelta(seconds=schedule.shortest_period_sec(None, of.expression))
    return of.every


def _alarm(plan: Plan, facts: Facts, due: datetime) -> Alarm | None:
    """What follows if nothing more arrives: judged deadline by deadline, as the sweep does it."""
    down_at, horizon = None, due + TOO_FAR
    while (at := judge.deadline(facts)) is not None and at <= horizon:
        verdict = judge.on_clock(facts, at)
        facts, down_at = verdict.facts, down_at or at
        if any(isinstance(each, IncidentOpened) for each in verdict.effects):
            return Alarm(due, down_at, at, at + timedelta(seconds=plan.policy.alert_delay_sec))
    return None


def _daylight(of: Schedule, runs: tuple[datetime, ...], now: datetime, zone: str) -> daylight.Effect | None:
    """The next change of the clocks that the schedule feels, or else one that is near or comes between its runs."""
    if not isinstance(of, Cron):
        change = next(daylight.changes(zone, now, min(runs[-1], now + FARTHEST)), None)
        return daylight.Effect(change, Fate.UNBROKEN) if change else None
    until = now + FARTHEST
    found = [daylight.effect(of, change) for change in daylight.changes(of.zone, now, until)]
    felt = [each for each in found if each.fate not in (Fate.UNTOUCHED, Fate.UNBROKEN)]
    return next(iter(felt), None) or next((each for each in found if _is_worth_a_word(each, runs, now)), None)


def _is_worth_a_word(effect: daylight.Effect, runs: tuple[datetime, ...], now: datetime) -> bool:
    """Whether one wants to read that a change of the clocks changes nothing."""
    at = effect.change.at
    is_near = at <= now + SOON and effect.fate is Fate.UNTOUCHED
    return is_near or runs[0] <= at <= runs[-1]


def _doubts(plan: Plan, period: timedelta, times: tuple[datetime, ...]) -> Iterator[Doubt]:
    if period < plan.floor:
        yield Doubt.TOO_OFTEN
    if any(later - earlier > _YEAR for earlier, later in pairwise(times)):
        yield Doubt.RARE
    if not plan.grace:
        yield Doubt.NO_GRACE
    if plan.grace >= period:
        yield Doubt.LONG_GRACE
    if plan.max_runtime is not None and plan.max_runtime > period:
        yield Doubt.LONG_RUN
