"""The set-based statements of the sweep and of transitions, on PostgreSQL and on SQLite."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

CHANGED = (
    "status",
    "status_since",
    "last_ping_at",
    "last_success_at",
    "last_fail_at",
    "waiting_from",
    "misses",
    "good_pings",
    "deadline",
)
"""The columns of a pulse that a verdict sets, in the order in which `write_pulses` takes them."""

ARMS = (
    "evaluated_at",
    "heard_at",
    "quiet",
    "drop",
    "drop_since",
    "drop_expected",
    "drop_seen",
    "back_expected",
    "back_seen",
)
"""The columns of a rhythm that a look at a beet sets, in the order in which `write_arms` takes them."""

_ARMS_TYPES = ("timestamptz", "timestamptz", "float8", "float8", "timestamptz", "float8", "bigint", "float8", "bigint")
_PG_TYPES = ("text", *["timestamptz"] * 5, "int", "int", "timestamptz")

DUE = """
SELECT p.monitor_id, m.interval_sec, m.cron, m.timezone, m.grace_sec, p.last_success_at, p.waiting_from,
       p.status = 'up' AND m.type = 'heartbeat' AND NOT m.locked AND NOT EXISTS (
           SELECT 1 FROM monitors_run r WHERE r.monitor_id = p.monitor_id AND r.finished_at IS NULL)
FROM monitors_pulse p JOIN monitors_monitor m ON m.id = p.monitor_id
WHERE p.deadline <= %s AND m.deleted_at IS NULL ORDER BY p.deadline LIMIT %s
"""
LOCKED = " FOR NO KEY UPDATE OF p SKIP LOCKED"


def due(clock: datetime, limit: int) -> list[tuple[Any, ...]]:
    """The pulses whose wake-up time has passed, locked (on SQLite the transaction is the lock): monitor_id,
    interval_sec, cron, timezone, grace_sec, last_success_at, waiting_from, and whether the row may simply be
    rescheduled. Rows that another sweep or a ping holds are left for the next look."""
    statement = DUE + LOCKED if connection.vendor == "postgresql" else DUE
    with connection.cursor() as cursor:
        cursor.execute(statement, [_instant(clock), limit])
        rows = cursor.fetchall()
    return rows if connection.vendor == "postgresql" else [_from_sqlite(row) for row in rows]


USUAL = {
    "postgresql": """
SELECT m.id, (
    SELECT min(received_at - before) FROM (
        SELECT received_at, lag(received_at) OVER (ORDER BY received_at) AS before FROM (
            SELECT received_at FROM monitors_ping
            WHERE monitor_id = m.id AND kind = 'success' ORDER BY received_at DESC LIMIT 11) newest) pairs)
FROM unnest(%s::bigint[]) AS m (id)
""",
    "sqlite": """
SELECT m.value, (
    SELECT min((julianday(received_at) - julianday(before)) * 86400.0) FROM (
        SELECT received_at, lag(received_at) OVER (ORDER BY received_at) AS before FROM (
            SELECT received_at FROM monitors_ping
            WHERE monitor_id = m.value AND kind = 'success' ORDER BY received_at DESC LIMIT 11) newest) pairs)
FROM json_each(%s) AS m
""",
}


def usual_periods(monitor_ids: Sequence[int]) -> dict[int, timedelta]:
    """The shortest of the last ten distances between successes of each monitor that had two."""
    is_sqlite = connection.vendor == "sqlite"
    ids = json.dumps(monitor_ids) if is_sqlite else _array(monitor_ids)
    with connection.cursor() as cursor:
        cursor.execute(USUAL[connection.vendor], [ids])
        rows = [row for row in cursor.fetchall() if row[1] is not None]
    return {row[0]: timedelta(seconds=round(row[1], 3)) if is_sqlite else row[1] for row in rows}


def write_deadlines(rows: Sequence[tuple[int, datetime]]) -> None:
    """Set the wake-up times of many pulses: (monitor_id, deadline)."""
    if connection.vendor == "postgresql":
        statement = (
            "UPDATE monitors_pulse p SET deadline = v.deadline "
            "FROM unnest(%s::bigint[], %s::timestamptz[]) AS v (id, deadline) WHERE p.monitor_id = v.id"
        )
        _execute(statement, [_array(id_ for id_, _ in rows), _array(at for _, at in rows)])
    else:
        _executemany(
            "UPDATE monitors_pulse SET deadline = %s WHERE monitor_id = %s", [(_instant(at), id_) for id_, at in rows]
        )


def write_pulses(rows: Sequence[tuple[Any, ...]]) -> None:
    """Set the state of many pulses: the values of CHANGED, then how many pings were added, then monitor_id."""
    if connection.vendor == "postgresql":
        assignments = ", ".join(f"{name} = v.{name}" for name in CHANGED)
        arrays = ", ".join(f"%s::{kind}[]" for kind in (*_PG_TYPES, "int", "bigint"))
        statement = (
            f"UPDATE monitors_pulse p SET {assignments}, judge_error = '', ping_count = p.ping_count + v.pings "  # noqa: S608
            f"FROM unnest({arrays}) AS v ({', '.join(CHANGED)}, pings, id) WHERE p.monitor_id = v.id"
        )
        _execute(statement, [list(column) for column in zip(*rows, strict=True)])
    else:
        assignments = ", ".join(f"{name} = %s" for name in CHANGED)
        statement = (
            f"UPDATE monitors_pulse SET {assignments}, judge_error = '', ping_count = ping_count + %s "  # noqa: S608
            "WHERE monitor_id = %s"
        )
        _executemany(statement, [tuple(_instant(value) for value in row) for row in rows])


def write_arms(rows: Sequence[tuple[Any, ...]]) -> None:
    """Set where the judgement of many beets stands: the values of ARMS, then monitor_id."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        assignments = ", ".join(f'"{name}" = v."{name}"' for name in ARMS)
        arrays = ", ".join(f"%s::{kind}[]" for kind in (*_ARMS_TYPES, "bigint"))
        names = ", ".join(f'"{name}"' for name in ARMS)
        statement = (
            f"UPDATE monitors_rhythm r SET {assignments} "  # noqa: S608
            f"FROM unnest({arrays}) AS v ({names}, id) WHERE r.monitor_id = v.id"
        )
        _execute(statement, [list(column) for column in zip(*rows, strict=True)])
    else:
        assignments = ", ".join(f'"{name}" = %s' for name in ARMS)
        statement = f"UPDATE monitors_rhythm SET {assignments} WHERE monitor_id = %s"  # noqa: S608
        _executemany(statement, [tuple(_instant(value) for value in row) for row in rows])


