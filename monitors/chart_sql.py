"""The statements of charts, on PostgreSQL and on SQLite."""

import json
from collections.abc import Sequence

from django.db import connection

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
