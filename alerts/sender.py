"""Sends in parallel: one clerk per process does the books, errands run in threads of their own.

The clerk claims for as many errands as there is room for, reads what they need, and records what has come back
meanwhile, all of it together; while it writes, the next receipts gather. An errand touches no database, so a hanging
receiver holds one thread and nothing else. After a moment it does not even count among the sends at the same time:
there may be many more errands that wait than errands that work, so receivers that hang do not keep others waiting.
"""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from alerts import claims
from alerts.domain import turns
from heartbeet.lib import clock

log = structlog.get_logger(__name__)

SLOW_AFTER_SEC = 0.1
"""A send that has not ended by then waits for its receiver, and does not count among those that work."""
WAITING_PER_SLOT = 8
"""So many errands may be under way in all, for each that may work."""
LONG_SEND = timedelta(seconds=1)
ERRAND_SEC = 5.0
"""An errand ends when one send was long, or all of it was: it gives back what it has not sent, which then goes side by
side. It must be over, with its last send, before the lease is."""
TRY_AGAIN_SEC = 0.5


@dataclass(eq=False)
class Errand:
    """Some parcels for one channel, sent one after the other. `since` is when its current send began."""

    parcels: list[claims.Parcel]
    since: float

    @property
    def first(self) -> claims.Claim:
        return self.parcels[0].claim

    def is_slow(self) -> bool:
        return time.monotonic() - self.since > SLOW_AFTER_SEC


