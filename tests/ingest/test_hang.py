"""A database that stops to answer without hanging up: pings are answered all the same, and counted once."""

import contextlib
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from heartbeet.lib import clock
from monitors import operations
from monitors.ingest import session
from monitors.models import Ping, Pulse
from tests import factories
from tests.ingest.conftest import Server
from tests.ingest.waiting import until

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


class Line:
    """A TCP port that leads to the database of the tests, and that can stop to carry anything."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._flows = threading.Event()
        self._flows.set()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def hang(self) -> None:
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    def close(self) -> None:
        self.flow()
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = _dial()
                self._sockets += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def _dial() -> socket.socket:
    """A connection to the server of the tests, wherever it listens."""
    where = connection.get_connection_params()
    host, port = str(where.get("host") or "127.0.0.1"), int(where.get("port") or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    made = socket.socket(socket.AF_UNIX)
    made.connect(f"{host}/.s.PGSQL.{port}")
    return made


@pytest.fixture
def line(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """The recording thread and its probe reach the database by this line only."""
    with contextlib.closing(Line()) as made:
        own_connection = session.own_connection

        def by_line() -> BaseDatabaseWrapper:
            found = own_connection()
            found.settings_dict.update(HOST="127.0.0.1", PORT=str(made.port))
            found.settings_dict["OPTIONS"].pop("host", None)
            return found

        monkeypatch.setattr(session, "own_connection", by_line)
        yield made


@pytest.fixture
def job(transactional_db: None) -> operations.Created:
    made = factories.created(now=clock.now())
    Pulse.objects.update(status="up", last_success_at=clock.now(), last_ping_at=clock.now())
    return made


def ping(server: Server, job: operations.Created) -> tuple[int, float]:
    """The answer, and after how many seconds it came."""
    asked_at = time.monotonic()
    status = server.request(f"/api/v1/heartbeats/{job.secrets.token}").status
    return status, time.monotonic() - asked_at


def spooled(folder: Path) -> int:
    with sqlite3.connect(folder / "spool-0.sqlite3") as spool:
        return int(spool.execute("SELECT count(*) FROM batch").fetchone()[0])


def test_pings_go_to_the_spool_within_five_seconds_and_none_counts_twice(
    line: Line, idle_server: Server, job: operations.Created
) -> None:
    idle_server.start()
    assert ping(idle_server, job)[0] == 204
    line.hang()

    first, waited_sec = ping(idle_server, job)
    second, then_sec = ping(idle_server, job)

    assert (first, second) == (204, 204)
    assert waited_sec < 5
    assert then_sec < 1
    assert spooled(idle_server.folder) == 2
    line.flow()  # the statement that hung arrives after all, with the drain of the same batch
    until(lambda: spooled(idle_server.folder) == 0)
    assert (Ping.objects.count(), Pulse.objects.get().ping_count) == (3, 3)
