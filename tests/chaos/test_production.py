"""The same story on PostgreSQL and Redis, with several processes, and without the doorbell."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import servers
from tests.chaos.installation import until
from tests.chaos.production import Production, in_production
from tests.receivers import HTTPReceiver

pytestmark = pytest.mark.postgresql


@pytest.fixture
def heartbeet(tmp_path: Path) -> Iterator[Production]:
    with in_production(tmp_path) as installation:
        yield installation


def test_silence_is_told_and_so_is_recovery_without_redis(heartbeet: Production, http_receiver: HTTPReceiver) -> None:
    secrets = _monitor(heartbeet, alertWebhookUrl=http_receiver.url)
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


def test_pings_go_on_while_the_database_is_away_and_nobody_is_paged(tmp_path: Path) -> None:
    with closing(servers.OwnPostgreSQL()) as database, in_production(tmp_path, database.url) as heartbeet:
        secrets = _monitor(heartbeet, intervalSec=5, heartbeatGraceSec=5)
        before = heartbeet.ping(secrets["pingUrl"])

        database.stop()
        answered = [before]
        away_until = time.monotonic() + 12  # longer than the interval and its grace
        while time.monotonic() < away_until:
            answered.append(heartbeet.ping(secrets["pingUrl"]))
            time.sleep(0.25)
        back_at = datetime.now(UTC)
        database.start()
        until(lambda: _pings_until(database.url, back_at) == len(answered), seconds=5)
        until(heartbeet.is_well, seconds=30)
        after = heartbeet.ping(secrets["pingUrl"])

        monitor = heartbeet.api("GET", f"/monitors/{secrets['id']}")
        incidents = heartbeet.api("GET", "/incidents")["results"]
        assert set(answered) == {204}
        assert (after, monitor["status"], incidents) == (204, "up", [])


def _pings_until(database_url: str, end: datetime) -> int:
    """How many pings are stored that were received by `end`."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM monitors_ping WHERE received_at <= %s", (end,)).fetchone()
    return int(row[0]) if row else 0


def _monitor(heartbeet: Production, **given: Any) -> dict[str, Any]:
    body = {"name": "nightly", "type": "heartbeat", "intervalSec": 5, "heartbeatGraceSec": 1, **given}
    made: dict[str, Any] = heartbeet.api("POST", "/monitors?include=secrets", body, expect=201)["secrets"]
    return made
