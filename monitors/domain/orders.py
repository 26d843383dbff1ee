"""What a person's order means: pause, resume, resolve, edit, lock, unlock, delete. `now` is when it was given."""

from dataclasses import replace
from datetime import datetime

from monitors.domain import changes, runs
from monitors.domain.changes import Step
from monitors.domain.facts import Facts, Verdict
from monitors.domain.status import Cause, RunOutcome, Status


def on_pause(facts: Facts, now: datetime) -> Verdict:
    """Judge no more until resumed; what was wrong is no longer told."""
    step = changes.resolve(Step(facts), Cause.PAUSED, now)
    return changes.status(step, Status.PAUSED, Cause.PAUSED, now).verdict()


def on_resume(facts: Facts, now: datetime) -> Verdict:
    """Judge again and wait anew: as `up` if the last that was heard is a success, else as `new`."""
    if facts.status is not Status.PAUSED:
        return Step(facts).verdict()
    to = Status.UP if _last_heard_is_success(facts) else Status.NEW
    step = changes.status(Step(replace(facts, misses=0)), to, Cause.RESUMED, now)
    return _wait_anew(step, now).verdict()


def on_resolve(facts: Facts, now: datetime) -> Verdict:
    """A person says it is well: the misses are forgotten and the wait begins anew. Silence alerts again."""
    step = changes.resolve(Step(replace(facts, misses=0, good_pings=0)), Cause.RESOLVED, now)
    if step.facts.status is Status.DOWN:
        step = changes.status(step, Status.UP, Cause.RESOLVED, now)
    return _wait_anew(step, now).verdict()


def on_edit(facts: Facts, now: datetime) -> Verdict:
    """`facts` have the new schedule, grace or limits: wait anew by them. State, misses and incident stay."""
    return _wait_anew(Step(facts), now).verdict()


def on_lock(facts: Facts, now: datetime) -> Verdict:
    """Over the plan's limit: pings are recorded, judgement pauses, nothing else changes."""
    return Step(replace(facts, locked=True)).verdict()


def on_unlock(facts: Facts, now: datetime) -> Verdict:
    """Judge again and wait anew, in the state it was locked in."""
    return _wait_anew(Step(replace(facts, locked=False)), now).verdict()


def on_delete(facts: Facts, now: datetime) -> Verdict:
    """Nothing is awaited any more; what was wrong is no longer told."""
    step = changes.resolve(Step(facts), Cause.DELETED, now)
    return Verdict(step.facts, None, step.effects)


def _wait_anew(step: Step, now: datetime) -> Step:
    """Wait from now, unless nothing was ever heard. A run whose time is already over is left behind: its end may have
    been allowed for by the schedule before, or have come while nobody judged."""
    if not _was_heard(step.facts):
        return step
    facts = replace(step.facts, waiting_from=now)
    stale = tuple(run for run in facts.open_runs if runs.deadline(facts, run) <= now)
    kept = tuple(run for run in facts.open_runs if run not in stale)
    return step.then(replace(facts, open_runs=kept), *runs.end(stale, now, RunOutcome.SUPERSEDED))


def _was_heard(facts: Facts) -> bool:
    """Whether a ping came that can be waited on; a log says nothing about the job."""
    return any((facts.last_success_at, facts.last_fail_at, facts.waiting_from, facts.open_runs))


def _last_heard_is_success(facts: Facts) -> bool:
    if facts.last_success_at is None:
        return False
    return facts.last_fail_at is None or facts.last_success_at >= facts.last_fail_at
