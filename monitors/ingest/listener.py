"""What this process knows of its own listening, for the event loop, the writer and the canary: its clock and ear."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from heartbeet.lib import clock
from monitors.domain.gaps import Deaf
from monitors.domain.listening import LATE, Ear
from monitors.ingest.anchor import AnchoredClock

log = structlog.get_logger(__name__)


class Listener:
    """The `Ear` of this process, changed by one thread at a time. Instants are microseconds since 1970, of the anchored
    clock."""

    def __init__(self, anchored: AnchoredClock | None = None) -> None:
        self._clock = anchored or AnchoredClock()
        self.now_us = self._clock.now_us
        self.steady_us = self._clock.steady_us
        self._ear = Ear(beat_at=self.now())
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time that a ping would be stamped with."""
        return clock.from_microseconds(self.now_us())

    @property
    def is_refusing(self) -> bool:
        """Whether pings were turned away, and nothing was stored since."""
        return self._ear.refused_since is not None

    @property
    def has_canaries(self) -> bool:
        """Whether canaries are known to come back, so that it means something when one does not."""
        return self._ear.canary_at is not None

    def expect_canaries(self) -> None:
        """They came back in the life of a predecessor: if none does now, pings do not either."""
        now = self.now()
        self._change(lambda ear: ear.canary_returned(now, now))

    def refused(self, at_us: int | None = None) -> None:
        """A ping was turned away, or answered without being recorded."""
        at = self._at(at_us)
        if not self.is_refusing:
            log.error("pings_refused", since=str(at))
        self._change(lambda ear: ear.refused(at))

    def stored(self, at_us: int) -> None:
        """A ping of then is durable."""
        at = self._at(at_us)
        self._change(lambda ear: ear.stored(at))

    def beat(self, late_sec: float) -> int:
        """The event loop lives, and was so late for it. Takes the wall clock anew if it was set. Returns the time up
        to which a beat may tell."""
        with self._lock:
            old = self.now()
            late = timedelta(seconds=late_sec)
            if late > LATE:
                log.error("loop_stood_still", seconds=round(late_sec, 3))
            self._ear = self._ear.beat(old, late=late)
            if self._clock.re_anchor():
                new = self.now()
                log.warning("clock_stepped", seconds=round((new - old).total_seconds(), 3))
                self._ear = self._ear.stepped(old, new)
            return clock.to_microseconds(self._ear.beat_at)

    def canary_returned(self, sent_at: datetime) -> None:
        now = self.now()
        self._change(lambda ear: ear.canary_returned(sent_at, now))

    def canary_failed(self) -> None:
        now = self.now()
        self._change(lambda ear: ear.canary_failed(now))

    # Telling

    def report(self, at: datetime) -> tuple[datetime, tuple[Deaf, ...]]:
        """How far a beat of `at` may claim that we listened, and what it has to tell."""
        with self._lock:
            self._ear, deaf = self._ear.report(at)
            hold_at = self._ear.hold_at
            return min(at, hold_at or at), deaf

    def reported(self, deaf: tuple[Deaf, ...]) -> None:
        """The database knows."""
        self._change(lambda ear: ear.reported(deaf))

    def untold(self, deaf: tuple[Deaf, ...], at: datetime) -> None:
        """The beat did not reach the database."""
        self._change(lambda ear: ear.untold(deaf, at))

    def _change(self, step: Callable[[Ear], Ear]) -> None:
        with self._lock:
            self._ear = step(self._ear)

    def _at(self, at_us: int | None) -> datetime:
        return self.now() if at_us is None else clock.from_microseconds(at_us)
