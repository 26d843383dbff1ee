"""What a value outside of its limits does to a beet, of a single event and of a whole hour."""

from dataclasses import replace

import pytest

from monitors.domain import beet, rhythm, values
from monitors.domain.beet import BeetFacts, BeetVerdict
from monitors.domain.facts import IncidentOpened, IncidentResolved, OpenIncident, StatusChanged
from monitors.domain.rhythm import Profile
from monitors.domain.status import Cause, Severity, Status
from monitors.domain.values import Rule
from tests.domain.story import DAY, at, text

SOME = Rule(below=1)
LEARNED = Profile("UTC", (60.0,) * 168)
UP = BeetFacts(
    Status.UP, DAY, last_success_at=at("11:59"), profile=LEARNED, rule=SOME,
    arms=rhythm.begin(rhythm.seconds(at("12:00")), rhythm.seconds(at("11:59"))),
)  # fmt: skip
LEARNING = replace(UP, status=Status.LEARNING, profile=None)


def take(facts: BeetFacts, *given: tuple[str, float]) -> BeetVerdict:
    judged = [(values.judge(facts.rule, facts.bands, value, at(when)), at(when)) for when, value in given]
    return beet.on_values(facts, judged)


def history(verdict: BeetVerdict) -> list[str]:
    return [line for line in map(_line, verdict.effects) if line]


def _line(effect: object) -> str:
    match effect:
        case StatusChanged(moment, _, to, cause):
            return f"{text(moment)} {to} {cause}"
        case IncidentOpened(moment, cause):
            return f"{text(moment)} incident {cause}"
        case IncidentResolved(moment, cause):
            return f"{text(moment)} resolved {cause}"
    return ""


def silent(facts: BeetFacts) -> BeetFacts:
    return replace(facts, status=Status.DOWN, incident=OpenIncident(at("12:01"), Cause.SILENCE))


BAD = ["12:10 down value", "12:10 incident value"]
GOOD = ["12:20 resolved recovered", "12:20 up recovered"]
TABLE = [
    (UP, [("12:10", 5.0)], [], "a good value changes nothing"),
    (UP, [("12:10", 0.0)], BAD, "a bad one alerts at once"),
    (UP, [("12:10", 0.0), ("12:15", 0.0)], BAD, "once"),
    (UP, [("12:10", 0.0), ("12:20", 1.0)], [*BAD, *GOOD], "the next good one resolves it"),
    (UP, [("12:10", 0.0), ("12:05", 1.0)], BAD, "an older good one does not"),
    (
        LEARNING,
        [("12:10", 0.0), ("12:20", 1.0)],
        [*BAD, "12:20 resolved recovered", "12:20 learning recovered"],
        "limits count while it learns, and it learns on",
    ),
    (silent(UP), [("12:10", 0.0)], [], "what is open already is told already"),
    (silent(UP), [("12:10", 5.0)], [], "and a good value says nothing about a silence"),
    (replace(UP, status=Status.PAUSED), [("12:10", 0.0)], [], "a paused one is not judged"),
    (replace(UP, locked=True), [("12:10", 0.0)], [], "nor is a locked one"),
]


@pytest.mark.parametrize(("facts", "given", "lines", "reason"), TABLE)
def test_values_of_events(facts: BeetFacts, given: list[tuple[str, float]], lines: list[str], reason: str) -> None:
    assert history(take(facts, *given)) == lines, reason


def test_the_incident_keeps_the_number_and_is_critical() -> None:
    opened = take(UP, ("12:10", 0.0)).effects[-1]

    assert isinstance(opened, IncidentOpened)
    assert opened.severity is Severity.CRITICAL
    assert opened.evidence is not None
    assert (opened.evidence["value"], opened.evidence["low"], opened.evidence["per"]) == (0.0, 1, "ping")


def test_its_rhythm_is_judged_on_beside_it() -> None:
    """The deadline of a silence is the same, and a silence becomes what the incident is."""
    verdict = take(UP, ("12:10", 0.0))
    after = beet.on_clock(verdict.facts, [], at("d1 12:00"))

    assert verdict.deadline == beet.deadline(UP)
    assert after.facts.incident is not None
    assert after.facts.incident.cause is Cause.SILENCE


def test_one_that_nobody_has_looked_at_yet_is_looked_at_soon() -> None:
    fresh = replace(LEARNING, arms=None)

    assert take(fresh, ("12:10", 0.0)).deadline == at("12:10")


@pytest.mark.parametrize(("rule", "is_open"), [(Rule(), False), (Rule(above=9), True)])
def test_with_its_last_rule_the_incident_ends(rule: Rule, is_open: bool) -> None:
    down = replace(UP, status=Status.DOWN, incident=OpenIncident(at("12:10"), Cause.VALUE), rule=rule)

    verdict = beet.on_edit(down, at("12:30"))

    assert (verdict.facts.incident is not None) is is_open
    assert verdict.facts.status is (Status.DOWN if is_open else Status.UP)


def test_a_rule_that_goes_leaves_a_silence_open() -> None:
    verdict = beet.on_edit(replace(silent(UP), rule=Rule()), at("12:30"))

    assert verdict.facts.incident is not None
