"""Learning at size: 10,000 beets of three time zones with eight weeks of hours each on PostgreSQL, all of them due.
Then the roll-up of one more hour of the same beets. Prints one JSON line per case.

    python -m benchmarks.learning [--beets 10000]
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np

from benchmarks.sweep import NOW, postgresql

HOUR = timedelta(hours=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York")
DAYS = 57
UNTIL = NOW.replace(minute=0, second=0)
MONITORS = (
    "COPY monitors_monitor (id, organization_id, project_id, name, slug, cron, timezone, type, grace_sec,"
    " alert_threshold, post_only, url, description, tags, locked, created_at, updated_at) FROM STDIN"
)
PULSES = (
    "COPY monitors_pulse (monitor_id, status_since, last_ping_at, last_success_at, status, misses, ping_count,"
    " limited_count, judge_error) FROM STDIN"
)
RHYTHMS = (
    "COPY monitors_rhythm (monitor_id, events, zone, level, burst, wobble, best_count, limited_count, quiet,"
    ' "drop", drop_expected, drop_seen, back_expected, back_seen) FROM STDIN'
)


def fill(count: int) -> None:
    """Beets of all sizes with a shape of the day and wobble, as the roll-up leaves them, and an event each a minute of
    the hour that is over."""
    from django.core.management import call_command
    from django.db import connection

    from monitors.models import RollupMark
    from tests import factories

    call_command("migrate", verbosity=0)
    organization = factories.organization()
    project = organization.projects.get().id
    made = UNTIL - timedelta(days=365)
    with connection.cursor() as cursor:
        for statement, row in (
            (MONITORS, lambda id_: (id_, organization.id, project, f"beet {id_}", f"beet-{id_}", "", ZONES[id_ % 3],
                "beet", 60, 1, False, "", "", "[]", False, made, made)),
            (PULSES, lambda id_: (id_, made, UNTIL, UNTIL, "learning", 0, 1, 0, "")),
            (RHYTHMS, lambda id_: (id_, 0, "UTC", 1.0, 1.0, 0.0, 0, 0, 0.0, 0.0, 0.0, 0, 0.0, 0)),
        ):  # fmt: skip
            with cursor.copy(statement) as copy:
                for id_ in range(1, count + 1):
                    copy.write_row(row(id_))
        with cursor.copy("COPY monitors_hourlycount (monitor_id, day, counts, floors) FROM STDIN") as copy:
            for line in days(count):
                copy.write_row(line)
        with cursor.copy("COPY monitors_ping (monitor_id, received_at, kind, run_id, method, source, body_size)"
            " FROM STDIN") as copy:  # fmt: skip
            for id_ in range(1, count + 1):
                for minute in range(60):
                    copy.write_row((id_, UNTIL + timedelta(minutes=minute), "success", "", "POST", "", 0))
        cursor.execute("VACUUM ANALYZE")
    RollupMark.objects.create(id=1, rolled_until=UNTIL)


def days(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of monitors_hourlycount: rates of 0.3 to 250 events an hour."""
    draw = np.random.default_rng(1)
    of_day = 1 + 0.7 * np.sin(np.arange(24) / 24 * 2 * np.pi)
    first = (UNTIL - timedelta(days=DAYS - 1)).date()
    for id_ in range(1, count + 1):
        rate = np.exp(draw.uniform(np.log(0.3), np.log(250)))
        wobble = np.exp(draw.normal(0, 0.12, (DAYS, 1)))
        for number, counts in enumerate(draw.poisson(rate * of_day * wobble)):
            yield id_, first + timedelta(days=number), counts.astype("<i4").tobytes(), 0


def say(case: str, seconds: float, **more: Any) -> None:
    line = {"bench": "learning", "case": case, "seconds": round(seconds, 2), **more}
    sys.stdout.write(json.dumps(line) + "\n")


def learning(count: int) -> None:
    """Learn all that are due, as the knocks of a night do."""
    from monitors import learn
    from monitors.models import Rhythm

    started, spent, knocks, longest = time.perf_counter(), time.process_time(), 0, 0.0
    while True:
        began = time.perf_counter()
        if not learn.run(now=NOW):
            break
        longest = max(longest, time.perf_counter() - began)
        knocks += 1
    seconds = time.perf_counter() - started
    ready = Rhythm.objects.exclude(rates=None).count()
    say("learned", seconds, beets=count, ready=ready, ms_each=round(1000 * seconds / count, 3),
        processor_ms_each=round(1000 * (time.process_time() - spent) / count, 3), knocks=knocks,
        longest_knock=round(longest, 2))  # fmt: skip


def sums(count: int) -> None:
    """The sums alone."""
    from monitors import learn
    from monitors.domain import rhythm

    draw = np.random.default_rng(1)
    counts = draw.poisson(20, (learn.TOGETHER, 8 * 168))
    started, rounds = time.perf_counter(), count // learn.TOGETHER
    for _ in range(rounds):
        rhythm.learn(UNTIL, counts, np.ones(counts.shape), "Europe/Berlin")
    seconds = time.perf_counter() - started
    say("the sums alone", seconds, ms_each=round(1000 * seconds / (rounds * learn.TOGETHER), 3))


def rolling(count: int) -> None:
    """Roll up an hour with 60 events of each."""
    from monitors import rollup

    started = time.perf_counter()
    rolled = rollup.run(watermark=UNTIL + HOUR)
    say("an hour rolled up", time.perf_counter() - started, beets=count, events=60 * count, hours=len(rolled))
    started = time.perf_counter()
    rollup.run(watermark=UNTIL + HOUR)
    say("nothing to roll up", time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beets", type=int, default=10_000)
    count = parser.parse_args().beets
    with postgresql():
        fill(count)
        learning(count)
        sums(count)
        rolling(count)


if __name__ == "__main__":
    main()
