"""What a judgement starts from (`Facts`), what it ends in (`Verdict`), and the effects it asks for, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitors.domain.schedule import Schedule
from monitors.domain.status import Cause, RunOutcome, Severity, Status
from monitors.domain.values import NO_RULE, Bands, Rule


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that started and has not ended. `id` is its row; None while the verdict that opens it is not stored."""

    id: int | None
    run_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class KnownRun:
    """The stored run that bears a ping's run id, open or ended. `started_at` is None if its finish arrived first."""

    id: int
    run_id: str
    started_at: datetime | None
    finished_at: datetime | None = None
    outcome: RunOutcome | None = None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """The monitor's one open incident. `began_as` is why it opened, where it has become worse since; `since` when that
    of a beet began, before it was noticed."""

    opened_at: datetime
    cause: Cause
    began_as: Cause | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a judgement may look at. `usual_period` is the shortest of the last ten distances between successes;
    it matters only where there are gaps. A monitor that is down needs `recovery_threshold` successes in a row to be up
    again, of which `good_pings` have come. `rule` says which values are good, `bands` which are usual."""

    schedule: Schedule
    grace: timedelta
    max_runtime: timedelta | None
    alert_threshold: int
    status: Status
    status_since: datetime
    last_ping_at: datetime | None = None
    last_success_at: datetime | None = None
    last_fail_at: datetime | None = None
    waiting_from: datetime | None = None
    misses: int = 0
    recovery_threshold: int = 1
    good_pings: int = 0
    open_runs: tuple[OpenRun, ...] = ()
    incident: OpenIncident | None = None
    locked: bool = False
    usual_period: timedelta | None = None
    rule: Rule = NO_RULE
    bands: Bands | None = None


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The stored state changes at `at`, which never lies before the change before it."""

    at: datetime
    from_status: Status
    to_status: Status
    cause: Cause


@dataclass(frozen=True, slots=True)
class Excused:
    """The silence judged `at` is not held against the monitor, which is left `unknown`: nobody listened, last until
    `until`."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class IncidentOpened:
    """The incident opens, at its true time. `expected_at` is the time that was not met; None for a reported failure.
    `evidence` is what a rhythm or a value has to show for it, as plain values."""

    at: datetime
    cause: Cause
    expected_at: datetime | None
    last_ping_at: datetime | None
    severity: Severity = Severity.CRITICAL
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class IncidentEscalated:
    """The open incident became worse at `at`: what was a drop is a silence, or nearly one."""

    at: datetime
    cause: Cause
    severity: Severity
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IncidentResolved:
    """The open incident resolves; `at` is never before it opened."""

    at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class RunOpened:
    """Insert a run: it has started."""

    run_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RunNoted:
    """Insert an ended run whose start has not arrived (`started_at` empty)."""

    run_id: str
    finished_at: datetime
    outcome: RunOutcome


@dataclass(frozen=True, slots=True)
class RunBegan:
    """The start of run `id` arrived after its finish: fill in `started_at`, it stays ended."""

    id: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RunReopened:
    """An ended run's id is used again: set `started_at`, empty `finished_at` and `outcome`."""

    id: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Set `finished_at` and `outcome` of run `id`, whether it is open or was ended by us (overran, superseded)."""

    id: int
    finished_at: datetime
    outcome: RunOutcome


StateEffect = StatusChanged | Excused | IncidentOpened | IncidentEscalated | IncidentResolved
RunEffect = RunOpened | RunNoted | RunBegan | RunReopened | RunEnded
Effect = StateEffect | RunEffect


@dataclass(frozen=True, slots=True)
class Verdict:
    """The facts after a judgement, the true deadline that follows from them, and what is to be written, in order.

    `duration` is how long the run took that the judged ping finished, for the ping's own row."""

    facts: Facts
    deadline: datetime | None
    effects: tuple[Effect, ...] = ()
    duration: timedelta | None = None
