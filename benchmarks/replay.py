"""`heartbeet replay` at size: 1,000,000 rows of 24 weeks, as events of 1, 20 and 100 streams, and as counts of whole
hours. Real processes; prints one JSON line per case, with the time of a processor beside that of the clock.

    python -m benchmarks.replay [--rows 1000000]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

START = datetime(2025, 1, 6, tzinfo=UTC)
WEEKS = 24


def events(rows: int, streams: int) -> Iterator[str]:
    """Single events at random."""
    draw = np.random.default_rng(1)
    seconds = np.sort(draw.uniform(0, WEEKS * 7 * 86_400, rows))
    yield "stream,timestamp"
    for second, stream in zip(seconds.tolist(), draw.integers(streams, size=rows).tolist(), strict=True):
        yield f"s{stream},{(START + timedelta(seconds=second)).isoformat(timespec='microseconds')}"


def counts(rows: int, streams: int) -> Iterator[str]:
    """What each stream had in each hour."""
    draw = np.random.default_rng(1)
    yield "stream,timestamp,count"
    for hour in range(rows // streams):
        at = (START + timedelta(hours=hour)).isoformat()
        yield from (f"s{stream},{at},{count}" for stream, count in enumerate(draw.poisson(40, streams).tolist()))


def case(folder: Path, name: str, lines: Iterator[str]) -> None:
    """Write a file, and say how long the command takes for it."""
    path = folder / "history.csv"
    path.write_text("\n".join(lines) + "\n")
    started, spent = time.perf_counter(), _processor_sec()
    command = [sys.executable, "-m", "heartbeet.cli", "replay", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, processor = time.perf_counter() - started, _processor_sec() - spent
    found = [json.loads(line) for line in done.stdout.splitlines()]
    alarms = sum(len(each["alarms"]) for each in found)
    line = {
        "bench": "replay",
        "case": name,
        "streams": len(found),
        "seconds": round(seconds, 2),
        "processor_sec": round(processor, 2),
        "alarms": alarms,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _processor_sec() -> float:
    """What the processes that have ended so far took of a processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="hb-bench-") as folder:
        for streams in (1, 20, 100):
            case(Path(folder), "events", events(rows, streams))
        case(Path(folder), "counts of hours", counts(rows, 200))


if __name__ == "__main__":
    main()
