"""An incident's timeline: what the rules and people did, when it was dispatched, and what is still held. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.domain import policy as rules
from heartbeet.demo.history import Case
from monitors.domain.policy import Policy, Snooze
from monitors.domain.status import Cause, EventKind

Entry = tuple[datetime, EventKind, str, str]
"""When, what, by whom, and in which words."""


@dataclass(slots=True)
class Event:
    """An entry of a timeline. `by` is a person's key; without `dispatched_at` it is held. `is_told` says whether
    channels hear of it, as far as they are told of its kind."""

    kind: EventKind
    at: datetime
    created_at: datetime
    by: str = ""
    message: str = ""
    dispatched_at: datetime | None = None
    hold_until: datetime | None = None
    is_told: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """The events of a case in order, who took it on and when, and when people are reminded next."""

    case: Case
    events: tuple[Event, ...]
    acknowledged_at: datetime | None
    acknowledged_by: str
    remind_at: datetime | None

    @property
    def ended_at(self) -> datetime | None:
        """When its end was dispatched."""
        return next((event.dispatched_at for event in self.events if event.kind is EventKind.RESOLVED), None)


def unfold(case: Case, its: Policy, snooze: Snooze | None, dice: random.Random, now: datetime) -> Story:
    """What became of a case by `now`, by the policy of its monitor."""
    peace = _peace(case, its, snooze)
    is_told = peace <= (case.resolved_at or now)
    acknowledged_at = _acknowledged_at(case, now)
    told_at = max(case.opened_at, peace) + timedelta(seconds=dice.uniform(0.2, 0.9))
    ends = min(filter(None, [acknowledged_at, case.resolved_at, now]))
    reminders = list(_reminders(told_at, its, ends)) if is_told else []
    entries = [*_entries(case, acknowledged_at, now), *((at, EventKind.REMINDED, "", "") for at in reminders)]
    events = _events(sorted(entries), told_at if is_told else case.resolved_at or now, dice, now)
    if is_told:
        for event in events:
            event.is_told = True
    else:
        _keep_quiet(events, case, its, snooze, peace)
    goes_on = is_told and its.remind_every_sec > 0 and ends == now
    last = reminders[-1] if reminders else told_at
    remind_at = last + timedelta(seconds=its.remind_every_sec) if goes_on else None
    return Story(case, tuple(events), acknowledged_at, case.care.by if case.care and acknowledged_at else "", remind_at)


def _peace(case: Case, its: Policy, snooze: Snooze | None) -> datetime:
    """Until when nobody is told that it opened."""
    until = case.opened_at + timedelta(seconds=its.alert_delay_sec)
    if snooze and snooze.until and snooze.covers(case.opened_at):
        return max(until, snooze.until)
    return until


def _acknowledged_at(case: Case, now: datetime) -> datetime | None:
    if case.care is None or case.care.acknowledged_min is None:
        return None
    at = case.opened_at + timedelta(minutes=case.care.acknowledged_min)
    return at if at < (case.resolved_at or now) else None


def _entries(case: Case, acknowledged_at: datetime | None, now: datetime) -> Iterator[Entry]:
    yield case.opened_at, EventKind.OPENED, "", ""
    if case.escalated_at:
        yield case.escalated_at, EventKind.ESCALATED, "", ""
    if acknowledged_at and case.care:
        yield acknowledged_at, EventKind.ACKNOWLEDGED, case.care.by, ""
    for minutes, text in case.care.notes if case.care else ():
        if (at := case.opened_at + timedelta(minutes=minutes)) < now:
            yield at, EventKind.NOTE, case.care.by if case.care else "", text
    if case.resolved_at:
        by_hand = case.care.by if case.care and case.resolution is Cause.RESOLVED else ""
        yield case.resolved_at, EventKind.RESOLVED, by_hand, ""


def _events(entries: Sequence[Entry], earliest: datetime, dice: random.Random, now: datetime) -> list[Event]:
    """The entries as they were written and dispatched, none before the one before it, nor before `earliest`."""
    events = []
    for at, kind, by, message in entries:
        created_at = min(at + timedelta(seconds=dice.uniform(0.02, 0.4)), now)
        earliest = min(max(created_at, earliest) + timedelta(seconds=dice.uniform(0.05, 0.5)), now)
        events.append(Event(kind, at, created_at, by, message, earliest))
    return events


def _reminders(told_at: datetime, its: Policy, ends: datetime) -> Iterator[datetime]:
    """When people were reminded; each time counts from the one before."""
    every = timedelta(seconds=its.remind_every_sec)
    at = told_at + every
    while every and at < ends:
        yield at
        at += every


def _keep_quiet(events: list[Event], case: Case, its: Policy, snooze: Snooze | None, peace: datetime) -> None:
    """It was over before anybody had to be told, or it is still held back."""
    if case.resolved_at:
        story = rules.Story(case.opened_at, case.resolved_at, timedelta(seconds=its.alert_delay_sec), snooze)
        events[0].message = rules.decide([EventKind.OPENED, EventKind.RESOLVED], story, case.resolved_at).reason
        return
    for event in events:
        event.dispatched_at, event.hold_until = None, peace
