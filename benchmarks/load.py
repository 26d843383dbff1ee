"""Load from a process of its own: `wrk` if it is there, else the bundled generator below.

python -m benchmarks.load URL TOKENS_FILE CONNECTIONS SECONDS      one JSON line: requests, p50 and p99, errors
"""

import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvloop

PATH = "/api/v1/heartbeats/"
_LUA = """
local requests = {}
function init(args)
    for token in io.lines(args[1]) do requests[#requests + 1] = wrk.format("GET", "%s" .. token) end
    math.randomseed(os.time())
end
function request() return requests[math.random(#requests)] end
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('\\n{"requests": %%d, "seconds": %%.3f, "p50_ms": %%.2f, "p99_ms": %%.2f, "errors": %%d}\\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def run(url: str, tokens: Path, *, connections: int, seconds: float) -> dict[str, Any]:
    """Ping random tokens over so many connections for so long; what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "pings.lua"
        script.write_text(_LUA % PATH)
        command = [sys.executable, "-m", "benchmarks.load", url, str(tokens), str(connections), str(seconds)]
        if shutil.which("wrk"):
            options = ["-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "5s", "-s", str(script)]
            command = ["wrk", *options, url, "--", str(tokens)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(printed.strip().splitlines()[-1])
    return found


class Client(asyncio.Protocol):
    """One connection: it sends a request, waits for the whole answer, and sends the next."""

    def __init__(self, requests: list[bytes], latencies: list[float], until: float) -> None:
        self.errors = 0
        self.done = asyncio.get_running_loop().create_future()
        self._requests, self._latencies, self._until = requests, latencies, until
        self._sent_at = 0.0
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """An empty 204 comes in one piece."""
        now = time.perf_counter()
        self._latencies.append(now - self._sent_at)
        if not data.startswith(b"HTTP/1.1 204"):
            self.errors += 1
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.errors += error is not None
        self.done.set_result(None)

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(random.choice(self._requests))


async def _generate(url: str, tokens: Path, connections: int, seconds: float) -> dict[str, Any]:
    host, port = urlsplit(url).hostname or "127.0.0.1", urlsplit(url).port or 80
    lines = tokens.read_text().split()
    requests = [f"GET {PATH}{token} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode() for token in lines]
    latencies: list[float] = []
    loop, start = asyncio.get_running_loop(), time.perf_counter()
    until = start + seconds
    made = [
        await loop.create_connection(lambda: Client(requests, latencies, until), host, port) for _ in range(connections)
    ]
    clients = [client for _, client in made]
    await asyncio.gather(*(client.done for client in clients))
    spent, ranked = time.perf_counter() - start, sorted(latencies)
    return {
        "requests": len(ranked),
        "seconds": round(spent, 3),
        "p50_ms": round(ranked[len(ranked) // 2] * 1e3, 2),
        "p99_ms": round(ranked[len(ranked) * 99 // 100] * 1e3, 2),
        "errors": sum(client.errors for client in clients),
    }


def main() -> None:
    url, tokens, connections, seconds = sys.argv[1:]
    print(json.dumps(uvloop.run(_generate(url, Path(tokens), int(connections), float(seconds)))))


if __name__ == "__main__":
    main()
