"""Server time of the heavy pages, without a network: Django's test client, with all middleware. One JSON line per case.

    python -m benchmarks.pages [--monitors 1000]

The charts are those of a monitor that was pinged every 5 minutes for 90 days, each ping with a duration, among four
others like it, of which every second carries values too; an outage each day. `draw` is what Python takes when all is
read. The list has so many monitors, each with a day of runs and changes; one page of it is asked for over and over.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import ingest

ROUNDS, WARM_UP = 60, 5
EVERY_SEC, DAYS, ALIKE = 300, 90, 5
RUNS_OF_EACH = 36
CARRIED = {
    "postgresql": """
INSERT INTO monitors_ping
    (monitor_id, received_at, kind, duration_sec, value, run_id, method, source, body_size)
SELECT m, %(end)s::timestamptz - (%(count)s - n) * make_interval(secs => %(every)s) + make_interval(secs => m %% 60),
    CASE WHEN n %% 200 = 0 THEN 'fail' ELSE 'success' END, 5 + random() * 20,
    CASE WHEN m %% 2 = 0 THEN 100 * random() END, '', 'POST', '10.0.0.1', 0
FROM generate_series(1, %(count)s) AS n, generate_series(%(first)s::bigint, %(last)s::bigint) AS m ORDER BY n, m
""",
    "sqlite": """
INSERT INTO monitors_ping (monitor_id, received_at, kind, duration_sec, value, run_id, method, source, body_size)
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %(count)s)
SELECT m.id, strftime('%%Y-%%m-%%d %%H:%%M:%%f', %(end)s,
        ((n - %(count)s) * %(every)s + m.id %% 60) || ' seconds'),
    CASE WHEN n %% 200 = 0 THEN 'fail' ELSE 'success' END,
    5 + abs(random() %% 20000) / 1000.0, CASE WHEN m.id %% 2 = 0 THEN abs(random() %% 100) END,
    '', 'POST', '10.0.0.1', 0
