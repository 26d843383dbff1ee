"""What silence means. The clock is the watermark: all pings received before it are in the facts."""

from dataclasses import replace
from datetime import datetime, timedelta

from monitors.domain import changes, deadlines, runs
from monitors.domain.changes import Step
from monitors.domain.facts import Excused, Facts, OpenRun, Verdict
from monitors.domain.gaps import NO_GAPS, Gaps, Window
from monitors.domain.schedule import Interval
from monitors.domain.status import Cause, RunOutcome, Status

_INSTANT = timedelta(microseconds=1)


def on_clock(facts: Facts, now: datetime, gaps: Gaps = NO_GAPS) -> Verdict:
    """Judge every deadline up to `now`, one after the other, until the next lies in the future or there is none."""
    step = Step(facts)
    while (at := deadlines.deadline(step.facts)) is not None and at <= now:
        skipped = _skip(step, now, gaps)
        step = _judge(step, at, gaps) if skipped is step else skipped
    return step.verdict()


def looks_back_to(facts: Facts) -> datetime | None:
    """The earliest moment that a judgement of silence looks at; None if there is nothing to wait for."""
    since = deadlines.reference(facts)
    return since and min([since, *(run.started_at for run in facts.open_runs)])


def _judge(step: Step, at: datetime, gaps: Gaps) -> Step:
    """What it means that the deadline `at` has passed."""
    overrun = tuple(run for run in step.facts.open_runs if runs.deadline(step.facts, run) <= at)
    return _overran(step, overrun, at, gaps) if overrun else _missed(step, at, gaps)


def _missed(step: Step, at: datetime, gaps: Gaps) -> Step:
    due = at - step.facts.grace
    deaf_until = gaps.excuse(_arrival_window(step.facts, due), already=_is_excused(step.facts))
    if deaf_until is not None:
        return _wait(_unknown(step, at, deaf_until), _next_wait(step.facts, due, deaf_until))
    return _wait(changes.failure(step, Cause.MISSED, at, expected_at=due), due)


def _overran(step: Step, overrun: tuple[OpenRun, ...], at: datetime, gaps: Gaps) -> Step:
    """Runs have taken too long: together one failure. Those whose end may have come while nobody listened are lost.

    Without a longest run time it is the due at `at` - grace that they did not meet: it is not counted again. Where
    all are lost, that due is still judged for itself."""
    facts, is_excused = step.facts, _is_excused(step.facts)
    deaf_until = {run: gaps.excuse(Window(run.started_at, at), already=is_excused) for run in overrun}
    lost = tuple(run for run in overrun if deaf_until[run])
    guilty = tuple(run for run in overrun if not deaf_until[run])
    ended = (*runs.end(lost, at, RunOutcome.SUPERSEDED), *runs.end(guilty, at, RunOutcome.OVERRAN))
    step = step.then(replace(facts, open_runs=tuple(run for run in facts.open_runs if run not in overrun)), *ended)
    expected = at if facts.max_runtime is not None else at - facts.grace
    if guilty:
        return _wait(changes.failure(step, Cause.OVERRAN, at, expected_at=expected), expected)
    if facts.max_runtime is None:
        return step
    until = max(filter(None, deaf_until.values()))
    return _wait(_unknown(step, at, until), max(at, until))


def _unknown(step: Step, at: datetime, until: datetime) -> Step:
    """We cannot know. A monitor that is down stays down; the miss is just not counted."""
    if step.facts.status is Status.DOWN:
        return step
    step = changes.status(step, Status.UNKNOWN, Cause.GAP, at)
    return step.then(step.facts, Excused(at, until))


def _next_wait(facts: Facts, due: datetime, deaf_until: datetime) -> datetime:
    """From when the next ping is awaited after a silence that is excused. What was lost came by the end of the gap, and
    an interval begins with it, also where it is long and the gap was early in it. Cron owes nothing before its due."""
    since = deadlines.reference(facts)
    begins_anew = isinstance(facts.schedule, Interval) and since is not None and deaf_until > since
    return deaf_until if begins_anew else max(due, deaf_until)


def _is_excused(facts: Facts) -> bool:
    return facts.status in (Status.UNKNOWN, Status.DOWN)


def _wait(step: Step, since: datetime) -> Step:
    return step.then(replace(step.facts, waiting_from=changes.later(step.facts.waiting_from, since)))


def _arrival_window(facts: Facts, due: datetime) -> Window:
    """When the ping for `due` may have come: a job that pings more often than it must is awaited by its own habit."""
    since = deadlines.reference(facts)
    expected = due
    if isinstance(facts.schedule, Interval) and facts.usual_period is not None and since == facts.last_success_at:
        expected = min(due, due - facts.schedule.every + facts.usual_period)
    start = expected - facts.schedule.tolerance(due, facts.grace)
    return Window(start if since is None else max(start, since), due + facts.grace)


def _skip(step: Step, now: datetime, gaps: Gaps) -> Step:
    """Count, in one stroke, the dues that a monitor already down has missed and that change nothing but the count: a
    sweep that was away for a month meets half a million of them at an interval of 5 s."""
    facts = step.facts
    since = deadlines.reference(facts)
    if facts.status is not Status.DOWN or facts.open_runs or since is None:
        return step
    next_gap = gaps.next_start(since)
    until = now if next_gap is None else min(now, next_gap - _INSTANT)
    at_most = None if facts.incident else facts.alert_threshold - facts.misses - 1
    count, last = facts.schedule.skip(since, until - facts.grace, at_most)
    if count == 0:
        return step
    return step.then(replace(facts, misses=facts.misses + count, good_pings=0, waiting_from=last))
