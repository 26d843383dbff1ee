"""Client code as people have it, in three languages, unchanged, against a server in processes of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from tests.chaos.installation import Installation

HERE = Path(__file__).parent
CLIENTS = {
    "client.sh": ["sh"],
    "client.ts": [compute_driver_executable()[0]],  # the node that Playwright brings; it leaves types out by itself
    "client.py": [sys.executable],
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_published_client_does_its_job(client: str, heartbeet: Installation, scoped_token: str) -> None:
    for number in range(4):
        heartbeet.api("POST", "/monitors", {"name": f"{client} {number}", "intervalSec": 60}, expect=201)

    done = subprocess.run(
        [*CLIENTS[client], str(HERE / client)],
        env={
            "PATH": os.environ["PATH"],
            "MONITORING_URL": f"http://127.0.0.1:{heartbeet.port}",
            "MONITORING_TOKEN": scoped_token,
            "JOB": f"job of {client}",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    *monitors, status, pings = done.stdout.splitlines()
    names = [f"monitor {client} {number}" for number in range(4)] + [f"monitor job of {client}"]
    assert (monitors[-5:], len(monitors)) == (names, len(set(monitors)))
    assert (status, pings) == ("status up", "pings 1")
