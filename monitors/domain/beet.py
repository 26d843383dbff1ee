"""The rules of a beet's state: what time, its events and a person's orders mean. The sums are those of `rhythm`.

While nothing is learned yet only a plain silence alerts, and only if somebody asked for it. Then the two arms judge.
Time in which nobody listened counts for neither."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from monitors.domain import changes, rhythm
from monitors.domain.evidence import written
from monitors.domain.facts import (
    IncidentEscalated,
    IncidentOpened,
    IncidentResolved,
    OpenIncident,
    StateEffect,
    StatusChanged,
)
from monitors.domain.gaps import NO_GAPS, Gaps, Window
from monitors.domain.ping import Ping
from monitors.domain.rhythm import Arm, Arms, Expected, Profile, Thresholds, Tuning, Turn
from monitors.domain.status import Cause, Kind, Severity, Status
from monitors.domain.values import NO_RULE, Bands, Judged, Rule

_CAUSES = {Arm.SILENCE: Cause.SILENCE, Arm.DROP: Cause.DROP}
_ARMS = {Cause.SILENCE: Arm.SILENCE, Cause.DROP: Arm.DROP}
_STATES = {Severity.WARNING: Status.WARNING, Severity.CRITICAL: Status.DOWN}


@dataclass(frozen=True, slots=True)
class BeetFacts:
    """All that a judgement of a beet may look at. `profile` is what it has learned, None while it learns. `arms` are
    None before the first look. `learning_silence` alerts while it learns. `rule` says which values are good, `bands`
    which are usual. The names of the pulse are as in `Facts`."""

    status: Status
    status_since: datetime
    last_ping_at: datetime | None = None
    last_success_at: datetime | None = None
    last_fail_at: datetime | None = None
    waiting_from: datetime | None = None
    misses: int = 0
    good_pings: int = 0
    incident: OpenIncident | None = None
    locked: bool = False
    profile: Profile | None = None
    tuning: Tuning = field(default_factory=Tuning)
    arms: Arms | None = None
    learning_silence: timedelta | None = None
    rule: Rule = NO_RULE
    bands: Bands | None = None

    @property
    def is_judged(self) -> bool:
        return self.status is not Status.PAUSED and not self.locked


@dataclass(frozen=True, slots=True)
class BeetVerdict:
    """The facts after a judgement, when to look again, and what is to be written, in order."""

    facts: BeetFacts
    deadline: datetime | None
    effects: tuple[StateEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    facts: BeetFacts
    effects: tuple[StateEffect, ...] = ()

    def then(self, facts: BeetFacts, *effects: StateEffect) -> "_Step":
        return _Step(facts, self.effects + effects)

    def verdict(self, gaps: Gaps = NO_GAPS) -> BeetVerdict:
        return BeetVerdict(self.facts, deadline(self.facts, gaps), self.effects)


def on_clock(facts: BeetFacts, events: Sequence[datetime], now: datetime, gaps: Gaps = NO_GAPS) -> BeetVerdict:
    """Judge the time from the last look to `now`, in which these `events` came, in order."""
    if not facts.is_judged:
        return _Step(facts).verdict(gaps)
    step = _learned(_Step(_begun(facts, now)), now)
    if step.facts.profile is None:
        return _on_plain_clock(step, events, now, gaps).verdict(gaps)
    return _on_arms(step, events, now, gaps).verdict(gaps)


def deadline(facts: BeetFacts, gaps: Gaps = NO_GAPS) -> datetime | None:
    """When to look again; None while nothing can be said."""
    arms = facts.arms
    if not facts.is_judged:
        return None
    if arms is None:
        has_begun = facts.profile is not None or facts.learning_silence is not None
        return facts.status_since if has_begun else None
    if facts.profile is not None:
        if _alarm(facts) is not None:
            return rhythm.instant(arms.at + rhythm.RECOVERY_LOOK_SEC)
        clock, test = _clock(facts, gaps, facts.profile)
        return rhythm.instant(rhythm.deadline(arms, clock, test))
    if facts.incident is not None:
        return rhythm.instant(arms.at + rhythm.RECOVERY_LOOK_SEC)
    if facts.learning_silence is not None and facts.last_success_at is None:
        return rhythm.instant(arms.at) + facts.learning_silence  # to see whether anything has come at all
    return _plain_deadline(facts, gaps)


def silent_at(facts: BeetFacts, gaps: Gaps = NO_GAPS) -> datetime | None:
    """When silence would be noticed if no more came than the pulse knows of; None if it would not, or has been."""
    if not facts.is_judged or facts.incident is not None:
        return None
    if facts.profile is None:
        return _plain_deadline(facts, gaps)
    arms, clock, test = facts.arms, *_clock(facts, gaps, facts.profile)
    heard = None if facts.last_success_at is None else rhythm.seconds(facts.last_success_at)
    if arms is not None and (heard is None or heard <= arms.at):
        return rhythm.instant(clock.after(arms.at, max(0.0, test.silence - arms.quiet)))
    return None if heard is None else rhythm.instant(clock.after(heard, test.silence))


def reads_from(facts: BeetFacts) -> datetime | None:
    """After which moment a look takes in the events; None where it takes in none, for nothing is judged by them."""
    arms = facts.arms
    is_asked = facts.profile is not None or facts.learning_silence is not None or facts.incident is not None
    is_read = facts.is_judged and is_asked and not _has_just_learned(facts)
    return rhythm.instant(arms.at) if arms is not None and is_read else None


def looks_back_to(facts: BeetFacts) -> datetime | None:
    """The earliest moment that a judgement looks at; None before the first look."""
    arms = facts.arms
    if arms is None:
        return None
    since = arms.heard_at if facts.profile is None else (_heard_late(facts, arms) or arms.at)
    return rhythm.instant(min(arms.at, since))


def on_ping(facts: BeetFacts, ping: Ping) -> BeetVerdict:
    """Take one ping into the state. What it means for the rhythm is seen when the next look takes in what came."""
    at = ping.received_at
    is_event = ping.kind is Kind.SUCCESS
    after = heard(facts, at) if is_event else replace(facts, last_ping_at=changes.later(facts.last_ping_at, at))
    return _Step(after).verdict()


def heard(facts: BeetFacts, at: datetime) -> BeetFacts:
    """The same, knowing of an event at this time."""
    known = changes.later(facts.last_ping_at, at), changes.later(facts.last_success_at, at)
    return replace(facts, last_ping_at=known[0], last_success_at=known[1])


def on_values(facts: BeetFacts, judged: Sequence[tuple[Judged, datetime]]) -> BeetVerdict:
    """Take what values came to into the state, each with when that was known: of pings, or of hours that are over."""
    step = _Step(facts)
    for one, at in judged:
        step = _valued(step, one, at)
    verdict = step.verdict()
    if verdict.deadline is None and facts.is_judged and judged:
        return replace(verdict, deadline=judged[-1][1])  # nobody has looked at it yet
    return verdict


def _valued(step: _Step, judged: Judged, at: datetime) -> _Step:
    facts, incident = step.facts, step.facts.incident
    if not facts.is_judged:
        return step
    if judged.is_good:
        if incident is None or incident.cause is not Cause.VALUE or at <= incident.opened_at:
            return step
        return _status(_resolve(step, Cause.RECOVERED, at), _well(facts), Cause.RECOVERED, at)
    if incident is not None:
        return step  # people know already
    step = _status(step, Status.DOWN, Cause.VALUE, at)
    opened = IncidentOpened(at, Cause.VALUE, None, facts.last_ping_at, Severity.CRITICAL, judged.evidence)
    return step.then(replace(step.facts, incident=OpenIncident(at, Cause.VALUE)), opened)


def on_pause(facts: BeetFacts, now: datetime) -> BeetVerdict:
    """Judge no more until resumed; what was wrong is no longer told."""
    step = _resolve(_Step(facts), Cause.PAUSED, now)
    return _status(step, Status.PAUSED, Cause.PAUSED, now).verdict()


def on_resume(facts: BeetFacts, now: datetime) -> BeetVerdict:
    """Judge again, and wait anew from now."""
    if facts.status is not Status.PAUSED:
        return _Step(facts).verdict()
    return _wait_anew(_status(_Step(facts), _well(facts), Cause.RESUMED, now), now).verdict()


def on_resolve(facts: BeetFacts, now: datetime) -> BeetVerdict:
    """A person says it is well: wait anew from now."""
    step = _resolve(_Step(facts), Cause.RESOLVED, now)
    if step.facts.status in (Status.DOWN, Status.WARNING):
        step = _status(step, _well(facts), Cause.RESOLVED, now)
    return _wait_anew(step, now).verdict()


def on_edit(facts: BeetFacts, now: datetime) -> BeetVerdict:
    """`facts` have the new settings. What is open stays so, but for a value by a rule that is no more; a drop that was
    being watched is watched anew by them."""
    is_watched = facts.profile is not None or facts.incident is not None
    arms = (facts.arms if is_watched else None) or _arms(facts, now)
    if facts.incident is not None and facts.incident.cause is Cause.VALUE and not facts.rule.is_set:
        step = _resolve(_Step(replace(facts, arms=arms)), Cause.RESOLVED, now)
        return _status(step, _well(facts), Cause.RESOLVED, now).verdict()
    if facts.incident is not None:
        return _Step(replace(facts, arms=arms)).verdict()
    return _Step(replace(facts, arms=rhythm.watched_anew(arms))).verdict()


def on_lock(facts: BeetFacts, now: datetime) -> BeetVerdict:
    """Over the plan's limit: events are recorded, judgement pauses."""
    return _Step(replace(facts, locked=True)).verdict()


