"""A line between two programs that can be cut: a TCP proxy.

with Line() as line:
    line.target = "127.0.0.1", 5432         whoever calls line.host, line.port, gets there
    line.cut()                              who talks is cut off, and who calls is refused
    line.mend()                             the same address leads there again
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

Address = tuple[str, int] | str
"""A host and a port, or the path of a socket."""
CHUNK_BYTES = 65_536


class Line:
    """Leads from a port on `host` to `target`; `calls` have come so far."""

    def __init__(self, target: Address = "", *, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, 0
        self.target = target
        self.calls = 0
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.mend()

    def mend(self) -> None:
        """Let everybody through."""
        self._listener = socket.create_server((self.host, self.port), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Let nobody through, and hang up on all who are."""
        if self._listener is not None:
            _hang_up(self._listener)
            self._listener = None
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _hang_up(end)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was cut
            while True:
                near, _ = listener.accept()
                self.calls += 1
                try:
                    self._join(near, _connect(self.target))
                except OSError:  # nobody is there
                    _hang_up(near)

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        with self._lock:
            self._ends |= {near, far}
        if self._listener is None:  # cut meanwhile
            self.cut()
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                sink.sendall(data)
        for end in (source, sink):
            _hang_up(end)
            with self._lock:
                self._ends.discard(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut()


def _connect(target: Address) -> socket.socket:
    if not isinstance(target, str):
        return socket.create_connection(target)
    far = socket.socket(socket.AF_UNIX)
    try:
        far.connect(target)
    except OSError:
        far.close()
        raise
    return far


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
