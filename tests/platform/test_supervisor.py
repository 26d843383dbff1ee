"""The supervisor keeps children running, ends them in time, and leaves none behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from heartbeet import supervisor
from heartbeet.settings import env

STAYS = "import sys, time, pathlib; pathlib.Path(sys.argv[1]).open('a').write('started\\n'); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + STAYS
FOLLOWS = "from heartbeet.lib import lifeline; lifeline.hold(); " + STAYS
SUPERVISE = (
    "import sys; from heartbeet import supervisor; supervisor.STOP_WITHIN_SEC = float(sys.argv[1]); "
    "sys.exit(supervisor.Supervisor({'child': [sys.executable, '-c', *sys.argv[2:]]}).run())"
)

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Start]:
    """Starts a real supervisor with one child that writes a line into `tmp_path/starts` at each start."""
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str, *, stop_within: float = 5.0) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SUPERVISE, str(stop_within), code, str(tmp_path / "starts")]
        started.append(subprocess.Popen(command, cwd=env.ROOT))
        _until(lambda: _starts(tmp_path) >= 1)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_child_that_dies_is_started_again(supervised: Start, tmp_path: Path) -> None:
    parent = supervised(STAYS)

    _child(parent).kill()
    _until(lambda: _starts(tmp_path) == 2)

    assert _child(parent).is_running()


def test_sigterm_ends_the_children_and_then_us(supervised: Start) -> None:
    parent = supervised(STAYS)
    child = _child(parent)

    parent.send_signal(signal.SIGTERM)

    assert parent.wait(timeout=10) == 0
    assert not child.is_running()


def test_a_child_that_will_not_end_is_killed_in_time(supervised: Start) -> None:
    parent = supervised(STUBBORN, stop_within=0.3)
    child = _child(parent)

    parent.send_signal(signal.SIGINT)

    assert parent.wait(timeout=10) == 1
    assert not child.is_running()


def test_children_end_with_a_supervisor_that_was_killed(supervised: Start) -> None:
    parent = supervised(FOLLOWS)
    child = _child(parent)

    parent.kill()
    parent.wait()

    _until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize(
    ("early_deaths", "pause"),
    [
        pytest.param(0, 0.0, id="it had run steadily"),
        pytest.param(1, 0.0, id="a single kill is no pattern"),
        pytest.param(2, 0.5, id="twice is one"),
        pytest.param(4, 2.0, id="twice as long each time"),
        pytest.param(50, supervisor.LONGEST_PAUSE_SEC, id="but not for ever"),
    ],
)
def test_a_child_that_dies_at_once_waits_longer_each_time(early_deaths: int, pause: float) -> None:
    assert supervisor.pause_after(early_deaths) == pause


def _starts(folder: Path) -> int:
    path = folder / "starts"
    return len(path.read_text().splitlines()) if path.exists() else 0


def _child(parent: subprocess.Popen[bytes]) -> psutil.Process:
    (child,) = psutil.Process(parent.pid).children()
    return child


def _until(is_so: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s (pid {os.getpid()})"
        time.sleep(0.02)
