"""A monitor's life in a few lines of text, played against the rules the way the application plays it.

    12:00 success; 13:01 clock; d1 03:30 start nightly; 13:05 value 42; 14:00 hour 0

A `value` is a success that carries one, an `hour` is what the hour came to that is over then.

A `clock` is a sweep: it judges only if the *stored* deadline has passed, and an ordinary success does not store a new
one, so every story also tests that lazy deadlines are never too late. What happened reads back as text:

    ["12:00 up pinged", "13:01 down missed", "13:01 incident missed"]
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitors.domain import deadlines, judge, values
from monitors.domain.facts import (
    Effect,
    Facts,
    IncidentOpened,
    IncidentResolved,
    KnownRun,
    OpenRun,
    RunBegan,
    RunEnded,
    RunNoted,
    RunOpened,
    RunReopened,
    StatusChanged,
    Verdict,
)
from monitors.domain.gaps import NO_GAPS, Gaps
from monitors.domain.ping import Ping
from monitors.domain.schedule import Cron, Interval, Schedule
from monitors.domain.status import Kind, Status
from monitors.domain.values import NO_RULE, Rule

DAY = datetime(2026, 11, 2, tzinfo=UTC)
HOURLY = Interval(timedelta(hours=1))
NIGHTLY = Cron("30 3 * * *", "UTC")
EVERY_FIVE = Cron("*/5 * * * *", "UTC")
MINUTE = timedelta(minutes=1)

_MOMENT = re.compile(r"(?:d(\d+) )?(\d\d):(\d\d)(?::(\d\d))?")
_ORDERS: dict[str, Callable[[Facts, datetime], Verdict]] = {
    "pause": judge.on_pause,
    "resume": judge.on_resume,
    "resolve": judge.on_resolve,
    "edit": judge.on_edit,
    "lock": judge.on_lock,
    "unlock": judge.on_unlock,
    "delete": judge.on_delete,
}


def at(text: str) -> datetime:
    """`13:05`, `13:05:30` or `d2 13:05` (two days later)."""
    match = _MOMENT.fullmatch(text)
    assert match, text
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return DAY + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def text(moment: datetime) -> str:
    """The inverse of `at`."""
    days = (moment - DAY).days
    clock = moment.strftime("%H:%M:%S").removesuffix(":00")
    return f"d{days} {clock}" if days else clock


def gaps(*spans: str) -> Gaps:
    """Gaps from texts such as `12:55-13:10`."""
    return Gaps.of((at(start), at(end)) for start, _, end in (span.partition("-") for span in spans))


def monitor(
    schedule: Schedule = HOURLY,
    *,
    grace: timedelta = MINUTE,
    max_runtime: timedelta | None = None,
    threshold: int = 1,
    recovery: int = 1,
    usual_period: timedelta | None = None,
    rule: Rule = NO_RULE,
) -> Facts:
    """A monitor that was just created."""
    return Facts(
        schedule, grace, max_runtime, threshold, Status.NEW, DAY, recovery_threshold=recovery,
        usual_period=usual_period, rule=rule,
    )  # fmt: skip


@dataclass
class World:
    """One monitor with what the database would hold of it."""

    facts: Facts
    gaps: Gaps = NO_GAPS
    stored_deadline: datetime | None = None
    runs: dict[int, KnownRun] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    durations: list[timedelta | None] = field(default_factory=list)

    def ping(self, kind: Kind, received_at: datetime, run_id: str = "", value: float | None = None) -> None:
        """A ping arrives; ingest writes an ordinary success by itself, all else goes through the rules."""
        ping = Ping(received_at, kind, run_id, value=value)
        verdict = judge.on_ping(self.facts, ping, self._known(run_id))
        if self._is_ordinary(ping):
            assert verdict.effects == ()
            verdict = replace(verdict, deadline=self.stored_deadline)
        self._apply(verdict)
        self.durations.append(verdict.duration)

    def clock(self, now: datetime) -> None:
        """A sweep passes by with its watermark at `now`."""
        if self.stored_deadline is not None and self.stored_deadline <= now:
            self._apply(judge.on_clock(self.facts, now, self.gaps))

    def hour(self, ended_at: datetime, came_to: float) -> None:
        """An hour is over, and what its values came to is known."""
        judged = values.judge(self.facts.rule, self.facts.bands, came_to, ended_at - timedelta(hours=1))
        self._apply(judge.on_hour(self.facts, judged, ended_at))

    def order(self, word: str, now: datetime) -> None:
        """A person acts."""
        self._apply(_ORDERS[word](self.facts, now))

    def edit(self, now: datetime, schedule: Schedule) -> None:
        """A person changes the schedule."""
        self._apply(judge.on_edit(replace(self.facts, schedule=schedule), now))

    def play(self, story: str) -> "World":
        """Play a story, entry by entry."""
        for entry in filter(None, (entry.strip() for entry in re.split(r"[;\n]", story))):
            match = _MOMENT.match(entry)
            assert match, entry
            word, _, run_id = entry[match.end() :].strip().partition(" ")
            self._play(word, at(match[0]), run_id)
        return self

    @property
    def history(self) -> list[str]:
        """What happened to state and incidents, in the order in which it was found out."""
        return [line for line in map(_line, self.effects) if line]

    @property
    def open_incidents(self) -> int:
        """How many incidents the history leaves open."""
        opened = sum(isinstance(effect, IncidentOpened) for effect in self.effects)
        return opened - sum(isinstance(effect, IncidentResolved) for effect in self.effects)

    @property
    def outcomes(self) -> list[str]:
        """How each run stands, in the order of their rows."""
        return [run.outcome.value if run.outcome else "open" for run in self.runs.values()]

    def _play(self, word: str, moment: datetime, run_id: str) -> None:
        if word == "clock":
            self.clock(moment)
        elif word in _ORDERS:
            self.order(word, moment)
        elif word == "value":
            self.ping(Kind.SUCCESS, moment, value=float(run_id))
        elif word == "hour":
            self.hour(moment, float(run_id))
        else:
            self.ping(Kind(word), moment, run_id)

    def _is_ordinary(self, ping: Ping) -> bool:
        return (
            ping.kind is Kind.SUCCESS
            and not ping.run_id
            and not self.facts.open_runs
            and not (self.facts.rule.is_per_ping and ping.value is not None)
            and not self.facts.locked
            and self.facts.status is Status.UP
        )

    def _known(self, run_id: str) -> KnownRun | None:
        return next((run for run in self.runs.values() if run_id and run.run_id == run_id), None)

    def _apply(self, verdict: Verdict) -> None:
        self.effects += verdict.effects
        for effect in verdict.effects:
            self._store_run(effect)
        self.facts = replace(verdict.facts, open_runs=tuple(self._numbered(run) for run in verdict.facts.open_runs))
        self.stored_deadline = verdict.deadline

    def _store_run(self, effect: Effect) -> None:
        new_id = len(self.runs) + 1
        match effect:
            case RunOpened(run_id, started_at):
                self.runs[new_id] = KnownRun(new_id, run_id, started_at)
            case RunNoted(run_id, finished_at, outcome):
                self.runs[new_id] = KnownRun(new_id, run_id, None, finished_at, outcome)
            case RunBegan(id, started_at):
                self.runs[id] = replace(self.runs[id], started_at=started_at)
            case RunReopened(id, started_at):
                self.runs[id] = KnownRun(id, self.runs[id].run_id, started_at)
            case RunEnded(id, finished_at, outcome):
                self.runs[id] = replace(self.runs[id], finished_at=finished_at, outcome=outcome)

    def _numbered(self, run: OpenRun) -> OpenRun:
        return run if run.id is not None else replace(run, id=len(self.runs))


def true_deadline(world: World) -> datetime | None:
    """The deadline that the facts mean, whatever is stored."""
    return deadlines.deadline(world.facts)


def _line(effect: Effect) -> str:
    match effect:
        case StatusChanged(moment, _, to_status, cause):
            return f"{text(moment)} {to_status} {cause}"
        case IncidentOpened(moment, cause, _, _):
            return f"{text(moment)} incident {cause}"
        case IncidentResolved(moment, cause):
            return f"{text(moment)} resolved {cause}"
    return ""
