"""What an arriving ping means. Pings may arrive out of order; an older one never moves a newer state."""

from dataclasses import replace
from datetime import datetime

from monitors.domain import changes, runs
from monitors.domain.changes import Step
from monitors.domain.facts import Facts, KnownRun, Verdict
from monitors.domain.ping import Ping
from monitors.domain.status import Cause, Kind, RunOutcome, Status


def on_ping(facts: Facts, ping: Ping, known: KnownRun | None = None) -> Verdict:
    """Take a ping into the state. `known` is the stored run with the ping's run id, open or ended, if there is one."""
    pairing = runs.pair(facts, ping, known)
    last_ping_at = changes.later(facts.last_ping_at, ping.received_at)
    heard = Step(replace(facts, last_ping_at=last_ping_at, open_runs=pairing.open_runs), pairing.effects)
    step = _STEPS[ping.kind](heard, ping, known)
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
    if _must_prove_itself(before, at):
        return step.then(_one_more(step.facts, ping))
    step = changes.resolve(step, _resolution(before, at), at)
    step = changes.status(step, Status.UP, _recovery(before, at), at)
    return step.then(replace(step.facts, misses=0, waiting_from=_waiting_after(before, ping)))


def _fail(step: Step, ping: Ping, known: KnownRun | None) -> Step:
    before, at = step.facts, ping.received_at
    step = step.then(replace(before, last_fail_at=changes.later(before.last_fail_at, at)))
    if not _may_move(before) or _is_before(at, before.last_success_at) or _is_before(at, before.last_fail_at):
        return step
    if _explains_miss(before, ping):
        step = step.then(replace(step.facts, misses=max(0, before.misses - 1)))
    step = changes.failure(step, Cause.FAILED, at, expected_at=None)
    return step.then(replace(step.facts, waiting_from=changes.later(before.waiting_from, _met(before, ping))))


_STEPS = {Kind.LOG: _log, Kind.START: _start, Kind.SUCCESS: _success, Kind.FAIL: _fail}


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
    judged_too_soon = incident is not None and incident.cause is not Cause.FAILED and at <= incident.opened_at
    return Cause.LATE_EVIDENCE if judged_too_soon else Cause.RECOVERED


def _waiting_after(facts: Facts, ping: Ping) -> datetime | None:
    """An ordinary success leaves `waiting_from` alone. One that ends a `down` sets it, also back: the dues judged
    after it, for lack of it, are judged anew; but the starts of open runs have met theirs."""
    if facts.status is not Status.DOWN:
        return facts.waiting_from
    starts = (facts.schedule.reference_of(run.started_at, facts.grace) for run in facts.open_runs)
    return max([_met(facts, ping), *starts])
