"""Between the event loop, where pings arrive, and the thread that writes them: what arrives while one batch is being
written is the next batch."""

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

from monitors.ingest.arrival import Arrival

MAX_LIMITED = 10_000


class Settled(asyncio.Future[None]):
    """The one future that all waiters of a group share; none of them may cancel it for the others."""

    def cancel(self, msg: Any | None = None) -> bool:
        return False


@dataclass(slots=True)
class Group:
    """What arrived together. `beat_us` asks to tell, once it is stored, that all received up to then is stored."""

    arrivals: list[Arrival] = field(default_factory=list)
    limited: dict[bytes, int] = field(default_factory=dict)
    beat_us: int | None = None
    settled: Settled | None = None

    def is_empty(self) -> bool:
        return self.settled is None


class Queue:
    """Holds at most `limit` waiting arrivals; over it they are turned away, never silently dropped. Everything but
    `take` and `finish` belongs to the event loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, limit: int) -> None:
        self._loop = loop
        self._limit = limit
        self._open = Group()
        self._lock = threading.Lock()
        self._bell = threading.Lock()  # held while there is nothing to tell the writer
        self._bell.acquire()
        self._is_writer_waiting = False
        self.is_closed = False

    def submit(self, arrival: Arrival) -> Settled | None:
        """Queue an arrival; the future settles when its outcome is final. None if the queue is full or closed."""
        with self._lock:
            group = self._open
            if self.is_closed or len(group.arrivals) >= self._limit:
                return None
            group.arrivals.append(arrival)
            if group.settled is None:
                group.settled = Settled(loop=self._loop)
            self._ring()
            return group.settled

    def count_limited(self, digest: bytes) -> None:
        """Count a ping that was turned away by the limiter; it is written with the next batch or beat."""
        with self._lock:
            limited = self._open.limited
            if digest in limited or len(limited) < MAX_LIMITED:
                limited[digest] = limited.get(digest, 0) + 1

    def ask_for_beat(self, at_us: int) -> Settled:
        """Have the writer tell that everything that was submitted up to now, `at_us`, is stored."""
        return self._ask(at_us)

    def ask_for_proof(self) -> Settled:
        """Settles when the writer has passed: what was submitted before is final."""
        return self._ask(None)

    def _ask(self, beat_us: int | None) -> Settled:
        with self._lock:
            group = self._open
            group.beat_us = beat_us or group.beat_us
            if group.settled is None:
                group.settled = Settled(loop=self._loop)
            self._ring()
            return group.settled

    def close(self) -> None:
        """Turn away what comes from now on; the writer gets what is here, then None."""
        with self._lock:
            self.is_closed = True
            self._ring()

    def abandon(self) -> None:
        """Nobody takes from here any more: who waits is answered as refused, and so is what comes from now on."""
        self.close()
        with self._lock:
            group, self._open = self._open, Group()
        self.finish(group)

    def __len__(self) -> int:
        return len(self._open.arrivals)

    def take(self, timeout: float) -> Group | None:
        """What has arrived since the last call; waits for something up to `timeout` seconds, then the group may be
        empty. None when the queue is closed and empty."""
        if self._open.is_empty() and not self.is_closed:
            self._wait(timeout)
        with self._lock:
            if self.is_closed and self._open.is_empty() and not self._open.limited:
                return None
            group, self._open = self._open, Group()
            return group

    def finish(self, group: Group) -> None:
        """Wake everybody who waits for this group."""
        if group.settled is not None:
            self._loop.call_soon_threadsafe(group.settled.set_result, None)

    def _wait(self, timeout: float) -> None:
        with self._lock:
            if not self._open.is_empty() or self.is_closed:
                return
            self._is_writer_waiting = True
        self._bell.acquire(timeout=timeout)
        with self._lock:
            if self._is_writer_waiting:
                self._is_writer_waiting = False
            else:
                self._bell.acquire(blocking=False)  # it rang between our giving up and here

    def _ring(self) -> None:
        if self._is_writer_waiting:
            self._is_writer_waiting = False
            self._bell.release()
