"""Runs: which start and finish belong together, and when a run has taken too long. Overlapping runs stay apart."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitors.domain.facts import (
    Facts,
    KnownRun,
    OpenRun,
    RunBegan,
    RunEffect,
    RunEnded,
    RunNoted,
    RunOpened,
    RunReopened,
)
from monitors.domain.ping import Ping
from monitors.domain.status import Kind, RunOutcome

MAX_OPEN = 50
"""A job that starts and starts and never finishes must not pile up: beyond this, a new run takes the newest's place."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What a ping does to the runs: those open after it, what is to be written, how long the finished one took."""

    open_runs: tuple[OpenRun, ...]
    effects: tuple[RunEffect, ...] = ()
    duration: timedelta | None = None


def deadline(facts: Facts, run: OpenRun) -> datetime:
    """By when a run must have ended: its longest run time after its start, or without one the next due and grace."""
    if facts.max_runtime is not None:
        return run.started_at + facts.max_runtime
    return due(facts, run) + facts.grace


def due(facts: Facts, run: OpenRun) -> datetime:
    """The expected time that a run without a longest run time must have ended by."""
    return facts.schedule.due_after(facts.schedule.reference_of(run.started_at, facts.grace))


def pair(facts: Facts, ping: Ping, known: KnownRun | None) -> Pairing:
    """What `ping` starts or ends. `known` is the stored run with the ping's run id, if it names one and one exists."""
    if ping.kind is Kind.START:
        return _start(facts, ping, known)
    if ping.kind in (Kind.SUCCESS, Kind.FAIL):
        return _finish_named(facts, ping, known) if ping.run_id else _finish_unnamed(facts, ping)
    return Pairing(facts.open_runs)


def end(runs: tuple[OpenRun, ...], at: datetime, outcome: RunOutcome) -> tuple[RunEffect, ...]:
    """The effects that end these runs."""
    return tuple(RunEnded(run.id, at, outcome) for run in runs if run.id is not None)


def _start(facts: Facts, ping: Ping, known: KnownRun | None) -> Pairing:
    if known is None:
        return _open(facts, ping)
    if known.finished_at is None:
        return Pairing(facts.open_runs)  # the same start, sent twice
    if known.started_at is None:
        return Pairing(facts.open_runs, (RunBegan(known.id, min(ping.received_at, known.finished_at)),))
    if ping.received_at <= known.finished_at:
        return Pairing(facts.open_runs)
    reopened = OpenRun(known.id, ping.run_id, ping.received_at)
    return Pairing((*facts.open_runs, reopened), (RunReopened(known.id, ping.received_at),))


def _open(facts: Facts, ping: Ping) -> Pairing:
    if not ping.run_id and _is_over(facts, ping.received_at):
        return Pairing(facts.open_runs)
    crowded = len(facts.open_runs) >= MAX_OPEN
    replaced = (max(facts.open_runs, key=_started_at),) if crowded else ()
    kept = tuple(run for run in facts.open_runs if run not in replaced)
    opened = OpenRun(None, ping.run_id, ping.received_at)
    effects = (*end(replaced, ping.received_at, RunOutcome.SUPERSEDED), RunOpened(ping.run_id, ping.received_at))
    return Pairing((*kept, opened), effects)


def _is_over(facts: Facts, started_at: datetime) -> bool:
    """Whether a finish is known that came after this start: a start that was held up opens nothing then."""
    finishes = (facts.last_success_at, facts.last_fail_at)
    return any(finish is not None and finish > started_at for finish in finishes)


def _finish_named(facts: Facts, ping: Ping, known: KnownRun | None) -> Pairing:
    outcome = _outcome(ping)
    if known is None:
        return Pairing(facts.open_runs, (RunNoted(ping.run_id, ping.received_at, outcome),))
    kept = tuple(run for run in facts.open_runs if run.id != known.id)
    return Pairing(kept, _end_known(known, ping.received_at, outcome), _duration(known.started_at, ping.received_at))


def _end_known(known: KnownRun, at: datetime, outcome: RunOutcome) -> tuple[RunEffect, ...]:
    """End a run, also one that we had ended: it did finish. It overran all the same if it finished after its time."""
    if known.finished_at is None or known.outcome is RunOutcome.SUPERSEDED:
        return (RunEnded(known.id, at, outcome),)
    if known.outcome is RunOutcome.OVERRAN:
        return (RunEnded(known.id, at, outcome if at <= known.finished_at else RunOutcome.OVERRAN),)
    return ()


def _finish_unnamed(facts: Facts, ping: Ping) -> Pairing:
    unnamed = [run for run in facts.open_runs if not run.run_id and run.started_at <= ping.received_at]
    if not unnamed:
        return Pairing(facts.open_runs)
    latest = max(unnamed, key=_started_at)
    older = tuple(run for run in unnamed if run is not latest)
    effects = end((latest,), ping.received_at, _outcome(ping)) + end(older, ping.received_at, RunOutcome.SUPERSEDED)
    kept = tuple(run for run in facts.open_runs if run not in unnamed)
    return Pairing(kept, effects, _duration(latest.started_at, ping.received_at))


def _outcome(ping: Ping) -> RunOutcome:
    return RunOutcome.SUCCESS if ping.kind is Kind.SUCCESS else RunOutcome.FAIL


def _duration(started_at: datetime | None, finished_at: datetime) -> timedelta | None:
    return None if started_at is None or started_at > finished_at else finished_at - started_at


def _started_at(run: OpenRun) -> datetime:
    return run.started_at
