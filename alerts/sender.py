"""Sends in parallel: a bounded number of threads per process, filled by claims. A hanging receiver holds one thread
and no database connection."""

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from functools import cache

import structlog
from django.conf import settings
from django.db import connection

from alerts import claims
from heartbeet.lib import clock

log = structlog.get_logger(__name__)


class Sender:
    """Claims what is due whenever there is room for it. `pump` may be called at any time, by any thread."""

    def __init__(self, *, slots: int, now: Callable[[], datetime] = clock.now) -> None:
        self._slots = self._free = slots
        self._now = now
        self._is_closing = False
        self._state = threading.Condition(threading.RLock())

    def pump(self) -> int:
        """Start as many sends as there is room for, and return how many; they go on in the background."""
        with self._state:
            if self._is_closing or not self._free:
                return 0
            retries = self._free - self._slots // 2  # the other half is for first tries
            claimed_now = claims.claim(now=self._now(), limit=self._free, retries=retries)
            self._free -= len(claimed_now)
            for claimed in claimed_now:
                # A daemon: what hangs must not hold the process up. It is leased, so another one sends it.
                threading.Thread(target=self._run, args=(claimed,), name="alerts.send", daemon=True).start()
            return len(claimed_now)

    def close(self, *, wait_sec: float) -> bool:
        """Start nothing more, and wait for the sends under way. Returns whether all of them have ended."""
        with self._state:
            self._is_closing = True
            return self._state.wait_for(lambda: self._free == self._slots, timeout=wait_sec)

    def _run(self, claimed: claims.Claim) -> None:
        try:
            self._deliver(claimed)
        except Exception:
            log.exception("delivery.not_recorded", delivery_id=claimed.delivery_id)  # its lease will run out
        finally:
            self._go_on()

    def _deliver(self, claimed: claims.Claim) -> None:
        now = self._now()
        with contextlib.closing(connection):
            parcel = claims.prepare(claimed, now=now)
        if parcel:
            receipt, took = claims.hand_over(parcel, now=now)
            with contextlib.closing(connection):
                claims.record(parcel, receipt, took, now=now)

    def _go_on(self) -> None:
        """What waited behind this delivery, or for a free thread, does not wait for the next tick too. In a storm a
        claim costs more than a send, so it is made for several at once."""
        with self._state, contextlib.closing(connection):
            self._free += 1
            try:
                if self._free * 4 >= self._slots:
                    self.pump()
            except Exception:
                log.exception("delivery.nothing_claimed")  # the next tick tries again
            self._state.notify_all()


@cache
def of_this_process() -> Sender:
    """The one sender of this process."""
    return Sender(slots=settings.HEARTBEET_SEND_THREADS)
