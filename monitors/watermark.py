"""How far the facts reach. Each ingest process says since when it is there, when it did not listen, and up to when all
it received is stored; the sweep's clock is the slowest of those that live, and time that nobody covered is a gap.

Ingest processes call `open_node`, `beat` and `close_node`; the sweep calls `tick`. No wall clock of one host is
compared with that of another: whether a process lives is counted in ticks, so neither a frozen machine nor a set clock
nor a database that was away can kill one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Min, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from monitors import transitions
from monitors.domain import gaps
from monitors.models import Deafness, Gap, IngestNode, SweepMark, Watermark

log = structlog.get_logger(__name__)

DEAD_AFTER = timedelta(seconds=60)
"""So long, while the database is up, the clock waits for a process that has gone without goodbye."""
ABSENCE = timedelta(seconds=5)
"""Ticks further apart than this mean that we, or the database, were away."""
HOLD = timedelta(seconds=2)
"""So long the clock waits after an absence: every process can report before anything is judged."""
STEPPED_BACK = timedelta(seconds=2)
"""Processes that report times so far before what is accounted for have had their clock set back."""
RECALLED = timedelta(days=1)
"""When a clock is set forward it may be putting right what it did so long ago."""
SKEW = timedelta(minutes=1)
"""Workers on several hosts may disagree by so much about the time; one that is behind then counts no time."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process says twice a second: its own time, up to when all it received is in the database, and what began
    or ended of its deafnesses since the last beat that reached the database. Saying a deafness again changes nothing:
    it is known by its start."""

    now: datetime
    flushed_through: datetime
    deaf: tuple[gaps.Deaf, ...] = ()


@transaction.atomic
def open_node(node_id: UUID, *, name: str, since: datetime, beat: Beat, predecessors: Collection[UUID] | None) -> None:
    """Say that a process is there from `since` on. Committed before its first accept; saying it again after an outage
    is a beat. `predecessors` are the processes whose spool or slot it took over: the clock waits for them no more.
    None means all others: whoever holds the data folder of an embedded installation is the only one."""
    _lock(beat.now)  # before the nodes, as the sweep does, for this writes more than one of them
    others = IngestNode.objects.filter(stopped_at=None).exclude(id=node_id)
    if predecessors is not None:
        others = others.filter(id__in=predecessors)
    others.update(stopped_at=beat.now)
    given = {"name": name, "listening_since": since, "flushed_through": beat.flushed_through, "beat_at": beat.now}
    IngestNode.objects.get_or_create(id=node_id, defaults=given)
    _report(node_id, beat)


@transaction.atomic
def beat(node_id: UUID, beat: Beat, *, told_at: datetime | None = None) -> bool:
    """Say that everything received up to `beat.flushed_through` is in the database. One that was taken for dead is
    alive again. False if the process is not known (any more): it must open itself anew.

    `told_at` is the beat that it last brought into the database. If that is gone, so is what it had stored: the
    database was restored from a backup, and counts as listened to from now on."""
    if _report(node_id, beat, told_at=told_at):
        return True
    is_restored = IngestNode.objects.filter(id=node_id).update(listening_since=beat.flushed_through)
    if is_restored:
        log.error("ingest.database_restored", node=str(node_id), told_at=str(told_at))
    return bool(is_restored) and _report(node_id, beat)


@transaction.atomic
def close_node(node_id: UUID, beat: Beat) -> None:
    """Say goodbye: the clock waits for this process no more, and it has listened until `beat.flushed_through`. Also
    for one that is gone, by whoever has drained its spool, so that the time until its last ping counts as heard."""
    _report(node_id, beat, stopped_at=beat.now)
    lasting = Deafness.objects.filter(node_id=node_id, ended_at=None)
    lasting.update(ended_at=Greatest("started_at", Value(beat.flushed_through)))


@transaction.atomic
def tick(now: datetime) -> datetime | None:
    """Move the sweep's clock, and return it: everything received before it is stored, and all time before it in which
    nobody listened is a `Gap` by now. None: hold still, for nobody listens, or not everybody may have reported."""
    mark = _lock(now)
    is_holding = _holds(mark, now)
    live = _count_silence(_passed(mark, now), now)
    _take_time(mark, now)
    _rewind(mark, live)
    clock = min((node.flushed_through for node in live), default=None)
    if clock is not None:
        _account(mark, clock)
    Watermark.objects.filter(id=mark.id).update(
        covered_through=mark.covered_through,
        ticked_at=mark.ticked_at,
        hold_until=mark.hold_until,
        rewound_at=mark.rewound_at,
    )
    return None if is_holding else clock


def sweep_clock(now: datetime) -> datetime | None:
    """How far the slowest living process is; None if none listens. A look only, for whoever shows it."""
    clock: datetime | None = _live().aggregate(clock=Min("flushed_through"))["clock"]
    return clock


def accounted_through(now: datetime) -> datetime | None:
    """Up to when everything received is stored, and every `Gap` is known: for who judges beside the sweep, whose clock
    may be a tick ahead of the gaps. None: nobody listens, or the sweep has not run yet."""
    clock = sweep_clock(now)
    covered = Watermark.objects.values_list("covered_through", flat=True).first()
    return None if clock is None or covered is None else min(clock, covered)


def _live() -> QuerySet[IngestNode]:
    return IngestNode.objects.filter(stopped_at=None, died_at=None)


def _report(node_id: UUID, beat: Beat, *, told_at: datetime | None = None, **also: Any) -> bool:
    said = {"flushed_through": beat.flushed_through, "beat_at": beat.now, "died_at": None, **also}
    known = IngestNode.objects.filter(id=node_id)
    is_known = (known.filter(beat_at__gte=told_at) if told_at else known).update(**said)
    if is_known:
        for deaf in beat.deaf:
            _note(node_id, deaf, beat.now)
    return bool(is_known)


def _note(node_id: UUID, deaf: gaps.Deaf, now: datetime) -> None:
    """Write down one deafness. One at a time lasts, so another that did has ended by the start of this, or by now, if
    the clock was set back in between. One that is over ends no other: a loop may freeze while canaries are lost."""
    if deaf.ended_at is None:
        started = Value(min(deaf.started_at, now))
        lasting = Deafness.objects.filter(node_id=node_id, ended_at=None).exclude(started_at=deaf.started_at)
        lasting.update(ended_at=Greatest("started_at", started))
    ended_at = deaf.ended_at and max(deaf.ended_at, deaf.started_at)
    Deafness.objects.update_or_create(
        node_id=node_id, started_at=deaf.started_at, defaults={"ended_at": ended_at, "reason": deaf.reason}
    )


# The tick


def _absence() -> timedelta:
    return max(ABSENCE, 3 * timedelta(seconds=settings.HEARTBEET_SWEEP_INTERVAL_SEC))


def _passed(mark: Watermark, now: datetime) -> float:
    """How many seconds passed since the last tick in which the database was up, at most."""
    return min(max(now - mark.ticked_at, timedelta()), _absence()).total_seconds()


def _holds(mark: Watermark, now: datetime) -> bool:
    """Whether it is too early to judge: after an absence every process gets time to come back and report. A clock set
    back in that time must not make it long."""
    if mark.hold_until is None:
        mark.hold_until = now + HOLD if now - mark.ticked_at > _absence() else None
    elif not now < mark.hold_until <= now + HOLD:
        mark.hold_until = None
    return mark.hold_until is not None


def _take_time(mark: Watermark, now: datetime) -> None:
    if now > mark.ticked_at or mark.ticked_at - now > SKEW:
        mark.ticked_at = now


def _count_silence(step_sec: float, now: datetime) -> list[IngestNode]:
    """Count for how long each process has said nothing, and declare dead who is silent for too long. Returns the
    living; `seen_beat_at` of each is what the tick before saw."""
    living = []
    for node in _live():
        if node.beat_at != node.seen_beat_at:
            node.silent_sec = 0.0
        elif node.silent_sec + step_sec < DEAD_AFTER.total_seconds():
            node.silent_sec += step_sec
        elif _live().filter(id=node.id, beat_at=node.beat_at).update(died_at=now):
            log.error("ingest.node_died", node=str(node.id), name=node.name, heard_of=str(node.beat_at))
            continue
        living.append(node)
    is_silent = When(beat_at=F("seen_beat_at"), then=F("silent_sec") + step_sec)
    _live().update(silent_sec=Case(is_silent, default=0.0), seen_beat_at=F("beat_at"))
    return living


def _rewind(mark: Watermark, living: list[IngestNode]) -> None:
    """If all processes report times before what is accounted for, their clock was set back, or a wrong one was put
    right: bring what lies in the future back to now. Two reports are waited for, since one may have been on its way
    for long."""
    goes_on = any(node.seen_beat_at and node.beat_at > node.seen_beat_at for node in living)
    at = max((node.beat_at for node in living), default=None)
    if at is None or not goes_on or mark.covered_through is None or at >= mark.covered_through - STEPPED_BACK:
        return
    log.error("watermark.clock_set_back", to=str(at), by_sec=(mark.covered_through - at).total_seconds())
    transitions.rewound(now=at)
    Gap.objects.filter(started_at__gte=at).delete()
    Gap.objects.filter(ended_at__gt=at).update(ended_at=at)
    Deafness.objects.filter(started_at__gte=at, ended_at__isnull=False).delete()
    Deafness.objects.filter(started_at__gt=at).update(started_at=at)
    Deafness.objects.filter(ended_at__gt=at).update(ended_at=at)
    for name in ("listening_since", "flushed_through"):
        IngestNode.objects.filter(**{f"{name}__gt": at}).update(**{name: at})
    mark.covered_through = mark.rewound_at = at


def _account(mark: Watermark, clock: datetime) -> None:
    """Write down in which part of the time up to `clock` nobody listened."""
    after = mark.covered_through or _judged_through() or clock
    if clock > after:
        for loss in gaps.losses(_present(after), after=after, until=clock):
            _write_gap(loss)
            if loss.reason is gaps.Reason.CLOCK and mark.rewound_at and mark.rewound_at > loss.start - RECALLED:
                transitions.recalled(since=loss.start - RECALLED, until=loss.end)
    mark.covered_through = max(after, clock)


def _judged_through() -> datetime | None:
    """For the first tick of all: how far a release without gaps had judged."""
    return SweepMark.objects.order_by("-watermark").values_list("watermark", flat=True).first()


def _present(after: datetime) -> list[gaps.Presence]:
    """The processes that were there after this moment. Their deafnesses are read after them: what lies before
    `flushed_through` is then in sight."""
    nodes = list(IngestNode.objects.filter(Q(stopped_at=None, died_at=None) | Q(flushed_through__gt=after)))
    deaf: dict[UUID, list[gaps.Deaf]] = {node.id: [] for node in nodes}
    since = Q(ended_at=None) | Q(ended_at__gt=after)
    for row in Deafness.objects.filter(since, node__in=nodes).order_by("started_at"):
        deaf[row.node_id].append(gaps.Deaf(row.started_at, row.ended_at, gaps.Reason(row.reason)))
    return [gaps.Presence(node.listening_since, node.flushed_through, tuple(deaf[node.id])) for node in nodes]


def _write_gap(loss: gaps.Loss) -> None:
    """A new gap, or the newest one, if this goes on where that ends."""
    grown = Gap.objects.filter(ended_at__gte=loss.start)
    if not grown.update(ended_at=Greatest("ended_at", Value(loss.end))):
        Gap.objects.create(started_at=loss.start, ended_at=loss.end, reason=loss.reason)
        log.error("watermark.gap", since=str(loss.start), until=str(loss.end), reason=loss.reason)


def _lock(now: datetime) -> Watermark:
    """The one row, locked until the transaction ends."""
    rows = Watermark.objects.select_for_update().filter(id=1)
    mark = rows.first()
    if mark is None:
        Watermark.objects.get_or_create(id=1, defaults={"ticked_at": now})
        mark = rows.get()
    return mark
