"""The field's words: states of a monitor, causes of a change, kinds of ping."""

from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """A monitor's state. `late` is derived when read and never stored."""

    NEW = "new"
    LEARNING = "learning"
    UP = "up"
    LATE = "late"
    WARNING = "warning"
    DOWN = "down"
    UNKNOWN = "unknown"
    PAUSED = "paused"


STORED = [status for status in Status if status is not Status.LATE]


def of_beet(stored: Status) -> Status:
    """The state of a beet to show: one that nothing has judged yet is learning, pinged or not."""
    return Status.LEARNING if stored is Status.NEW else stored


class Kind(StrEnum):
    """What a ping says."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"


class Cause(StrEnum):
    """Why a state changed. The first six are also an incident's cause."""

    MISSED = "missed"
    FAILED = "failed"
    OVERRAN = "overran"
    SILENCE = "silence"
    DROP = "drop"
    VALUE = "value"
    PINGED = "pinged"
    RECOVERED = "recovered"
    LATE_EVIDENCE = "late_evidence"
    RESOLVED = "resolved"
    PAUSED = "paused"
    RESUMED = "resumed"
    GAP = "gap"
    DELETED = "deleted"
    LEARNED = "learned"


INCIDENT_CAUSES = [Cause.MISSED, Cause.FAILED, Cause.OVERRAN, Cause.SILENCE, Cause.DROP, Cause.VALUE]
RESOLVED_BY_PING = frozenset({Cause.RECOVERED, Cause.LATE_EVIDENCE})
"""The resolutions of an incident that ended by itself, not by what a person did."""


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"

    @classmethod
    def of(cls, acknowledged_at: datetime | None, resolved_at: datetime | None) -> "IncidentStatus":
        """What the two times say."""
        if resolved_at:
            return cls.RESOLVED
        return cls.ACKNOWLEDGED if acknowledged_at else cls.OPEN


class Severity(StrEnum):
    """How bad it is."""

    WARNING = "warning"
    CRITICAL = "critical"


class EventKind(StrEnum):
    """An entry of an incident's timeline."""

    OPENED = "opened"
    ESCALATED = "escalated"
    REMINDED = "reminded"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    RESOLVED = "resolved"


class RunOutcome(StrEnum):
    """How a started run ended."""

    SUCCESS = "success"
    FAIL = "fail"
    OVERRAN = "overran"
    SUPERSEDED = "superseded"
