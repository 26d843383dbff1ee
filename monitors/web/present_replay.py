"""What a replay says to people: how often they would have been alerted, and when."""

from dataclasses import dataclass
from datetime import timedelta

from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller
from monitors.domain import explain, rhythm
from monitors.domain.rehearsal import Rehearsal
from monitors.domain.rhythm import Alarm

SHOWN = 8
_WEEK = timedelta(weeks=1)
_HAPPENED = {"silence": "went silent", "drop": "dropped"}


@dataclass(frozen=True, slots=True)
class Line:
    """An alert that would have been."""

    at: Moment
    what: str
    severity: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What is shown: problems with what was typed, or a sentence, the newest alerts, and how many more there were."""

    says: str = ""
    lines: tuple[Line, ...] = ()
    more: str = ""
    problems: tuple[str, ...] = ()


def panel(found: Rehearsal | None, tell: Teller, *, settings: str = "With these settings you would") -> Panel:
    """What a replay came to; `settings` begins the sentence."""
    if found is None or not found.has_learned:
        return Panel(says=_too_short(found))
    count, since = len(found.alarms), _length(found.until - found.learned_to)
    if not count:
        return Panel(says=f"{settings} not have been alerted in the past {since}.")
    times = "once" if count == 1 else f"{count:,} times"
    newest = found.alarms[: -SHOWN - 1 : -1]
    more = count - len(newest)
    return Panel(
        says=f"{settings} have been alerted {times} in the past {since}.",
        lines=tuple(_line(alarm, tell) for alarm in newest),
        more=f"and {more:,} more before" if more else "",
    )


def _too_short(found: Rehearsal | None) -> str:
    needed = f"{rhythm.READY_AFTER.days} days to learn from, and some to judge"
    if found is None:
        return f"It has counted nothing yet. A replay needs {needed}."
    if found.is_judged:
        return f"It has counted {found.events} events; a replay needs {rhythm.READY_EVENTS} to learn from."
    counted = durations.full((found.until - found.learned_from).total_seconds(), units=1)
    return f"It has counted for {counted}. A replay needs {needed}."


def _length(time: timedelta) -> str:
    if time >= 2 * _WEEK:
        return f"{time // _WEEK} weeks"
    return durations.full(time.total_seconds(), units=1)


def _line(alarm: Alarm, tell: Teller) -> Line:
    what = f"{_HAPPENED[alarm.arm]}: {alarm.seen:,} of {explain.rounded(alarm.expected)} expected"
    if alarm.resolved_at is None:
        what += ", not over yet"
    else:
        what += f", over after {durations.short((alarm.resolved_at - alarm.opened_at).total_seconds(), units=1)}"
    return Line(tell.clock(alarm.opened_at.replace(second=0, microsecond=0)), what, alarm.severity)
