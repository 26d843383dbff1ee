"""The worker process: two bounded executors, and the beat that knocks for them if it runs inside.

Both executors live in one process, so that the embedded installation needs no broker: `memory://` is theirs alone.
"""

import functools
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from celery import beat, signals
from celery.worker import WorkController, state
from django.conf import settings
from django.db import connections

from heartbeet import celery
from heartbeet.lib import lifeline

log = structlog.get_logger(__name__)

DETECT_THREADS = 3
STOP_WITHIN_SEC = 7.0
SILENCE_SEC = 5.0
"""After this long without a knock, Redis or every beat is gone, and the worker knocks on its own door."""


class Executor(WorkController):
    """A Celery worker that can run beside another one in the same process: it has no event loop of its own."""

    def should_use_eventloop(self) -> bool:
        return False


def run(*, with_beat: bool) -> int:
    """Work until SIGTERM or SIGINT, then finish what runs. Returns the exit status; 1 if a part has died, so that
    whoever supervises us starts a whole process again."""
    stopping = _stop_on_signals()
    parts = [
        _executor([celery.DETECT], threads=DETECT_THREADS),
        _executor([celery.ALERTS, celery.UPKEEP], threads=settings.HEARTBEET_SEND_THREADS),
    ]
    parts.append(_thread("beat", _beat().start) if with_beat else _thread("stand-in", lambda: _stand_in(stopping)))
    return _watch(parts, stopping)


def run_beat() -> int:
    """Knock, and do nothing else. Any number may run: what they start is idempotent and expires."""
    stopping = _stop_on_signals()
    return _watch([_thread("beat", _beat().start)], stopping)


def _watch(parts: list[threading.Thread], stopping: threading.Event) -> int:
    while not stopping.wait(0.2):
        dead = [part.name for part in parts if not part.is_alive()]
        if dead:
            log.error("worker.part_died", parts=dead)
            return _end(parts, 1)
    return _end(parts, 0)


def _end(parts: list[threading.Thread], status: int) -> int:
    """Let running tasks finish, for a while. What is cut off is safe: a sweep is one transaction, a send is leased."""
    state.should_stop = 0  # type: ignore[assignment]  # an exit status; the stubs know only None
    for part in parts:
        if part.name != "beat":
            part.join(STOP_WITHIN_SEC / len(parts))
    return status


def _stand_in(stopping: threading.Event) -> None:
    """Do the periodic work while nobody knocks: Redis is a doorbell, and without it alerts come a little later."""
    heard_at = time.monotonic()

    def hear(**_: Any) -> None:
        nonlocal heard_at
        heard_at = time.monotonic()

    signals.task_received.connect(hear)
    while not stopping.wait(1.0):
        if time.monotonic() - heard_at > SILENCE_SEC:
            knock_at_home()


def knock_at_home() -> None:
    """Do all periodic work once. A mail server that hangs must not hold the sweep: its letters have a thread, which
    ends at once while the one before it is still at work; so has our own heartbeat."""
    for name in celery.ASIDE:
        _thread(name, functools.partial(_do, name))
    for name in celery.PERIODIC:
        _do(name)


def _do(name: str) -> None:
    try:
        celery.app.tasks[name].run()
    except Exception:
        log.warning("worker.stand_in_failed", task=name, exc_info=True)
    finally:
        connections.close_all()


def _executor(queues: list[str], *, threads: int) -> threading.Thread:
    app = celery.make_app(f"heartbeet.{queues[0]}")
    controller = Executor(
        app=app,
        hostname=f"{queues[0]}@{os.getpid()}",
        pool="threads",
        concurrency=threads,
        queues=queues,
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
    )
    signals.worker_init.send(sender=controller, instance=controller, conf=app.conf)  # Celery's Django parts wait for it
    return _thread(queues[0], controller.start)


def _beat() -> Any:
    return beat.Service(celery.app, max_interval=1, scheduler_cls=beat.Scheduler)  # the default one writes a file


def _thread(name: str, target: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread


def _stop_on_signals() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    lifeline.hold()
    return stopping
