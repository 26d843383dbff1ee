"""One batch, one transaction: ordinary successes set-based, everything else judged ping by ping under the lock."""

import dataclasses
import operator
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from django import db
from django.db import transaction

from heartbeet.lib import clock
from monitors import models, sql, transitions
from monitors.domain import ping
from monitors.domain.status import Kind
from monitors.ingest import values
from monitors.ingest.arrival import Arrival, Batch, Outcome, Placed

log = structlog.get_logger(__name__)

_READS = ("GET", "HEAD")
_DEADLOCK = "40P01"


_monitor_of = operator.itemgetter("m")


def record(batch: Batch, *, now: datetime) -> None:
    """Make a batch durable and give its arrivals their outcome. Raises what the database raises; then nothing of
    the batch is stored and no outcome was given."""
    placed = _record_at_once(batch, now) if db.connection.vendor == "postgresql" else None
    if placed is None:
        placed = _record_under_lock(batch, now)
    if len(placed) < len(batch.arrivals):
        _settle_unknown(batch.arrivals, placed)
    batch.settle(Outcome.STORED)


def _record_at_once(batch: Batch, now: datetime) -> list[Placed] | None:
    """Look, then write in one statement that holds only if nothing has changed in between: two trips to the server
    instead of five, and each row is touched once. None if something needs judgement, or has changed."""
    known = sql.look_up(_digests(batch))
    placed, judged_ids = _place(batch.arrivals, known)
    if judged_ids or values.news(placed, known) != values.NO_NEWS:
        return None
    versions = {each.monitor_id: each for each in known.values()}
    changes = _changes(placed, batch.limited, known)
    changes.sort(key=_monitor_of)
    for change in changes:
        seen = versions[change["m"]]
        change["c"], change["b"] = seen.ping_count, seen.is_beet
    try:
        sql.write_if_unchanged(batch.id, pings=_rows(placed), pulses=changes, now=now)
    except sql.Overtaken:
        return None
    return placed


def _record_under_lock(batch: Batch, now: datetime) -> list[Placed]:
    with transaction.atomic():
        known = sql.lock(_digests(batch))
        placed, judged_ids = _place(batch.arrivals, known)
        wrong = values.news(placed, known)
        judged_ids |= wrong.jobs
        plain, unfinished = placed, []
        if judged_ids:
            plain = [each for each in placed if each.monitor_id not in judged_ids]
            unfinished = _judge([each for each in placed if each.monitor_id in judged_ids], now)
        changes = _changes((*plain, *unfinished), batch.limited, known)
        sql.write(batch.id, pings=_rows(plain), pulses=changes, now=now)
        for monitor_id, given in wrong.beets.items():
            _weigh(monitor_id, given, now)
    return placed


def _digests(batch: Batch) -> list[bytes]:
    return list({arrival.digest for arrival in batch.arrivals}.union(batch.limited))


def record_once(batch: Batch, *, now: datetime) -> None:
    """Like `record`, for a batch that may have been committed before: then it only gets its outcome."""
    try:
        if not sql.is_recorded(batch.id):
            return record(batch, now=now)
    except db.IntegrityError:
        if not sql.is_recorded(batch.id):  # else a server that we had given up on came to its end in between
            raise
    return batch.settle(Outcome.STORED)


def is_outage(error: BaseException) -> bool:
    """Whether the database is to blame for an error, and not the data it was given."""
    return isinstance(error, db.Error) and not isinstance(error, db.DataError | db.IntegrityError)


def is_deadlock(error: BaseException) -> bool:
    """Whether trying again at once makes sense: PostgreSQL chose our transaction as the victim."""
    return getattr(error.__cause__, "sqlstate", None) == _DEADLOCK


def _place(arrivals: Iterable[Arrival], known: dict[bytes, sql.Known]) -> tuple[list[Placed], set[int]]:
    """The arrivals that have a monitor, and the monitors that must be judged: if one of its pings has to be, all
    are, in the order they were received."""
    placed, judged_ids = [], set()
    for arrival in arrivals:
        found = known.get(arrival.digest)
        if found is None or (found.retired_us is not None and arrival.received_us >= found.retired_us):
            continue
        kind = Kind.LOG if found.post_only and arrival.method in _READS else arrival.kind
        placed.append(Placed(arrival, found.monitor_id, kind))
        is_plain = kind is Kind.SUCCESS and found.is_plain and not arrival.run_id
        if not (is_plain or found.is_beet):
            judged_ids.add(found.monitor_id)
    return placed, judged_ids


