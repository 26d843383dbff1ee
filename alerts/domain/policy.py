"""What becomes of an incident's waiting events: told now, held back, or left untold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.domain import words
from monitors.domain.policy import Snooze
from monitors.domain.status import EventKind

ALARMS = (EventKind.OPENED, EventKind.ESCALATED, EventKind.REMINDED)
"""What a snooze keeps from people; that something is over, or that someone is on it, they may always hear."""

LOOK_AGAIN = timedelta(seconds=30)
"""How often a snooze without an end is looked at: a healthy ping may have ended it, and the incident still be open."""


class Fate(StrEnum):
    """What becomes of an event."""

    TELL = "tell"
    HOLD = "hold"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of an incident: when it opened and ended, the delay of its policy, and a snooze that was on when it
    opened or came after."""

    opened_at: datetime
    resolved_at: datetime | None = None
    delay: timedelta = timedelta(0)
    snooze: Snooze | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A fate for each event, until when the held ones wait, and why the quiet ones are told to nobody."""

    fates: tuple[Fate, ...]
    hold_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Quiet:
    until: datetime
    reason: str


def decide(kinds: Sequence[EventKind], story: Story, now: datetime) -> Decision:
    """The fates of an incident's undispatched events, which come in their order.

    Nothing overtakes: whatever follows a held event is held too. What was over before it had to be told is told to
    nobody, from its beginning to its end; the end of what was told before is told.
    """
    quiet = _quiet(story, story.resolved_at or now, is_untold=EventKind.OPENED in kinds)
    alarms = [place for place, kind in enumerate(kinds) if kind in ALARMS]
    if quiet is None or not alarms:
        return Decision((Fate.TELL,) * len(kinds))
    if story.resolved_at is None:
        first = alarms[0]
        return Decision((Fate.TELL,) * first + (Fate.HOLD,) * (len(kinds) - first), hold_until=quiet.until)
    if EventKind.OPENED in kinds:
        return Decision((Fate.QUIET,) * len(kinds), reason=quiet.reason)
    fates = tuple(Fate.QUIET if kind in ALARMS else Fate.TELL for kind in kinds)
    return Decision(fates, reason=quiet.reason)


def next_reminder(due: datetime, every: timedelta, now: datetime) -> datetime:
    """When to remind after a reminder that was due: whatever was missed meanwhile is one reminder, not several."""
    return due + every * ((now - due) // every + 1)


def _quiet(story: Story, at: datetime, *, is_untold: bool) -> _Quiet | None:
    """Why people are left in peace at a moment, and until when at least."""
    if story.snooze is not None and story.snooze.covers(at):
        until = story.snooze.until or at + LOOK_AGAIN
        return _Quiet(until, "Nobody was told: the monitor was snoozed.")
    end = story.opened_at + story.delay
    if is_untold and story.delay and at < end:  # without a delay a host whose clock is behind must not hold it either
        return _Quiet(end, f"Nobody was told: it was over within {words.span(story.delay)}.")
    return None
