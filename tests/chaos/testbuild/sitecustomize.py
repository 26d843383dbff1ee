"""The test build: the product as it is, with places at which it can be made to die.

Every Python process that has this folder on its PYTHONPATH loads this module first. It changes nothing unless
HEARTBEET_TEST_FAULT names a folder; nothing of it is known to the product.

A file in that folder named `PATH.NUMBER.MONITOR` is a fault. The process that is about to take step NUMBER of PATH for
that monitor takes the file away (so that a fault strikes once) and ends itself by SIGKILL. A step is a statement or a
COMMIT; a NUMBER beyond the last step strikes when the path has come to its end, before anybody is told of that. With
`trace` for the number nobody dies: the steps are written to `PATH.steps`. What is about no monitor (`tick`, `beat`)
takes any number for it; sending is one step. `CHANGES`, at the end, says which paths there are.

Some waits may be made shorter, so that a short test need not sit through them: HEARTBEET_TEST_LEASE_SEC is how long a
sender holds what it sends, HEARTBEET_TEST_DEAD_AFTER_SEC after how much silence an ingest process is dead, and
HEARTBEET_TEST_CANARY_SEC the time between two canaries. The supervisor starts a child that died early again at once.
"""

import functools
import importlib.abc
import importlib.machinery
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = os.environ.get("HEARTBEET_TEST_FAULT", "")
TRACE = "trace"

_here = threading.local()


@dataclass
class Walk:
    """A path that is being walked by this thread, with the fault that waits in it."""

    fault: Path
    strikes_at: str
    steps: list[str] = field(default_factory=list)

    def step(self, label: str) -> None:
        self.steps.append(" ".join(label.split())[:100])
        if self.strikes_at == str(len(self.steps)):
            strike(self.fault)

    def end(self) -> None:
        if self.strikes_at != TRACE:
            strike(self.fault)
        elif _take(self.fault, "traced"):
            draft = self.fault.with_suffix(".draft")
            draft.write_text("\n".join(self.steps), encoding="utf-8")
            draft.rename(self.fault.with_name(f"{self.fault.name.partition('.')[0]}.steps"))


def strike(fault: Path) -> None:
    """End this process here and now, if nobody did so before for the same fault."""
    if _take(fault, f"struck-{os.getpid()}"):
        os.kill(os.getpid(), signal.SIGKILL)


def _take(fault: Path, what: str) -> bool:
    try:
        fault.rename(fault.with_name(f"{what}.{fault.name}"))
    except FileNotFoundError:
        return False
    return True


def step(label: Any) -> None:
    """Something is about to happen that the database or a receiver will see."""
    walk = getattr(_here, "walk", None)
    if walk is not None:
        walk.step(label if isinstance(label, str) else repr(label))


IsTarget = Callable[..., bool]


