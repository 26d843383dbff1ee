"""Any life of a monitor: pings in and out of order, silences, gaps, edits and orders, in any sequence."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from monitors.domain import deadlines, facts, judge
from monitors.domain.facts import Facts
from monitors.domain.fields import HOUR_SUM
from monitors.domain.gaps import Gaps
from monitors.domain.schedule import Cron, Interval, Schedule
from monitors.domain.status import Kind, Status
from monitors.domain.values import NO_RULE, Rule
from tests.domain.story import DAY, World, monitor, true_deadline

SCHEDULES: list[Schedule] = [
    Interval(timedelta(seconds=5)),
    Interval(timedelta(minutes=10)),
    Interval(timedelta(days=1)),
    Cron("*/5 * * * *", "UTC"),
    Cron("0,7 * * * *", "UTC"),
    Cron("30 2 * * *", "Europe/Berlin"),
]
LONG_SILENCE = timedelta(days=14)
"""Longer than the slowest of these monitors takes to tell: a gap, a run, and three days missed."""

schedules = st.sampled_from(SCHEDULES)
seconds = st.integers(0, 120) | st.integers(0, 4 * 3600) | st.integers(0, 3 * 86_400)
delays = st.just(0) | st.integers(0, 300) | st.integers(0, 2 * 86_400)
monitors = st.builds(
    monitor,
    schedules,
    grace=st.sampled_from([timedelta(0), timedelta(seconds=60), timedelta(minutes=10)]),
    max_runtime=st.none() | st.sampled_from([timedelta(seconds=30), timedelta(hours=2)]),
    threshold=st.integers(1, 3),
    recovery=st.integers(1, 3),
    usual_period=st.none() | st.just(timedelta(minutes=2)),
    rule=st.sampled_from([NO_RULE, Rule(below=1), Rule(below=1, per=HOUR_SUM)]),
)


class MonitorMachine(RuleBasedStateMachine):
    """Every rule is something that may happen next; what must hold whatever happens are the invariants."""

    @initialize(created=monitors, start=st.integers(0, 60) | st.just(-8 * 86_400))
    def create(self, created: Facts, start: int) -> None:
        """The clock may begin before a night in which it goes back (25 October) or on a plain day after it."""
        self.now = DAY + timedelta(seconds=start)
        self.world = World(created if start >= 0 else _born(created, self.now))
        self.was_heard = False

    @rule(length=seconds)
    def wait(self, length: int) -> None:
        self.now += timedelta(seconds=length)

    @rule()
    def sweep(self) -> None:
        self.world.clock(self.now)

        deadline = true_deadline(self.world)
        assert deadline is None or deadline > self.now

    @rule(
        kind=st.sampled_from(Kind),
        delay=delays,
        run_id=st.sampled_from(["", "", "a", "b"]),
        value=st.none() | st.sampled_from([0.0, 5.0]),
    )
    def ping(self, kind: Kind, delay: int, run_id: str, value: float | None) -> None:
        received_at, before = max(DAY - timedelta(days=8), self.now - timedelta(seconds=delay)), self.world.facts

        self.world.ping(kind, received_at, run_id, value)

        if kind is Kind.SUCCESS and before.rule.is_per_ping and value == 0:
            kind = Kind.FAIL
        self.was_heard = self.was_heard or kind is not Kind.LOG
        if _is_older(kind, received_at, before):
            assert _state(self.world.facts) == _state(before), "an older ping never moves a newer state"
        elif kind is Kind.SUCCESS and self.world.facts.status is Status.UP:
            assert self.world.facts.misses == 0

    @rule(came_to=st.sampled_from([0.0, 5.0]), ago=st.integers(0, 7200))
    def hour(self, came_to: float, ago: int) -> None:
        """An hour is over, of which it becomes known what its values came to."""
        if self.world.facts.rule.is_hourly:
            self.world.hour(self.now - timedelta(seconds=ago), came_to)

    @rule(word=st.sampled_from(["pause", "resume", "lock", "unlock"]))
    def order(self, word: str) -> None:
        self.world.order(word, self.now)

    @precondition(lambda self: self.world.facts.incident is not None)
    @rule()
    def resolve(self) -> None:
        self.world.order("resolve", self.now)

        assert self.world.facts.misses == 0

    @rule(schedule=schedules)
    def edit(self, schedule: Schedule) -> None:
        before = self.world.facts

        self.world.edit(self.now, schedule)

        assert _state(self.world.facts) == _state(before)

    @rule(length=seconds, ago=seconds)
    def deafness(self, length: int, ago: int) -> None:
        """It becomes known that nobody listened for a while."""
        end = self.now - timedelta(seconds=ago)
        self.world.gaps = Gaps.of([*self.world.gaps.intervals, (end - timedelta(seconds=length), end)])

    @invariant()
    def at_most_one_incident_is_open(self) -> None:
        if hasattr(self, "world"):
            assert self.world.open_incidents == (self.world.facts.incident is not None)
            assert self.world.open_incidents in (0, 1)

    @invariant()
    def an_incident_is_open_exactly_when_down_often_enough(self) -> None:
        if hasattr(self, "world"):
            found = self.world.facts
            told = found.status is Status.DOWN and found.misses >= found.alert_threshold
            assert (found.incident is not None) == told
            assert found.misses == 0 or found.status in (Status.DOWN, Status.PAUSED)

    @invariant()
    def good_pings_are_counted_only_while_it_is_down_and_never_up_to_the_threshold(self) -> None:
        if hasattr(self, "world"):
            found = self.world.facts
            assert 0 <= found.good_pings < found.recovery_threshold
            assert found.good_pings == 0 or found.status in (Status.DOWN, Status.PAUSED)

    @invariant()
    def the_stored_deadline_is_never_later_than_the_true_one(self) -> None:
        if hasattr(self, "world"):
            stored, true = self.world.stored_deadline, true_deadline(self.world)
            assert true is None or (stored is not None and stored <= true)

    @invariant()
    def the_history_is_one_line_without_a_step_back(self) -> None:
        if hasattr(self, "world"):
            changes = [effect for effect in self.world.effects if isinstance(effect, facts.StatusChanged)]
            for earlier, later in itertools.pairwise(changes):
                assert earlier.to_status is later.from_status
                assert earlier.at <= later.at

    def teardown(self) -> None:
        """Whoever was heard and then stays silent is heard of, unless nobody is to judge it."""
        if not hasattr(self, "world"):
            return
        self.world.clock(self.now + LONG_SILENCE)
        found = self.world.facts
        assert deadlines.is_judged(found) == (self.was_heard and not found.locked and found.status is not Status.PAUSED)
        assert not deadlines.is_judged(found) or found.incident is not None


TestMonitorMachine = MonitorMachine.TestCase
TestMonitorMachine.settings = settings(derandomize=True, max_examples=300, stateful_step_count=40, deadline=None)


@given(
    created=monitors,
    first=st.integers(0, 3 * 86_400),
    second=st.integers(0, 3 * 86_400),
    deaf=st.lists(st.tuples(st.integers(0, 86_400), st.integers(0, 86_400)), max_size=3),
    starts=st.booleans(),
)
@settings(derandomize=True, max_examples=300, deadline=None)
def test_a_sweep_that_comes_late_judges_as_one_that_came_often(
    created: Facts, first: int, second: int, deaf: list[tuple[int, int]], starts: bool
) -> None:
    """Catching up in bulk is only a shortcut: it ends in the same facts and deadline, with the same effects."""
    gaps = Gaps.of((DAY + timedelta(seconds=a), DAY + timedelta(seconds=a + b)) for a, b in deaf)
    world = World(created, gaps=gaps)
    world.ping(Kind.SUCCESS, DAY)
    if starts:
        world.ping(Kind.START, DAY)
    between, end = DAY + timedelta(seconds=first), DAY + timedelta(seconds=first + second)

    early = judge.on_clock(world.facts, between, gaps)
    late = judge.on_clock(early.facts, end, gaps)
    at_once = judge.on_clock(world.facts, end, gaps)

    assert (late.facts, late.deadline) == (at_once.facts, at_once.deadline)
    assert early.effects + late.effects == at_once.effects


@given(created=monitors, silence=st.integers(0, 86_400))
@settings(derandomize=True, max_examples=200, deadline=None)
def test_the_bulk_counts_what_one_by_one_counts(created: Facts, silence: int) -> None:
    assume(created.grace + timedelta(seconds=silence) < timedelta(days=1))
    world = World(created)
    world.ping(Kind.SUCCESS, DAY)
    end = DAY + timedelta(seconds=silence)

    misses = 0
    due = created.schedule.due_after(created.schedule.reference_of(DAY, created.grace))
    while due + created.grace <= end:
        misses, due = misses + 1, created.schedule.due_after(due)

    assert judge.on_clock(world.facts, end).facts.misses == misses


def _born(created: Facts, at: datetime) -> Facts:
    return replace(created, status_since=at)


def _is_older(kind: Kind, received_at: datetime, before: Facts) -> bool:
    """Whether a newer ping than this one has already spoken about the state."""
    if kind in (Kind.LOG, Kind.START):
        return True
    rivals = [before.last_fail_at] if kind is Kind.SUCCESS else [before.last_fail_at, before.last_success_at]
    return any(rival is not None and received_at < rival for rival in rivals)


def _state(found: Facts) -> tuple[object, ...]:
    return found.status, found.status_since, found.misses, found.incident