def _settle_unknown(arrivals: Iterable[Arrival], placed: Iterable[Placed]) -> None:
    stored = {id(each.arrival) for each in placed}
    for arrival in arrivals:
        if id(arrival) not in stored and arrival.outcome is Outcome.REFUSED:
            arrival.outcome = Outcome.UNKNOWN


def _rows(placed: Iterable[Placed]) -> sql.PingRows:
    """Pings as `sql.write` takes them: only the columns that have something in them."""
    rows: list[dict[str, Any]] = []
    blob = bytearray()
    for arrival, monitor_id, kind in placed:
        row = {"m": monitor_id, "t": arrival.received_us, "k": kind, "e": arrival.method, "s": arrival.source}
        if arrival.value is not None:
            row["v"] = arrival.value
        if arrival.exit_code is not None:
            row["x"] = arrival.exit_code
        if arrival.run_id:
            row["r"] = arrival.run_id
        if arrival.body:
            start, middle = len(blob), len(blob) + len(arrival.body.head)
            blob += arrival.body.head + arrival.body.tail
            row.update(a=start, b=middle, c=len(blob), z=arrival.body.size)
        rows.append(row)
    return sql.PingRows(rows, bytes(blob))


def _changes(
    placed: Iterable[Placed], limited: dict[bytes, int], known: dict[bytes, sql.Known]
) -> list[dict[str, Any]]:
    """What the pings add to each pulse, as `sql.write` takes it."""
    changes: dict[int, dict[str, Any]] = {}
    for arrival, monitor_id, kind in placed:
        at_us = arrival.received_us
        change = changes.get(monitor_id)
        if change is None:
            change = changes[monitor_id] = {"m": monitor_id, "n": 1, "t": at_us, "s": None, "l": 0}
        else:
            change["n"] += 1
            change["t"] = max(change["t"], at_us)
        if kind is Kind.SUCCESS:
            change["s"] = max(change["s"] or 0, at_us)
    for digest, count in limited.items():
        if digest in known:
            monitor_id = known[digest].monitor_id
            change = changes.setdefault(monitor_id, {"m": monitor_id, "n": 0, "t": None, "s": None, "l": 0})
            change["l"] += count
    return list(changes.values())


def _judge(placed: list[Placed], now: datetime) -> list[Placed]:
    """Store these pings and hand each to the rules. Returns those whose judgement raised."""
    placed.sort(key=lambda each: (each.monitor_id, each.arrival.received_us))
    return [each for each in placed if not _is_judged(each, now)]


def _is_judged(placed: Placed, now: datetime) -> bool:
    """Store and judge one ping. If judging raises, the ping stays and the sweep is woken to look at the monitor."""
    fact = _store(placed)
    try:
        with transaction.atomic():
            transitions.record(placed.monitor_id, fact, now=now)
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("ping_not_judged", monitor_id=placed.monitor_id)
        models.Pulse.objects.filter(monitor_id=placed.monitor_id).update(deadline=now)
        return False
    return True


def _weigh(monitor_id: int, given: values.Given, now: datetime) -> None:
    """Hand what a beet's pings carried to the rules. If judging raises, the pings stay."""
    try:
        with transaction.atomic():
            transitions.weighed(monitor_id, given, now=now)
    except Exception as error:
        if is_outage(error):
            raise
        log.exception("values_not_judged", monitor_id=monitor_id)


def _store(placed: Placed) -> ping.Ping:
    arrival, monitor_id, kind = placed
    body = arrival.body
    fact = ping.Ping(
        received_at=clock.from_microseconds(arrival.received_us),
        kind=kind,
        run_id=arrival.run_id,
        exit_code=arrival.exit_code,
        value=arrival.value,
    )
    row = models.Ping.objects.create(
        monitor_id=monitor_id,
        received_at=fact.received_at,
        kind=kind,
        run_id=fact.run_id,
        exit_code=fact.exit_code,
        value=fact.value,
        method=arrival.method,
        source=arrival.source,
        body_head=body and body.head,
        body_tail=body and body.tail,
        body_size=body.size if body else 0,
    )
    return dataclasses.replace(fact, id=row.id)
