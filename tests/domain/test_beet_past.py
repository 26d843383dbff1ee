"""A beet is judged by the time in which it was to be judged: not by what came before, nor worse for what came late."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitors.domain import beet
from monitors.domain.beet import BeetFacts
from monitors.domain.facts import IncidentEscalated, IncidentOpened, OpenIncident
from monitors.domain.gaps import Gaps
from monitors.domain.rhythm import Profile
from monitors.domain.status import Cause, Severity, Status

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TEN = Profile("UTC", (10.0,) * 168)
HOUR, MINUTE, WEEK = timedelta(hours=1), timedelta(minutes=1), timedelta(weeks=1)
LEARNING = BeetFacts(status=Status.LEARNING, status_since=NOON - 24 * HOUR, last_success_at=NOON)
WATCHED = beet.on_clock(replace(LEARNING, learning_silence=2 * HOUR), [], NOON).facts
UP = beet.on_clock(BeetFacts(status=Status.UP, status_since=NOON, last_success_at=NOON, profile=TEN), [], NOON).facts


def test_what_has_just_learned_is_not_judged_for_the_time_in_which_it_learned() -> None:
    ready = replace(WATCHED, profile=TEN, last_success_at=NOON + 20 * HOUR)

    verdict = beet.on_clock(ready, [NOON + 20 * HOUR], NOON + 20 * HOUR)

    assert not any(isinstance(effect, IncidentOpened) for effect in verdict.effects)
    assert verdict.facts.status is Status.UP
    assert verdict.deadline is not None
    assert verdict.deadline > NOON + 21 * HOUR


def test_a_silence_that_is_asked_for_anew_does_not_look_at_the_time_before() -> None:
    unwatched = replace(WATCHED, learning_silence=None, last_success_at=NOON + 2 * WEEK)
    asked = beet.on_edit(replace(unwatched, learning_silence=HOUR), NOON + 2 * WEEK).facts

    verdict = beet.on_clock(asked, [NOON + WEEK, NOON + 2 * WEEK], NOON + 2 * WEEK + MINUTE)

    assert verdict.effects == ()
    assert verdict.deadline == NOON + 2 * WEEK + HOUR


def test_only_what_is_judged_reads_the_events_since_its_last_look() -> None:
    assert beet.reads_from(UP) == NOON
    assert beet.reads_from(WATCHED) == NOON
    assert beet.reads_from(replace(WATCHED, incident=OpenIncident(NOON, Cause.SILENCE), status=Status.DOWN)) == NOON
    for still in (
        LEARNING,
        replace(WATCHED, learning_silence=None),
        replace(WATCHED, profile=TEN),
        replace(UP, locked=True),
        replace(UP, status=Status.PAUSED),
    ):
        assert beet.reads_from(still) is None


def test_an_event_that_a_spool_brought_late_shortens_the_silence() -> None:
    """Of ten an hour, 10.7 make a silence: an hour after noon it was looked at, and nothing had come."""
    looked = beet.on_clock(UP, [], NOON + HOUR).facts
    late = replace(looked, last_success_at=NOON + 50 * MINUTE)

    assert isinstance(beet.on_clock(looked, [], NOON + 1.5 * HOUR).effects[-1], IncidentOpened)
    assert beet.on_clock(late, [], NOON + 1.5 * HOUR).effects == ()

    opened = beet.on_clock(late, [], NOON + 3 * HOUR).effects[-1]
    assert isinstance(opened, IncidentOpened)
    assert opened.last_ping_at == NOON + 50 * MINUTE
    assert NOON + 1.85 * HOUR < opened.at < NOON + 2 * HOUR


def test_what_came_late_is_held_against_the_gaps_since_then() -> None:
    looked = beet.on_clock(UP, [], NOON + HOUR).facts
    late = replace(looked, last_success_at=NOON + 20 * MINUTE)
    deaf = Gaps.of([(NOON + 20 * MINUTE, NOON + 50 * MINUTE)])

    assert beet.looks_back_to(looked) == NOON + HOUR
    assert beet.looks_back_to(late) == NOON + 20 * MINUTE
    arms = beet.on_clock(late, [], NOON + HOUR, deaf).facts.arms
    assert arms is not None
    assert round(arms.quiet, 6) == round(10 / 6, 6)


def test_a_drop_makes_the_incident_of_a_value_no_less_bad() -> None:
    """Who hears of the critical alone was told that it began, and is to hear that it is over."""
    valued = replace(UP, status=Status.DOWN, incident=OpenIncident(NOON, Cause.VALUE))
    low = [NOON + 18 * MINUTE * number for number in range(1, 34)]

    verdict = beet.on_clock(valued, low, NOON + 10 * HOUR)

    (worse,) = [effect for effect in verdict.effects if isinstance(effect, IncidentEscalated)]
    assert (worse.cause, worse.severity, verdict.facts.status) == (Cause.DROP, Severity.CRITICAL, Status.DOWN)
