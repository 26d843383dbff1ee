"""Beat knocks and the worker hears it, whatever happens to the wall clock."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import libfaketime
import pytest
from django.conf import settings

from heartbeet.lib import clock

KNOCK = """
import sys, threading
from pathlib import Path
from heartbeet import startup
startup.set_up()
from celery import signals
from heartbeet import celery, worker

heard = threading.Semaphore(0)
signals.task_received.connect(lambda **_: heard.release(), weak=False)  # not sent for a knock that was thrown away
worker._executor([celery.DETECT], threads=1)
worker._thread("beat", worker._beat().start)
for offset in ("+0", "-3600", "+3600", "+0"):
    Path(sys.argv[1]).write_text(offset)
    for _ in range(6):
        if not heard.acquire(timeout=10):
            print("nothing was heard at", offset, flush=True)
            sys.exit(1)
print("always heard")
"""


@pytest.mark.sqlite
def test_a_wall_clock_that_is_set_back_and_forward_stops_no_knock(tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_text("+0")
    library = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("HEARTBEET_", "DJANGO_"))}
    environment |= {
        "HEARTBEET_DATA": str(tmp_path / "data"),
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }

    done = subprocess.run(
        [sys.executable, "-c", KNOCK, str(offset)],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.endswith("always heard\n"), done.stdout + done.stderr


def test_the_steady_clock_begins_with_the_wall_clock_and_only_goes_on() -> None:
    first, wall, second = clock.steady(), clock.now(), clock.steady()

    assert first <= second
    assert abs(wall - first) < timedelta(hours=1)  # a set clock of the machine that runs the tests
