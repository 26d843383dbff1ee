"""How far the facts reach: each ingest process says from when it listens and up to when all it received is stored;
the sweep's clock is the slowest of those that are alive."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min

from monitors.models import IngestNode

ALIVE = timedelta(seconds=60)
"""A node that has not said anything for longer is dead, and holds the clock no more."""


def open_node(node_id: UUID, *, name: str, now: datetime, flushed_through: datetime) -> None:
    """Say that a process listens from `now` on. Committed before its first accept. Saying it again after an outage
    changes nothing. `flushed_through` is earlier than `now` if the process takes over a spool."""
    IngestNode.objects.get_or_create(
        id=node_id,
        defaults={
            "name": name,
            "listening_since": now,
            "flushed_through": flushed_through,
            "beat_at": now,
        },
    )


def beat(node_id: UUID, *, flushed_through: datetime, now: datetime) -> None:
    """Say that everything the process received up to `flushed_through` is in the database."""
    IngestNode.objects.filter(id=node_id).update(flushed_through=flushed_through, beat_at=now)


def close_node(node_id: UUID, *, flushed_through: datetime, now: datetime) -> None:
    """Say goodbye: the clock waits for this process no more."""
    IngestNode.objects.filter(id=node_id).update(flushed_through=flushed_through, beat_at=now, stopped_at=now)


def close_predecessors(*, now: datetime) -> None:
    """Say goodbye for those that could not. For whoever holds the data folder of an embedded installation: nobody
    else can be listening."""
    IngestNode.objects.filter(stopped_at=None).update(stopped_at=now)


def sweep_clock(now: datetime) -> datetime | None:
    """Everything received before this moment is stored. None if no process is listening: then silence means nothing."""
    live = IngestNode.objects.filter(stopped_at=None, beat_at__gt=now - ALIVE)
    clock: datetime | None = live.aggregate(clock=Min("flushed_through"))["clock"]
    return clock
