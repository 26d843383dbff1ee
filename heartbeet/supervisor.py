"""Keeps child processes running: one that dies is started again, and all end together.

A child that dies soon after its start waits before the next one, twice as long each time, so that a broken
installation does not spin. Children run in sessions of their own: Ctrl-C reaches only us, and we end them in order.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType

import structlog

from heartbeet.lib import lifeline

log = structlog.get_logger(__name__)

LOOK_EVERY_SEC = 0.1
STOP_WITHIN_SEC = 9.0
STEADY_SEC = 10.0
LONGEST_PAUSE_SEC = 30.0


@dataclass
class Child:
    """A command that is to run, and what became of it so far."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    early_deaths: int = 0
    start_at: float = field(default=0.0)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, now: float, environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(  # noqa: S603  (our own commands)
            self.command, env=dict(environ), start_new_session=True
        )
        self.started_at = now

    def plan_restart(self, now: float) -> float:
        """Note a death; returns how many seconds to wait before the next start."""
        self.process = None
        self.early_deaths = self.early_deaths + 1 if now - self.started_at < STEADY_SEC else 0
        pause = pause_after(self.early_deaths)
        self.start_at = now + pause
        return pause


def pause_after(early_deaths: int) -> float:
    """Seconds to wait before the next start: none after a steady life or one early death, then 0.5, 1, 2 … 30."""
    return 0.0 if early_deaths < 2 else min(0.5 * 2.0 ** (early_deaths - 2), LONGEST_PAUSE_SEC)


class Supervisor:
    """Runs commands, by name, until SIGTERM or SIGINT."""

    def __init__(self, commands: Mapping[str, list[str]]) -> None:
        self.children = [Child(name, command) for name, command in commands.items()]
        self._environ = {**os.environ, lifeline.PARENT_VARIABLE: str(os.getpid())}
        self._stopping = threading.Event()

    def run(self) -> int:
        """Start the children and keep them running. Returns the exit status once all have ended."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        try:
            while not self._stopping.is_set():
                for child in self.children:
                    self._tend(child, time.monotonic())
                self._stopping.wait(LOOK_EVERY_SEC)
        finally:
            is_clean = self._stop()
        return 0 if is_clean else 1

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _tend(self, child: Child, now: float) -> None:
        if child.is_running():
            return
        if child.process is not None:
            status = child.process.returncode
            log.warning("child.died", child=child.name, status=status, restart_in_sec=child.plan_restart(now))
        if now >= child.start_at:
            child.start(now, self._environ)

    def _stop(self) -> bool:
        """End every child within STOP_WITHIN_SEC. Returns whether none had to be killed."""
        running = [child for child in self.children if child.process and child.is_running()]
        for child in running:
            _send(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_SEC
        while time.monotonic() < deadline and any(child.is_running() for child in running):
            time.sleep(0.02)
        stuck = [child for child in running if child.is_running()]
        for child in stuck:
            log.warning("child.killed", child=child.name)
            _send(child, signal.SIGKILL)
            child.process.wait()  # type: ignore[union-attr]  # it was running
        return not stuck


def _send(child: Child, number: signal.Signals) -> None:
    """Signal a child; SIGKILL goes to its whole session, so that no grandchild stays behind."""
    assert child.process
    try:
        if number is signal.SIGKILL:
            os.killpg(child.process.pid, number)
        else:
            child.process.send_signal(number)
    except ProcessLookupError:
        pass
