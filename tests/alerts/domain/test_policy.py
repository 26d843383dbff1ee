"""What becomes of waiting events, and when the next reminder is due."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain import policy
from alerts.domain.policy import Fate, Story
from monitors.domain.policy import Snooze
from monitors.domain.status import EventKind

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OPENED, ESCALATED, ACKNOWLEDGED, RESOLVED = (
    EventKind.OPENED,
    EventKind.ESCALATED,
    EventKind.ACKNOWLEDGED,
    EventKind.RESOLVED,
)
TELL, HOLD, QUIET = Fate.TELL, Fate.HOLD, Fate.QUIET

PLAIN = Story(NOON)
PATIENT = Story(NOON, delay=5 * MINUTE)
SHORT = Story(NOON, NOON + 4 * MINUTE, delay=5 * MINUTE)
LONG = Story(NOON, NOON + 5 * MINUTE, delay=5 * MINUTE)
ASLEEP = Story(NOON, snooze=Snooze(NOON, NOON + HOUR))
ASLEEP_AND_OVER = Story(NOON, NOON + MINUTE, snooze=Snooze(NOON, None))
LATER_ASLEEP = Story(NOON, NOON + MINUTE, snooze=Snooze(NOON + 2 * MINUTE, None))

TABLE = [
    (PLAIN, [OPENED], 0, [TELL], "without a policy everything is told at once"),
    (PLAIN, [OPENED], -60, [TELL], "also by a host whose clock is an hour behind that of who heard of it"),
    (PATIENT, [OPENED], 4, [HOLD], "a delay holds the beginning"),
    (PATIENT, [OPENED, ACKNOWLEDGED], 4, [HOLD, HOLD], "and what follows it, so that the order stays"),
    (PATIENT, [OPENED, ACKNOWLEDGED], 5, [TELL, TELL], "until it is over"),
    (PATIENT, [ACKNOWLEDGED], 4, [TELL], "what was told already is not held by it"),
    (SHORT, [OPENED, RESOLVED], 4, [QUIET, QUIET], "what ended within it is told to nobody"),
    (SHORT, [OPENED, ACKNOWLEDGED, RESOLVED], 90, [QUIET] * 3, "however late anybody looks"),
    (LONG, [OPENED, RESOLVED], 5, [TELL, TELL], "what lasted for all of it is told"),
    (SHORT, [RESOLVED], 4, [TELL], "the end of what was told is told"),
    (ASLEEP, [OPENED], 59, [HOLD], "a snooze holds the beginning"),
    (ASLEEP, [OPENED], 60, [TELL], "until its time"),
    (ASLEEP, [ESCALATED], 1, [HOLD], "it got worse: that may wait too"),
    (ASLEEP, [ACKNOWLEDGED, ESCALATED, ACKNOWLEDGED], 1, [TELL, HOLD, HOLD], "what came before need not"),
    (ASLEEP_AND_OVER, [OPENED, RESOLVED], 1, [QUIET, QUIET], "over while it was asleep: nobody hears"),
    (ASLEEP_AND_OVER, [ESCALATED, RESOLVED], 1, [QUIET, TELL], "what was told before has an end all the same"),
    (LATER_ASLEEP, [OPENED, RESOLVED], 3, [TELL, TELL], "a snooze that began later hides nothing"),
]


@pytest.mark.parametrize(("story", "kinds", "minutes", "fates", "reason"), TABLE, ids=[row[-1] for row in TABLE])
def test_what_becomes_of_waiting_events(
    story: Story, kinds: list[EventKind], minutes: int, fates: list[Fate], reason: str
) -> None:
    decision = policy.decide(kinds, story, NOON + minutes * MINUTE)

    assert list(decision.fates) == fates, reason
    assert (decision.hold_until is not None) == (HOLD in fates)
    assert bool(decision.reason) == (QUIET in fates)


def test_a_snooze_without_an_end_is_looked_at_again() -> None:
    decision = policy.decide([OPENED], Story(NOON, snooze=Snooze(NOON, None)), NOON)

    assert decision.hold_until == NOON + policy.LOOK_AGAIN


@pytest.mark.parametrize(
    ("late", "after", "reason"),
    [
        (timedelta(0), 2 * HOUR, "every two hours"),
        (HOUR, 2 * HOUR, "one that came late does not move the others"),
        (2 * HOUR, 4 * HOUR, "at the very time of the next"),
        (25 * HOUR, 26 * HOUR, "those that were missed are one"),
    ],
)
def test_the_next_reminder(late: timedelta, after: timedelta, reason: str) -> None:
    assert policy.next_reminder(NOON, 2 * HOUR, NOON + late) == NOON + after, reason
