"""The database connection of the thread that records."""

import contextlib
import copy
import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import structlog
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from monitors import sql

log = structlog.get_logger(__name__)

PATIENCE_SEC = 3.5
"""A database that takes longer for a batch hangs: it goes into the spool, and whoever waits is answered within 5 s."""
PROBE_SEC = 0.5
PROBE_LIMIT_SEC = 3.0
WATCH_SEC = 0.25
APPLICATION = "heartbeet-ingest"
_POSTGRESQL_OPTIONS = {
    "application_name": APPLICATION,
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
    "prepare_threshold": 2,
}


def own_connection() -> BaseDatabaseWrapper:
    """A connection outside the pool: the pool waits ten seconds for a database that is away, and its own tries to
    reach it again lie further and further apart."""
    given: dict[str, Any] = copy.deepcopy(connections.settings["default"])
    options = given["OPTIONS"]
    options.pop("pool", None)
    backend = load_backend(given["ENGINE"])
    if backend.DatabaseWrapper.vendor == "postgresql":
        options.update({name: value for name, value in _POSTGRESQL_OPTIONS.items() if name not in options})
    else:
        options["timeout"] = min(options.get("timeout", PATIENCE_SEC), PATIENCE_SEC)
    made: BaseDatabaseWrapper = backend.DatabaseWrapper(given, "default")
    return made


def adopt() -> None:
    """Give the current thread a connection of its own as Django's default one."""
    connections["default"] = own_connection()


def prepare() -> None:
    """Connect if there is no connection."""
    if connection.connection is None:
        connection.ensure_connection()  # unlike connect(), it raises Django's errors: an outage must look like one
        with connection.cursor() as cursor:
            for statement in sql.SESSION[connection.vendor]:
                cursor.execute(statement)


class Outage:
    """Whether the database is away. While it is, a thread asks it twice a second if it is back, so that the writer
    never waits for a host that does not answer."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._is_over.set()
        self._prober: threading.Thread | None = None
        self._is_stopped = threading.Event()

    @property
    def is_on(self) -> bool:
        return not self._is_over.is_set()

    def begin(self, error: BaseException) -> None:
        """The database has failed us."""
        if self.is_on:
            return
        log.error("database_away", error=type(error).__name__, cause=str(error.__cause__ or error)[:200])
        self._is_over.clear()
        self._prober = threading.Thread(target=self._probe_until_back, name="heartbeet-probe", daemon=True)
        self._prober.start()

    def stop(self) -> None:
        """Ask no more."""
        self._is_stopped.set()
        if self._prober is not None:
            self._prober.join(timeout=5)

    def _probe_until_back(self) -> None:
        while not self._is_stopped.wait(PROBE_SEC):
            if _answers():
                log.warning("database_back")
                self._is_over.set()
                return


def _answers() -> bool:
    probe = own_connection()
    watchdog = Watchdog(probe)
    with contextlib.closing(watchdog), watchdog.limit(PROBE_LIMIT_SEC), contextlib.suppress(Exception):
        with contextlib.closing(probe), probe.cursor() as cursor:
            cursor.execute(sql.PROBE)
            if probe.vendor == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
                cursor.execute("ROLLBACK")
        return True
    return False


class Watchdog:
    """Cuts the line to a database that has stopped to answer without hanging up: whoever waits for it then gets an
    error like that of any other outage. A file has no line; what waits for SQLite has a limit of its own."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self._database = database
        self._until = math.inf
        self._is_closed = threading.Event()
        if database.vendor == "postgresql":
            threading.Thread(target=self._watch, name="heartbeet-watchdog", daemon=True).start()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """What happens inside must be done in time."""
        self._until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until = math.inf

    def close(self) -> None:
        self._is_closed.set()

    def _watch(self) -> None:
        while not self._is_closed.wait(WATCH_SEC):
            if time.monotonic() > self._until:
                self._until = math.inf
                self._cut()

    def _cut(self) -> None:
        """Through a descriptor of our own: the connection's may be closed, and its number taken, at any moment."""
        line = self._database.connection
        with contextlib.suppress(Exception), socket.socket(fileno=os.dup(line.pgconn.socket)) as own:
            log.error("database_hangs")
            own.shutdown(socket.SHUT_RDWR)
