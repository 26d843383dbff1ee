"""A batch into the database: again on a new connection, or in parts, until only what is poison stays out."""

import time
from collections.abc import Callable
from datetime import datetime
from uuid import uuid5

import structlog
from django.db import connection

from monitors.ingest import session, store
from monitors.ingest.arrival import Batch, Outcome
from monitors.ingest.spool import Spool, SpoolFull

log = structlog.get_logger(__name__)

DEADLOCK_TRIES = 3
AGAIN_WITHIN_SEC = 1.0
"""A connection that died unnoticed fails at once, and a new one may work. What took longer is the database's fault."""


class Recorder:
    """Raises what is the database's fault; what is the data's fault costs only the ping that has it. Raises SpoolFull
    if that ping cannot even be kept for the operator; all others are recorded then."""

    def __init__(self, spool: Spool, *, now: Callable[[], datetime]) -> None:
        self._spool = spool
        self._now = now

    def record(self, batch: Batch) -> None:
        """A batch that nobody has tried to record before."""
        try:
            self._attempt(batch)
        except Exception as error:
            self._salvage(batch, error)

    def record_spooled(self, batch: Batch) -> None:
        """A batch that may have been recorded before it went into the spool."""
        try:
            self._attempt_once(batch)
        except Exception as error:
            self._salvage(batch, error)

    def _salvage(self, batch: Batch, error: Exception) -> None:
        if store.is_outage(error):
            raise error
        self._split(batch, error)
        if any(each.outcome is Outcome.REFUSED for each in batch.arrivals):
            raise SpoolFull("a ping that the database refuses could not be kept")

    def _attempt(self, batch: Batch) -> None:
        """Record, and once more on a new connection if the old one had died unnoticed."""
        began = time.monotonic()
        for _ in range(DEADLOCK_TRIES):
            try:
                session.prepare()
                return store.record(batch, now=self._now())
            except Exception as error:
                if not store.is_outage(error) or time.monotonic() - began > AGAIN_WITHIN_SEC:
                    raise
                if not store.is_deadlock(error):
                    connection.close()
                    break
        return self._attempt_once(batch)

    def _attempt_once(self, batch: Batch) -> None:
        session.prepare()
        store.record_once(batch, now=self._now())

    def _split(self, batch: Batch, error: Exception) -> None:
        """Halve until the ping that the database refuses stands alone. Ids are derived, so that a batch drained twice
        still counts once."""
        log.warning("batch_refused", pings=len(batch.arrivals), error=type(error).__name__)
        if len(batch.arrivals) <= 1:
            self._record_bare(batch, error)
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

    def _record_bare(self, batch: Batch, error: Exception) -> None:
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
            log.exception("ping_not_quarantined")  # it stays refused
        else:
            batch.settle(Outcome.STORED)
