"""A time limit for a whole conversation, not for each read: a peer that drips a byte a second ends as well."""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self


class Deadline:
    """Cuts the watched connections when the time is up, wherever the conversation stands: handshake, headers, body.

    The socket is duplicated, because TLS takes the original over; a shutdown ends the connection for both.
    """

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._ends_at

    @property
    def remaining_sec(self) -> float:
        """Seconds left, at least a hundredth: zero would make a socket non-blocking."""
        return max(0.01, self._ends_at - time.monotonic())

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection too when the time is up; at once if it is up already."""
        with self._lock:
            self._watched.append(connection.dup())
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            for watched in self._watched:
                with contextlib.suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._watched:
                watched.close()
            self._watched.clear()
