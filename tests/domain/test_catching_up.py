"""Catching up is bounded: what a sweep does after a long absence does not grow with the absence."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitors.domain import judge
from monitors.domain.schedule import Interval
from monitors.domain.status import Kind
from tests.domain.story import DAY, World, gaps, monitor

MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Counted(Interval):
    """An interval that counts how often it is asked."""

    questions: list[datetime] = field(default_factory=list)

    def due_after(self, reference: datetime) -> datetime:
        self.questions.append(reference)
        return Interval.due_after(self, reference)


def test_a_month_of_silence_at_five_seconds_takes_a_handful_of_steps() -> None:
    counted = Counted(timedelta(seconds=5))
    world = World(monitor(counted, grace=timedelta(seconds=5), threshold=1000))
    world.ping(Kind.SUCCESS, DAY)

    verdict = judge.on_clock(world.facts, DAY + MONTH)

    assert verdict.facts.misses == MONTH / timedelta(seconds=5) - 1
    assert verdict.deadline == DAY + MONTH + timedelta(seconds=5)
    assert len(counted.questions) < 50


def test_gaps_in_that_month_add_a_few_steps_each() -> None:
    counted = Counted(timedelta(seconds=5))
    deaf = gaps("d3 00:00-d4 00:00", "d7 00:00-d7 00:01", "d9 00:00:01-d9 00:00:02")
    world = World(monitor(counted, grace=timedelta(seconds=5)), gaps=deaf)
    world.ping(Kind.SUCCESS, DAY)

    judge.on_clock(world.facts, DAY + MONTH, deaf)

    assert len(counted.questions) < 200


def test_the_incident_opens_at_its_true_time_though_found_a_month_later() -> None:
    world = World(monitor(Interval(timedelta(seconds=5)), grace=timedelta(seconds=5), threshold=3))

    world.play("12:00 success; d30 12:00 clock")

    assert world.history == ["12:00 up pinged", "12:00:10 down missed", "12:00:20 incident missed"]


def test_the_short_way_of_the_sweep_is_the_deadline_of_the_long_way() -> None:
    for story in ("12:00 success", "12:00 success; 13:01 clock", "12:00 success; 12:10 edit", "12:00 fail"):
        found = World(monitor()).play(story).facts

        short = judge.plain_deadline(found.schedule, found.grace, found.last_success_at, found.waiting_from)

        assert short == judge.deadline(found) is not None
    assert judge.plain_deadline(monitor().schedule, timedelta(0), None, None) is None
