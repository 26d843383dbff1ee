"""The set-based statements of what beets learn from: events rolled up into hours, read back for many beets at once, and
what was learned of them; on PostgreSQL and on SQLite."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from psycopg import Cursor

from monitors.domain import hours

COUNTED = {
    "postgresql": """
SELECT m.id, c.hour, c.events
FROM monitors_monitor m JOIN monitors_pulse p ON p.monitor_id = m.id
CROSS JOIN LATERAL (
    SELECT floor(extract(epoch FROM received_at) / 3600)::bigint AS hour, count(*) AS events
    FROM monitors_ping
    WHERE monitor_id = m.id AND kind = 'success' AND received_at >= %(since)s AND received_at < %(until)s
    GROUP BY 1) c
WHERE m.type = 'beet' AND m.deleted_at IS NULL AND p.last_success_at >= %(since)s
""",
    "sqlite": """
SELECT m.id, substr(g.received_at, 1, 13), count(*)
FROM monitors_monitor m CROSS JOIN monitors_pulse p ON p.monitor_id = m.id
CROSS JOIN monitors_ping g ON g.monitor_id = m.id
WHERE m.type = 'beet' AND m.deleted_at IS NULL AND p.last_success_at >= %(since)s
AND g.kind = 'success' AND g.received_at >= %(since)s AND g.received_at < %(until)s
GROUP BY 1, 2
""",
}
"""Beets that had no event since are left out by their pulses; of the others each reads its own range of the index."""


def counted(since: datetime, until: datetime) -> list[tuple[int, int, int]]:
    """The events of each beet in each hour of a time that had some: monitor, hour since 1970, how many."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED[connection.vendor], {"since": _instant(since), "until": _instant(until)})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    if connection.vendor == "postgresql":
        return [(monitor, int(hour), events) for monitor, hour, events in rows]
    known = {text: hours.number(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in {row[1] for row in rows}}
    return [(monitor, known[text], events) for monitor, text, events in rows]


class Day(NamedTuple):
    """A row of `HourlyCount`."""

    monitor_id: int
    day: date
    counts: bytes
    floors: int


_DAYS = {
    "postgresql": """
SELECT monitor_id, day - '1970-01-01'::date, counts, floors FROM monitors_hourlycount
WHERE monitor_id = ANY(%s::bigint[]) AND day >= %s AND day <= %s ORDER BY monitor_id, day
""",
    "sqlite": """
SELECT h.monitor_id, CAST(julianday(h.day) - 2440587.5 AS INTEGER), h.counts, h.floors
FROM json_each(?) m JOIN monitors_hourlycount h ON h.monitor_id = m.value
WHERE h.day >= ? AND h.day <= ? ORDER BY h.monitor_id, h.day
""",
}


def days(monitor_ids: Sequence[int], first: date, last: date) -> list[tuple[int, int, bytes, int]]:
    """What was counted for these monitors on these days, the last one included, in order: monitor, day since 1970, the
    packed counts, and the bits of the hours that are lower bounds."""
    if connection.vendor == "postgresql":
        return _postgresql(_DAYS["postgresql"], (list(monitor_ids), first, last), binary=True)
    return _sqlite(_DAYS["sqlite"], (json.dumps(list(monitor_ids)), str(first), str(last)))


_PG_WRITE_DAYS = """
INSERT INTO monitors_hourlycount (monitor_id, day, counts, floors)
SELECT m.id, v.day, substring(%b::bytea FROM 96 * v.number::int - 95 FOR 96), v.floors
FROM unnest(%s::bigint[], %s::date[], %s::int[]) WITH ORDINALITY AS v (id, day, floors, number)
JOIN monitors_monitor m ON m.id = v.id
ON CONFLICT (monitor_id, day) DO UPDATE SET counts = excluded.counts, floors = excluded.floors
"""
_SQLITE_WRITE_DAYS = """
INSERT INTO monitors_hourlycount (monitor_id, day, counts, floors)
SELECT id, ?2, ?3, ?4 FROM monitors_monitor WHERE id = ?1
ON CONFLICT (monitor_id, day) DO UPDATE SET counts = excluded.counts, floors = excluded.floors
"""


def write_days(rows: Sequence[Day]) -> None:
    """Write what was counted on days; those of monitors that are gone are left out. The caller has what it read of them
    locked behind `RollupMark`."""
    if connection.vendor == "postgresql":
        blob = b"".join(row.counts for row in rows)
        columns = [[row.monitor_id for row in rows], [row.day for row in rows], [row.floors for row in rows]]
        _postgresql(_PG_WRITE_DAYS, (blob, *columns))
    else:
        _sqlite_many(_SQLITE_WRITE_DAYS, [(row.monitor_id, str(row.day), row.counts, row.floors) for row in rows])


_PG_BEST = """
UPDATE monitors_rhythm r SET best_count = v.events, best_at = v.at
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS v (id, events, at)
WHERE r.monitor_id = v.id AND v.events > r.best_count
"""
_SQLITE_BEST = "UPDATE monitors_rhythm SET best_count = ?2, best_at = ?3 WHERE monitor_id = ?1 AND best_count < ?2"


def raise_bests(rows: Sequence[tuple[int, int, datetime]]) -> None:
    """Keep these hours, (monitor, events, when it began), as the best ones of their beets where they are better."""
    if connection.vendor == "postgresql":
        _postgresql(_PG_BEST, tuple(list(column) for column in zip(*rows, strict=True)))
    else:
        _sqlite_many(_SQLITE_BEST, [(monitor, events, _instant(at)) for monitor, events, at in rows])


class Table(NamedTuple):
    """Many rows of `HourlyCount`, in no order: for each its monitor, its day since 1970 and its floors, and the packed
    counts of all."""

    monitors: NDArray[np.int64]
    days: NDArray[np.int64]
    floors: NDArray[np.int64]
    counts: bytes


_PG_TABLE = """
SELECT string_agg(int8send(monitor_id), ''::bytea), string_agg(int8send(day - '1970-01-01'::date), ''::bytea),
       string_agg(int8send(floors), ''::bytea), string_agg(counts, ''::bytea)
FROM monitors_hourlycount WHERE monitor_id = ANY(%s::bigint[]) AND day >= %s AND day <= %s
"""


def table(monitor_ids: Sequence[int], first: date, last: date) -> Table:
    """What was counted for these monitors on these days, the last one included. PostgreSQL puts it together: one row
    with four columns of bytes takes a tenth of the time of 57 rows for each monitor."""
    if connection.vendor == "postgresql":
        ((*numbers, counts),) = _postgresql(_PG_TABLE, (list(monitor_ids), first, last), binary=True)
        monitors, on, floors = (np.frombuffer(column or b"", ">i8").astype(np.int64) for column in numbers)
        return Table(monitors, on, floors, counts or b"")
    rows = days(monitor_ids, first, last)
    monitors, on, floors = (np.fromiter((row[place] for row in rows), np.int64, len(rows)) for place in (0, 1, 3))
    return Table(monitors, on, floors, b"".join(row[2] for row in rows))


class Learned(NamedTuple):
    """What was learned of one beet: the columns of `Rhythm`. `rates` are packed; None is how far it is until then."""

    monitor_id: int
    learned_from: datetime
    learned_to: datetime
    events: int
    zone: str
    rates: bytes | None = None
    level: float = 1.0
    burst: float = 1.0
    wobble: float = 0.0


_COLUMNS = ("learned_from", "learned_to", "events", "zone", "rates", "level", "burst", "wobble")
_PG_TYPES = ("timestamptz", "timestamptz", "bigint", "text", "bytea", "float8", "float8", "float8")
_PG_LEARNED = f"""
UPDATE monitors_rhythm r SET {", ".join(f"{name} = v.{name}" for name in _COLUMNS)}
FROM unnest(%s::bigint[], {", ".join(f"%b::{kind}[]" for kind in _PG_TYPES)}) AS v (id, {", ".join(_COLUMNS)})
WHERE r.monitor_id = v.id
"""  # noqa: S608
_SQLITE_LEARNED = f"UPDATE monitors_rhythm SET {', '.join(f'{name} = ?' for name in _COLUMNS)} WHERE monitor_id = ?"  # noqa: S608


def write_learned(rows: Sequence[Learned]) -> None:
    """Write what was learned of many beets, whose pulses are locked by the caller. When they learned was written by
    who took their turn; somebody may have asked for another since then."""
    if connection.vendor == "postgresql":
        _postgresql(_PG_LEARNED, tuple(list(column) for column in zip(*rows, strict=True)))
    else:
        _sqlite_many(_SQLITE_LEARNED, [(*(_instant(value) for value in row[1:]), row[0]) for row in rows])


def _postgresql(statement: str, params: tuple[Any, ...], *, binary: bool = False) -> list[Any]:
    """Run with parameters bound by the server, so that bytes go over as they are."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.execute(statement, params, binary=binary)
        return cursor.fetchall() if cursor.description else []


def _sqlite(statement: str, params: tuple[Any, ...]) -> list[Any]:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        found: list[Any] = connection.connection.execute(statement, params).fetchall()
    return found


def _sqlite_many(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.executemany(statement, rows)


def _instant(value: Any) -> Any:
    """An instant as the database's driver takes it in raw SQL: SQLite knows no aware datetimes."""
    if isinstance(value, datetime) and connection.vendor == "sqlite":
        return str(connection.ops.adapt_datetimefield_value(value))
    return value