def walking(path: str, is_target: IsTarget, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, as a path: its steps are counted where a fault waits for the monitor that it is about."""

    @functools.wraps(function)
    def walked(*args: Any, **kwargs: Any) -> Any:
        fault = None if getattr(_here, "walk", None) else _armed(path, is_target, args, kwargs)
        if fault is None:
            return function(*args, **kwargs)
        walk = _here.walk = Walk(fault, fault.name.split(".")[1])
        try:
            result = function(*args, **kwargs)
        finally:
            _here.walk = None
        walk.end()
        return result

    return walked


def _armed(path: str, is_target: IsTarget, args: Sequence[Any], kwargs: dict[str, Any]) -> Path | None:
    for name in sorted(os.listdir(FOLDER)):
        first, *rest = name.split(".")
        if first == path and len(rest) == 2 and is_target(int(rest[1]), *args, **kwargs):
            return Path(FOLDER, name)
    return None


# Whom a path is about


def _falls_silent(monitor_id: int, *, watermark: Any, **_: Any) -> bool:
    """Whether this sweep is the one that judges the monitor's silence."""
    from monitors.models import Pulse

    pulse = Pulse.objects.select_related("monitor").get(monitor_id=monitor_id)
    if pulse.status not in ("up", "unknown") or not pulse.last_success_at:
        return False
    since = max(pulse.last_success_at, pulse.waiting_from or pulse.last_success_at)
    seconds = (pulse.monitor.interval_sec or 0) + pulse.monitor.grace_sec
    return bool(since + timedelta(seconds=seconds) <= watermark)


def _has_ping(kind: str, monitor_id: int, batch: Any, **_: Any) -> bool:
    from monitors.models import Token

    digests = [arrival.digest for arrival in batch.arrivals if arrival.kind == kind]
    return bool(digests) and Token.objects.filter(monitor_id=monitor_id, digest__in=digests).exists()


def _has_event(monitor_id: int, **_: Any) -> bool:
    from monitors.models import IncidentEvent

    return IncidentEvent.objects.filter(incident__monitor_id=monitor_id, dispatched_at=None).exists()


def _is_due(monitor_id: int, *, now: Any, **_: Any) -> bool:
    from alerts.models import Delivery

    due = Delivery.objects.filter(incident__monitor_id=monitor_id, next_try_at__lte=now)
    return due.filter(status__in=("queued", "sending")).exists()


def _is_claimed(monitor_id: int, claimed: Any, **_: Any) -> bool:
    from alerts.models import Delivery

    ids = [each.delivery_id for each in claimed]
    return Delivery.objects.filter(id__in=ids, incident__monitor_id=monitor_id).exists()


def _tells_of(monitor_id: int, parcel: Any, **_: Any) -> bool:
    event = parcel.delivery.event
    return event is not None and bool(event.incident.monitor_id == monitor_id)


def _has_outcome(monitor_id: int, outcomes: Any) -> bool:
    return any(_tells_of(monitor_id, each.parcel) for each in outcomes)


def _waits_first(monitor_id: int, drain: Any) -> bool:
    batch = drain.spool.oldest()
    return batch is not None and _has_ping("log", monitor_id, batch)


def _always(*_: Any, **__: Any) -> bool:
    return True


# Where a path leads through


def _path(module: ModuleType | type, name: str, path: str, is_target: IsTarget) -> None:
    setattr(module, name, walking(path, is_target, getattr(module, name)))


def _steps(owner: Any, *names: str, label: str = "") -> None:
    """Count each call of these methods; the label is what they are given, unless it is said here."""
    for name in names:
        setattr(owner, name, _stepping(getattr(owner, name), label))


def _stepping(method: Callable[..., Any], label: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def stepping(self: Any, *args: Any, **kwargs: Any) -> Any:
        step(label or args[0])
        return method(self, *args, **kwargs)

    return stepping


def _announced(label: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is a step itself."""

    def announced(*args: Any, **kwargs: Any) -> Any:
        step(label)
        return function(*args, **kwargs)

    return announced


class Connection(sqlite3.Connection):
    """What Django's own cursors do not see of SQLite: the raw statements, the spool's, and COMMIT."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        step(sql)
        return super().execute(sql, *args)

    def commit(self) -> None:
        if self.in_transaction:
            step("COMMIT")
        super().commit()


def _connect(*args: Any, **kwargs: Any) -> Any:
    return _real_connect(*args, **{"factory": Connection, **kwargs})


_real_connect = sqlite3.connect


def _shorten(module: ModuleType, name: str, variable: str, unit: Callable[[float], Any]) -> None:
    assert getattr(module, name)
    if seconds := os.environ.get(variable):
        setattr(module, name, unit(float(seconds)))


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _in_alerts_claims(module: ModuleType) -> None:
    _path(module, "claim", "claim", _is_due)
    _path(module, "prepare", "prepare", _is_claimed)
    module.hand_over = _announced("send", module.hand_over)  # type: ignore[attr-defined]
    _path(module, "hand_over", "send", _tells_of)
    _path(module, "record", "record", _has_outcome)
    _shorten(module, "LEASE", "HEARTBEET_TEST_LEASE_SEC", _seconds)


def _in_ingest_store(module: ModuleType) -> None:
    _path(module, "record", "fail", functools.partial(_has_ping, "fail"))
    _path(module, "record", "recover", functools.partial(_has_ping, "success"))


def _in_watermark(module: ModuleType) -> None:
    _path(module, "tick", "tick", _always)
    _path(module, "beat", "beat", _always)
    _shorten(module, "DEAD_AFTER", "HEARTBEET_TEST_DEAD_AFTER_SEC", _seconds)


def _in_supervisor(module: ModuleType) -> None:
    assert module.STEADY_SEC
    module.STEADY_SEC = 0.0  # type: ignore[attr-defined]


CHANGES: dict[str, Callable[[ModuleType], None]] = {
    "django.db.backends.sqlite3.base": lambda m: _steps(m.SQLiteCursorWrapper, "execute", "executemany"),
    "psycopg.cursor": lambda m: _steps(m.Cursor, "execute", "executemany"),
    "psycopg.connection": lambda m: _steps(m.Connection, "commit", label="COMMIT"),
    "monitors.sweep": lambda m: _path(m, "run", "down", _falls_silent),
    "monitors.ingest.store": _in_ingest_store,
    "monitors.ingest.canary": lambda m: _shorten(m, "EVERY_SEC", "HEARTBEET_TEST_CANARY_SEC", float),
    "monitors.ingest.drain": lambda m: _path(m.Drain, "step", "drain", _waits_first),
    "monitors.watermark": _in_watermark,
    "alerts.dispatcher": lambda m: _path(m, "dispatch", "dispatch", _has_event),
    "alerts.claims": _in_alerts_claims,
    "heartbeet.supervisor": _in_supervisor,
}
"""What is done to a module once it is loaded. A name that is there no more ends the process at its start."""


class Finder(importlib.abc.MetaPathFinder):
    """Does that."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        change = CHANGES.get(fullname)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path) if change else None
        if spec is None or spec.loader is None or change is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            change(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if FOLDER:
    sqlite3.connect = sqlite3.dbapi2.connect = _connect
    sys.meta_path.insert(0, Finder())