def on_unlock(facts: BeetFacts, now: datetime) -> BeetVerdict:
    """Judge again and wait anew, in the state it was locked in."""
    return _wait_anew(_Step(replace(facts, locked=False)), now).verdict()


def on_delete(facts: BeetFacts, now: datetime) -> BeetVerdict:
    """Nothing is awaited any more; what was wrong is no longer told."""
    step = _resolve(_Step(facts), Cause.DELETED, now)
    return BeetVerdict(step.facts, None, step.effects)


def _begun(facts: BeetFacts, now: datetime) -> BeetFacts:
    """With arms, and with the alarm that the open incident is."""
    arms, alarm = facts.arms or _arms(facts, now), _alarm(facts)
    arms = arms if alarm is arms.alarm else replace(arms, alarm=alarm)
    return facts if arms is facts.arms else replace(facts, arms=arms)


def _arms(facts: BeetFacts, now: datetime) -> Arms:
    heard = facts.last_success_at
    return rhythm.begin(rhythm.seconds(now), None if heard is None else rhythm.seconds(heard))


def _alarm(facts: BeetFacts) -> rhythm.OpenAlarm | None:
    incident = facts.incident
    if incident is None or incident.cause not in _ARMS:
        return None
    severity = Severity.WARNING if facts.status is Status.WARNING else Severity.CRITICAL
    arm = _ARMS[incident.cause]
    began = _ARMS.get(incident.began_as or incident.cause, arm)
    return rhythm.OpenAlarm(rhythm.seconds(incident.opened_at), arm, severity, began)


