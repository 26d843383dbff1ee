"""Sends in parallel: a bounded number of threads per process, filled by claims. A hanging receiver holds one thread
and no database connection."""

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache

from django.db import connection

from alerts import dispatcher
from heartbeet.lib import clock

SLOTS = 32

logger = logging.getLogger(__name__)


class Sender:
    """Claims what is due whenever a thread is free. `pump` may be called at any time, by any thread."""

    def __init__(self, *, slots: int = SLOTS, now: Callable[[], datetime] = clock.now) -> None:
        self._slots = self._free = slots
        self._now = now
        self._claiming = threading.Lock()
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="alerts")

    def pump(self) -> int:
        """Start as many sends as there is room for, and return how many; they go on in the background."""
        with self._claiming:
            retries = self._free - self._slots // 2  # the other half is for first tries
            claims = dispatcher.claim(now=self._now(), limit=self._free, retries=retries) if self._free else []
            self._free -= len(claims)
            for claimed in claims:
                self._pool.submit(self._run, claimed)
            return len(claims)

    def close(self) -> None:
        """Wait for the sends under way. What is not started stays in the database."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, claimed: dispatcher.Claim) -> None:
        try:
            self._deliver(claimed)
        except Exception:
            logger.exception("Delivery %s could not be recorded; its lease will run out.", claimed.delivery_id)
        finally:
            with self._claiming:
                self._free += 1
        self._go_on()

    def _deliver(self, claimed: dispatcher.Claim) -> None:
        now = self._now()
        with contextlib.closing(connection):
            parcel = dispatcher.prepare(claimed, now=now)
        if parcel:
            receipt, took = dispatcher.hand_over(parcel, now=now)
            with contextlib.closing(connection):
                dispatcher.record(parcel, receipt, took, now=now)

    def _go_on(self) -> None:
        """What waited behind the delivery just made, or for a free thread, does not wait for the next tick too."""
        try:
            with contextlib.closing(connection):
                self.pump()
        except Exception:
            logger.exception("Nothing could be claimed; the next tick tries again.")


@cache
def of_this_process() -> Sender:
    """The one sender of this process."""
    return Sender()
