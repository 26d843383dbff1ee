"""What a message says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.domain import message
from alerts.domain.message import MessageType
from monitors.domain.status import Cause
from tests.alerts.messages import MONITOR, OPENED_AT, opened, resolved


@pytest.mark.parametrize(
    ("told", "summary"),
    [
        (
            opened(),
            "Nightly backup did not ping: it was expected at 5 Jan 2026, 12:05:00 UTC, and its last ping came "
            "6 minutes before the alert.",
        ),
        (opened(cause=Cause.FAILED), "Nightly backup reported a failure at 5 Jan 2026, 12:06:00 UTC."),
        (
            opened(cause=Cause.OVERRAN),
            "Nightly backup started and did not finish in time, by 5 Jan 2026, 12:06:00 UTC.",
        ),
        (
            opened(cause=Cause.DROP, title="Checkouts are low"),
            "Checkouts are low, since 5 Jan 2026, 12:06:00 UTC.",
        ),
        (resolved(), "Nightly backup is up again after 12 minutes."),
        (
            resolved(tells_both=True),
            "Nightly backup is up again after 12 minutes; the alert about it could not be delivered before.",
        ),
        (
            resolved(resolution=Cause.RESOLVED),
            "The incident of Nightly backup was resolved by hand after 12 minutes.",
        ),
        (
            resolved(resolution=Cause.DELETED),
            "The incident of Nightly backup ended after 12 minutes, because the monitor was deleted.",
        ),
        (
            replace(opened(acknowledged_by="bob@example.com"), type=MessageType.ACKNOWLEDGED),
            "Nightly backup missed its ping: acknowledged by bob@example.com.",
        ),
    ],
)
def test_the_summary_is_one_plain_sentence(told: message.Message, summary: str) -> None:
    assert told.summary == summary


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_words(cause: Cause) -> None:
    assert "Nightly backup" in opened(cause=cause).summary
    assert "Nightly backup" in resolved(resolution=cause).summary


def test_an_opened_incident_says_what_a_person_needs() -> None:
    assert opened().facts == [
        ("Monitor", "Nightly backup"),
        ("What happened", "Nightly backup missed its ping"),
        ("Expected", "a ping every 5 minutes, with 1 minute of grace"),
        ("Was due", "5 Jan 2026, 12:05:00 UTC"),
        ("Last ping before", "5 Jan 2026, 12:00:00 UTC"),
        ("Since", "5 Jan 2026, 12:06:00 UTC"),
    ]


def test_a_resolved_incident_also_says_how_long_it_lasted() -> None:
    assert resolved().facts[-2:] == [("Until", "5 Jan 2026, 12:18:00 UTC"), ("Lasted", "12 minutes")]


def test_a_monitor_that_never_pinged_says_so() -> None:
    assert ("Last ping before", "never") in opened(last_ping_at=None).facts


def test_the_payload_is_the_contract() -> None:
    assert message.payload(resolved()) == {
        "type": "incident.resolved",
        "timestamp": "2026-01-05T12:18:00.000Z",
        "data": {
            "incident": {
                "id": 17,
                "monitorId": 7,
                "monitorName": "Nightly backup",
                "status": "resolved",
                "severity": "critical",
                "cause": "missed",
                "title": "Nightly backup missed its ping",
                "openedAt": "2026-01-05T12:06:00.000Z",
                "acknowledgedAt": None,
                "acknowledgedBy": None,
                "resolvedAt": "2026-01-05T12:18:00.000Z",
                "durationSec": 720,
                "autoResolved": True,
            },
            "monitor": {
                "id": 7,
                "name": "Nightly backup",
                "type": "heartbeat",
                "url": "https://beet.example.com/monitors/7",
            },
            "summary": "Nightly backup is up again after 12 minutes.",
        },
    }


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (opened(), "open"),
        (opened(acknowledged_at=OPENED_AT + timedelta(minutes=1), acknowledged_by="bob@example.com"), "acknowledged"),
        (resolved(), "resolved"),
    ],
)
def test_the_payload_says_where_the_incident_stands(told: message.Message, status: str) -> None:
    assert message.payload(told)["data"]["incident"]["status"] == status


@pytest.mark.parametrize("resolution", [Cause.RESOLVED, Cause.PAUSED, Cause.DELETED])
def test_an_incident_that_a_person_ended_did_not_resolve_itself(resolution: Cause) -> None:
    row = message.payload(resolved(resolution=resolution))["data"]["incident"]

    assert row["autoResolved"] is False


def test_a_test_message_is_complete() -> None:
    told = message.sample(monitor=MONITOR, at=OPENED_AT)

    assert message.payload(told)["type"] == "test"
    assert told.headline == "Test alert from Heartbeet"
    assert told.facts == [("Monitor", "Nightly backup"), ("Sent", "5 Jan 2026, 12:06:00 UTC")]
