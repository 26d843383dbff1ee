"""From a missed deadline to the webhook: one monitor on a real `heartbeet up`, again and again. Prints one JSON line.

    python -m benchmarks.latency [--misses 50]

Every miss takes about seven seconds, for the shortest interval is five.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.chaos.installation import Installation, installed
from tests.receivers import HTTPReceiver

EVERY_SEC, GRACE_SEC = 5, 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", type=int, default=50)
    misses = parser.parse_args().misses
    with (
        tempfile.TemporaryDirectory(prefix="heartbeet-bench-") as folder,
        HTTPReceiver() as receiver,
        installed(Path(folder)) as installation,
    ):
        delays = measure(installation, receiver, misses)
    sys.stdout.write(json.dumps(line(delays)) + "\n")


def measure(installation: Installation, receiver: HTTPReceiver, misses: int) -> list[float]:
    """Seconds from each deadline to the arrival of its webhook."""
    monitor = create(installation, receiver)
    delays = []
    for number in range(misses):
        told = 2 * number
        assert installation.ping(monitor["pingUrl"]) == 204
        receiver.wait_for(told, seconds=30)  # the recovery of the miss before
        deadline = deadline_of(installation, monitor)
        opened = receiver.wait_for(told + 1, seconds=60)[told]
        assert opened.json()["type"] == "incident.opened"
        delays.append(opened.at - deadline.timestamp())
        time.sleep(number * 0.037 % 0.5)  # or every miss would meet the same moment of the sweep
    return delays


def create(installation: Installation, receiver: HTTPReceiver) -> dict[str, Any]:
    """The secrets of a monitor that tells the receiver."""
    body = {
        "name": "latency",
        "type": "heartbeat",
        "intervalSec": EVERY_SEC,
        "heartbeatGraceSec": GRACE_SEC,
        "alertWebhookUrl": receiver.url,
    }
    made: dict[str, Any] = installation.api("POST", "/monitors?include=secrets", body, expect=201)["secrets"]
    return made


def deadline_of(installation: Installation, monitor: dict[str, Any]) -> datetime:
    """When the monitor that has just been pinged is late for good."""
    row = installation.api("GET", f"/monitors/{monitor['id']}")
    return datetime.fromisoformat(row["lastPingAt"]) + timedelta(seconds=EVERY_SEC + GRACE_SEC)


def line(delays: list[float]) -> dict[str, Any]:
    """The figures, with the machine they were made on."""
    ordered = sorted(delays)
    return {
        "bench": "latency",
        "case": "deadline to webhook, embedded",
        "misses": len(ordered),
        "p50_sec": round(ordered[len(ordered) // 2], 3),
        "p99_sec": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
        "max_sec": round(ordered[-1], 3),
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    main()
