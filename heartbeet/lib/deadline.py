"""A time limit for a whole conversation, not for each read: a peer that drips a byte a second ends as well."""

import contextlib
import heapq
import itertools
import socket
import threading
import time
from types import TracebackType
from typing import Self


class Watchdog:
    """One thread for all deadlines of a process: a timer for each would start a thread for each request."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, deadline: "Deadline") -> None:
        """Cut it when its time is up, unless it is over by then."""
        with self._changed:
            heapq.heappush(self._waiting, (deadline.ends_at, next(self._numbers), deadline))
            if self._thread is None or not self._thread.is_alive():  # the first one, or we are a fork
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._waiting[0][2] is deadline:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting or self._waiting[0][0] > time.monotonic():
                    self._changed.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)
                due = heapq.heappop(self._waiting)[2]
            due.cut()


_watchdog = Watchdog()


class Deadline:
    """Cuts the watched connections when the time is up, wherever the conversation stands: handshake, headers, body.

    The socket is duplicated, because TLS takes the original over; a shutdown ends the connection for both.
    """

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self.ends_at

    @property
    def remaining_sec(self) -> float:
        """Seconds left, at least a hundredth: zero would make a socket non-blocking."""
        return max(0.01, self.ends_at - time.monotonic())

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection too when the time is up; at once if it is up already."""
        with self._lock:
            self._watched.append(connection.dup())
        if self.passed:
            self.cut()

    def cut(self) -> None:
        """End the watched connections now."""
        with self._lock:
            for watched in self._watched:
                with contextlib.suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        _watchdog.watch(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            for watched in self._watched:
                watched.close()
            self._watched.clear()