FROM numbers CROSS JOIN monitors_monitor AS m WHERE m.id BETWEEN %(first)s AND %(last)s
""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--monitors", type=int, default=1000)
    parser.add_argument("--database", choices=CARRIED, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.database:
        measure(options.database, options.monitors)
        return
    for database, open_database in (("sqlite", ingest.sqlite), ("postgresql", ingest.postgresql)):
        with open_database() as environment:
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.pages", "--database", database]
            subprocess.run([*command, "--monitors", str(options.monitors)], env=environment, check=True)


# In a process on the database that is measured


def measure(database: str, monitors: int) -> None:
    """Fill the database, and print one line per case."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests import factories

    call_command("migrate", verbosity=0)
    organization = factories.organization("Bench")
    user = factories.member(organization)
    shown = fill_one(organization)
    fill_list(organization, monitors - ALIKE)
    _analyze()
    for monitor_id, how_far in ((shown, "24h"), (shown, "90d"), (shown + 1, "90d")):
        print(json.dumps({"bench": "pages", "database": database, **charts(monitor_id, how_far)}), flush=True)
    for path in (f"/monitors/{shown}", "/"):
        print(json.dumps({"bench": "pages", "database": database, **page(user, path, monitors)}), flush=True)


def fill_one(organization: Any) -> int:
    """The id of a monitor with 90 days of pings and an outage each day; some others have as many."""
    from datetime import timedelta

    from heartbeet.lib import clock
    from monitors.models import Incident, Pulse, StatusChange
    from tests import factories

    now = clock.now()
    alike = [factories.monitor(organization, now=now - timedelta(days=DAYS + 1)) for _ in range(ALIKE)]
    _ping([each.id for each in alike], DAYS * 86_400 // EVERY_SEC, EVERY_SEC, now)
    for each in alike:
        for day in range(1, DAYS):
            start, end = now - timedelta(days=day), now - timedelta(days=day) + timedelta(minutes=7)
            StatusChange.objects.create(monitor=each, at=start, from_status="up", to_status="down", cause="missed")
            StatusChange.objects.create(monitor=each, at=end, from_status="down", to_status="up", cause="recovered")
            Incident.objects.create(monitor=each, cause="missed", title="missed", opened_at=start, resolved_at=end)
    ids = [each.id for each in alike]
    Pulse.objects.filter(monitor__in=ids).update(status="up", last_ping_at=now, last_success_at=now, ping_count=1)
    return int(alike[0].id)


def fill_list(organization: Any, count: int) -> None:
    """So many monitors with runs and two changes each within the last day."""
    from datetime import timedelta

    from heartbeet.lib import clock
    from monitors.models import Pulse, StatusChange
    from tests import factories

    now = clock.now()
    rows = [factories.monitor(organization, now=now - timedelta(days=2), tags=["prod", "db"]) for _ in range(count)]
    _ping([row.id for row in rows], RUNS_OF_EACH, 1800, now)
    for hours, before, after in ((9, "up", "down"), (8, "down", "up")):
        at = now - timedelta(hours=hours)
        changes = [
            StatusChange(monitor=row, at=at, from_status=before, to_status=after, cause="missed") for row in rows
        ]
        StatusChange.objects.bulk_create(changes)
    Pulse.objects.filter(monitor__in=rows).update(status="up", last_ping_at=now, last_success_at=now, ping_count=1)


def charts(monitor_id: int, how_far: str) -> dict[str, Any]:
    """Reading and drawing availability, durations and values; and drawing alone."""
    from unittest import mock

    from django.template.loader import render_to_string

    from heartbeet.lib import clock, words
    from monitors import charts as reads
    from monitors import queries
    from monitors.models import Monitor, Ping
    from monitors.web import chart_values

    monitor = queries.live(Monitor.objects.get(id=monitor_id).organization).get(id=monitor_id)
    tell = words.Teller.for_zone(clock.now(), "Europe/Berlin")

    def draw() -> str:
        shown = {"monitor": monitor, **chart_values.every(monitor, how_far, tell)}
        return render_to_string("monitors/charts/all.html", shown)

    whole, queries_made = timed(draw), _queries(draw)
    with contextlib.ExitStack() as patches:
        for name in ("availability", "measures", "habits"):
            patches.enter_context(mock.patch.object(reads, name, _remembered(getattr(reads, name))))
        drawing = timed(draw)
    figures = {"draw_p50_ms": drawing["p50_ms"], "queries": queries_made, "bytes": len(draw())}
    pings = Ping.objects.filter(monitor=monitor).count()
    values = " and values" if reads.habits(monitor).has_values else ""
    return {"case": f"availability, durations{values}, {how_far}", "pings": pings, **whole, **figures}


def page(user: Any, path: str, monitors: int) -> dict[str, Any]:
    """A page as a person gets it."""
    from django.test import Client

    client = Client(headers={"Host": "localhost"})
    client.force_login(user)

    def get() -> bytes:
        answer = client.get(path)
        assert answer.status_code == 200, answer.status_code
        return bytes(answer.content)

    return {"case": f"GET {path}", "monitors": monitors, **timed(get), "queries": _queries(get), "bytes": len(get())}


def timed(call: Callable[[], object]) -> dict[str, float]:
    """How many milliseconds a call takes, and for how many of them this process was at work: it waited neither for a
    database nor for a processor that others use."""
    for _ in range(WARM_UP):
        call()
    took, busy = [], []
    for _ in range(ROUNDS):
        started, worked = time.perf_counter(), time.process_time()
        call()
        took.append((time.perf_counter() - started) * 1000)
        busy.append((time.process_time() - worked) * 1000)
    took.sort()
    busy.sort()
    half, most = ROUNDS // 2, ROUNDS * 99 // 100
    return {"p50_ms": round(took[half], 1), "p99_ms": round(took[most], 1), "cpu_p50_ms": round(busy[half], 1)}


def _remembered(read: Callable[..., Any]) -> Callable[..., Any]:
    """The same read, which asks the database once."""
    found: list[Any] = []

    def again(*arguments: Any) -> Any:
        if not found:
            found.append(read(*arguments))
        return found[0]

    return again


def _queries(call: Callable[[], object]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        call()
    return len(caught)


def _ping(monitor_ids: list[int], count: int, every_sec: int, end: Any) -> None:
    """So many pings for each monitor, in the order in which they would have come."""
    from django.db import connection

    at = end if connection.vendor == "postgresql" else connection.ops.adapt_datetimefield_value(end)
    given = {"first": min(monitor_ids), "last": max(monitor_ids), "count": count, "every": every_sec, "end": at}
    with connection.cursor() as cursor:
        cursor.execute(CARRIED[connection.vendor], given)


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main()
