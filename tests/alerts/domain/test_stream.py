"""What messages say of a stream of events: a table of moments."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.domain import message
from alerts.domain.message import Message, MessageType
from monitors.domain.evidence import Amount, Pause, Rate
from monitors.domain.status import Cause
from tests.alerts.messages import INCIDENT, MONITOR

OPENED = datetime(2026, 1, 5, 15, 10, tzinfo=UTC)
SINCE = OPENED - timedelta(minutes=65)
CHECKOUTS = replace(MONITOR, name="checkouts", type="beet", schedule="", grace=timedelta(0))
SILENCE = Rate(Cause.SILENCE, SINCE, 23.4, 0, 9.2, 26.0, 21.6)
DROP = Rate(Cause.DROP, SINCE, 61.0, 12, 9.2, 26.0, 56.0)
PAUSE = Pause(Cause.SILENCE, SINCE, timedelta(hours=1))
LOW: dict[str, Any] = {"cause": Cause.DROP, "severity": "warning", "title": "checkouts dropped", "evidence": DROP}
SILENT: dict[str, Any] = {
    "cause": Cause.SILENCE,
    "severity": "critical",
    "title": "checkouts went silent",
    "evidence": SILENCE,
}


def told(kind: MessageType = MessageType.OPENED, *, after: timedelta = timedelta(0), **given: Any) -> Message:
    """A message about the checkouts, `after` the incident opened."""
    known: dict[str, Any] = {"expected_at": None, "opened_at": OPENED, "last_ping_at": SINCE}
    incident = replace(INCIDENT, **{**known, **SILENT, **given})
    return Message(type=kind, at=OPENED + after, monitor=CHECKOUTS, incident=incident)


ESCALATED, REMINDER, RESOLVED = MessageType.ESCALATED, MessageType.REMINDER, MessageType.RESOLVED
HOUR = timedelta(hours=1)
OVER: dict[str, Any] = {"resolved_at": OPENED + HOUR, "resolution": Cause.RECOVERED}


@pytest.mark.parametrize(
    ("said", "headline", "summary"),
    [
        (
            told(),
            "checkouts is down",
            "checkouts went silent: no event since 14:05 UTC, 23 were expected by 15:10.",
        ),
        (
            told(**LOW),
            "checkouts is low",
            "checkouts dropped: 12 events since 14:05 UTC where 61 were expected.",
        ),
        (
            told(**{**LOW, "severity": "critical", "evidence": replace(DROP, seen=1)}),
            "checkouts is down",
            "checkouts dropped: 1 event since 14:05 UTC where 61 were expected.",
        ),
        (
            told(evidence=replace(SILENCE, since=OPENED - timedelta(hours=20), expected=4.25)),
            "checkouts is down",
            "checkouts went silent: no event since 4 Jan, 19:10 UTC, 4.2 were expected by 5 Jan, 15:10.",
        ),
        (
            told(evidence=replace(SILENCE, since=OPENED - timedelta(seconds=40), expected=12_345.6)),
            "checkouts is down",
            "checkouts went silent: no event since 15:09:20 UTC, 12,346 were expected by 15:10:00.",
        ),
        (
            told(evidence=PAUSE),
            "checkouts is down",
            "checkouts went silent: no event since 14:05 UTC, for 1 hour by 15:10.",
        ),
        (
            told(ESCALATED, after=HOUR, was=Cause.DROP),
            "checkouts went silent",
            "checkouts went from low to silent: no event since 14:05 UTC, 23 were expected by 16:10.",
        ),
        (
            told(ESCALATED, after=HOUR, was=Cause.VALUE),
            "checkouts went silent",
            "checkouts went silent: no event since 14:05 UTC, 23 were expected by 16:10.",
        ),
        (
            told(ESCALATED, after=HOUR, **{**LOW, "severity": "critical", "was": Cause.DROP}),
            "checkouts got worse",
            "checkouts dropped further: 12 events since 14:05 UTC where 61 were expected.",
        ),
        (
            told(REMINDER, after=2 * HOUR, **LOW),
            "checkouts is still low",
            "checkouts is still low after 2 hours, and nobody has acknowledged it yet.",
        ),
        (
            told(REMINDER, after=2 * HOUR),
            "checkouts is still down",
            "checkouts is still down after 2 hours, and nobody has acknowledged it yet.",
        ),
        (told(RESOLVED, after=HOUR, **OVER), "checkouts has recovered", "Events of checkouts come again after 1 hour."),
        (
            told(RESOLVED, after=HOUR, **{**LOW, **OVER}),
            "checkouts has recovered",
            "checkouts is back near its usual rate after 1 hour.",
        ),
        (
            told(RESOLVED, after=HOUR, **{**OVER, "resolution": Cause.LATE_EVIDENCE}),
            "checkouts has recovered",
            "checkouts was up after all: its events were received in time and reached us late.",
        ),
        (
            told(RESOLVED, after=HOUR, **{**OVER, "resolution": Cause.PAUSED}),
            "checkouts has recovered",
            "The incident of checkouts ended after 1 hour, because the monitor was paused.",
        ),
    ],
)
def test_every_moment_of_a_stream_has_its_headline_and_its_sentence(said: Message, headline: str, summary: str) -> None:
    assert (said.headline, said.summary) == (headline, summary)
    assert message.payload(said)["data"]["summary"] == summary


def test_the_facts_of_a_drop_are_its_numbers() -> None:
    assert told(**LOW).facts == [
        ("Monitor", "checkouts"),
        ("What happened", "checkouts dropped"),
        ("Expected", "61 events since 5 Jan 2026, 14:05:00 UTC"),
        ("Came", "12 events"),
        ("Usual at that time", "about 56 an hour"),
        ("By chance", "less than once in 26 weeks"),
        ("Last event before", "5 Jan 2026, 14:05:00 UTC"),
        ("Since", "5 Jan 2026, 15:10:00 UTC"),
    ]


def test_a_silence_while_it_learns_says_what_was_asked_for() -> None:
    assert ("Expected", "at least one event in 1 hour, while it learns its rhythm") in told(evidence=PAUSE).facts


VALUES = [
    (
        Amount(Cause.VALUE, SINCE, 0, 1, None, "ping", False),
        "checkouts reported 0, below 1, at 5 Jan 2026, 14:05:00 UTC.",
        [("Value", "0"), ("Good", "1 or more")],
    ),
    (
        Amount(Cause.VALUE, SINCE, 1200.5, 12, 48.25, "ping", True),
        "checkouts reported 1,200, above the usual 12 to 48.25, at 5 Jan 2026, 14:05:00 UTC.",
        [("Value", "1,200"), ("Usual at that hour", "12 to 48.25")],
    ),
    (
        Amount(Cause.VALUE, SINCE, 9, 10, None, "hour_sum", False),
        "checkouts summed up to 9 in an hour, below 10, from 5 Jan 2026, 14:05:00 UTC.",
        [("Sum of the hour", "9"), ("Good", "10 or more")],
    ),
    (
        Amount(Cause.VALUE, SINCE, 9.5, None, 5, "hour_mean", False),
        "checkouts averaged 9.5 in an hour, above 5, from 5 Jan 2026, 14:05:00 UTC.",
        [("Mean of the hour", "9.5"), ("Good", "5 or less")],
    ),
]


@pytest.mark.parametrize(("odd", "summary", "facts"), VALUES)
def test_a_value_is_told_with_what_would_have_been_good(
    odd: Amount, summary: str, facts: list[tuple[str, str]]
) -> None:
    about: dict[str, Any] = {"cause": Cause.VALUE, "severity": "critical", "title": "odd", "evidence": odd}

    said = told(**about)

    assert (said.headline, said.summary) == ("checkouts is down", summary)
    assert said.facts[2:4] == facts
    assert told(RESOLVED, **about, **OVER).summary == "checkouts reports good values again after 1 hour."
