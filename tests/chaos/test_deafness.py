"""Times in which pings could not be heard, by real processes: the fault is ours, so nobody is paged, and nobody's own
silence hides in it."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from django.conf import settings
from psycopg import conninfo

from tests import servers
from tests.chaos import production
from tests.chaos.faults import Faults
from tests.chaos.fleet import Fleet, Job, Role
from tests.chaos.installation import Installation, installed, until
from tests.chaos.keeper import Keeper
from tests.chaos.line import Address, Line
from tests.chaos.production import in_production
from tests.receivers import HTTPReceiver, SMTPReceiver

IS_WHOLE = bool(os.environ.get("HEARTBEET_TEST_CHAOS"))
RESTARTS_WITH_SILENCE = 20 if IS_WHOLE else 1
KEEPERS, REFUSED_AT_ONCE = 4, 12
TOLERANCE_SEC = 1.25
"""How much too early a ping may come at the shortest interval."""
GRACE_SEC = 10
STARTS_WITHIN_SEC, SETTLES_WITHIN_SEC = 60, 120
OWN_ADDRESSES = [
    address.address
    for addresses in psutil.net_if_addrs().values()
    for address in addresses
    if address.family.name == "AF_INET" and not address.address.startswith("127.")
]


def test_restarts_in_every_window_hide_no_silence(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    with (
        _here(tmp_path, smtp_server) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
        Keeper(heartbeet),
    ):
        keepers = fleet.hire(Role.KEEPS, KEEPERS)
        fleet.keep_pinging(keepers)
        away_sec = _restart(heartbeet, fleet, keepers, is_kill=True)
        grace_sec = max(4, round(2 * away_sec))
        silent = fleet.hire(Role.SILENT, RESTARTS_WITH_SILENCE, grace_sec=grace_sec)
        hidden_until = time.monotonic() + len(silent) * 20 * (Role.SILENT.interval_sec + grace_sec)

        restarts = 0
        while fleet.account().open() or restarts < len(silent):
            assert time.monotonic() < hidden_until, fleet.account().open()
            if restarts < len(silent):
                fleet.ping(silent[restarts])
            time.sleep(max(4, 2 * away_sec))
            restarts += 1
            _restart(heartbeet, fleet, keepers, is_kill=bool(restarts % 2))

        assert fleet.account().wrongs() == []
        assert {tuple(_ways(heartbeet, job)[:3]) for job in silent} == {("up", "unknown", "down")}


def test_who_was_refused_becomes_unknown_and_pages_nobody(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    with (
        _here(tmp_path, smtp_server, HEARTBEET_INGEST_QUEUE_MAX="1") as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
    ):
        jobs = fleet.hire(Role.KEEPS, REFUSED_AT_ONCE, grace_sec=4)
        for job in jobs:
            fleet.ping(job)
        time.sleep(Role.KEEPS.interval_sec - TOLERANCE_SEC + 0.25)

        with _locked(heartbeet), ThreadPoolExecutor(len(jobs)) as clients:
            answered = list(clients.map(fleet.try_to_ping, jobs))
        refused = [job for job, is_answered in zip(jobs, answered, strict=True) if not is_answered]
        until(lambda: all(_ways(heartbeet, job)[-1] == "unknown" for job in refused), seconds=SETTLES_WITHIN_SEC)
        for job in jobs:
            fleet.ping(job)

        assert len(refused) >= REFUSED_AT_ONCE // 2
        assert {_status(heartbeet, job) for job in jobs} == {"up"}
        assert fleet.account().wrongs() == []
        assert _gap(heartbeet)["reason"] == "refused"
        assert _gap(heartbeet)["monitorsUnknown"] == len(refused)


@pytest.mark.skipif(not OWN_ADDRESSES, reason="all of this machine's addresses are loopback, where no canary is sent")
def test_a_proxy_that_lets_no_ping_through_pages_nobody(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    with (
        Line(host=OWN_ADDRESSES[0]) as proxy,
        _here(
            tmp_path,
            smtp_server,
            HEARTBEET_SITE_URL=f"http://{proxy.host}:{proxy.port}",
            HEARTBEET_TEST_CANARY_SEC="0.5",
        ) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
    ):
        jobs = fleet.hire(Role.KEEPS, KEEPERS)
        proxy.target = "127.0.0.1", heartbeet.port
        _wait_for_canaries(proxy)
        for job in jobs:
            fleet.ping(job)

        proxy.cut()  # and with it, everybody's pings
        until(lambda: all(_ways(heartbeet, job)[-1] == "unknown" for job in jobs), seconds=SETTLES_WITHIN_SEC)
        proxy.mend()
        _wait_for_canaries(proxy)
        for job in jobs:
            fleet.ping(job)

        assert {_status(heartbeet, job) for job in jobs} == {"up"}
        assert fleet.account().wrongs() == []
        assert _gap(heartbeet)["reason"] == "canary"


@pytest.mark.postgresql
def test_a_success_that_sat_in_the_spool_of_a_dead_process_resolves_what_it_opened(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    soon_dead = {} if IS_WHOLE else {"HEARTBEET_TEST_DEAD_AFTER_SEC": "8"}
    database = production.new_database()
    with (
        in_production(tmp_path, database, **_told_by(smtp_server, **soon_dead, **_test_build(tmp_path))) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
        Line(_address(database)) as line,
    ):
        (job,) = fleet.hire(Role.RETURNS, 1, grace_sec=GRACE_SEC)
        with _second_ingest(heartbeet, tmp_path / "second", _through(line, database)) as second:
            fleet.ping(job)
            heartbeet.change("UPDATE monitors_pulse SET last_success_at = last_success_at - interval '1 hour'")
            heartbeet.change("UPDATE monitors_pulse SET deadline = last_success_at")
            line.cut()
            answered = second.ping(job.url)
        http_receiver.wait_for(1, seconds=GRACE_SEC + SETTLES_WITHIN_SEC)
        line.mend()
        with _second_ingest(heartbeet, tmp_path / "second", _through(line, database)):
            http_receiver.wait_for(2, seconds=SETTLES_WITHIN_SEC)

        assert answered == 204
        assert fleet.account().wrongs() == []
        assert heartbeet.rows("SELECT resolution FROM monitors_incident") == [("late_evidence",)]
        assert _status(heartbeet, job) == "up"


def _told_by(mails: SMTPReceiver, **also: str) -> dict[str, Any]:
    return {"HEARTBEET_SMTP_URL": mails.url, "HEARTBEET_STORM_INCIDENTS": "0", **also}


def _here(folder: Path, mails: SMTPReceiver, **environ: str) -> contextlib.AbstractContextManager[Installation]:
    make: Any = installed if settings.HEARTBEET_EMBEDDED else in_production
    made: contextlib.AbstractContextManager[Installation] = make(
        folder, **_told_by(mails, **_test_build(folder), **environ)
    )
    return made


def _test_build(folder: Path) -> dict[str, Any]:
    return Faults(folder / "faults").environ()


def _wait_for_canaries(proxy: Line) -> None:
    """Several: those that came before the last one are settled."""
    calls = proxy.calls
    until(lambda: proxy.calls > calls + 4, seconds=STARTS_WITHIN_SEC)


def _restart(heartbeet: Installation, fleet: Fleet, keepers: list[Job], *, is_kill: bool) -> float:
    """End the processes that receive pings. Returns for how many seconds nobody was heard."""
    (serving,) = heartbeet.victims()["serve"]()
    ended_at = time.time()
    serving.kill() if is_kill else serving.terminate()
    until(lambda: not _runs(serving))
    gone_at = time.time()
    until(lambda: fleet.heard_of(keepers, since=gone_at), seconds=STARTS_WITHIN_SEC)
    return time.time() - ended_at


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _ways(heartbeet: Installation, job: Job) -> list[str]:
    """The states that a monitor was in."""
    query = "SELECT to_status FROM monitors_statuschange WHERE monitor_id = ? ORDER BY at, id"
    return [status for (status,) in heartbeet.rows(query, job.id)]


def _status(heartbeet: Installation, job: Job) -> str:
    return str(heartbeet.api("GET", f"/monitors/{job.id}")["status"])


def _gap(heartbeet: Installation) -> dict[str, Any]:
    """The newest time in which nobody listened."""
    newest: dict[str, Any] = heartbeet.api("GET", "/listening-gaps")["results"][0]
    return newest


@contextlib.contextmanager
def _locked(heartbeet: Installation) -> Iterator[None]:
    """Somebody holds what every ping must write, and does not give it back."""
    if isinstance(heartbeet, production.Production):
        with psycopg.connect(heartbeet.database_url) as holder:
            holder.execute("LOCK TABLE monitors_pulse IN EXCLUSIVE MODE")
            yield
    else:
        path = heartbeet.folder / "data" / "heartbeet.sqlite3"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            yield
            holder.execute("ROLLBACK")


def _address(database_url: str) -> Address:
    parts = conninfo.conninfo_to_dict(database_url)
    host, port = str(parts["host"]), int(parts.get("port") or 5432)
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def _through(line: Line, database_url: str) -> str:
    parts = conninfo.conninfo_to_dict(database_url)
    return f"postgresql://{parts['user']}@{line.host}:{line.port}/{parts['dbname']}?sslmode=disable"


@contextlib.contextmanager
def _second_ingest(heartbeet: Installation, data: Path, database_url: str) -> Iterator[Installation]:
    """An ingest process on another host: with a data folder and a line to the database of its own. It ends by kill."""
    data.mkdir(exist_ok=True)
    second = Installation(data)
    second.environ = heartbeet.environ | {
        "HEARTBEET_DATA": str(data),
        "HEARTBEET_PORT": str(second.port),
        "HEARTBEET_DATABASE_URL": database_url,
    }
    second.processes = [second.spawn("serve", "--only", "ingest")]
    try:
        servers.wait_for_port(second.port, seconds=STARTS_WITHIN_SEC)
        until(lambda: second.request("GET", "/health/ready")[0] == 200, seconds=STARTS_WITHIN_SEC)
        yield second
    finally:
        second.kill_everything()
