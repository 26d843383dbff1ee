"""The raw, set-based SQL of recording pings: three statements for a batch of any size, on PostgreSQL and on SQLite.

Rows travel as one JSON document and bytes as one blob with offsets into it. One parameter costs the interpreter almost
nothing, however many pings are in it, and SQLite gives up the interpreter lock once per statement instead of once
per row. Instants are microseconds since 1970, which both databases turn into their own type.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import DataError, connection
from psycopg import Cursor
from psycopg.errors import DivisionByZero

from heartbeet.lib import clock

PROBE = "SELECT 1 FROM monitors_batch LIMIT 1"
"""Answered only by a database that is there and is ours."""


SESSION = {
    "postgresql": (
        "SET enable_seqscan = off",
        "SET enable_hashjoin = off",
        "SET enable_mergejoin = off",
        "SET join_collapse_limit = 1",
        "SET plan_cache_mode = force_generic_plan",
        "SET jit = off",
    ),
    "sqlite": ("PRAGMA cache_size = -65536", "PRAGMA wal_autocheckpoint = 4000"),
}
"""For the connection that records. PostgreSQL: every row is found by its key, in the order in which the joins are
written; the planner, which knows nothing of the size of a JSON document, else reads all of a table of ten thousand
monitors for a batch of one (130 ms, before the first ANALYZE). SQLite: pages that many batches touch stay in memory
and are copied out of the log once."""


class Known(NamedTuple):
    """The monitor of a digest. `retired_us` is when the token died, if it did. `judges_values` says that the value of
    each ping is held against a rule. `is_plain` says that a success with a good one, or none, needs no judgement: the
    monitor is up, learning or paused, and no run is open. `ping_count` is the pulse's version: every ping changes
    it."""

    monitor_id: int
    retired_us: int | None
    post_only: bool
    is_beet: bool
    judges_values: bool
    is_plain: bool
    ping_count: int = 0


class Overtaken(Exception):
    """A pulse has changed since it was looked at; nothing was written."""


class PingRows(NamedTuple):
    """Pings to insert. Keys of a row: m monitor, t received, k kind, and where they are there e method, s source,
    r run id, x exit code, v value, z size of the body, and [a, b, c]: head = blob[a:b], tail = blob[b:c]."""

    rows: Sequence[dict[str, Any]]
    blob: bytes


def lock(digests: Sequence[bytes]) -> dict[bytes, Known]:
    """The monitors of these digests. Their pulses are locked, in monitor-id order, until the transaction ends."""
    blob = b"".join(digests)
    if connection.vendor == "postgresql":
        found = _lock_postgresql(blob, len(digests))
    else:
        found = _lock_sqlite(blob, len(digests))
    return {digests[row[0]]: Known(row[1], row[2], *map(bool, row[3:])) for row in found}


def look_up(digests: Sequence[bytes]) -> dict[bytes, Known]:
    """Like `lock` without locking. PostgreSQL only."""
    found = _execute_postgresql(_PG_LOOK_UP, (len(digests), b"".join(digests)))
    return {digests[row[0]]: Known(*row[1:]) for row in found}


def write_if_unchanged(batch_id: UUID, *, pings: PingRows, pulses: Sequence[dict[str, Any]], now: datetime) -> None:
    """Like `write`, for pulses that are not locked but were looked up: each has its ping_count of then as c, and b
    for a beet. Sorted by monitor, so that they are locked in that order. One statement, so a transaction by itself.
    Raises Overtaken. PostgreSQL only."""
    rows, changes = orjson.dumps(pings.rows).decode(), orjson.dumps(pulses).decode()
    try:
        _execute_postgresql(_PG_WRITE_IF, (batch_id, now, rows, pings.blob, changes, len(pulses)))
    except DataError as error:
        if isinstance(error.__cause__, DivisionByZero):
            raise Overtaken from error
        raise


def write(batch_id: UUID, *, pings: PingRows, pulses: Sequence[dict[str, Any]], now: datetime) -> None:
    """Record a batch: its id, its pings, and on each pulse (m monitor, n pings, t newest ping, s newest success,
    l limited pings) what an ordinary ping changes. The pulses are locked by the caller."""
    rows, changes = orjson.dumps(pings.rows).decode(), orjson.dumps(pulses).decode()
    if connection.vendor == "postgresql":
        _execute_postgresql(_PG_WRITE, (batch_id, now, rows, pings.blob, changes))
        return
    execute = _sqlite_execute
    execute("INSERT INTO monitors_batch (id, committed_at) VALUES (?, ?)", (batch_id.hex, str(_naive(now))))
    if pings.rows:
        execute(_SQLITE_INSERT, (rows, pings.blob))
    if pulses:
        execute(_SQLITE_UPDATE, (changes,))


def is_recorded(batch_id: UUID) -> bool:
    """Whether a batch has been committed before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM monitors_batch WHERE id = %s", [_uuid(batch_id)])
        return cursor.fetchone() is not None


