"""Where batches wait while the database is away: a local SQLite file, durable at every commit."""

import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import structlog

from monitors.ingest import arrival as arrivals
from monitors.ingest.arrival import Arrival, Batch

log = structlog.get_logger(__name__)

_PAGE_BYTES = 4096
_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, first_us INTEGER, arrivals BLOB);
CREATE TABLE IF NOT EXISTS quarantine (seq INTEGER PRIMARY KEY, error TEXT NOT NULL, arrival BLOB);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_WAITING = "FROM batch WHERE id NOT IN (SELECT value FROM json_each(?))"
_OLDEST = f"SELECT id, arrivals {_WAITING} ORDER BY seq LIMIT 1"
_OLDEST_US = f"SELECT min(first_us) {_WAITING}"
_COUNT = f"SELECT count(*) {_WAITING}"
_FORGET = "DELETE FROM batch WHERE id IN (SELECT value FROM json_each(?))"
_NODES, _CANARY = "nodes", "canary"


class SpoolFull(Exception):
    """The spool cannot take more: its limit is reached, the disk is full, or it cannot be written at all."""


class Spool:
    """First in, first out. For one thread only. A damaged file is moved aside and never stops anything."""

    def __init__(self, path: Path, *, max_mb: int) -> None:
        self._path = path
        self._max_pages = max(4, max_mb * 1024 * 1024 // _PAGE_BYTES)
        self._connection: sqlite3.Connection | None = None
        self._waiting: int | None = None  # unknown until the file could be opened
        self._stored: set[str] = set()  # what is in the database, and could not be deleted here
        try:
            self._in_repair(lambda _: None)
        except SpoolFull as error:
            log.error("spool_not_opened", error=str(error))

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def __len__(self) -> int:
        """How many batches wait, as far as is known."""
        return self._waiting or 0

    # Whose file it is

    def nodes(self) -> list[UUID]:
        """The processes that wrote here and have not been said goodbye for, oldest first. Raises SpoolFull."""
        return [UUID(text) for text in self._read(_NODES).split()]

    def write_nodes(self, nodes: Iterable[UUID]) -> None:
        """Remember the processes that write here. Raises SpoolFull."""
        self._write(_NODES, " ".join(node.hex for node in nodes))

    def is_canary_proven(self, place: str) -> bool:
        """Whether a canary has ever come back to this slot by way of `place`. Raises SpoolFull."""
        return self._read(_CANARY) == place

    def write_canary_proven(self, place: str) -> None:
        """Remember that one has. Raises SpoolFull."""
        self._write(_CANARY, place)

    def _read(self, name: str) -> str:
        select = "SELECT value FROM meta WHERE name = ?"
        row = self._in_repair(lambda db: db.execute(select, (name,)).fetchone())
        return str(row[0]) if row else ""

    def _write(self, name: str, value: str) -> None:
        insert = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._in_repair(lambda db: db.execute(insert, (name, value)))

    # What waits in it

    def put(self, batch: Batch) -> None:
        """Make a batch durable here. Raises SpoolFull."""
        rows = orjson.dumps([arrivals.dump(each) for each in batch.arrivals])
        first_us = min((each.received_us for each in batch.arrivals), default=0)
        insert = "INSERT INTO batch (id, first_us, arrivals) VALUES (?, ?, ?)"
        self._in_repair(lambda db: db.execute(insert, (batch.id.hex, first_us, rows)))
        self._count_on(1)

    def quarantine(self, arrival: Arrival, error: str) -> None:
        """Keep a ping that the database refuses, for the operator. Raises SpoolFull."""
        row = orjson.dumps(arrivals.dump(arrival))
        self._in_repair(lambda db: db.execute("INSERT INTO quarantine (error, arrival) VALUES (?, ?)", (error, row)))

    def oldest(self) -> Batch | None:
        """The batch that has waited longest. One that cannot be read is quarantined. Raises SpoolFull."""
        while not self.is_empty:
            found = self._in_repair(lambda db: db.execute(_OLDEST, (self._stored_ids(),)).fetchone())
            if found is None:
                self._waiting = 0
                break
            try:
                return Batch([arrivals.load(row) for row in orjson.loads(found[1])], id=UUID(found[0]))
            except (ValueError, TypeError):
                self._set_aside(found[0])
        return None

    def oldest_us(self) -> int | None:
        """When the oldest waiting ping was received. Raises SpoolFull, also if the file could not be read yet."""
        if self._waiting == 0 or (self._waiting is None and not self._path.exists()):
            return None
        found: int | None = self._in_repair(lambda db: db.execute(_OLDEST_US, (self._stored_ids(),)).fetchone())[0]
        return found

    def remove(self, batch: Batch) -> None:
        """Forget a batch: it is in the database. Gives the disk back when nothing waits. A full disk takes no deletion
        either: then it is only passed over, for a spool that is never empty would take every ping, and keep it."""
        self._stored.add(batch.id.hex)
        self._count_on(-1)
        try:
            self._in_repair(lambda db: db.execute(_FORGET, (self._stored_ids(),)))
            self._stored.clear()
            if self.is_empty:
                self._in_repair(lambda db: db.execute("VACUUM"))
        except SpoolFull as error:
            log.error("spool_not_cleared", batches=len(self._stored), error=str(error))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _set_aside(self, batch_id: str) -> None:
        log.error("spool_batch_damaged", batch=batch_id)
        move = "INSERT INTO quarantine (error, arrival) SELECT 'damaged', arrivals FROM batch WHERE id = ?"
        self._in_repair(lambda db: db.execute(move, (batch_id,)))
        self._in_repair(lambda db: db.execute("DELETE FROM batch WHERE id = ?", (batch_id,)))
        self._count_on(-1)

    def _stored_ids(self) -> str:
        return orjson.dumps(list(self._stored)).decode()

    def _count_on(self, change: int) -> None:
        self._waiting = max(0, (self._waiting or 0) + change)

    def _in_repair(self, work: "Work") -> Any:
        """Run `work` on the open file; if the file turns out to be damaged, move it aside and run it on a new one."""
        try:
            return self._attempt(work)
        except sqlite3.OperationalError as error:
            self.close()
            raise SpoolFull(str(error)) from error
        except sqlite3.DatabaseError as error:
            self._move_aside(error)
        try:
            return self._attempt(work)
        except sqlite3.Error as error:
            raise SpoolFull(str(error)) from error

    def _attempt(self, work: "Work") -> Any:
        if self._connection is None:
            self._connection = self._open()
        return work(self._connection)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA max_page_count={self._max_pages}")
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("quick_check failed")
            connection.executescript(_SCHEMA)
            self._waiting = connection.execute(_COUNT, (self._stored_ids(),)).fetchone()[0]
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _move_aside(self, error: sqlite3.DatabaseError) -> None:
        self.close()
        self._waiting = 0
        for suffix in ("", "-wal", "-shm"):
            damaged = self._path.with_name(self._path.name + suffix)
            if damaged.exists():
                damaged.rename(self._path.with_name(f"{self._path.name}.damaged-{time.time_ns()}{suffix}"))
        log.error("spool_damaged", file=self._path.name, error=str(error))


Work = Callable[[sqlite3.Connection], Any]
