"""What an arriving ping means. Pings may arrive out of order; an older one never moves a newer state."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitors.domain import changes, runs, values
from monitors.domain.changes import Step
from monitors.domain.facts import Facts, KnownRun, Verdict
from monitors.domain.ping import Ping
from monitors.domain.status import Cause, Kind, RunOutcome, Status
from monitors.domain.values import Judged


def on_ping(facts: Facts, ping: Ping, known: KnownRun | None = None) -> Verdict:
    """Take a ping into the state. `known` is the stored run with the ping's run id, open or ended, if there is one."""
    wrong = _wrong_value(facts, ping)
    if wrong:
        ping = replace(ping, kind=Kind.FAIL)  # what the job took for a success is none
    pairing = runs.pair(facts, ping, known)
    last_ping_at = changes.later(facts.last_ping_at, ping.received_at)
    heard = Step(replace(facts, last_ping_at=last_ping_at, open_runs=pairing.open_runs), pairing.effects)
    step = _failed(heard, ping, Cause.VALUE, wrong.evidence) if wrong else _STEPS[ping.kind](heard, ping, known)
    return replace(step.verdict(), duration=pairing.duration)


def _log(step: Step, ping: Ping, known: KnownRun | None) -> Step:
    return step


def _start(step: Step, ping: Ping, known: KnownRun | None) -> Step:
    """A start meets its due and says nothing else: whether the job is well shows when it ends."""
    return step.then(replace(step.facts, waiting_from=changes.later(step.facts.waiting_from, _met(step.facts, ping))))


def _success(step: Step, ping: Ping, known: KnownRun | None) -> Step:
    before, at = step.facts, ping.received_at
    step = step.then(replace(before, last_success_at=changes.later(before.last_success_at, at)))
    if not _may_move(before) or _is_before(at, before.last_fail_at) or _is_no_evidence(before, ping, known):
        return step
    if _waits_for_an_hour(before):
        return step
    if _must_prove_itself(before, at):
        return step.then(_one_more(step.facts, ping))
    step = changes.resolve(step, _resolution(before, at), at)
    step = changes.status(step, Status.UP, _recovery(before, at), at)
    return step.then(replace(step.facts, misses=0, waiting_from=_waiting_after(before, ping)))


def _fail(step: Step, ping: Ping, known: KnownRun | None) -> Step:
    return _failed(step, ping, Cause.FAILED, None)


def _failed(step: Step, ping: Ping, cause: Cause, evidence: Mapping[str, Any] | None) -> Step:
    before, at = step.facts, ping.received_at
    step = step.then(replace(before, last_fail_at=changes.later(before.last_fail_at, at)))
    if not _may_move(before) or _is_before(at, before.last_success_at) or _is_before(at, before.last_fail_at):
        return step
    if _explains_miss(before, ping):
        step = step.then(replace(step.facts, misses=max(0, before.misses - 1)))
    step = changes.failure(step, cause, at, expected_at=None, evidence=evidence)
    return step.then(replace(step.facts, waiting_from=changes.later(before.waiting_from, _met(before, ping))))


_REPORTED = (Cause.FAILED, Cause.VALUE)
"""Failures that a ping reported: nothing that arrives late undoes them."""
_STEPS = {Kind.LOG: _log, Kind.START: _start, Kind.SUCCESS: _success, Kind.FAIL: _fail}


def _wrong_value(facts: Facts, ping: Ping) -> Judged | None:
    """What is wrong with the value of a success, if each ping's is judged."""
    if ping.kind is not Kind.SUCCESS or ping.value is None or not facts.rule.is_per_ping:
        return None
    judged = values.judge(facts.rule, facts.bands, ping.value, ping.received_at)
    return None if judged.is_good else judged


def _waits_for_an_hour(facts: Facts) -> bool:
    """Whether the monitor is down for what an hour came to: pings are no news then, the next hours are."""
    return facts.incident is not None and facts.incident.cause is Cause.VALUE and facts.rule.is_hourly


def _may_move(facts: Facts) -> bool:
    """Pings of a paused or locked monitor are recorded; its state stays."""
    return facts.status is not Status.PAUSED and not facts.locked


def _is_before(at: datetime, other: datetime | None) -> bool:
    return other is not None and at < other


def _met(facts: Facts, ping: Ping) -> datetime:
    return facts.schedule.reference_of(ping.received_at, facts.grace)


def _meets_judged_due(facts: Facts, ping: Ping) -> bool:
    """Whether the ping, had it been known, had moved the deadline past the moment at which the monitor went down."""
    return facts.schedule.due_after(_met(facts, ping)) + facts.grace > facts.status_since


def _is_no_evidence(facts: Facts, ping: Ping, known: KnownRun | None) -> bool:
    """Whether a success received before the monitor went down, or unknown, leaves that judgement right: it met an
    earlier due, or it ended another run than the one that took too long."""
    if facts.status not in (Status.DOWN, Status.UNKNOWN) or ping.received_at > facts.status_since:
        return False
    if not _meets_judged_due(facts, ping):
        return True
    overran = facts.incident is not None and facts.incident.cause is Cause.OVERRAN
    return overran and bool(ping.run_id) and (known is None or known.outcome is not RunOutcome.OVERRAN)


def _explains_miss(facts: Facts, ping: Ping) -> bool:
    """Whether a fail that arrives late is what was taken for silence: the same due does not count twice."""
    return facts.status is Status.DOWN and ping.received_at <= facts.status_since and _meets_judged_due(facts, ping)


def _must_prove_itself(facts: Facts, at: datetime) -> bool:
    """Whether more good pings than this one are needed until the monitor is up again. Evidence that it never was down,
    or that its incident opened for nothing, needs no company."""
    is_late_evidence = Cause.LATE_EVIDENCE in (_recovery(facts, at), _resolution(facts, at))
    return facts.status is Status.DOWN and not is_late_evidence and facts.good_pings + 1 < facts.recovery_threshold


def _one_more(facts: Facts, ping: Ping) -> Facts:
    """One more good ping, unless it is older than the due that was missed last. It ends the row of failures, of which
    nobody was told yet."""
    if facts.waiting_from is not None and _met(facts, ping) < facts.waiting_from:
        return facts
    return replace(facts, good_pings=facts.good_pings + 1, misses=facts.misses if facts.incident else 0)


def _recovery(facts: Facts, at: datetime) -> Cause:
    if facts.status is Status.NEW:
        return Cause.PINGED
    undone = facts.status is Status.DOWN and at <= facts.status_since and at != facts.last_fail_at
    return Cause.LATE_EVIDENCE if undone else Cause.RECOVERED


def _resolution(facts: Facts, at: datetime) -> Cause:
    incident = facts.incident
    judged_too_soon = incident is not None and incident.cause not in _REPORTED and at <= incident.opened_at
    return Cause.LATE_EVIDENCE if judged_too_soon else Cause.RECOVERED


def _waiting_after(facts: Facts, ping: Ping) -> datetime | None:
    """An ordinary success leaves `waiting_from` alone. One that ends a `down` sets it, also back: the dues judged
    after it, for lack of it, are judged anew; but the starts of open runs have met theirs."""
    if facts.status is not Status.DOWN:
        return facts.waiting_from
    starts = (facts.schedule.reference_of(run.started_at, facts.grace) for run in facts.open_runs)
    return max([_met(facts, ping), *starts])
