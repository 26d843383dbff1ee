"""The same story on PostgreSQL and Redis, with several processes, and without the doorbell."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.production import Production, in_production
from tests.receivers import HTTPReceiver

pytestmark = pytest.mark.postgresql


@pytest.fixture
def heartbeet(tmp_path: Path) -> Iterator[Production]:
    with in_production(tmp_path) as installation:
        yield installation


def test_silence_is_told_and_so_is_recovery_without_redis(heartbeet: Production, http_receiver: HTTPReceiver) -> None:
    secrets = _monitor(heartbeet, http_receiver)
    heartbeet.ping(secrets["pingUrl"])

    opened = http_receiver.wait_for(1, seconds=30)[0].json()
    heartbeet.kill_redis()
    recovering = heartbeet.ping(secrets["pingUrl"])
    resolved = http_receiver.wait_for(2, seconds=30)[1].json()

    assert recovering == 204
    assert (opened["type"], resolved["type"]) == ("incident.opened", "incident.resolved")


def test_every_process_ends_on_sigterm(heartbeet: Production) -> None:
    for process in heartbeet.processes:
        process.send_signal(signal.SIGTERM)

    assert [process.wait(timeout=15) for process in heartbeet.processes] == [0, 0, 0]


def _monitor(heartbeet: Production, receiver: HTTPReceiver) -> dict[str, Any]:
    body = {
        "name": "nightly",
        "type": "heartbeat",
        "intervalSec": 5,
        "heartbeatGraceSec": 1,
        "alertWebhookUrl": receiver.url,
    }
    made: dict[str, Any] = heartbeet.api("POST", "/monitors?include=secrets", body, expect=201)["secrets"]
    return made
