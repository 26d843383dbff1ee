"""The sweep: visit every pulse whose deadline has passed, and say what silence means.

A deadline is a lazy timer: most visits find that pings have come and just move it on. Several sweeps may run at
once, in any number of processes: a row that one holds is skipped by the others.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from monitors import sweep_sql, transitions
from monitors.domain import judge, schedule
from monitors.models import Pulse, SweepMark

log = structlog.get_logger(__name__)

BATCH = 500
PUT_OFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Result:
    """What one sweep did: pulses visited, deadlines just moved on, incidents opened, monitors put off."""

    visited: int = 0
    rescheduled: int = 0
    opened: int = 0
    put_off: int = 0

    def __add__(self, other: "Result") -> "Result":
        return Result(
            self.visited + other.visited,
            self.rescheduled + other.rescheduled,
            self.opened + other.opened,
            self.put_off + other.put_off,
        )


def run(*, watermark: datetime, now: datetime) -> Result:
    """Judge every monitor whose deadline is at or before `watermark`: all pings received until then are stored."""
    total = Result()
    is_full = Pulse.objects.filter(deadline__lte=watermark).exists()  # a read: SQLite's write lock stays free when idle
    while is_full:
        done = _batch(watermark, now)
        total += done
        is_full = done.visited == BATCH  # else the rest, if any, is held by others: they, or the next sweep, see to it
    _mark(watermark, now)
    return total


def _mark(watermark: datetime, now: datetime) -> None:
    """Say how far we came. Twice a second: one statement."""
    reached = {"finished_at": now, "watermark": watermark}
    if not SweepMark.objects.filter(id=1).update(**reached):
        SweepMark.objects.update_or_create(id=1, defaults=reached)


@transaction.atomic
def _batch(watermark: datetime, now: datetime) -> Result:
    rows = sweep_sql.due(watermark, BATCH)
    moved, silent = _split(rows, watermark)
    if moved:
        sweep_sql.write_deadlines(moved)
    return Result(visited=len(rows), rescheduled=len(moved)) + _judge(silent, watermark, now)


def _split(rows: Sequence[tuple[Any, ...]], watermark: datetime) -> tuple[list[tuple[int, datetime]], list[int]]:
    """The rows that pings have moved on, with their new deadlines, and those that need the whole judgement."""
    moved, silent = [], []
    for monitor_id, interval_sec, cron, zone, grace_sec, last_success_at, waiting_from, is_plain in rows:
        deadline = None
        if is_plain:
            try:
                plan = schedule.build(interval_sec=interval_sec, cron=cron, zone=zone)
                deadline = judge.plain_deadline(plan, _seconds(grace_sec), last_success_at, waiting_from)
            except Exception:
                deadline = None  # the whole judgement meets the same error, and puts the monitor off
        if deadline is not None and deadline > watermark:
            moved.append((monitor_id, deadline))
        else:
            silent.append(monitor_id)
    return moved, silent


def _judge(monitor_ids: list[int], watermark: datetime, now: datetime) -> Result:
    """Judge the silent together; if one of them raises, each alone, so that it stops nobody else."""
    if not monitor_ids:
        return Result()
    try:
        with transaction.atomic():
            return Result(opened=transitions.clock(monitor_ids, watermark=watermark, now=now))
    except Exception:
        log.warning("sweep.batch_failed", monitors=len(monitor_ids), exc_info=True)
    results = [_judge_alone(monitor_id, watermark, now) for monitor_id in monitor_ids]
    return functools.reduce(Result.__add__, results)


def _judge_alone(monitor_id: int, watermark: datetime, now: datetime) -> Result:
    try:
        with transaction.atomic():
            return Result(opened=transitions.clock([monitor_id], watermark=watermark, now=now))
    except Exception as error:
        log.exception("sweep.monitor_put_off", monitor_id=monitor_id)
        reason = f"{type(error).__name__}: {error}"[:200]
        Pulse.objects.filter(monitor_id=monitor_id).update(deadline=max(now, watermark) + PUT_OFF, judge_error=reason)
        return Result(put_off=1)


@functools.lru_cache(maxsize=1024)
def _seconds(count: int) -> timedelta:
    return timedelta(seconds=count)