def _learned(step: _Step, now: datetime) -> _Step:
    """What has a profile is learning no more, and judged by it from now on; what lost it learns again."""
    facts = step.facts
    if _has_just_learned(facts):
        return _status(step.then(replace(facts, arms=_arms(facts, now))), Status.UP, Cause.LEARNED, now)
    if facts.profile is None and facts.status in (Status.NEW, Status.UP):
        return _status(step, Status.LEARNING, Cause.LEARNED, now)
    return step


def _has_just_learned(facts: BeetFacts) -> bool:
    return facts.profile is not None and facts.status in (Status.NEW, Status.LEARNING)


def _heard_late(facts: BeetFacts, arms: Arms) -> float | None:
    """When the last event came, if that was before the last look and is known since then only: a spool brought it."""
    heard = None if facts.last_success_at is None else rhythm.seconds(facts.last_success_at)
    return heard if heard is not None and arms.heard_at < heard <= arms.at else None


def _on_arms(step: _Step, events: Sequence[datetime], now: datetime, gaps: Gaps) -> _Step:
    facts = step.facts
    assert facts.profile is not None, "asked of what has learned"
    assert facts.arms is not None, "asked of what has begun"
    clock, test = _clock(facts, gaps, facts.profile)
    until = max(rhythm.seconds(now), facts.arms.at)
    times = [at for at in map(rhythm.seconds, events) if facts.arms.at < at <= until]
    known = rhythm.heard_late(facts.arms, _heard_late(facts, facts.arms), clock)
    arms, turns = rhythm.advance(known, times, until, clock, test)
    for turn in turns:
        step = _turned(step, turn, facts.profile)
    return step.then(replace(step.facts, arms=arms))


def _turned(step: _Step, turn: Turn, profile: Profile) -> _Step:
    """Write down what the arms said. An incident that is open for another reason becomes this one, never less bad."""
    at, facts = rhythm.instant(turn.at), step.facts
    if turn.severity is None:
        return _status(_resolve(step, Cause.RECOVERED, at), Status.UP, Cause.RECOVERED, at)
    cause, evidence = _CAUSES[turn.arm], _evidence(turn, facts.tuning, profile)
    severity = Severity.CRITICAL if facts.incident is not None and facts.status is Status.DOWN else turn.severity
    step = _status(step, _STATES[severity], cause, at)
    if facts.incident is not None:
        began_as, since = facts.incident.began_as or facts.incident.cause, facts.incident.since
        evidence |= {"openedAs": str(began_as), "lowSince": written(since) if since else evidence["since"]}
        after = replace(step.facts, incident=replace(facts.incident, cause=cause, began_as=began_as))
        return step.then(after, IncidentEscalated(max(at, facts.incident.opened_at), cause, severity, evidence))
    opened = IncidentOpened(at, cause, None, rhythm.instant(turn.heard_at), severity, evidence)
    since = rhythm.instant(turn.since)
    return step.then(replace(step.facts, incident=OpenIncident(at, cause, since=since)), opened)


