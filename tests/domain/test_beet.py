"""What time, events and orders mean for a beet: stories, and what none of them may do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from monitors.domain import beet, evidence, rhythm
from monitors.domain.beet import BeetFacts
from monitors.domain.evidence import written
from monitors.domain.facts import IncidentEscalated, IncidentOpened, IncidentResolved, OpenIncident, StatusChanged
from monitors.domain.gaps import NO_GAPS, Gaps
from monitors.domain.ping import Ping
from monitors.domain.rhythm import Profile
from monitors.domain.status import Cause, Kind, Severity, Status

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TEN = Profile("UTC", (10.0,) * 168)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LEARNING = BeetFacts(status=Status.LEARNING, status_since=NOON - 24 * HOUR)
UP = beet.on_clock(
    BeetFacts(status=Status.UP, status_since=NOON - 24 * HOUR, last_success_at=NOON, profile=TEN), [], NOON
).facts


def every(step: timedelta, start: datetime, end: datetime) -> list[datetime]:
    count = (end - start) // step
    return [start + step * number for number in range(1, count + 1)]


def told(facts: BeetFacts, events: list[datetime], now: datetime, gaps: Gaps = NO_GAPS) -> list[Any]:
    return list(beet.on_clock(facts, events, now, gaps).effects)


def test_a_stream_as_usual_says_nothing_and_is_looked_at_again() -> None:
    verdict = beet.on_clock(UP, every(6 * MINUTE, NOON, NOON + 5 * HOUR), NOON + 5 * HOUR)

    assert verdict.effects == ()
    assert verdict.facts.status is Status.UP
    assert verdict.deadline is not None
    assert NOON + 5 * HOUR < verdict.deadline < NOON + 8 * HOUR


def test_silence_is_down_at_its_true_time_with_its_evidence() -> None:
    changed, opened = told(UP, [], NOON + 5 * HOUR)

    assert changed == StatusChanged(opened.at, Status.UP, Status.DOWN, Cause.SILENCE)
    assert (opened.cause, opened.severity, opened.last_ping_at) == (Cause.SILENCE, Severity.CRITICAL, NOON)
    assert NOON + HOUR < opened.at < NOON + 1.2 * HOUR
    assert opened.at == beet.deadline(UP)
    assert opened.evidence == {
        "arm": "silence", "since": written(NOON), "expected": 10.68, "seen": 0, "logOdds": 10.68,
        "budgetWeeks": 26.0, "ratePerHour": 10.0,
    }  # fmt: skip


def test_a_drop_warns_then_a_silence_makes_it_worse_then_the_stream_is_back() -> None:
    low = every(18 * MINUTE, NOON, NOON + 10 * HOUR)

    verdict = beet.on_clock(UP, low, NOON + 10 * HOUR)
    assert [type(effect) for effect in verdict.effects] == [StatusChanged, IncidentOpened]
    assert verdict.facts.status is Status.WARNING
    assert verdict.deadline == NOON + 10 * HOUR + MINUTE

    worse = beet.on_clock(verdict.facts, [], NOON + 13 * HOUR)
    assert [type(effect) for effect in worse.effects] == [StatusChanged, IncidentEscalated]
    assert worse.facts.status is Status.DOWN
    assert worse.facts.incident is not None
    assert worse.facts.incident.cause is Cause.SILENCE

    assert worse.facts.incident.began_as is Cause.DROP
    opened, escalated = verdict.effects[1], worse.effects[1]
    assert isinstance(opened, IncidentOpened)
    assert isinstance(escalated, IncidentEscalated)
    assert evidence.began_at(opened.evidence) == worse.facts.incident.since
    assert evidence.began_at(escalated.evidence) == worse.facts.incident.since
    assert escalated.evidence["since"] != escalated.evidence["lowSince"]

    back = beet.on_clock(worse.facts, every(6 * MINUTE, NOON + 13 * HOUR, NOON + 18 * HOUR), NOON + 18 * HOUR)
    assert [type(effect) for effect in back.effects] == [IncidentResolved, StatusChanged]
    assert (back.facts.status, back.facts.incident) == (Status.UP, None)


def test_one_look_after_a_long_time_tells_all_that_happened_in_order() -> None:
    events = every(6 * MINUTE, NOON + 5 * HOUR, NOON + 10 * HOUR)

    effects = told(UP, events, NOON + 15 * HOUR)

    kinds = [type(effect) for effect in effects if not isinstance(effect, StatusChanged)]
    assert kinds == [IncidentOpened, IncidentResolved, IncidentOpened]
    assert [effect.at for effect in effects] == sorted(effect.at for effect in effects)


def test_our_own_gap_is_no_silence() -> None:
    deaf = Gaps.of([(NOON + 10 * MINUTE, NOON + 4 * HOUR)])

    assert told(UP, [], NOON + 4.5 * HOUR, deaf) == []

    _, opened = told(UP, [], NOON + 6 * HOUR, deaf)
    assert opened.at > NOON + 4.8 * HOUR


def test_what_is_learned_is_judged_from_then_on() -> None:
    ready = replace(LEARNING, profile=TEN, last_success_at=NOON - 48 * HOUR)

    verdict = beet.on_clock(ready, [], NOON)

    assert verdict.effects == (StatusChanged(NOON, Status.LEARNING, Status.UP, Cause.LEARNED),)
    assert verdict.deadline is not None
    assert verdict.deadline > NOON + HOUR


def test_a_beet_that_learns_tells_nobody_and_is_not_looked_at() -> None:
    heard = replace(LEARNING, last_success_at=NOON)

    assert beet.deadline(heard) is None
    assert told(heard, [], NOON + 99 * HOUR) == []


def test_a_plain_silence_alerts_while_it_learns_and_any_event_ends_it() -> None:
    watched = replace(LEARNING, learning_silence=2 * HOUR, last_success_at=NOON)
    begun = beet.on_clock(watched, [], NOON)
    assert begun.deadline == NOON + 2 * HOUR

    silent = beet.on_clock(begun.facts, [NOON + HOUR], NOON + 4 * HOUR)
    changed, opened = cast("tuple[Any, Any]", silent.effects)
    assert (changed.to_status, opened.at, opened.cause) == (Status.DOWN, NOON + 3 * HOUR, Cause.SILENCE)
    assert opened.evidence == {"arm": "silence", "since": written(NOON + HOUR), "limitSec": 7200.0}

    back = beet.on_clock(silent.facts, [NOON + 5 * HOUR], NOON + 6 * HOUR)
    assert [type(effect) for effect in back.effects] == [IncidentResolved, StatusChanged]
    assert (back.facts.status, back.deadline) == (Status.LEARNING, NOON + 7 * HOUR)


def test_the_plain_silence_does_not_count_what_nobody_heard() -> None:
    watched = replace(LEARNING, learning_silence=2 * HOUR, last_success_at=NOON)
    begun = beet.on_clock(watched, [], NOON).facts
    deaf = Gaps.of([(NOON + HOUR, NOON + 4 * HOUR)])

    assert beet.on_clock(begun, [], NOON + 4.5 * HOUR, deaf).deadline == NOON + 5 * HOUR


def test_a_stream_that_was_never_heard_is_not_awaited() -> None:
    watched = replace(LEARNING, learning_silence=2 * HOUR)

    verdict = beet.on_clock(watched, [], NOON)

    assert verdict.effects == ()
    assert verdict.deadline == NOON + 2 * HOUR
    assert told(verdict.facts, [], NOON + 50 * HOUR) == []


def test_learning_while_a_silence_is_open_leaves_it_to_the_arms_to_end_it() -> None:
    watched = replace(LEARNING, learning_silence=2 * HOUR, last_success_at=NOON)
    silent = beet.on_clock(beet.on_clock(watched, [], NOON).facts, [], NOON + 3 * HOUR).facts
    ready = replace(silent, profile=TEN)

    assert told(ready, [NOON + 3.5 * HOUR], NOON + 4 * HOUR) == []

    back = beet.on_clock(ready, every(6 * MINUTE, NOON + 3 * HOUR, NOON + 5 * HOUR), NOON + 5 * HOUR)
    assert (back.facts.status, back.facts.incident) == (Status.UP, None)


ORDERS: list[tuple[str, Any, Status, bool]] = [
    ("pause", beet.on_pause, Status.PAUSED, False),
    ("resolve", beet.on_resolve, Status.UP, False),
    ("edit", beet.on_edit, Status.DOWN, True),
    ("lock", beet.on_lock, Status.DOWN, True),
    ("delete", beet.on_delete, Status.DOWN, False),
]


@pytest.mark.parametrize(("name", "order", "status", "open_after"), ORDERS)
def test_orders_while_it_is_silent(name: str, order: Any, status: Status, open_after: bool) -> None:
    silent = beet.on_clock(UP, [], NOON + 3 * HOUR).facts

    verdict = order(silent, NOON + 4 * HOUR)

    assert verdict.facts.status is status, name
    assert (verdict.facts.incident is not None) is open_after


@pytest.mark.parametrize("order", [beet.on_resume, beet.on_unlock, beet.on_resolve])
def test_what_is_judged_again_waits_anew(order: Any) -> None:
    silent = beet.on_clock(UP, [], NOON + 3 * HOUR).facts
    before = {
        beet.on_resume: beet.on_pause(silent, NOON + 4 * HOUR).facts,
        beet.on_unlock: replace(beet.on_resolve(silent, NOON + 4 * HOUR).facts, locked=True),
        beet.on_resolve: silent,
    }[order]
    assert beet.deadline(beet.on_pause(silent, NOON).facts) is None

    verdict = order(before, NOON + 100 * HOUR)

    assert verdict.facts.status is Status.UP
    assert verdict.deadline is not None
    assert NOON + 101 * HOUR < verdict.deadline < NOON + 101.2 * HOUR
    assert told(verdict.facts, [], NOON + 101 * HOUR) == []


def test_paused_and_locked_beets_are_not_judged() -> None:
    for still in (replace(UP, status=Status.PAUSED), replace(UP, locked=True)):
        verdict = beet.on_clock(still, [], NOON + 99 * HOUR)

        assert (verdict.effects, verdict.deadline) == ((), None)


def test_an_arm_takes_over_the_incident_of_a_value() -> None:
    valued = replace(UP, status=Status.DOWN, incident=OpenIncident(NOON, Cause.VALUE))

    [escalated] = told(valued, [], NOON + 3 * HOUR)

    assert isinstance(escalated, IncidentEscalated)
    assert escalated.cause is Cause.SILENCE


def test_a_new_tuning_watches_a_drop_anew() -> None:
    low = beet.on_clock(UP, [NOON + 50 * MINUTE], NOON + HOUR).facts
    assert low.arms is not None
    assert low.arms.drop > 0

    edited = beet.on_edit(replace(low, tuning=rhythm.Tuning(rho=0.2)), NOON + HOUR).facts

    assert edited.arms is not None
    assert (edited.arms.drop, edited.arms.quiet) == (0.0, low.arms.quiet)


def test_a_ping_moves_what_the_pulse_knows_and_nothing_else() -> None:
    heard = beet.on_ping(UP, Ping(NOON + HOUR, Kind.SUCCESS))
    logged = beet.on_ping(UP, Ping(NOON + HOUR, Kind.LOG))

    assert (heard.facts.last_success_at, logged.facts.last_success_at) == (NOON + HOUR, NOON)
    assert heard.deadline == logged.deadline == beet.deadline(UP)


def test_when_silence_would_be_noticed_follows_the_newest_event() -> None:
    newer = replace(UP, last_success_at=NOON + 2 * HOUR)

    due, moved = beet.silent_at(UP), beet.silent_at(newer)
    assert due is not None
    assert due == beet.deadline(UP)
    assert moved is not None
    assert abs(moved - due - 2 * HOUR) < timedelta(seconds=1)
    assert beet.silent_at(LEARNING) is None
