"""A TCP server that says exactly the bytes it is told to, as slowly as it is told to."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

END_OF_REQUEST = b'{"a": 1}'
"""What the body of every request to it ends with."""


class RawServer:
    """Sends `opening` at once, then `drip` again and again every `every_sec`, until the client or the test ends it."""

    def __init__(
        self,
        opening: bytes = b"",
        drip: bytes = b"",
        every_sec: float = 0.05,
        tls: ssl.SSLContext | None = None,
        listens_first: bool = True,
    ) -> None:
        self.received: list[bytes] = []
        self.server_names: list[str | None] = []
        self._opening, self._drip, self._every_sec, self._tls = opening, drip, every_sec, tls
        self._listens_first = listens_first
        if tls:
            tls.sni_callback = lambda _socket, name, _context: self.server_names.append(name)
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _serve(self) -> None:
        for connection in self._connections():
            with contextlib.suppress(OSError), connection:
                connection.settimeout(5)
                stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
                with stream:
                    if self._listens_first:
                        self.received.append(_request(stream))
                    stream.sendall(self._opening)
                    while self._drip and not self._closing.wait(self._every_sec):
                        stream.sendall(self._drip)

    def _connections(self) -> Iterator[socket.socket]:
        while True:
            try:
                yield self._listener.accept()[0]
            except OSError:
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)


def _request(stream: socket.socket) -> bytes:
    """A whole request: closing a connection with something unread in it resets it."""
    read = b""
    while not read.endswith(END_OF_REQUEST):
        piece = stream.recv(65_536)
        if not piece:
            break
        read += piece
    return read
