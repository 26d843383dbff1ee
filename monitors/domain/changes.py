"""The small steps that verdicts are made of: a change of state, an incident that opens or resolves, a failure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from monitors.domain import deadlines
from monitors.domain.facts import (
    Effect,
    Facts,
    IncidentOpened,
    IncidentResolved,
    OpenIncident,
    StatusChanged,
    Verdict,
)
from monitors.domain.status import Cause, Status


@dataclass(frozen=True, slots=True)
class Step:
    """Facts and the effects that led to them; steps follow one another by `then`."""

    facts: Facts
    effects: tuple[Effect, ...] = ()

    def then(self, facts: Facts, *effects: Effect) -> "Step":
        """This step, and one more."""
        return Step(facts, self.effects + effects)

    def verdict(self) -> Verdict:
        """What follows, with the true deadline."""
        return Verdict(self.facts, deadlines.deadline(self.facts), self.effects)


def status(step: Step, to: Status, cause: Cause, at: datetime) -> Step:
    """Change the stored state, unless it is so already. A change is never dated before the one before it."""
    facts = step.facts
    if facts.status is to:
        return step
    at = max(at, facts.status_since)
    changed = replace(facts, status=to, status_since=at, good_pings=0)
    return step.then(changed, StatusChanged(at, facts.status, to, cause))


def failure(
    step: Step, cause: Cause, at: datetime, expected_at: datetime | None, evidence: Mapping[str, Any] | None = None
) -> Step:
    """One more failure: down from the first, an incident from the threshold on, both at the true time."""
    step = status(step, Status.DOWN, cause, at)
    step = step.then(replace(step.facts, misses=step.facts.misses + 1, good_pings=0))
    if step.facts.incident is not None or step.facts.misses < step.facts.alert_threshold:
        return step
    opened = IncidentOpened(at, cause, expected_at, step.facts.last_ping_at, evidence=evidence)
    return step.then(replace(step.facts, incident=OpenIncident(at, cause)), opened)


def resolve(step: Step, cause: Cause, at: datetime) -> Step:
    """Resolve the open incident, if there is one, never before it opened."""
    incident = step.facts.incident
    if incident is None:
        return step
    return step.then(replace(step.facts, incident=None), IncidentResolved(max(at, incident.opened_at), cause))


def later(first: datetime | None, second: datetime) -> datetime:
    """The later of two times, of which the first may be missing."""
    return second if first is None else max(first, second)
