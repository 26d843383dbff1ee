"""Receivers of webhooks, in a process of their own: some answer at once, one accepts and never answers, one is dead.

python -m benchmarks.receiver HEALTHY      prints the ports, then what came as one JSON line when its input ends
"""

import asyncio
import json
import socket
import sys
import time
from functools import partial
from typing import Any

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Answering(asyncio.Protocol):
    """One connection; each complete request is written down with the moment of its arrival, and answered."""

    def __init__(self, arrived: list[tuple[float, int, str]], channel: int) -> None:
        self._arrived, self._channel = arrived, channel
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what is complete; the rest stays until more comes."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            length = int(headers.get(b"content-length", 0))
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            self._arrived.append((time.time(), self._channel, headers.get(b"webhook-id", b"").decode()))
            self._transport.write(ANSWER)


class Silent(asyncio.Protocol):
    """Takes everything and says nothing."""


async def serve(healthy: int) -> None:
    """Listen until the input ends; the first ports answer, then one that hangs, then one where nobody is."""
    loop = asyncio.get_running_loop()
    arrived: list[tuple[float, int, str]] = []
    listening = [
        await loop.create_server(partial(Answering, arrived, number), "127.0.0.1", 0, backlog=512)
        for number in range(healthy)
    ]
    listening.append(await loop.create_server(Silent, "127.0.0.1", 0, backlog=512))
    with socket.socket() as dead:  # bound, and not listening: nobody else gets the port
        dead.bind(("127.0.0.1", 0))
        ports = [server.sockets[0].getsockname()[1] for server in listening] + [dead.getsockname()[1]]
        print(json.dumps(ports), flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(arrived), flush=True)


def main() -> None:
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
