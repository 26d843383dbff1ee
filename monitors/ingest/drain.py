"""A spool on its way into the database, and the processes that it was left by."""

from collections.abc import Callable
from uuid import UUID

import structlog

from heartbeet.lib import clock
from monitors.ingest.arrival import Batch
from monitors.ingest.node import Node
from monitors.ingest.recording import Recorder
from monitors.ingest.spool import Spool, SpoolFull

log = structlog.get_logger(__name__)


class Drain:
    """Moves the batches of a spool into the database, oldest first. What predecessors have left comes first; when all
    of it is stored, the last of them is said goodbye for, as of the last ping that it heard."""

    def __init__(self, spool: Spool, recorder: Recorder, *, now_us: Callable[[], int]) -> None:
        self.spool = spool
        self.predecessors = _nodes_of(spool)
        self._recorder = recorder
        self._now_us = now_us
        self._inherited = len(spool)
        self._heard_us = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing of what predecessors left waits any more."""
        return self._inherited <= 0 or self.spool.is_empty

    def step(self) -> None:
        """Store the batch that has waited longest. Raises SpoolFull and what is the database's fault."""
        batch = self.spool.oldest()
        if batch is None:
            return
        self._correct(batch)
        self._recorder.record_spooled(batch)
        self.spool.remove(batch)
        if self._inherited > 0:
            self._inherited -= 1
            self._heard_us = max([self._heard_us, *(each.received_us for each in batch.arrivals)])

    def bury(self, node: Node) -> None:
        """Say the goodbye of the last predecessor, once all that it left is stored and before the clock passes it."""
        if self.predecessors and self.is_done and self._heard_us:
            node.bury(self.predecessors[-1], heard_through=clock.from_microseconds(self._heard_us))
            self._heard_us = 0

    def forget(self, node: Node) -> None:
        """Forget the predecessors, once nothing of theirs is left and `node` has told that it succeeds them."""
        if self.predecessors and self.is_done:
            self.predecessors = []
            self.sign(node.id)

    def sign(self, *nodes: UUID) -> None:
        """Write down who writes here, after those who are not settled yet."""
        try:
            self.spool.write_nodes([*self.predecessors, *nodes])
        except SpoolFull as error:
            log.warning("spool_not_signed", error=str(error))

    def _correct(self, batch: Batch) -> None:
        """What was received while the clock was ahead was received by now, at the latest."""
        now_us = self._now_us()
        for arrival in batch.arrivals:
            arrival.received_us = min(arrival.received_us, now_us)


def _nodes_of(spool: Spool) -> list[UUID]:
    try:
        return spool.nodes()
    except (SpoolFull, ValueError) as error:
        log.warning("spool_not_signed", error=str(error))
        return []
