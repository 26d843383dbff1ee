"""A stream of events by real processes: what is imported is learned, our own absence is not held against the stream,
and its silence is told with what it was judged by."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.installation import Installation, installed, until
from tests.receivers import HTTPReceiver

pytestmark = pytest.mark.sqlite

EVENTS_A_SECOND = 4
ABSENT_SEC = 15.0
"""Silence would be noticed after a third of this."""
LOOKED_WITHIN_SEC = 60.0


def test_a_stream_outlives_our_absence_and_its_silence_is_told(tmp_path: Path, http_receiver: HTTPReceiver) -> None:
    with installed(tmp_path) as site:
        beet = site.api("POST", "/monitors?include=secrets", _checkouts(http_receiver), expect=201)
        site.command("import", str(_history(tmp_path)), "--monitor", str(beet["id"]))
        with _events(site, beet["secrets"]["pingUrl"]):
            until(lambda: site.api("GET", f"/monitors/{beet['id']}")["status"] == "up")
            _looked_at(site, beet)
            site.stop()
            _be_absent()
            site.start()
            _looked_at(site, beet)
            assert site.api("GET", "/incidents")["results"] == []

        [message] = http_receiver.wait_for(1, seconds=LOOKED_WITHIN_SEC)

    told = message.json()["data"]
    assert (told["incident"]["cause"], told["incident"]["severity"]) == ("silence", "critical")
    assert "were expected" in told["summary"]


def _checkouts(receiver: HTTPReceiver) -> dict[str, Any]:
    return {"name": "Checkouts", "type": "beet", "alertWebhookUrl": receiver.url}


def _history(folder: Path) -> Path:
    """Eight weeks of about as many events as will come, hour by hour."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    spread = itertools.cycle([-0.008, 0.004, 0.01, -0.002, -0.004])
    rows = [
        f"checkouts,{(end - timedelta(hours=ago)).isoformat()},{round(EVENTS_A_SECOND * 3600 * (1 + next(spread)))}"
        for ago in range(8 * 7 * 24, 0, -1)
    ]
    file = folder / "history.csv"
    file.write_text("\n".join(["stream,timestamp,count", *rows]))
    return file


@contextmanager
def _events(site: Installation, url: str) -> Iterator[None]:
    """Events that come whether or not somebody listens."""
    is_over = threading.Event()

    def send() -> None:
        while not is_over.wait(1 / EVENTS_A_SECOND):
            site.ping(url)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        is_over.set()
        sender.join()


def _looked_at(site: Installation, beet: dict[str, Any]) -> None:
    """Wait until the sweep has looked at events that come from now on."""
    now = datetime.now(UTC).replace(tzinfo=None)
    look = "SELECT evaluated_at FROM monitors_rhythm WHERE monitor_id = ? AND evaluated_at > ?"
    until(lambda: bool(site.rows(look, beet["id"], str(now))), seconds=LOOKED_WITHIN_SEC)


def _be_absent() -> None:
    ends_at = time.monotonic() + ABSENT_SEC
    until(lambda: time.monotonic() >= ends_at, seconds=ABSENT_SEC + 5)
