"""The hours of the past: how many events each beet had in each UTC hour that is over, for learning and for charts.

An hour is counted once the watermark has passed its end, so all its pings are stored. Counting again changes nothing: a
row keeps the larger of what it has and what is counted, so imported hours stay, and pings that a spool brought late
come in. Counts are read without a lock; only the writing is a transaction, short, behind the row of `RollupMark`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from numpy.typing import NDArray

from monitors import rhythm_sql, rhythms
from monitors.domain import fields, hours, rhythm
from monitors.models import Monitor, Ping, Pulse, Rhythm, RollupMark

FURTHEST = timedelta(weeks=rhythm.WEEKS)
"""The first run of all goes back so far at most: nothing older is learned from."""
STEP = timedelta(days=1)
"""So much time is counted at once, so that no transaction is long."""
RECOUNTED = timedelta(days=2)
"""At the end of each day it is counted again with the day before, for pings that a spool brought late, also after the
midnight that followed them."""
LIMITED = 60
"""The limiter lets so many through in ten seconds before it turns one away: an hour with fewer had none limited."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Events in hours: `events[i]` of `monitors[i]` in `numbers[i]`, an hour since 1970. Each pair once."""

    monitors: NDArray[np.int64]
    numbers: NDArray[np.int64]
    events: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int]]) -> "Counts":
        """Counts of rows of monitor, hour and events."""
        columns = np.asarray(rows, np.int64).reshape(-1, 3).T
        return cls(columns[0], columns[1], columns[2])


def run(*, watermark: datetime) -> list[datetime]:
    """Count the hours that are over by the watermark and were not counted yet. Returns when they began; most runs
    return none, after a look at one row."""
    until = hours.floor(watermark)
    since = rhythms.rolled_until() or _begin(until)
    if since < until:
        add_missing_rhythms()
    counted: list[datetime] = []
    while since < until:
        end = min(since + STEP, until)
        if not _step(since, end):
            break  # another worker was faster
        counted += [hours.start(number) for number in range(hours.number(since), hours.number(end))]
        since = end
    return counted


@transaction.atomic
def locked() -> RollupMark | None:
    """The mark, locked until the caller's transaction ends: nobody else writes counts. None before the first run."""
    return RollupMark.objects.select_for_update().filter(id=1).first()


def merge(counts: Counts, *, limited: Mapping[int, int] | None = None, limited_since: datetime | None = None) -> None:
    """Bring each hour's row up to what was counted, never down, and the best hours with them. The hours of the
    monitors that are `limited`, by how many pings, are lower bounds from `limited_since` on. Under the mark's lock."""
    limited = limited or {}
    if len(counts.events):
        _add(counts, limited, limited_since)
    better = _better(counts)
    _lock_pulses({*limited, *(monitor_id for monitor_id, _, _ in better)})
    _raise(better)
    _note_limited(limited)