def _uuid(value: UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


_IS_WELL = "p.status IN ('up', 'learning', 'paused')"
"""In these states a success is no news. Only a beet learns."""
_JUDGES_VALUES = "m.value_per = 'ping' AND (m.value_band OR m.value_below IS NOT NULL OR m.value_above IS NOT NULL)"

# PostgreSQL. Under locks the open runs are read by a statement of their own: a subquery of the statement that waited
# for a lock would still see the runs as they were before it waited. Without locks the ping_count tells: a run begins
# and ends with a ping.

_PG_JOINS = """
FROM generate_series(0, %s - 1) AS d (pos)
JOIN monitors_token t ON t.digest = substring(%b::bytea FROM 1 + 32 * d.pos FOR 32)
JOIN monitors_monitor m ON m.id = t.monitor_id AND m.deleted_at IS NULL
JOIN monitors_pulse p ON p.monitor_id = t.monitor_id
"""
_PG_COLUMNS = f"""
d.pos, t.monitor_id, (extract(epoch FROM t.retired_at) * 1000000)::bigint, m.post_only, m.type = 'beet',
{_JUDGES_VALUES}, {_IS_WELL}
"""
_PG_LOCK = f"SELECT {_PG_COLUMNS} {_PG_JOINS} ORDER BY p.monitor_id FOR NO KEY UPDATE OF p"
_PG_LOOK_UP = f"""
SELECT {_PG_COLUMNS} AND r.is_open IS NULL, p.ping_count {_PG_JOINS}
LEFT JOIN LATERAL (
    SELECT true AS is_open FROM monitors_run WHERE monitor_id = p.monitor_id AND finished_at IS NULL LIMIT 1
) AS r ON true
"""  # noqa: S608
_PG_OPEN_RUNS = "SELECT DISTINCT monitor_id FROM monitors_run WHERE finished_at IS NULL AND monitor_id = ANY(%s)"
_PG_AT = "timestamptz 'epoch' + {} * interval '1 microsecond'"
_PG_STORE = f"""
counted AS (INSERT INTO monitors_batch (id, committed_at) VALUES (%s, %s)),
stored AS (
    INSERT INTO monitors_ping (monitor_id, received_at, kind, value, exit_code, run_id, method, source,
                               body_head, body_tail, body_size)
    SELECT j.m, {_PG_AT.format("j.t")}, j.k, j.v, j.x, coalesce(j.r, ''), coalesce(j.e, ''), coalesce(j.s, ''),
           substring(b.bytes FROM 1 + j.a FOR j.b - j.a), substring(b.bytes FROM 1 + j.b FOR j.c - j.b),
           coalesce(j.z, 0)
    FROM json_to_recordset(%s::json) AS j (m bigint, t bigint, k text, v float8, x bigint, r text, e text, s text,
                                           a int, b int, c int, z int),
         (VALUES (%b::bytea)) AS b (bytes)
)
"""  # noqa: S608
_PG_MOVE = f"""
UPDATE monitors_pulse p
SET last_ping_at = greatest(p.last_ping_at, {_PG_AT.format("j.t")}),
    last_success_at = greatest(p.last_success_at, {_PG_AT.format("j.s")}),
    ping_count = p.ping_count + j.n, limited_count = p.limited_count + j.l
FROM json_to_recordset(%s::json) AS j (m bigint, n int, t bigint, s bigint, l int, c bigint, b bool)
WHERE p.monitor_id = j.m
"""  # noqa: S608
_PG_WRITE = f"WITH {_PG_STORE} {_PG_MOVE}"
_PG_WRITE_IF = f"""
WITH {_PG_STORE},
moved AS ({_PG_MOVE} AND p.ping_count = j.c AND ({_IS_WELL} OR j.b OR j.n = 0) RETURNING 1)
SELECT 1 / (count(*) = %s)::int FROM moved
"""  # noqa: S608


def _execute_postgresql(statement: str, params: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Run on Django's connection, but with parameters bound by the server (Django's own cursor writes them into the
    text) and in binary."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def _lock_postgresql(blob: bytes, count: int) -> list[tuple[Any, ...]]:
    locked = _execute_postgresql(_PG_LOCK, (count, blob))
    running = _execute_postgresql(_PG_OPEN_RUNS, ([row[1] for row in locked],)) if locked else []
    busy = {row[0] for row in running}
    return [(*row[:-1], row[-1] and row[1] not in busy) for row in locked]


# SQLite. `BEGIN IMMEDIATE` is the lock. The answer of the lookup is one row, for every row fetched would give up the
# interpreter lock and wait for it.


def _json_columns(names: str) -> str:
    return ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in names)


