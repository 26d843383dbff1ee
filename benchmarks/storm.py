"""A storm: 1,000 monitors go silent in the same second, each with five channels, of which one hangs and one is dead.
How long after the deadline do the other three know all of it? A real installation; one JSON line per database.

    python -m benchmarks.storm [--monitors 1000] [--only sqlite]
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.installation import Installation, installed
from tests.chaos.production import in_production

HEALTHY = 3
SILENCE_SEC = 30
AT_ONCE = 100
"""Monitors in one call of the API."""
BARE_REQUESTS, BARE_LANES = 3000, 16
PING_LANES = 32
ENVIRONMENT = {"HEARTBEET_STORM_INCIDENTS": "0"}
"""Grouping is off: each message goes alone."""


Place = Callable[..., contextlib.AbstractContextManager[Installation]]


@dataclass(frozen=True)
class Arrival:
    """A message as it reached a healthy channel."""

    at: float
    channel: int
    id: str


class Receivers:
    """The process of the receivers, and the addresses of the channels: the healthy ones, a hanging and a dead one."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.receiver", str(HEALTHY)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ports: list[int] = json.loads(self._line())

    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}/hook" for port in self.ports]

    def end(self) -> list[Arrival]:
        """Stop, and say what arrived."""
        assert self._process.stdin
        self._process.stdin.close()
        arrived = [Arrival(*row) for row in json.loads(self._line())]
        self._process.wait(timeout=10)
        return arrived

    def kill(self) -> None:
        """For the end, whatever happened."""
        self._process.kill()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@contextlib.contextmanager
def receivers() -> Iterator[Receivers]:
    started = Receivers()
    try:
        yield started
    finally:
        started.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--monitors", type=int, default=1000)
    parser.add_argument("--listen", type=float, default=30, help="seconds from the deadline to the end of the count")
    parser.add_argument("--only", choices=PLACES)
    options = parser.parse_args()
    bare = bare_per_sec()
    for name, place in PLACES.items():
        if options.only in (None, name):
            found = measure(place, options.monitors, options.listen)
            print(json.dumps({**found, "database": name, "receiver_bare_per_sec": bare}), flush=True)


def bare_per_sec() -> int:
    """How many requests a second, each with a connection of its own, the receivers take from a bare client."""
    with receivers() as bare:
        started = time.perf_counter()
        asyncio.run(_requests(bare.ports[0]))
        spent = time.perf_counter() - started
        assert len(bare.end()) == BARE_REQUESTS
    return round(BARE_REQUESTS / spent)


async def _requests(port: int) -> None:
    body = b"x" * 700
    request = b"POST /hook HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    left = iter(range(BARE_REQUESTS))

    async def lane() -> None:
        for _ in left:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            await reader.readuntil(b"ok")
            writer.close()

    await asyncio.gather(*(lane() for _ in range(BARE_LANES)))


def measure(place: Place, monitors: int, listen_sec: float) -> dict[str, Any]:
    """One storm on one installation."""
    with (
        tempfile.TemporaryDirectory(prefix="heartbeet-bench-") as folder,
        receivers() as receiver,
        place(Path(folder), **ENVIRONMENT) as installation,
    ):
        made = create(installation, receiver.urls(), monitors)
        deadlines = fall_silent(installation, made)
        time.sleep(max(0.0, max(deadlines) - time.time()) + listen_sec)
        return line(receiver.end(), deadlines)


def create(installation: Installation, urls: list[str], monitors: int) -> list[dict[str, Any]]:
    """Monitors that tell all of the channels, with their ping URLs."""
    for number, url in enumerate(urls):
        body = {"kind": "webhook", "name": f"channel {number}", "config": {"url": url}, "isDefault": True}
        installation.api("POST", "/channels", body, expect=201)
    made: list[dict[str, Any]] = []
    for first in range(0, monitors, AT_ONCE):
        bodies = [
            {"name": f"job {number}", "intervalSec": SILENCE_SEC, "heartbeatGraceSec": 0}
            for number in range(first, min(first + AT_ONCE, monitors))
        ]
        made += installation.api("POST", "/monitors/bulk?include=secrets", {"monitors": bodies}, expect=201)["results"]
    return made


def fall_silent(installation: Installation, made: list[dict[str, Any]]) -> list[float]:
    """Ping each for the last time, all in the same second, and say when each deadline is."""
    paths = [urlsplit(row["secrets"]["pingUrl"]).path for row in made]
    asyncio.run(_ping(installation.port, paths))  # a first ping is judged, which takes longer
    asyncio.run(_ping(installation.port, paths))
    return [at + SILENCE_SEC for at in last_pings(installation)]


async def _ping(port: int, paths: list[str]) -> None:
    """Ask for each path once, over a few connections."""
    left = iter(paths)

    async def lane() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for path in left:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 204"), answer
        writer.close()

    await asyncio.gather(*(lane() for _ in range(PING_LANES)))


def last_pings(installation: Installation) -> Iterator[float]:
    """When each monitor was heard of last."""
    link = "/api/v1/monitors?limit=100"
    while link:
        page = installation.api("GET", link.partition("/api/v1")[2])
        yield from (datetime.fromisoformat(row["lastPingAt"]).timestamp() for row in page["results"])
        link = page["next"]


def line(arrived: list[Arrival], deadlines: list[float]) -> dict[str, Any]:
    """The figures, counted from the first deadline, with the machine they were made on."""
    first_of_each = {each.id: each.at for each in reversed(arrived)}
    delays = sorted(at - min(deadlines) for at in first_of_each.values())
    return {
        "bench": "storm",
        "monitors": len(deadlines),
        "deadlines_within_sec": round(max(deadlines) - min(deadlines), 2),
        "messages": len(delays),
        "expected": len(deadlines) * HEALTHY,
        "twice": len(arrived) - len(delays),
        "first_sec": round(delays[0], 2),
        "p50_sec": round(delays[len(delays) // 2], 2),
        "last_sec": round(delays[-1], 2),
        "cores": os.cpu_count(),
    }


PLACES: dict[str, Place] = {
    "sqlite": installed,
    "postgresql": in_production,
}


if __name__ == "__main__":
    main()
