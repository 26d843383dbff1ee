"""Who is told of what: the choice of a subscription, and what its channel tells without one."""

from collections.abc import Collection
from dataclasses import dataclass

from alerts.domain.message import TYPE_OF_EVENT, MessageType
from monitors.domain.status import EventKind, Severity

CHOICES = (
    EventKind.OPENED,
    EventKind.ESCALATED,
    EventKind.REMINDED,
    EventKind.ACKNOWLEDGED,
    EventKind.RESOLVED,
)
"""The events that a subscription may choose among."""

_RANKS = {Severity.WARNING: 0, Severity.CRITICAL: 1}


@dataclass(frozen=True, slots=True)
class Listener:
    """A channel that is subscribed to a monitor: `events` is what was chosen for it, or else all that it `tells`."""

    tells: Collection[MessageType]
    is_read_by_people: bool
    events: Collection[str] | None = None
    min_severity: Severity = Severity.WARNING

    def wants(self, kind: EventKind, severity: Severity) -> bool:
        """Whether it is told of an event of an incident that is this severe."""
        return self.chose(kind) and _RANKS[severity] >= _RANKS[self.min_severity]

    def chose(self, kind: EventKind) -> bool:
        """Whether events of this kind are among those it is told of."""
        return kind in self.events if self.events is not None else TYPE_OF_EVENT[kind] in self.tells

    def may_end(self, *, was_told: bool) -> bool:
        """Whether it hears that something is over: nobody hears of the end of what they never heard of, except who
        asked for ends alone."""
        return was_told or not self.chose(EventKind.OPENED)
