"""The one thread of an ingest process that writes: into the database, or into the spool while it is away."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4, uuid5

import structlog
from django.db import connection

from heartbeet.lib import clock
from monitors import watermark
from monitors.ingest import session, store
from monitors.ingest.arrival import Arrival, Batch, Outcome
from monitors.ingest.limiter import RedisLimiter
from monitors.ingest.queue import Group, Queue
from monitors.ingest.spool import Spool, SpoolFull

log = structlog.get_logger(__name__)

IDLE_SEC = 1.0
DRAIN_SLICE_SEC = 0.2
LAST_DRAIN_SEC = 4.0
DEADLOCK_TRIES = 3


class Writer:
    """Takes what has arrived, makes it durable, and says so. Order is kept: while older pings wait in the spool, newer
    ones queue up behind them there."""

    def __init__(
        self,
        queue: Queue,
        spool: Spool,
        *,
        name: str,
        is_only: bool,
        now_us: Callable[[], int],
        limiter: RedisLimiter | None,
    ) -> None:
        self.node_id = uuid4()
        self.outage = session.Outage()
        self.is_spool_full = False
        self._name = name
        self._is_only = is_only
        self._queue = queue
        self._spool = spool
        self._now_us = now_us
        self._limiter = limiter
        self._limited: dict[bytes, int] = {}
        self._is_registered = False
        self._listening_since_us = 0
        self._thread = threading.Thread(target=self._run, name="heartbeet-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, timeout: float) -> bool:
        """Wait until the closed queue is written. False if it took too long."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        session.adopt()
        while (group := self._queue.take(IDLE_SEC if self._spool.is_empty else 0.0)) is not None:
            try:
                self._write(group)
            except Exception:
                log.exception("batch_not_written")  # its arrivals are answered as refused
            finally:
                self._queue.finish(group)
        self._say_goodbye()
        connection.close()

    def _write(self, group: Group) -> None:
        for digest, count in group.limited.items():
            self._limited[digest] = self._limited.get(digest, 0) + count
        admitted = self._admit(group.arrivals)
        self._drain(DRAIN_SLICE_SEC)
        if admitted or self._limited:
            self._record(Batch(admitted, self._limited))
        if group.beat_us is not None:
            self._beat(group.beat_us)

    def _admit(self, arrivals: list[Arrival]) -> list[Arrival]:
        """Without those that the shared limiter turns away, which are counted."""
        if self._limiter is None or not arrivals:
            return arrivals
        admitted = []
        for arrival, wait_sec in zip(arrivals, self._limiter.admit(arrivals, now_us=self._now_us()), strict=True):
            if not wait_sec:
                admitted.append(arrival)
                continue
            arrival.outcome, arrival.wait_sec = Outcome.LIMITED, wait_sec
            self._limited[arrival.digest] = self._limited.get(arrival.digest, 0) + 1
        return admitted

    # Recording

    def _record(self, batch: Batch) -> None:
        """Make a batch durable in the database if it is there and nothing older waits, else in the spool."""
        if not self.outage.is_on and self._spool.is_empty:
            try:
                self._into_database(batch)
            except Exception as error:
                if not store.is_outage(error):
                    raise
                self.outage.begin(error)
            else:
                self._limited = {}
                return
        self._into_spool(batch)

    def _into_spool(self, batch: Batch) -> None:
        if not batch.arrivals:
            return
        try:
            self._spool.put(batch)
        except SpoolFull as error:
            self.is_spool_full = True
            log.error("spool_full", pings=len(batch.arrivals), error=str(error))
        else:
            self.is_spool_full = False
            batch.settle(Outcome.STORED)

    def _into_database(self, batch: Batch) -> None:
        """Raises what is the database's fault; what is the data's fault costs only the ping that has it."""
        try:
            self._attempt(batch)
        except Exception as error:
            if store.is_outage(error):
                raise
            log.warning("batch_refused", pings=len(batch.arrivals), error=type(error).__name__)
            self._split(batch, error)

    def _attempt(self, batch: Batch) -> None:
        """Record, and once more on a new connection if the old one had died unnoticed."""
        for _ in range(DEADLOCK_TRIES):
            try:
                session.prepare()
                return store.record(batch, now=self._now())
            except Exception as error:
                if not store.is_outage(error):
                    raise
                if not store.is_deadlock(error):
                    connection.close()
                    break
        session.prepare()
        return store.record_once(batch, now=self._now())

    def _split(self, batch: Batch, error: Exception) -> None:
        """Halve until the ping that the database refuses stands alone. Ids are derived, so that a batch drained twice
        still counts once."""
        if len(batch.arrivals) <= 1:
            self._into_database_bare(batch, error)
            return
        middle = len(batch.arrivals) // 2
        for index, part in enumerate((batch.arrivals[:middle], batch.arrivals[middle:])):
            half = Batch(part, batch.limited if index == 0 else {}, uuid5(batch.id, str(index)))
            try:
                self._attempt_once(half)
            except Exception as cause:
                if store.is_outage(cause):
                    raise
                self._split(half, cause)

    def _attempt_once(self, batch: Batch) -> None:
        session.prepare()
        store.record_once(batch, now=self._now())

    def _into_database_bare(self, batch: Batch, error: Exception) -> None:
        """Record a refused ping without its metadata; if even that is refused, keep it for the operator."""
        bare = Batch([each.without_metadata() for each in batch.arrivals], {}, uuid5(batch.id, "bare"))
        try:
            self._attempt_once(bare)
        except Exception as cause:
            if store.is_outage(cause):
                raise
            log.exception("ping_quarantined", refused=type(error).__name__)
            self._quarantine(batch, f"{type(cause).__name__}: {cause}"[:500])
        else:
            for arrival, stored in zip(batch.arrivals, bare.arrivals, strict=True):
                arrival.outcome = stored.outcome

    def _quarantine(self, batch: Batch, error: str) -> None:
        try:
            for arrival in batch.arrivals:
                self._spool.quarantine(arrival, error)
        except SpoolFull:
            log.exception("ping_not_quarantined")  # and answered as refused
        else:
            batch.settle(Outcome.STORED)

    # Draining

    def _drain(self, seconds: float) -> None:
        """Move waiting batches into the database, oldest first, for about so long."""
        until = time.monotonic() + seconds
        while not (self.outage.is_on or self._spool.is_empty) and time.monotonic() < until:
            try:
                self._drain_oldest()
            except SpoolFull as error:
                log.error("spool_not_drained", error=str(error))
                return
            except Exception as error:
                if not store.is_outage(error):
                    raise
                self.outage.begin(error)

    def _drain_oldest(self) -> None:
        batch = self._spool.oldest()
        if batch is None:
            return
        session.prepare()
        self._into_database_once(batch)
        self._spool.remove(batch)

    def _into_database_once(self, batch: Batch) -> None:
        try:
            self._attempt_once(batch)
        except Exception as error:
            if not store.is_outage(error):
                return self._split(batch, error)
            connection.close()
            self._attempt_once(batch)
        return None

    # The watermark

    def _beat(self, at_us: int) -> None:
        self._listening_since_us = self._listening_since_us or at_us
        if self.outage.is_on:
            return
        try:
            session.prepare()
            self._register(at_us)
            watermark.beat(self.node_id, watermark.Beat(self._now(), self._flushed_through(at_us)))
        except Exception as error:
            if not store.is_outage(error):
                raise
            connection.close()
            self.outage.begin(error)

    def _register(self, at_us: int) -> None:
        if not self._is_registered:
            beat = watermark.Beat(self._now(), self._flushed_through(at_us))
            since = clock.from_microseconds(self._listening_since_us)
            heirs_of = None if self._is_only else ()
            watermark.open_node(self.node_id, name=self._name, since=since, beat=beat, predecessors=heirs_of)
            self._is_registered = True

    def _flushed_through(self, at_us: int) -> datetime:
        oldest_us = self._spool.oldest_us()
        return clock.from_microseconds(at_us if oldest_us is None else min(at_us, oldest_us - 1))

    def _say_goodbye(self) -> None:
        """Empty the spool if that is quickly done. A node whose pings still wait in it stays: the clock must not pass
        them."""
        try:
            self._drain(LAST_DRAIN_SEC)
            if self._is_registered and self._spool.is_empty and not self.outage.is_on:
                session.prepare()
                watermark.close_node(self.node_id, watermark.Beat(self._now(), self._now()))
        except Exception:
            log.exception("no_goodbye")
        self.outage.stop()
        self._spool.close()

    def _now(self) -> datetime:
        return clock.from_microseconds(self._now_us())