EVENTS_AT_ONCE, FEWEST_EVENTS = 50_000, 500
"""So many events are read in one look at all of some beets, but at least so many of each: a sweep that was away for a
day meets half a million of a beet of 20,000 an hour. It takes in the others in the looks that follow."""
EVENTS = {
    "postgresql": """
SELECT v.id, p.received_at FROM unnest(%s::bigint[], %s::timestamptz[]) AS v (id, after)
CROSS JOIN LATERAL (
    SELECT received_at FROM monitors_ping
    WHERE monitor_id = v.id AND received_at > v.after AND received_at <= %s AND kind = 'success'
    ORDER BY received_at LIMIT %s) p
""",
    "sqlite": """
SELECT p.monitor_id, p.received_at FROM json_each(%s) AS v
CROSS JOIN monitors_ping p ON p.id IN (
    SELECT id FROM monitors_ping
    WHERE monitor_id = json_extract(v.value, '$[0]') AND received_at > json_extract(v.value, '$[1]')
    AND received_at <= %s AND kind = 'success' ORDER BY received_at LIMIT %s)
ORDER BY p.monitor_id, p.received_at
""",
}
_INSTANT = timedelta(microseconds=1)


def events_since(looks: Sequence[tuple[int, datetime]], until: datetime) -> dict[int, tuple[list[datetime], datetime]]:
    """The events of many beets, each since its last look (monitor_id, evaluated_at), in order, and up to when they are
    all: up to `until`, or of a beet that had very many, up to the last that was read."""
    limit = max(FEWEST_EVENTS, EVENTS_AT_ONCE // len(looks))
    found: dict[int, list[datetime]] = {monitor_id: [] for monitor_id, _ in looks}
    is_sqlite = connection.vendor == "sqlite"
    pairs = [(id_, _instant(at)) for id_, at in looks]
    columns = [json.dumps(pairs, default=str)] if is_sqlite else [_array(column) for column in zip(*looks, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(EVENTS[connection.vendor], [*columns, _instant(until), limit])
        for monitor_id, at in cursor.fetchall():
            found[monitor_id].append(at.replace(tzinfo=UTC) if is_sqlite else at)
    return {id_: _all_of(events, until, is_cut=len(events) == limit) for id_, events in found.items()}


def _all_of(events: list[datetime], until: datetime, *, is_cut: bool) -> tuple[list[datetime], datetime]:
    """Without the last instant, if there may be more of it; it is read again then."""
    if not is_cut or events[0] == events[-1]:
        return events, events[-1] if is_cut else until
    known = events[-1] - _INSTANT
    return [at for at in events if at <= known], known


def _execute(statement: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def _executemany(statement: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)


def _array(values: Iterable[int | datetime]) -> str:
    """A PostgreSQL array in its text form: the driver takes one string in a tenth of the time of a list."""
    return f"{{{','.join(map(str, values))}}}"


def _instant(value: Any) -> Any:
    """An instant as the database's driver takes it in raw SQL: SQLite knows no aware datetimes."""
    if isinstance(value, datetime) and connection.vendor == "sqlite":
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _from_sqlite(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """SQLite has neither booleans nor time zones: all its instants are UTC."""
    return (*row[:5], _aware(row[5]), _aware(row[6]), bool(row[7]))


def _aware(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.replace(tzinfo=UTC)
