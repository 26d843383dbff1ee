"""What a value outside of its limits does to a heartbeat: of a single ping, and of a whole hour."""

import pytest

from monitors.domain.evidence import written
from monitors.domain.facts import Facts, IncidentOpened
from monitors.domain.fields import HOUR_SUM
from monitors.domain.status import Cause, Kind
from monitors.domain.values import Rule
from tests.domain.story import World, at, monitor, true_deadline

SOME = Rule(below=1)
SOME_AN_HOUR = Rule(below=10, per=HOUR_SUM)

PLAIN = monitor(rule=SOME)
PATIENT = monitor(rule=SOME, threshold=2)
TWICE = monitor(rule=SOME, recovery=2)
UP = "12:00 up pinged"
EMPTY = ["12:30 down value", "12:30 incident value"]

TABLE = [
    ("12:00 value 5", PLAIN, [UP], "a good value is an ordinary success"),
    ("12:00 value 1", PLAIN, [UP], "the limit itself is good"),
    ("12:00 value 5; 12:30 value 0", PLAIN, [UP, *EMPTY], "a value outside is a failure at once"),
    ("12:30 value 0", PLAIN, EMPTY, "also the first one"),
    ("12:00 value 5; 12:30 success", PLAIN, [UP], "a success without a value is judged by nothing"),
    ("12:00 value 5; 12:30 fail", PLAIN, [UP, "12:30 down failed", "12:30 incident failed"], "a fail is a fail"),
    (
        "12:00 value 5; 12:30 value 0; 12:40 value 0; 12:50 value 7",
        PLAIN,
        [UP, *EMPTY, "12:50 resolved recovered", "12:50 up recovered"],
        "the next good one resolves it",
    ),
    (
        "12:00 value 5; 12:30 value 0; 12:40 success",
        PLAIN,
        [UP, *EMPTY, "12:40 resolved recovered", "12:40 up recovered"],
        "so does one that carries none",
    ),
    (
        "12:00 value 5; 12:30 value 0; 13:31 clock; 13:40 value 5",
        PLAIN,
        [UP, *EMPTY, "13:40 resolved recovered", "13:40 up recovered"],
        "silence after it is the same incident",
    ),
    ("12:00 value 5; 12:30 value 0; 12:20 value 5", PLAIN, [UP, *EMPTY], "an older good one changes nothing"),
    ("12:00 value 5; 12:50 value 5; 12:30 value 0", PLAIN, [UP], "nor does an older bad one"),
    ("12:00 value 5; 12:30 value 0", PATIENT, [UP, "12:30 down value"], "one of two failures tells nobody"),
    (
        "12:00 value 5; 12:30 value 0; 12:40 fail",
        PATIENT,
        [UP, "12:30 down value", "12:40 incident failed"],
        "failures of all kinds are one row",
    ),
    (
        "12:00 value 5; 12:30 value 0; 12:40 value 5; 12:50 value 5",
        TWICE,
        [UP, *EMPTY, "12:50 resolved recovered", "12:50 up recovered"],
        "with a threshold it has to prove itself",
    ),
    ("12:00 value 5; 12:10 pause; 12:30 value 0", PLAIN, [UP, "12:10 paused paused"], "a paused one is not judged"),
    ("12:00 value 0", monitor(), [UP], "without a rule every value is good"),
    ("12:00 value 0", monitor(rule=SOME_AN_HOUR), [UP], "nor is a single one judged where hours are"),
]


@pytest.mark.parametrize(("story", "facts", "history", "reason"), TABLE)
def test_the_value_of_a_ping(story: str, facts: Facts, history: list[str], reason: str) -> None:
    assert World(facts).play(story).history == history, reason


HOURLY = monitor(rule=SOME_AN_HOUR)
TOO_LITTLE = ["13:00 down value", "13:00 incident value"]

HOURS = [
    ("12:00 value 5; 13:00 hour 10", HOURLY, [UP], "a good hour changes nothing"),
    ("12:00 value 5; 13:00 hour 9", HOURLY, [UP, *TOO_LITTLE], "a bad one is a failure when it is over"),
    ("12:00 value 5; 13:00 hour 9; 13:00 hour 9", HOURLY, [UP, *TOO_LITTLE], "and none if it is looked at again"),
    ("12:00 value 5; 13:00 hour 9; 13:05 value 50", HOURLY, [UP, *TOO_LITTLE], "a ping is no news"),
    (
        "12:00 value 5; 13:00 hour 9; 13:05 value 50; 14:00 hour 50",
        HOURLY,
        [UP, *TOO_LITTLE, "14:00 resolved recovered", "14:00 up recovered"],
        "the next good hour is",
    ),
    (
        "12:00 value 5; 13:00 hour 9; 13:05 success; 14:00 hour 50; 14:05 success; 15:00 hour 50",
        monitor(rule=SOME_AN_HOUR, recovery=2),
        [UP, *TOO_LITTLE, "15:00 resolved recovered", "15:00 up recovered"],
        "of which it takes as many as the threshold says",
    ),
    (
        "12:00 value 5; 13:00 hour 9; 13:01 clock; 14:00 hour 50",
        HOURLY,
        [UP, *TOO_LITTLE],
        "where a ping was missed besides, a good hour is not enough",
    ),
    (
        "12:00 value 5; 12:30 fail; 13:00 hour 9",
        HOURLY,
        [UP, "12:30 down failed", "12:30 incident failed"],
        "what is down already does not go down again",
    ),
    (
        "12:00 value 5; 13:00 hour 9; 13:05 success",
        monitor(rule=SOME_AN_HOUR, threshold=3),
        [UP, *TOO_LITTLE],
        "one bad hour is enough, whatever the threshold",
    ),
    ("13:00 hour 0", HOURLY, [], "what was never pinged has no hours"),
    ("12:00 value 5; 12:10 pause; 13:00 hour 0", HOURLY, [UP, "12:10 paused paused"], "nor has what is paused"),
    ("12:00 value 5; 12:10 lock; 13:00 hour 0", HOURLY, [UP], "or locked"),
    (
        "12:00 value 5; 13:00 hour 9; 13:10 resolve; 13:20 success",
        HOURLY,
        [UP, *TOO_LITTLE, "13:10 resolved resolved", "13:10 up resolved"],
        "a person's word ends it",
    ),
]


@pytest.mark.parametrize(("story", "facts", "history", "reason"), HOURS)
def test_what_an_hour_came_to(story: str, facts: Facts, history: list[str], reason: str) -> None:
    assert World(facts).play(story).history == history, reason


def test_the_incident_keeps_the_number_and_what_would_have_been_good() -> None:
    world = World(PLAIN).play("12:00 value 5; 12:30 value 0")

    opened = next(effect for effect in world.effects if isinstance(effect, IncidentOpened))
    assert opened.cause is Cause.VALUE
    assert opened.evidence == {
        "arm": "value", "value": 0.0, "low": 1, "high": None, "per": "ping", "learned": False,
        "at": written(at("12:30")),
    }  # fmt: skip


def test_a_bad_value_meets_its_due() -> None:
    """The job ran: the same due is not counted again."""
    world = World(PLAIN).play("12:00 value 5; 12:59 value 0")

    assert true_deadline(world) == at("14:00")


def test_a_run_that_ends_with_a_bad_value_has_failed() -> None:
    world = World(PLAIN).play("12:00 start nightly")
    world.ping(Kind.SUCCESS, received_at=at("12:10"), run_id="nightly", value=0.0)

    assert world.outcomes == ["fail"]
