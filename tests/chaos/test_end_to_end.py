"""The main job by real processes: a ping goes in, silence comes out as an alert, and killing things changes nothing."""

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.chaos.installation import EMAIL, Installation, installed, secrets_in, until
from tests.receivers import HTTPReceiver, Received

pytestmark = pytest.mark.sqlite

EVERY_SEC, GRACE_SEC = 5, 1
ALERT_WITHIN_SEC = EVERY_SEC + GRACE_SEC + 10

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all tests whose installation is well again when they end."""
    with installed(tmp_path_factory.mktemp("installation")) as installation:
        yield installation


@pytest.fixture
def heartbeet(long_lived: Installation) -> Installation:
    until(long_lived.is_well)
    return long_lived


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Installation]:
    """An installation that a test may end."""
    with installed(tmp_path) as installation:
        yield installation


def test_silence_is_told_and_so_is_recovery(heartbeet: Installation, http_receiver: HTTPReceiver) -> None:
    monitor = _monitor(heartbeet, http_receiver)
    assert heartbeet.ping(monitor["pingUrl"]) == 204
    assert _status(heartbeet, monitor) == "up"

    opened = _told(http_receiver, 1)
    while_silent = _status(heartbeet, monitor)
    heartbeet.ping(monitor["pingUrl"])
    resolved = _told(http_receiver, 2)

    assert (opened["type"], while_silent, resolved["type"]) == ("incident.opened", "down", "incident.resolved")
    assert opened["data"]["monitor"]["name"] == monitor["name"]
    assert _status(heartbeet, monitor) == "up"
    assert secrets_in(heartbeet.log()) == []


def test_the_owner_is_told_on_the_console_until_there_is_a_mail_server(heartbeet: Installation) -> None:
    monitor = _monitor(heartbeet, None)
    heartbeet.ping(monitor["pingUrl"])

    mail = f"e-mail to {EMAIL}\nSubject: DOWN: {monitor['name']}"

    until(lambda: mail in heartbeet.log(), seconds=ALERT_WITHIN_SEC)


def test_a_worker_killed_while_an_alert_is_due_tells_it_all_the_same(
    heartbeet: Installation, http_receiver: HTTPReceiver
) -> None:
    http_receiver.then(hang_sec=60)  # the first sender is in the middle of its send when it dies
    monitor = _monitor(heartbeet, http_receiver)
    heartbeet.ping(monitor["pingUrl"])
    http_receiver.wait_for(1, seconds=ALERT_WITHIN_SEC)
    worker = heartbeet.child("worker")

    worker.kill()
    again = http_receiver.wait_for(2, seconds=90)[1]

    assert again.json()["type"] == "incident.opened"
    assert again.headers["webhook-id"] == http_receiver.requests[0].headers["webhook-id"]
    assert heartbeet.child("worker").pid != worker.pid
    until(heartbeet.is_well)


def test_every_ping_answered_before_the_web_process_was_killed_is_stored_once(heartbeet: Installation) -> None:
    load = _Load(heartbeet)

    with load:
        until(lambda: load.accepted_count() > 200)
        killed = heartbeet.ingest()
        killed.kill()
        until(lambda: not _runs(killed))
        before = load.accepted_count()
        until(lambda: load.accepted_count() > before + 200, seconds=30)

    until(lambda: load.accepted <= _stored(heartbeet))
    assert _stored_twice(heartbeet) == []


def test_sigterm_ends_within_ten_seconds_with_every_accepted_ping_stored(short_lived: Installation) -> None:
    family = short_lived.family()
    load = _Load(short_lived)

    with load:
        until(lambda: load.accepted_count() > 100)
        seconds = short_lived.stop()

    assert seconds < 10
    assert load.accepted <= _stored(short_lived)
    assert [member for member in family if _runs(member)] == []


def test_a_killed_supervisor_leaves_nobody_behind_and_a_restart_pages_nobody(
    short_lived: Installation, http_receiver: HTTPReceiver
) -> None:
    monitor = _monitor(short_lived, http_receiver, every_sec=3600)
    short_lived.ping(monitor["pingUrl"])
    _, *children = short_lived.family()

    short_lived.kill()
    until(lambda: not any(_runs(member) for member in children))
    short_lived.start()

    assert _status(short_lived, monitor) == "up"
    assert http_receiver.requests == []


class _Load:
    """Clients that ping as fast as they are answered, each ping with a number of its own in its log. Each client has a
    monitor of its own, for one monitor takes 60 pings in 10 seconds."""

    CLIENTS = 12

    def __init__(self, heartbeet: Installation) -> None:
        self.accepted: set[str] = set()
        self._heartbeet = heartbeet
        self._urls = [_monitor(heartbeet, None, every_sec=3600)["pingUrl"] for _ in range(self.CLIENTS)]
        self._stopping, self._lock = threading.Event(), threading.Lock()
        self._pool = ThreadPoolExecutor(self.CLIENTS)

    def accepted_count(self) -> int:
        with self._lock:
            return len(self.accepted)

    def _ping(self, url: str) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            name = f"{url[-8:]} {number}"
            if self._heartbeet.ping(f"{url}/log", name.encode()) == 204:
                with self._lock:
                    self.accepted.add(name)
            else:
                time.sleep(0.02)

    def __enter__(self) -> "_Load":
        for url in self._urls:
            self._pool.submit(self._ping, url)
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._pool.shutdown()


def _monitor(heartbeet: Installation, receiver: HTTPReceiver | None, *, every_sec: int = EVERY_SEC) -> dict[str, Any]:
    """The secrets of a new monitor that tells the receiver, or the organisation's default channel."""
    body: dict[str, Any] = {
        "name": f"job {next(_numbers)}",
        "type": "heartbeat",
        "intervalSec": every_sec,
        "heartbeatGraceSec": GRACE_SEC,
    }
    if receiver:
        body["alertWebhookUrl"] = receiver.url
    created: dict[str, Any] = heartbeet.api("POST", "/monitors?include=secrets", body, expect=201)["secrets"]
    return created


def _status(heartbeet: Installation, monitor: dict[str, Any]) -> str:
    return str(heartbeet.api("GET", f"/monitors/{monitor['id']}")["status"])


def _told(receiver: HTTPReceiver, count: int) -> Any:
    message: Received = receiver.wait_for(count, seconds=ALERT_WITHIN_SEC)[count - 1]
    return message.json()


def _stored(heartbeet: Installation) -> set[str]:
    return {bytes(body).decode() for (body,) in heartbeet.rows("SELECT body_head FROM monitors_ping WHERE kind='log'")}


def _stored_twice(heartbeet: Installation) -> list[tuple[Any, ...]]:
    return heartbeet.rows(
        "SELECT body_head, count(*) FROM monitors_ping WHERE kind='log' GROUP BY body_head HAVING count(*) > 1"
    )


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
