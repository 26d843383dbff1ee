"""Who is told of what."""

import pytest

from alerts.domain.message import MessageType
from alerts.domain.routing import CHOICES, Listener
from monitors.domain.status import EventKind, Severity

USUAL = Listener({MessageType.OPENED, MessageType.RESOLVED}, is_read_by_people=True)
PAGER = Listener(USUAL.tells, is_read_by_people=False, events=("opened", "acknowledged"))
SERIOUS = Listener(USUAL.tells, is_read_by_people=True, min_severity=Severity.CRITICAL)
ENDS = Listener(USUAL.tells, is_read_by_people=True, events=("resolved",))


@pytest.mark.parametrize(
    ("listener", "kind", "severity", "wanted", "reason"),
    [
        (USUAL, "opened", "warning", True, "without a choice it is told what its channel tells"),
        (USUAL, "acknowledged", "critical", False, "and no more"),
        (PAGER, "acknowledged", "critical", True, "a choice may ask for more than the channel's usual"),
        (PAGER, "resolved", "critical", False, "or for less"),
        (SERIOUS, "opened", "warning", False, "a warning is below its least severity"),
        (SERIOUS, "opened", "critical", True, "what is critical is not"),
    ],
)
def test_what_a_subscription_wants(listener: Listener, kind: str, severity: str, wanted: bool, reason: str) -> None:
    assert listener.wants(EventKind(kind), Severity(severity)) is wanted, reason


@pytest.mark.parametrize(
    ("listener", "was_told", "hears", "reason"),
    [
        (USUAL, True, True, "it was told of the beginning"),
        (USUAL, False, False, "it never heard of it"),
        (ENDS, False, True, "it asked for ends alone"),
    ],
)
def test_whether_an_end_is_told(listener: Listener, was_told: bool, hears: bool, reason: str) -> None:
    assert listener.may_end(was_told=was_told) is hears, reason


def test_a_note_cannot_be_chosen() -> None:
    assert EventKind.NOTE not in CHOICES
