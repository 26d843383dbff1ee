"""A real ingest process in a thread of its own, spoken to as a server speaks to an ASGI application."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from monitors.ingest import app
from monitors.ingest.arrival import Arrival

Headers = dict[str, str]


@dataclass(frozen=True)
class Response:
    status: int
    headers: Headers
    body: bytes


@dataclass
class Exchange:
    """One request: what `receive` gives, in order, and what was sent. After the last part nothing more comes, unless
    the client hangs up."""

    parts: list[bytes]
    hangs_up: bool = False
    stays_open: bool = False
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        if self.parts:
            more = len(self.parts) > 1 or self.hangs_up or self.stays_open
            return {"type": "http.request", "body": self.parts.pop(0), "more_body": more}
        if self.hangs_up:
            return {"type": "http.disconnect"}
        await asyncio.sleep(60)
        raise AssertionError("read past the end of the request")

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def response(self) -> Response:
        start, *parts = self.sent
        assert (start["type"], [part["type"] for part in parts]) == ("http.response.start", ["http.response.body"])
        headers = {name.decode(): text.decode() for name, text in start["headers"]}
        return Response(start["status"], headers, parts[0]["body"])


class Server:
    """The ingest of this process, with its event loop in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="test-ingest")
        self._thread.start()
        self._is_running = False

    def start(self) -> None:
        self._run(app.start()).result(20)
        self._is_running = True

    def stop(self) -> None:
        if self._is_running:
            self._run(app.stop()).result(20)
            self._is_running = False

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def begin(self, path: str, method: str = "GET", **given: Any) -> "Future[Response]":
        """Send a request; its answer comes later."""
        return self._run(self._exchange(path, method, **given))

    def request(self, path: str, method: str = "GET", **given: Any) -> Response:
        return self.begin(path, method, **given).result(20)

    def submit(self, *arrivals: Arrival) -> None:
        """Hand arrivals to the queue together, past the parsing of requests, and wait until they are final."""
        self._run(self._submit(arrivals)).result(20)

    async def _submit(self, arrivals: tuple[Arrival, ...]) -> None:
        assert app._ingest is not None
        for settled in [app._ingest._queue.submit(arrival) for arrival in arrivals]:
            assert settled is not None
            await settled

    def _run(self, coroutine: Any) -> "Future[Any]":
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _exchange(
        self,
        path: str,
        method: str,
        *,
        body: bytes = b"",
        exchange: Exchange | None = None,
        headers: Headers | None = None,
        peer: tuple[str, int] | None = ("192.0.2.7", 4711),
    ) -> Response:
        path, _, query = path.partition("?")
        exchange = exchange or Exchange([body])
        length = {"content-length": str(len(body))} if body else {}
        if exchange.hangs_up or exchange.stays_open or len(exchange.parts) > 1:
            length = {"transfer-encoding": "chunked"}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in (length | (headers or {})).items()],
            "client": peer,
        }
        await app.application(scope, exchange.receive, exchange.send)
        return exchange.response()


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own: its spool starts empty."""
    monkeypatch.setattr(settings, "HEARTBEET_DATA", tmp_path)
    return tmp_path


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change settings of the environment; for a server that is started after it."""

    def change(**values: Any) -> None:
        monkeypatch.setattr(settings, "ENV", settings.ENV.model_copy(update=values))

    return change


@pytest.fixture
def idle_server(transactional_db: None, data_folder: Path) -> Iterator[Server]:
    """An ingest that is not started yet."""
    with contextlib.closing(Server(data_folder)) as server:
        yield server


@pytest.fixture
def server(idle_server: Server, redis_url: str) -> Server:
    """An ingest that listens; the shared limiter, if there is one, starts empty."""
    idle_server.start()
    return idle_server


class Outage:
    """The database fails every batch until `end`: the table that each of them writes first is not there."""

    def begin(self) -> None:
        self._rename("monitors_batch", "monitors_batch_away")

    def end(self) -> None:
        self._rename("monitors_batch_away", "monitors_batch")

    def _rename(self, old: str, new: str) -> None:
        if old in connection.introspection.table_names():
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


@pytest.fixture
def outage(transactional_db: None) -> Iterator[Outage]:
    """A database that can go away and come back, the same on SQLite and on PostgreSQL."""
    made = Outage()
    yield made
    made.end()