def _add(counts: Counts, limited: Collection[int], limited_since: datetime | None) -> None:
    days, inverse = np.unique(
        np.stack([counts.monitors, counts.numbers // hours.DAY_HOURS], axis=1), axis=0, return_inverse=True
    )
    fresh = np.zeros((len(days), hours.DAY_HOURS), np.int64)
    position = inverse.reshape(-1), counts.numbers % hours.DAY_HOURS
    fresh[position] = counts.events
    floors = np.zeros(fresh.shape, np.bool_)
    if limited_since is not None:
        is_floor = np.isin(counts.monitors, np.asarray(list(limited), np.int64)) & (counts.events >= LIMITED)
        floors[position] = is_floor & (counts.numbers >= hours.number(limited_since))
    _write(days, fresh, floors)


def add_missing_rhythms() -> None:
    """Give beets their row of what is learned that the release before made while this one began."""
    missing = Monitor.objects.filter(type=fields.BEET, deleted_at=None, rhythm=None).values_list("id", "timezone")
    Rhythm.objects.bulk_create([Rhythm(monitor_id=id_, zone=zone) for id_, zone in missing], ignore_conflicts=True)


def _begin(until: datetime) -> datetime:
    """Where the first run begins: with the oldest kept ping of a beet. Others may begin at the same time."""
    oldest = Ping.objects.filter(monitor=OuterRef("pk")).order_by("received_at").values("received_at")[:1]
    beets = Monitor.objects.filter(type=fields.BEET, deleted_at=None)
    first = (
        beets.annotate(oldest=Subquery(oldest))
        .order_by("oldest")
        .values_list("oldest", flat=True)
        .exclude(oldest=None)
        .first()
    )
    since = min(until, max(hours.floor(first), until - FURTHEST)) if first else until
    mark, _ = RollupMark.objects.get_or_create(id=1, defaults={"rolled_until": since})
    return mark.rolled_until


def _step(since: datetime, end: datetime) -> bool:
    """Count the hours of one step and move the mark. False if it is not where it was."""
    is_new_day = since.date() != end.date()
    counts = Counts.of(rhythm_sql.counted(since - RECOUNTED if is_new_day else since, end))
    with transaction.atomic():
        mark = locked()
        if mark is None or mark.rolled_until != since:
            return False
        merge(counts, limited=dict(_newly_limited()), limited_since=since)
        RollupMark.objects.filter(id=1).update(rolled_until=end)
    return True


def _newly_limited() -> Sequence[tuple[int, int]]:
    """The beets of which the limiter turned pings away since the last counted hour, and how many it did in all."""
    more = F("monitor__pulse__limited_count")
    beets = Rhythm.objects.filter(monitor__type=fields.BEET, limited_count__lt=more)
    return list(beets.values_list("monitor_id", "monitor__pulse__limited_count"))


def _write(days: NDArray[np.int64], fresh: NDArray[np.int64], floors: NDArray[np.bool_]) -> None:
    ids = np.unique(days[:, 0]).tolist()
    first, last = (hours.day(int(number) * hours.DAY_HOURS) for number in (days[:, 1].min(), days[:, 1].max()))
    stored = {(monitor, day): (packed, bits) for monitor, day, packed, bits in rhythm_sql.days(ids, first, last)}
    known = [stored.get((int(monitor), int(day)), (hours.EMPTY, 0)) for monitor, day in days]
    counts = np.maximum(fresh, hours.unpack(packed for packed, _ in known))
    masks = hours.mask(floors) | np.asarray([bits for _, bits in known], np.int64)
    packed = hours.pack(counts)
    size = len(hours.EMPTY)
    rhythm_sql.write_days(
        [
            rhythm_sql.Day(
                int(monitor),
                hours.day(int(day) * hours.DAY_HOURS),
                packed[row * size : (row + 1) * size],
                int(masks[row]),
            )
            for row, (monitor, day) in enumerate(days)
        ]
    )


def raise_bests(counts: Counts) -> None:
    """Keep the best hour of each beet among these, the earliest of its largest, if it beats what it had."""
    better = _better(counts)
    _lock_pulses({monitor_id for monitor_id, _, _ in better})
    _raise(better)


def _raise(better: list[tuple[int, int, datetime]]) -> None:
    if better:
        rhythm_sql.raise_bests(better)


def _note_limited(limited: Mapping[int, int]) -> None:
    """Note how many pings of each of these beets were turned away when it was asked, which may be more by now."""
    rows = [Rhythm(monitor_id=monitor_id, limited_count=count) for monitor_id, count in limited.items()]
    Rhythm.objects.bulk_update(rows, ["limited_count"])


def _lock_pulses(monitor_ids: Collection[int]) -> None:
    """Lock them in order before rows of what is learned, as the sweep does, which writes the same rows."""
    pulses = Pulse.objects.filter(monitor_id__in=monitor_ids).select_for_update(no_key=True)
    list(pulses.order_by("monitor_id").values_list("monitor_id"))


def _better(counts: Counts) -> list[tuple[int, int, datetime]]:
    """The best hour of each beet among these, with its events and its beginning, where it beats what is known."""
    order = np.lexsort((counts.numbers, -counts.events, counts.monitors))
    _, first = np.unique(counts.monitors[order], return_index=True)
    best = order[first]
    rows = zip(*(column[best].tolist() for column in (counts.monitors, counts.events, counts.numbers)), strict=True)
    known = dict(Rhythm.objects.filter(monitor__in=counts.monitors[best].tolist()).values_list("monitor", "best_count"))
    return [(id_, events, hours.start(number)) for id_, events, number in rows if events > known.get(id_, events)]