class Sender:
    """Claims what is due whenever there is room for it. `pump` may be called at any time, by any thread."""

    def __init__(self, *, slots: int, per_host: int = 8, now: Callable[[], datetime] = clock.now) -> None:
        self._slots, self._per_host, self._now = slots, per_host, now
        self._state = threading.Condition(threading.RLock())
        self._clerk: threading.Thread | None = None
        self._errands: set[Errand] = set()
        self._outcomes: list[claims.Outcome] = []
        self._unsent: list[claims.Claim] = []
        self._ended = 0
        self._is_knocked = self._is_closing = self._is_full = False

    def pump(self) -> None:
        """Start as many errands as there is room for, in the background."""
        with self._state:
            self._is_knocked = True
            if not self._clerk and not self._is_closing:
                # A daemon, as the errands are: what hangs must not hold the process up. All is leased.
                self._clerk = threading.Thread(target=self._keep_books, name="alerts.clerk", daemon=True)
                self._clerk.start()
            self._state.notify_all()

    def close(self, *, wait_sec: float) -> bool:
        """Start nothing more, and wait for the sends under way. Returns whether all of them have ended."""
        with self._state:
            self._is_closing = True
            self._state.notify_all()
            return self._state.wait_for(lambda: self._clerk is None, timeout=wait_sec)

    def _keep_books(self) -> None:
        """What the clerk does, until nothing is under way and nobody has knocked."""
        with closing(connection):
            while self._waits_for_work():
                try:
                    self._write_down()
                    self._start_more()
                except (OperationalError, InterfaceError):
                    log.warning("delivery.no_database", exc_info=True)
                    connection.close()
                    time.sleep(TRY_AGAIN_SEC)
                except Exception:
                    log.exception("delivery.round_failed")  # the next knock tries again

    def _waits_for_work(self) -> bool:
        """Wait until there is something to do. False when there is nothing left; the clerk is gone then."""
        with self._state:
            patience = SLOW_AFTER_SEC if self._is_full else None
            self._state.wait_for(self._has_work, timeout=patience)
            is_over = not (self._errands or self._outcomes or self._unsent)
            if is_over and (self._is_closing or not self._is_knocked):
                self._clerk = None
                self._state.notify_all()
                return False
            return True

    def _has_work(self) -> bool:
        is_claiming = self._is_knocked and not self._is_closing
        return bool(is_claiming or self._outcomes or self._unsent or not self._errands)

    def _write_down(self) -> None:
        """Record what has come back, and give back what was not sent."""
        with self._state:
            outcomes, self._outcomes = self._outcomes, []
            unsent, self._unsent = self._unsent, []
        try:
            if outcomes:
                now = self._now()
                self._record([each.known_at(now) for each in outcomes])
                outcomes = []
            if unsent:
                claims.release(unsent, now=self._now())
                self._is_knocked = True  # it may be claimed again
        except (OperationalError, InterfaceError):
            with self._state:
                self._outcomes[:0], self._unsent[:0] = outcomes, unsent
            raise

    def _record(self, outcomes: list[claims.Outcome]) -> None:
        """All of them, or each for itself if one cannot be recorded; the lease of that one will run out."""
        try:
            claims.record(outcomes)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            if len(outcomes) == 1:
                log.exception("delivery.not_recorded", delivery_id=outcomes[0].parcel.claim.delivery_id)
                return
            log.warning("delivery.batch_not_recorded", count=len(outcomes), exc_info=True)
            for each in outcomes:
                self._record([each])

    def _start_more(self) -> None:
        """In a storm a claim costs more than a send, so it is made for several errands at once."""
        with self._state:
            is_due = self._is_knocked or self._is_full or self._ended * 4 > len(self._errands)
            if self._is_closing or not is_due:
                return
            self._is_knocked, self._ended = False, 0
            room = self._room()
        claimed = claims.claim(now=self._now(), room=room) if room.errands > 0 else []
        parcels = self._prepare(claimed)
        groups = [list(found) for _, found in itertools.groupby(parcels, key=lambda parcel: parcel.claim.errand)]
        with self._state:
            self._is_full = len(groups) >= room.errands
            for found in groups:
                self._start(Errand(found, since=time.monotonic()))

    def _prepare(self, claimed: list[claims.Claim]) -> list[claims.Parcel]:
        try:
            return claims.prepare(claimed, now=self._now()) if claimed else []
        except (OperationalError, InterfaceError):
            with self._state:
                self._unsent += claimed
            raise

    def _room(self) -> turns.Room:
        slow = [errand for errand in self._errands if errand.is_slow()]
        doubtful = sum(errand.first.tries > 1 for errand in self._errands if errand not in slow) + len(slow)
        most = self._slots * WAITING_PER_SLOT
        working = len(self._errands) - len(slow)
        return turns.Room(
            errands=min(self._slots - working, most - len(self._errands)),
            doubtful=most // 2 - doubtful,
            per_host=self._per_host,
            channels=Counter(errand.first.channel_id for errand in self._errands),
            hosts=Counter(errand.first.host for errand in self._errands),
            slow={errand.first.host for errand in slow},
        )

    def _start(self, errand: Errand) -> None:
        self._errands.add(errand)
        threading.Thread(target=self._run, args=(errand,), name="alerts.send", daemon=True).start()

    def _run(self, errand: Errand) -> None:
        unsent, started = list(errand.parcels), time.monotonic()
        try:
            while unsent and not self._is_closing:
                errand.since = time.monotonic()
                outcome = self._send(unsent.pop(0))
                with self._state:
                    self._outcomes.append(outcome)
                    self._state.notify_all()
                is_long = outcome.took > LONG_SEND or time.monotonic() - started > ERRAND_SEC
                if is_long or not outcome.receipt.is_ok:
                    break
        finally:
            with self._state:
                self._errands.discard(errand)
                self._ended += 1
                self._unsent += [parcel.claim for parcel in unsent]
                self._state.notify_all()

    def _send(self, parcel: claims.Parcel) -> claims.Outcome:
        now = self._now()
        receipt, took = claims.hand_over(parcel, now=now)
        return claims.Outcome(parcel, receipt, now, took)


@cache
def of_this_process() -> Sender:
    """The one sender of this process."""
    return Sender(slots=settings.HEARTBEET_SEND_THREADS, per_host=settings.HEARTBEET_SENDS_PER_HOST)
