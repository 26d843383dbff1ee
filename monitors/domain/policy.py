"""When people are told, reminded, and left in peace: what an organisation or a monitor may ask for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime

MAX_DELAY_SEC = 7 * 86_400
MIN_REMINDER_SEC, MAX_REMINDER_SEC = 300, 30 * 86_400
MAX_RECOVERY = 100
BUDGET_WEEKS, MAX_BUDGET_WEEKS = 26, 520
"""Weeks per allowed false alarm of one beet: what is usual, and the most that may be asked for."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How somebody is alerted. `alert_delay_sec`: only of what is still open after so long; 0 is at once.
    `remind_every_sec`: again and again while nobody has acknowledged; 0 is never. `recovery_threshold`: how many good
    pings in a row bring a monitor that is down up again. `beet_budget_weeks`: how many weeks may pass per false
    alarm of all beets together, which an organisation may say; without it each beet has the usual budget to itself."""

    alert_delay_sec: int = 0
    remind_every_sec: int = 0
    recovery_threshold: int = 1
    beet_budget_weeks: int | None = None

    def but(self, own: Mapping[str, int | None]) -> "Policy":
        """The same, with the values that a monitor has of its own; None counts as none."""
        return replace(self, **{name: value for name, value in own.items() if value is not None})


NAMES = ("alert_delay_sec", "remind_every_sec", "recovery_threshold")
"""What a monitor may say otherwise than its organisation."""
ALL = tuple(each.name for each in fields(Policy))


def budget_weeks(own: int | None, shared: int | None, beets: int) -> float:
    """The weeks per allowed false alarm of one beet: its `own`, else its part of what `beets` beets share, else the
    usual. If n alike err once in B weeks together, each errs once in n·B weeks."""
    if own is not None:
        return float(own)
    return float(shared * max(1, beets)) if shared else float(BUDGET_WEEKS)


def problems(given: Mapping[str, int | None]) -> Iterator[tuple[str, str]]:
    """What is wrong with the values that are there, as (name, sentence)."""
    delay, every, threshold, budget = (given.get(name) for name in ALL)
    if delay is not None and not 0 <= delay <= MAX_DELAY_SEC:
        yield "alert_delay_sec", f"Wait 0 to {MAX_DELAY_SEC:,} seconds (7 days) before you tell."
    if every and not MIN_REMINDER_SEC <= every <= MAX_REMINDER_SEC:
        limits = f"{MIN_REMINDER_SEC} to {MAX_REMINDER_SEC:,} seconds (5 minutes to 30 days)"
        yield "remind_every_sec", f"Remind every {limits}, or 0 for never."
    if threshold is not None and not 1 <= threshold <= MAX_RECOVERY:
        yield "recovery_threshold", f"Ask for 1 to {MAX_RECOVERY} good pings in a row."
    if message := budget_problem(budget):
        yield "beet_budget_weeks", message


def budget_problem(weeks: int | None) -> str:
    """What is wrong with a number of weeks per false alarm; empty if nothing is."""
    fits = weeks is None or 1 <= weeks <= MAX_BUDGET_WEEKS
    return "" if fits else f"Allow a false alarm every 1 to {MAX_BUDGET_WEEKS} weeks."


@dataclass(frozen=True, slots=True)
class Snooze:
    """A monitor of which nobody hears for a while: `until` a time, or without one until its next healthy ping."""

    since: datetime
    until: datetime | None

    def is_on(self, now: datetime, last_success_at: datetime | None) -> bool:
        """Whether it lasts, to go by the monitor's last healthy ping."""
        if self.until is not None:
            return now < self.until
        return last_success_at is None or last_success_at <= self.since

    def covers(self, at: datetime) -> bool:
        """Whether a moment lies in it; where a ping ends it, the caller knows that none has come before."""
        return self.since <= at and (self.until is None or at < self.until)