def _evidence(turn: Turn, tuning: Tuning, profile: Profile) -> dict[str, Any]:
    at = rhythm.instant(turn.at)
    return {
        "arm": str(turn.arm),
        "since": written(rhythm.instant(turn.since)),
        "expected": round(turn.expected, 2),
        "seen": turn.seen,
        "logOdds": round(turn.log_odds, 2),
        "budgetWeeks": tuning.budget_weeks,
        "ratePerHour": round(profile.rate_at(at), 2),
    }


def _on_plain_clock(step: _Step, events: Sequence[datetime], now: datetime, gaps: Gaps) -> _Step:
    """Nothing is learned: only what somebody asked for, that nothing came for so long. Any event ends that."""
    facts = step.facts
    assert facts.arms is not None, "asked of what has begun"
    until = rhythm.seconds(now)
    for at in [*events, None]:
        due = _plain_deadline(step.facts, gaps)
        if due is not None and step.facts.incident is None and due <= (at or now):
            step = _plain_silence(step, due)
        if at is not None:
            step = _plain_event(step, at)
    arms = step.facts.arms
    assert arms is not None, "it has begun"
    return step.then(replace(step.facts, arms=replace(arms, at=max(arms.at, until))))


def _plain_silence(step: _Step, at: datetime) -> _Step:
    facts = step.facts
    assert facts.arms is not None, "it has begun"
    assert facts.learning_silence is not None, "it was asked for"
    heard = rhythm.instant(facts.arms.heard_at)
    evidence = {"arm": str(Arm.SILENCE), "since": written(heard), "limitSec": facts.learning_silence.total_seconds()}
    step = _status(step, Status.DOWN, Cause.SILENCE, at)
    opened = IncidentOpened(at, Cause.SILENCE, None, heard, Severity.CRITICAL, evidence)
    return step.then(replace(step.facts, incident=OpenIncident(at, Cause.SILENCE, since=heard)), opened)


def _plain_event(step: _Step, at: datetime) -> _Step:
    incident, arms = step.facts.incident, step.facts.arms
    assert arms is not None, "it has begun"
    step = step.then(replace(step.facts, arms=replace(arms, heard_at=max(arms.heard_at, rhythm.seconds(at)))))
    if incident is None or incident.cause not in _ARMS or at < incident.opened_at:
        return step
    return _status(_resolve(step, Cause.RECOVERED, at), Status.LEARNING, Cause.RECOVERED, at)


def _plain_deadline(facts: BeetFacts, gaps: Gaps) -> datetime | None:
    """When the silence that somebody asked for is over, with the time in which nobody listened added to it. A stream of
    which nothing was ever heard is not awaited."""
    if facts.learning_silence is None or facts.last_success_at is None or facts.arms is None:
        return None
    since = rhythm.instant(facts.arms.heard_at)
    due, left = since, facts.learning_silence
    for start, end in gaps.touching(Window(since, since + 1000 * facts.learning_silence)):
        start, end = max(start, due), max(end, due)
        if start - due >= left:
            break
        left, due = left - (start - due), end
    return due + left


def _clock(facts: BeetFacts, gaps: Gaps, profile: Profile) -> tuple[Expected, Thresholds]:
    deaf = [(rhythm.seconds(start), rhythm.seconds(end)) for start, end in gaps.intervals]
    return Expected(profile, deaf), Thresholds.of(profile, facts.tuning)


def _well(facts: BeetFacts) -> Status:
    return Status.LEARNING if facts.profile is None else Status.UP


def _wait_anew(step: _Step, now: datetime) -> _Step:
    facts = step.facts
    arms = rhythm.rewait(facts.arms or _arms(facts, now), rhythm.seconds(now))
    return step.then(replace(facts, waiting_from=now, arms=arms))


def _status(step: _Step, to: Status, cause: Cause, at: datetime) -> _Step:
    facts = step.facts
    if facts.status is to:
        return step
    at = max(at, facts.status_since)
    return step.then(replace(facts, status=to, status_since=at), StatusChanged(at, facts.status, to, cause))


def _resolve(step: _Step, cause: Cause, at: datetime) -> _Step:
    incident = step.facts.incident
    if incident is None:
        return step
    return step.then(replace(step.facts, incident=None), IncidentResolved(max(at, incident.opened_at), cause))
