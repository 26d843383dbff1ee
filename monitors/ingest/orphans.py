"""Spools whose process is gone and whose slot nobody has taken: a process that runs stores what is in them."""

import time
from collections.abc import Callable

import structlog

from monitors.ingest import guard
from monitors.ingest.drain import Drain
from monitors.ingest.spool import Spool

log = structlog.get_logger(__name__)

LOOK_SEC = 30.0


class Orphans:
    """Holds one orphan at a time, under the lock of its slot, so that a process that starts meanwhile takes another."""

    def __init__(self, slot: guard.Slot, adopt: Callable[[Spool], Drain], *, max_mb: int) -> None:
        self.current: Drain | None = None
        self._slot = slot
        self._adopt = adopt
        self._max_mb = max_mb
        self._held: guard.Slot | None = None
        self._look_at = time.monotonic() + LOOK_SEC

    def find(self) -> None:
        """Take an orphan, if there is one, we have none, and it is time to look again."""
        if self.current is not None or time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_SEC
        try:
            self._take_one()
        except OSError as error:
            log.warning("orphans_not_looked_for", error=str(error))

    def _take_one(self) -> None:
        for slot in guard.abandoned(self._slot):
            found = self._adopt(Spool(slot.spool_path, max_mb=self._max_mb))
            if found.predecessors or not found.spool.is_empty:
                log.warning("orphan_spool_found", file=slot.spool_path.name, batches=len(found.spool))
                self.current, self._held = found, slot
                return
            found.spool.close()
            slot.release()

    def finish(self) -> None:
        """Let the slot go if nothing is left in it; a process that takes it owes nothing to anybody."""
        if self.current is not None and self.current.spool.is_empty:
            self.current.sign()
            self.release()

    def release(self) -> None:
        """Let the slot go, with what is still in its spool."""
        if self.current is not None and self._held is not None:
            self.current.spool.close()
            self._held.release()
            self.current = self._held = None
