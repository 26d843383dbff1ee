"""Learning the rhythms of beets from their hours: once a day each, many at once, and on demand.

What a beet has counted in the last eight weeks goes in, without the hours that say nothing of it: those before its
first event, those in which it was paused or nobody listened, and those of confirmed incidents. An incident that a
person resolved by hand was none: that person said that it is well.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import structlog
from django.db import transaction
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from numpy.typing import NDArray

from monitors import hourly_values, rhythm_sql, rhythms
from monitors.domain import counted, evidence, fields, hours, rhythm
from monitors.domain.counted import Window
from monitors.domain.gaps import Span
from monitors.domain.status import Cause, Status
from monitors.models import Gap, HourlyCount, Incident, Monitor, Pulse, Rhythm, StatusChange

log = structlog.get_logger(__name__)

PROGRESS_EVERY = timedelta(hours=1)
"""So often it is looked how far a beet is that has not learned yet."""
TOGETHER = 200
"""So many go through the sums, and to and from the database, at once."""
_WRONG = (Cause.SILENCE, Cause.DROP)


@dataclass(frozen=True, slots=True)
class Beet:
    """What learning needs to know of a beet beside its counts: since when it is there and has counts, whether it has
    learned before, and that its level is to stay, for it is low or silent right now."""

    monitor_id: int
    zone: str
    made_at: datetime
    has_older: bool
    is_paused: bool
    has_rates: bool
    kept_level: float | None


@dataclass(frozen=True, slots=True)
class Table:
    """What beets of one zone counted, and what each hour is worth: (M, H)."""

    beets: list[Beet]
    counts: NDArray[np.int64]
    floors: NDArray[np.bool_]
    weights: NDArray[np.float64]


def run(*, now: datetime, limit: int = hourly_values.BATCH) -> int:
    """Learn those that are due, at most so many. Returns how many were looked at."""
    claimed = _claim(now, limit)
    if claimed:
        _learn(claimed, now)
    return len(claimed)


def at_once(monitor_ids: Sequence[int], *, now: datetime) -> None:
    """Learn these beets now: after an import, a move to another zone, or when a person said that all is well."""
    Rhythm.objects.filter(monitor_id__in=monitor_ids).update(learned_at=now)
    _learn(monitor_ids, now)


def _due(now: datetime) -> QuerySet[Rhythm]:
    first_day = (now - timedelta(weeks=rhythm.WEEKS)).date()
    has_counts = Exists(HourlyCount.objects.filter(monitor=OuterRef("pk"), day__gte=first_day))
    is_due = Q(learned_at=None) | Q(learned_at__lt=now - hourly_values.LEARNS_EVERY)
    is_new = Q(rates=None, learned_at__lt=now - PROGRESS_EVERY, monitor__pulse__last_success_at__gt=F("learned_at"))
    beets = Rhythm.objects.filter(has_counts, monitor__type=fields.BEET, monitor__deleted_at=None)
    return beets.filter(is_due | is_new).exclude(monitor__pulse__status=Status.PAUSED)


def _claim(now: datetime, limit: int) -> list[int]:
    """Take those that are due, the longest waiting first; another worker takes others."""
    due = _due(now)
    if not due.exists():  # a read: SQLite's write lock stays free
        return []
    with transaction.atomic():
        locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
        oldest = locked.order_by(F("learned_at").asc(nulls_first=True), "monitor_id")
        ids = list(oldest.values_list("monitor_id", flat=True)[:limit])
        Rhythm.objects.filter(monitor_id__in=ids).update(learned_at=now)
    return ids


def _learn(monitor_ids: Sequence[int], now: datetime) -> None:
    window = Window.back_from(rhythms.rolled_until() or hours.floor(now), weeks=rhythm.WEEKS)
    by_zone = defaultdict(list)
    for beet in _beets(monitor_ids, window):
        by_zone[beet.zone].append(beet)
    for beets in by_zone.values():
        for start in range(0, len(beets), TOGETHER):
            _learn_some(beets[start : start + TOGETHER], window, now)
    hourly_values.learn(monitor_ids, now)


def _learn_some(beets: list[Beet], window: Window, now: datetime) -> None:
    """Learn these together; if that fails each alone, so that one that is broken keeps no other from it."""
    try:
        _write(_learn_together(_table(beets, window), window), now)
    except Exception:
        log.warning("learn.failed", beets=[beet.monitor_id for beet in beets], exc_info=True)
        for beet in beets if len(beets) > 1 else ():
            _learn_some([beet], window, now)


def _learn_together(table: Table, window: Window) -> list[rhythm_sql.Learned]:
    """What was learned of the beets of a table, and of those that are not ready how far they are."""
    progress = [_progress(beet, row, window) for beet, row in zip(table.beets, table.counts, strict=True)]
    chosen = np.flatnonzero(_are_ready(table, progress))
    if len(chosen):
        kept = [table.beets[number].kept_level for number in chosen]
        profiles = rhythm.learn(
            window.start,
            table.counts[chosen],
            table.weights[chosen],
            table.beets[0].zone,
            floors=table.floors[chosen],
            levels=np.array([np.nan if level is None else level for level in kept]),
        )
        for number, profile in zip(chosen, profiles, strict=True):
            progress[number] = _with_profile(progress[number], profile)
    return [row for beet, row in zip(table.beets, progress, strict=True) if row.rates is not None or not beet.has_rates]


def _are_ready(table: Table, progress: list[rhythm_sql.Learned]) -> NDArray[np.bool_]:
    """Which of the beets have enough to learn from."""
    lengths = np.array([(row.learned_to - row.learned_from) / hours.HOUR for row in progress])
    return rhythm.are_ready(lengths, table.weights, table.counts, np.array([beet.has_rates for beet in table.beets]))


def _progress(beet: Beet, counts: NDArray[np.int64], window: Window) -> rhythm_sql.Learned:
    """From when to when a beet has counted, and how many events; nothing is learned yet."""
    some = np.flatnonzero(counts)
    first, last = (some[0], some[-1] + 1) if len(some) else (0, 0)
    since, until = (hours.start(window.first + int(number)) for number in (first, last))
    return rhythm_sql.Learned(beet.monitor_id, since, until, int(counts.sum()), beet.zone)


def _with_profile(row: rhythm_sql.Learned, profile: rhythm.Profile) -> rhythm_sql.Learned:
    packed = rhythms.pack_rates(profile.rates)
    return row._replace(rates=packed, level=profile.level, burst=profile.burst, wobble=profile.wobble)


def _write(rows: list[rhythm_sql.Learned], now: datetime) -> None:
    """Write what was learned, and have the sweep look at those that have learned by it. Pulses are locked first."""
    if not rows:
        return
    ids = [row.monitor_id for row in rows if row.rates is not None]
    with transaction.atomic():
        pulses = Pulse.objects.filter(monitor_id__in=ids, monitor__deleted_at=None).order_by("monitor_id")
        live = list(pulses.select_for_update(no_key=True, of=("self",)).values_list("monitor_id", flat=True))
        rhythm_sql.write_learned(rows)
        Pulse.objects.filter(monitor_id__in=live).exclude(status=Status.PAUSED).update(deadline=now)


# What is read


def _beets(monitor_ids: Sequence[int], window: Window) -> list[Beet]:
    oldest = HourlyCount.objects.filter(monitor=OuterRef("pk")).order_by("day").values("day")[:1]
    wrong = Incident.objects.filter(monitor=OuterRef("pk"), resolved_at=None, cause__in=_WRONG)
    has_rates = Q(rhythm__rates__isnull=False)
    found = (
        Monitor.objects.filter(id__in=monitor_ids, type=fields.BEET)
        .annotate(
            oldest=Subquery(oldest), is_wrong=Exists(wrong), has_rates=ExpressionWrapper(has_rates, BooleanField())
        )
        .order_by("id")
    )
    columns = ("id", "timezone", "created_at", "oldest", "pulse__status", "has_rates", "rhythm__level", "is_wrong")
    return [
        Beet(
            monitor_id=id_,
            zone=zone,
            made_at=made_at,
            has_older=oldest is not None and oldest < window.first_day,
            is_paused=status == Status.PAUSED,
            has_rates=has_rates,
            kept_level=level if is_wrong and has_rates else None,
        )
        for id_, zone, made_at, oldest, status, has_rates, level, is_wrong in found.values_list(*columns)
    ]


def _table(beets: list[Beet], window: Window) -> Table:
    ids = [beet.monitor_id for beet in beets]
    counts, floors = hours_of(ids, window)
    known = window.known(counts, [beet.made_at for beet in beets], [beet.has_older for beet in beets])
    gaps = Gap.objects.filter(ended_at__gte=window.start).values_list("started_at", "ended_at")
    weights = known * window.heard(gaps)
    for number, spans in _spoilt(beets, window).items():
        window.leave_out(weights[number], spans)
    return Table(beets, counts, floors, weights)


def hours_of(ids: Sequence[int], window: Window) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """What the beets with these ids, in order, counted in each hour of a window, and where there were more: (M, H)."""
    found = rhythm_sql.table(ids, window.first_day, window.last_day)
    return window.table(ids, owners=found.monitors, days=found.days, floors=found.floors, packed=found.counts)


def _spoilt(beets: list[Beet], window: Window) -> dict[int, list[Span]]:
    """The pauses and the confirmed incidents of the beets, by their number in the table."""
    numbers = {beet.monitor_id: number for number, beet in enumerate(beets)}
    found: dict[int, list[Span]] = defaultdict(list)
    for monitor_id, spans in pauses({beet.monitor_id: beet.is_paused for beet in beets}, window).items():
        found[numbers[monitor_id]] += spans
    for incident in _confirmed(list(numbers), window):
        found[numbers[incident.monitor_id]].append((_since(incident), incident.resolved_at or window.end))
    return found


def pauses(is_paused: Mapping[int, bool], window: Window) -> dict[int, list[Span]]:
    """When these monitors were paused, by id; of each it is given whether it is so now."""
    changes: dict[int, list[tuple[datetime, bool]]] = {monitor_id: [] for monitor_id in is_paused}
    moves = Q(from_status=Status.PAUSED) | Q(to_status=Status.PAUSED)
    rows = StatusChange.objects.filter(moves, monitor_id__in=list(changes), at__gte=window.start).order_by("at", "id")
    for monitor_id, at, to in rows.values_list("monitor_id", "at", "to_status"):
        changes[monitor_id].append((at, to == Status.PAUSED))
    return {id_: counted.paused(changes[id_], window, is_paused=paused) for id_, paused in is_paused.items()}


def _confirmed(monitor_ids: list[int], window: Window) -> QuerySet[Incident]:
    lasting = Q(resolved_at=None) | Q(resolved_at__gte=window.start)
    found = Incident.objects.filter(lasting, monitor_id__in=monitor_ids, cause__in=_WRONG)
    return found.exclude(resolution=Cause.RESOLVED)


def _since(incident: Incident) -> datetime:
    """When it began: it was noticed later."""
    return min(incident.opened_at, evidence.began_at(incident.evidence) or incident.opened_at)
