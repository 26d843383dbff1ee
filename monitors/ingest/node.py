"""This process in the database: that it is there, how far it has stored what it received, and when it was deaf."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

import structlog

from heartbeet.lib import clock
from monitors import watermark
from monitors.ingest import session
from monitors.ingest.listener import Listener

log = structlog.get_logger(__name__)


class Node:
    """For the writer's thread only; every method raises what the database raises. `is_only` is said of an embedded
    installation: whoever holds its data folder is the only process that listens."""

    def __init__(self, listener: Listener, *, name: str, is_only: bool) -> None:
        self.id = uuid4()
        self.is_known = False
        self._listener = listener
        self._name = name
        self._is_only = is_only
        self._since: datetime | None = None
        self._told_at: datetime | None = None
        self._succeeded: set[UUID] = set()

    def beat(self, at: datetime, *, stored_through: datetime, predecessors: Iterable[UUID]) -> None:
        """Tell that all that was received up to `stored_through` is stored, as of a beat of `at`, and that the clock
        need not wait for `predecessors` any more: we hold their spools."""
        self._since = self._since or at
        through, deaf = self._listener.report(at)
        said = watermark.Beat(at, min(through, stored_through), deaf)
        try:
            session.prepare()
            self._tell(self._since, said, set(predecessors))
        except Exception:
            self._listener.untold(deaf, at)
            raise
        self._told_at = said.now
        self._listener.reported(deaf)

    def _tell(self, since: datetime, said: watermark.Beat, gone: set[UUID]) -> None:
        if self.is_known and gone <= self._succeeded:
            if watermark.beat(self.id, said, told_at=self._told_at):
                return
            since = self._since = said.flushed_through  # of an older backup: what we had stored is lost
        predecessors = None if self._is_only else gone
        watermark.open_node(self.id, name=self._name, since=since, beat=said, predecessors=predecessors)
        self.is_known, self._succeeded = True, gone

    def bury(self, predecessor: UUID, *, heard_through: datetime) -> None:
        """Say the goodbye of a process that is gone and had listened until then: all that it left is stored."""
        session.prepare()
        watermark.close_node(predecessor, watermark.Beat(self._listener.now(), heard_through))

    def leave(self, *, listened_through: datetime) -> None:
        """Say goodbye."""
        session.prepare()
        now = self._listener.now()
        through, deaf = self._listener.report(now)
        watermark.close_node(self.id, watermark.Beat(now, min(through, listened_through), deaf))


def stored_through(at: datetime, oldest_us: Iterable[int | None]) -> datetime:
    """How far all that was received is stored, if these are the oldest of what waits in spools."""
    waiting = [clock.from_microseconds(max(each - 1, 0)) for each in oldest_us if each is not None]
    return min([at, *waiting])
