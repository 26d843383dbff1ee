"""The one thread of an ingest process that writes: into the database, or into the spool while it is away."""

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import structlog
from django.db import connection, connections

from heartbeet.lib import clock
from monitors.ingest import guard, node, session, store
from monitors.ingest.arrival import Arrival, Batch, Outcome
from monitors.ingest.drain import Drain
from monitors.ingest.limiter import RedisLimiter
from monitors.ingest.listener import Listener
from monitors.ingest.orphans import Orphans
from monitors.ingest.queue import Group, Queue
from monitors.ingest.recording import Recorder
from monitors.ingest.spool import Spool, SpoolFull

log = structlog.get_logger(__name__)

IDLE_SEC = 1.0
DRAIN_SLICE_SEC = 0.2
LAST_DRAIN_SEC = 4.0
MOST_PATIENCE_SEC = 30.0


class Writer:
    """Takes what has arrived, makes it durable, and says so. Order is kept: while older pings wait in the spool, newer
    ones queue up behind them there."""

    def __init__(
        self,
        queue: Queue,
        slot: guard.Slot,
        listener: Listener,
        *,
        name: str,
        is_only: bool,
        spool_max_mb: int,
        limiter: RedisLimiter | None,
        canary_place: str,
    ) -> None:
        self.outage = session.Outage()
        self.is_spool_full = False
        self._queue = queue
        self._spool = Spool(slot.spool_path, max_mb=spool_max_mb)
        self._listener = listener
        self._limiter = limiter
        self._limited: dict[bytes, int] = {}
        self._recorder = Recorder(self._spool, now=listener.now)
        self._node = node.Node(listener, name=name, is_only=is_only)
        self._own = self._drain_of(self._spool)
        self._own.sign(self._node.id)
        self._orphans = None if is_only else Orphans(slot, self._drain_of, max_mb=spool_max_mb)
        self._canary_place = canary_place
        self._expect_canaries()
        self._closed_us = 0
        self._patience_sec = session.PATIENCE_SEC
        self._thread = threading.Thread(target=self._run, name="heartbeet-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Turn away what comes from now on, and write what has come."""
        self._closed_us = self._closed_us or self._listener.now_us()
        self._queue.close()

    def join(self, timeout: float) -> bool:
        """Wait until the closed queue is written. False if it took too long."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _drain_of(self, spool: Spool) -> Drain:
        return Drain(spool, self._recorder, now_us=self._listener.now_us)

    def _run(self) -> None:
        session.adopt()
        self._watchdog = session.Watchdog(connections["default"])
        try:
            self._write_until_closed()
            self._say_goodbye()
        finally:
            self._watchdog.close()
            connection.close()

    def _write_until_closed(self) -> None:
        while (group := self._queue.take(self._idle_sec)) is not None:
            try:
                self._write(group)
            except Exception:
                log.exception("batch_not_written")  # its arrivals are answered as refused
                self._refuse(group.arrivals)
            finally:
                self._queue.finish(group)

    @property
    def _idle_sec(self) -> float:
        return IDLE_SEC if self.outage.is_on or self._waiting() is None else 0.0

    def _write(self, group: Group) -> None:
        for digest, count in group.limited.items():
            self._limited[digest] = self._limited.get(digest, 0) + count
        if group.beat_us is not None:
            self._correct(group.arrivals)
        admitted = self._admit(group.arrivals)
        self._drain(DRAIN_SLICE_SEC)
        if admitted or self._limited:
            self._record(Batch(admitted, self._limited))
        if group.beat_us is not None:
            self._beat(group.beat_us)

    def _correct(self, arrivals: list[Arrival]) -> None:
        """The clock is set back only at a beat: what came just before was received by now, at the latest."""
        now_us = self._listener.now_us()
        for arrival in arrivals:
            arrival.received_us = min(arrival.received_us, now_us)

    def _admit(self, arrivals: list[Arrival]) -> list[Arrival]:
        """Without those that the shared limiter turns away, which are counted."""
        if self._limiter is None or not arrivals:
            return arrivals
        admitted = []
        waits = self._limiter.admit(arrivals, now_us=self._listener.steady_us())
        for arrival, wait_sec in zip(arrivals, waits, strict=True):
            if not wait_sec:
                admitted.append(arrival)
                continue
            arrival.outcome, arrival.wait_sec = Outcome.LIMITED, wait_sec
            self._limited[arrival.digest] = self._limited.get(arrival.digest, 0) + 1
        return admitted

    def _refuse(self, arrivals: list[Arrival]) -> None:
        """Remember that pings are answered as refused."""
        refused = [each.received_us for each in arrivals if each.outcome is Outcome.REFUSED]
        for received_us in {min(refused), max(refused)} if refused else ():
            self._listener.refused(received_us)

    # Recording

    def _record(self, batch: Batch) -> None:
        """Make a batch durable in the database if it is there and nothing older waits, else in the spool."""
        try:
            if self.outage.is_on or not self._spool.is_empty or not self._into_database(batch):
                self._into_spool(batch)
        except SpoolFull as error:
            self.is_spool_full = True
            log.error("spool_full", pings=len(batch.arrivals), error=str(error))
            self._refuse(batch.arrivals)
        else:
            if self._listener.is_refusing and batch.arrivals:
                self._listener.stored(batch.arrivals[-1].received_us)

    def _into_spool(self, batch: Batch) -> None:
        if batch.arrivals:
            self._spool.put(batch)
            self.is_spool_full = False
            batch.settle(Outcome.STORED)

    def _into_database(self, batch: Batch) -> bool:
        """False if the database is away."""
        with self._outages(), self._watchdog.limit(session.PATIENCE_SEC):
            self._recorder.record(batch)
            self._limited = {}
            return True
        return False

    @contextlib.contextmanager
    def _outages(self) -> Iterator[None]:
        """What is the database's fault inside ends here: it is away."""
        try:
            yield
        except Exception as error:
            if not store.is_outage(error):
                raise
            connection.close()
            self.outage.begin(error)

    # Draining

    @property
    def _drains(self) -> list[Drain]:
        """The spools that are ours to drain, our own first."""
        orphan = self._orphans.current if self._orphans else None
        return [self._own, orphan] if orphan else [self._own]

    def _waiting(self) -> Drain | None:
        return next((each for each in self._drains if not each.spool.is_empty), None)

    def _drain(self, seconds: float) -> None:
        """Move waiting batches into the database for about so long."""
        until = time.monotonic() + seconds
        while not self.outage.is_on and (waiting := self._waiting()) and time.monotonic() < until:
            began = time.monotonic()
            try:
                with self._outages(), self._watchdog.limit(self._patience_sec):
                    waiting.step()
                    self._patience_sec = session.PATIENCE_SEC
            except SpoolFull as error:
                log.error("spool_not_drained", error=str(error))
                return
            if time.monotonic() - began > self._patience_sec:  # perhaps this batch takes longer than others
                self._patience_sec = min(2 * self._patience_sec, MOST_PATIENCE_SEC)

    # The watermark

    def _beat(self, at_us: int) -> None:
        self._note_canary()
        if self.outage.is_on:
            return
        try:
            with self._outages(), self._watchdog.limit(session.PATIENCE_SEC):
                self._tell(clock.from_microseconds(at_us))
        except SpoolFull as error:
            log.error("spool_not_read", error=str(error))  # how much waits in it is not known: the clock must wait

    def _tell(self, at: datetime) -> None:
        """Before the clock stops to wait for those who left a spool, it waits for us with that spool; and before it
        passes what they heard, they get their goodbye."""
        if self._orphans is not None:
            self._orphans.find()
        for each in self._drains:
            each.bury(self._node)
        oldest_us = [each.spool.oldest_us() for each in self._drains]
        predecessors = [left for each in self._drains for left in each.predecessors]
        self._node.beat(at, stored_through=node.stored_through(at, oldest_us), predecessors=predecessors)
        for each in self._drains:
            each.forget(self._node)
        if self._orphans is not None:
            self._orphans.finish()

    # The canary

    def _expect_canaries(self) -> None:
        """If they came back to a predecessor this way, it means something if none comes back to us."""
        with contextlib.suppress(SpoolFull):
            if self._canary_place and self._spool.is_canary_proven(self._canary_place):
                self._canary_place = ""
                self._listener.expect_canaries()

    def _note_canary(self) -> None:
        """Remember for whoever takes this slot next that they come back."""
        if self._canary_place and self._listener.has_canaries:
            with contextlib.suppress(SpoolFull):
                self._spool.write_canary_proven(self._canary_place)
            self._canary_place = ""

    def _say_goodbye(self) -> None:
        """Empty the spool if that is quickly done. A node whose pings still wait in it stays: the clock must not pass
        them."""
        try:
            self._drain(LAST_DRAIN_SEC)
            if self._node.is_known and self._spool.is_empty and not self.outage.is_on:
                with self._watchdog.limit(session.PATIENCE_SEC):
                    self._node.leave(listened_through=clock.from_microseconds(self._closed_us))
        except Exception:
            log.exception("no_goodbye")
        self.outage.stop()
        if self._orphans is not None:
            self._orphans.release()
        self._spool.close()