_SQLITE_LOCK = f"""
WITH RECURSIVE d (pos) AS (SELECT 0 UNION ALL SELECT pos + 1 FROM d WHERE pos + 1 < ?1)
SELECT json_group_array(json_array(
    d.pos, t.monitor_id, t.retired_at, m.post_only, m.type = 'beet', {_JUDGES_VALUES},
    {_IS_WELL} AND NOT EXISTS (
        SELECT 1 FROM monitors_run r WHERE r.monitor_id = t.monitor_id AND r.finished_at IS NULL)))
    FILTER (WHERE m.deleted_at IS NULL)
FROM d
CROSS JOIN monitors_token t ON t.digest = substr(?2, 1 + 32 * d.pos, 32)
CROSS JOIN monitors_monitor m ON m.id = t.monitor_id
CROSS JOIN monitors_pulse p ON p.monitor_id = t.monitor_id
"""  # noqa: S608
_SQLITE_AT = "strftime('%Y-%m-%d %H:%M:%S', {0} / 1000000, 'unixepoch') || printf('.%06d', {0} % 1000000)"
_SQLITE_INSERT = f"""
INSERT INTO monitors_ping (monitor_id, received_at, kind, value, exit_code, run_id, method, source,
                           body_head, body_tail, body_size)
SELECT m, {_SQLITE_AT.format("t")}, k, v, x, coalesce(r, ''), coalesce(e, ''), coalesce(s, ''),
       CASE WHEN a IS NOT NULL THEN substr(?2, 1 + a, b - a) END,
       CASE WHEN b IS NOT NULL THEN substr(?2, 1 + b, c - b) END, coalesce(z, 0)
FROM (SELECT {_json_columns("mtkvxresabcz")} FROM json_each(?1))
"""  # noqa: S608
_SQLITE_UPDATE = f"""
UPDATE monitors_pulse
SET last_ping_at = max(coalesce(last_ping_at, j.at), coalesce(j.at, last_ping_at)),
    last_success_at = max(coalesce(last_success_at, j.success_at), coalesce(j.success_at, last_success_at)),
    ping_count = ping_count + j.n, limited_count = limited_count + j.l
FROM (SELECT m, n, l, {_SQLITE_AT.format("t")} AS at, {_SQLITE_AT.format("s")} AS success_at
      FROM (SELECT {_json_columns("mnlts")} FROM json_each(?1))) AS j
WHERE monitors_pulse.monitor_id = j.m
"""  # noqa: S608


def _sqlite_execute(statement: str, params: tuple[Any, ...]) -> Any:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection.connection.execute(statement, params)


def _lock_sqlite(blob: bytes, count: int) -> list[tuple[Any, ...]]:
    rows = orjson.loads(_sqlite_execute(_SQLITE_LOCK, (count, blob)).fetchone()[0])
    return [(row[0], row[1], _microseconds(row[2]), *row[3:]) for row in rows]


def _microseconds(text: str | None) -> int | None:
    return None if text is None else clock.to_microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))
