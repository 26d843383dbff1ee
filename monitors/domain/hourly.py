"""What the values of a whole hour mean, when it is over: their sum or their mean is good, or a failure.

Pings say nothing about such a failure: the monitor is well again after a good hour. One bad hour is enough, whatever
the threshold, for pings in between would end any row of failures."""

from dataclasses import replace
from datetime import datetime

from monitors.domain import changes
from monitors.domain.changes import Step
from monitors.domain.facts import Facts, Verdict
from monitors.domain.status import Cause, Status
from monitors.domain.values import Judged


def on_hour(facts: Facts, judged: Judged, at: datetime) -> Verdict:
    """Take what an hour came to, which ended `at`, into the state. Judging an hour twice changes nothing."""
    step = Step(facts)
    if facts.locked or facts.status in (Status.PAUSED, Status.NEW):
        return step.verdict()
    if judged.is_good:
        return _good(step, at).verdict()
    if facts.incident is not None:
        return step.verdict()  # people know already
    step = step.then(replace(facts, misses=max(facts.misses, facts.alert_threshold - 1)))
    return changes.failure(step, Cause.VALUE, at, expected_at=None, evidence=judged.evidence).verdict()


def _good(step: Step, at: datetime) -> Step:
    facts = step.facts
    incident = facts.incident
    if incident is None or incident.cause is not Cause.VALUE or at <= incident.opened_at or _is_overdue(facts):
        return step
    if facts.good_pings + 1 < facts.recovery_threshold:
        return step.then(replace(facts, good_pings=facts.good_pings + 1))
    step = changes.resolve(step, Cause.RECOVERED, at)
    step = changes.status(step, Status.UP, Cause.RECOVERED, at)
    return step.then(replace(step.facts, misses=0))


def _is_overdue(facts: Facts) -> bool:
    """Whether the last due was missed, too: then a good hour is not enough."""
    last, waiting = facts.last_success_at, facts.waiting_from
    return last is None or (waiting is not None and last < waiting)
