"""The statements of charts, on PostgreSQL and on SQLite."""

import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

Span = tuple[datetime, datetime]
"""A start and an end."""

RECENT_DURATIONS = {
    "postgresql": """
SELECT m.id, (
    SELECT array_agg(duration_sec ORDER BY received_at) FROM (
        SELECT received_at, duration_sec FROM (
            SELECT received_at, duration_sec FROM monitors_ping
            WHERE monitor_id = m.id ORDER BY received_at DESC LIMIT %(pings)s) newest
        WHERE duration_sec IS NOT NULL ORDER BY received_at DESC LIMIT %(limit)s) runs)
FROM unnest(%(ids)s::bigint[]) AS m (id)
""",
    "sqlite": """
SELECT m.value, (
    SELECT json_group_array(duration_sec) FROM (
        SELECT received_at, duration_sec FROM (
            SELECT received_at, duration_sec FROM (
                SELECT received_at, duration_sec FROM monitors_ping
                WHERE monitor_id = m.value ORDER BY received_at DESC LIMIT %(pings)s) newest
            WHERE duration_sec IS NOT NULL ORDER BY received_at DESC LIMIT %(limit)s) runs
        ORDER BY received_at) runs)
FROM json_each(%(ids)s) AS m
""",
}
"""A monitor that never takes a time would have all its pings read, so only its newest are looked at."""


def recent_durations(monitor_ids: Sequence[int], limit: int, pings: int) -> dict[int, list[float]]:
    """The last durations in seconds of each monitor that has some, the newest last: at most `limit`, out of its last
    `pings` pings."""
    is_sqlite = connection.vendor == "sqlite"
    ids = json.dumps(list(monitor_ids)) if is_sqlite else list(monitor_ids)
    with connection.cursor() as cursor:
        cursor.execute(RECENT_DURATIONS[connection.vendor], {"ids": ids, "limit": limit, "pings": pings})
        rows = cursor.fetchall()
    found = {id_: json.loads(row) if is_sqlite else row for id_, row in rows}
    return {id_: durations for id_, durations in found.items() if durations}


DURATION, VALUE = "duration_sec", "value"
_CARRIED = {DURATION: "duration_sec", VALUE: "CASE WHEN abs(value) < 1e100 THEN value END AS value"}
"""Values of 1e100 and more are no measurements: a database may refuse to take their mean."""
_SUMMARIES = {
    "postgresql": """
SELECT found.*
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) WITH ORDINALITY AS t (starts, ends, number)
CROSS JOIN LATERAL (
    SELECT {summary} FROM (
        SELECT {carried} FROM monitors_ping
        WHERE monitor_id = %(monitor)s AND received_at >= t.starts AND received_at < t.ends) p) found
ORDER BY t.number
""",
    "sqlite": """
SELECT (
    SELECT json_array({summary}) FROM (
        SELECT {carried} FROM monitors_ping
        WHERE monitor_id = %(monitor)s
        AND received_at >= json_extract(t.value, '$[0]') AND received_at < json_extract(t.value, '$[1]')) p)
FROM json_each(%(parts)s) AS t ORDER BY t.key
""",
}
"""Each part is a range of the index of its own: nothing is sorted, and no time is taken apart."""


def summaries(monitor_id: int, parts: Sequence[Span], names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """What the pings of a monitor carried in each part: how many said that something failed, and for DURATION, VALUE or
    both, whatever is asked for, four more: count, least, mean and most."""
    statement = _summaries(connection.vendor, names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            starts, ends = (_array(column) for column in zip(*parts, strict=True))
            cursor.execute(statement, {"monitor": monitor_id, "starts": starts, "ends": ends})
            return list(cursor.fetchall())
        edges = json.dumps([[_text(start), _text(end)] for start, end in parts])
        cursor.execute(statement, {"monitor": monitor_id, "parts": edges})
        return [tuple(json.loads(row)) for (row,) in cursor.fetchall()]


_COUNTS = {
    "postgresql": """
SELECT (
    SELECT count(*) FROM (
        SELECT 1 FROM monitors_ping
        WHERE monitor_id = %(monitor)s AND received_at >= t.starts AND received_at < t.ends LIMIT %(most)s) p)
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) WITH ORDINALITY AS t (starts, ends, number)
ORDER BY t.number
""",
    "sqlite": """
SELECT (
    SELECT count(*) FROM (
        SELECT 1 FROM monitors_ping
        WHERE monitor_id = %(monitor)s
        AND received_at >= json_extract(t.value, '$[0]') AND received_at < json_extract(t.value, '$[1]')
        LIMIT %(most)s) p)
FROM json_each(%(parts)s) AS t ORDER BY t.key
""",
}


def counts(monitor_id: int, parts: Sequence[Span], most: int) -> list[int]:
    """How many pings came in each part; a part is not counted further than `most`."""
    given: dict[str, Any] = {"monitor": monitor_id, "most": most}
    if connection.vendor == "postgresql":
        given["starts"], given["ends"] = (_array(column) for column in zip(*parts, strict=True))
    else:
        given["parts"] = json.dumps([[_text(start), _text(end)] for start, end in parts])
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS[connection.vendor], given)
        return [count for (count,) in cursor.fetchall()]


@functools.cache
def _summaries(vendor: str, names: tuple[str, ...]) -> str:
    four = [f"count(p.{name}), min(p.{name}), avg(p.{name}), max(p.{name})" for name in names]
    summary = ", ".join(["count(CASE WHEN p.kind = 'fail' THEN 1 END)", *four])
    return _SUMMARIES[vendor].format(summary=summary, carried=", ".join(["kind", *(_CARRIED[each] for each in names)]))


_EVENTS = {
    "postgresql": """
SELECT monitor_id, date_trunc('hour', received_at, 'UTC'), count(*) FROM monitors_ping
WHERE monitor_id = ANY(%(ids)s) AND received_at >= %(start)s AND received_at < %(end)s AND kind = 'success'
GROUP BY 1, 2
""",
    "sqlite": """
SELECT p.monitor_id, substr(p.received_at, 1, 13) || ':00:00+00:00', count(*)
FROM json_each(%(ids)s) AS m JOIN monitors_ping p ON p.monitor_id = m.value
WHERE p.received_at >= %(start)s AND p.received_at < %(end)s AND p.kind = 'success'
GROUP BY 1, 2
""",
}
"""SQLite keeps an instant as text, of which the first 13 letters are its hour."""


def events_by_hour(monitor_ids: Sequence[int], start: datetime, end: datetime) -> Iterator[tuple[int, datetime, int]]:
    """How many events (pings that say success) each monitor had in which UTC hour of a window, as (monitor, start of
    the hour, how many); none of an hour without events."""
    is_sqlite = connection.vendor == "sqlite"
    ids = json.dumps(list(monitor_ids)) if is_sqlite else list(monitor_ids)
    start_end = (_text(start), _text(end)) if is_sqlite else (start, end)
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS[connection.vendor], {"ids": ids, "start": start_end[0], "end": start_end[1]})
        rows = cursor.fetchall()
    for id_, hour, count in rows:
        yield id_, datetime.fromisoformat(hour) if is_sqlite else hour, count


def _array(instants: Iterable[datetime]) -> str:
    """A PostgreSQL array in its text form."""
    return f"{{{','.join(map(str, instants))}}}"


def _text(instant: datetime) -> str:
    """An instant as SQLite keeps it."""
    return str(connection.ops.adapt_datetimefield_value(instant))
