"""Bringing a beet the history that it had elsewhere, so that it needs not wait to learn."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from accounts import audit
from accounts.domain.actor import Actor
from monitors import learn, rhythm_sql, rollup
from monitors.domain import hours
from monitors.domain.imports import Stream
from monitors.models import Monitor, Rhythm


class NotABeet(ValueError):
    """Only a beet has a history of events: give the id of one that is not deleted."""


class TooOld(ValueError):
    """All of it is older than the two years for which counts are kept."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: how many events of how many hours were taken, from when to when; how many hours stayed as
    the monitor itself had counted them, and how many were older than what is kept; and what is known by now."""

    events: int
    hours: int
    since: datetime
    until: datetime
    kept: int
    too_old: int
    rhythm: Rhythm


def load(*, monitor: Monitor, stream: Stream, by: Actor, now: datetime) -> Imported:
    """Take in the events of a stream by the hour, and learn at once. An hour in which the monitor itself counted stays
    as it is. Raises NotABeet or TooOld; then nothing was taken."""
    if monitor.type != Monitor.BEET or monitor.deleted_at is not None:
        raise NotABeet(NotABeet.__doc__)
    numbers, events = stream.by_hour()
    is_recent = numbers >= hours.number(now - hours.KEPT)
    if not is_recent.any():
        raise TooOld(TooOld.__doc__)
    rollup.add_missing_rhythms()
    with transaction.atomic():
        kept = _store(monitor, numbers[is_recent], events[is_recent])
        found = _summary(numbers[is_recent], events[is_recent], kept)
        audit.record(
            organization=monitor.organization,
            by=by,
            action="IMPORT_HISTORY",
            resource=f"monitor:{monitor.id}",
            meta={**_plain(found), "stream": stream.name},
            now=now,
        )
    learn.at_once([monitor.id], now=now)
    return Imported(**found, too_old=int((~is_recent).sum()), rhythm=Rhythm.objects.get(monitor=monitor))


def _store(monitor: Monitor, numbers: NDArray[np.int64], events: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Write the hours. Returns which of them were kept as they are, for the monitor had counted something else. Hours
    from before it was made can only have been imported, and are replaced."""
    rollup.locked()
    days, position = np.unique(numbers // hours.DAY_HOURS, return_inverse=True)
    place = position.reshape(-1), numbers % hours.DAY_HOURS
    first, last = (hours.day(int(day) * hours.DAY_HOURS) for day in (days[0], days[-1]))
    stored = {day: (packed, floors) for _, day, packed, floors in rhythm_sql.days([monitor.id], first, last)}
    known = [stored.get(int(day), (hours.EMPTY, 0)) for day in days]
    counts = hours.unpack(packed for packed, _ in known)
    is_own = (counts[place] > 0) & (numbers >= hours.number(monitor.created_at))
    kept: NDArray[np.bool_] = is_own & (counts[place] != events)
    counts[place] = np.where(is_own, counts[place], events)
    rows = [
        rhythm_sql.Day(monitor.id, hours.day(int(day) * hours.DAY_HOURS), hours.pack(row), floors)
        for day, row, (_, floors) in zip(days, counts, known, strict=True)
        if row.any() or int(day) in stored
    ]
    rhythm_sql.write_days(rows)
    rollup.raise_bests(rollup.Counts(np.full(len(numbers), monitor.id), numbers, counts[place]))
    return kept


def _summary(numbers: NDArray[np.int64], events: NDArray[np.int64], kept: NDArray[np.bool_]) -> dict[str, Any]:
    taken = ~kept
    return {
        "events": int(events[taken].sum()),
        "hours": int(taken.sum()),
        "since": hours.start(int(numbers[0])),
        "until": hours.start(int(numbers[-1]) + 1),
        "kept": int(kept.sum()),
    }


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """The same for the audit log."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}
