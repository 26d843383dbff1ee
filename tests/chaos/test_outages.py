"""What we live on goes away, or something is rotten: pings and alerts go on, and each miss is told exactly once."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests import servers
from tests.chaos import production
from tests.chaos.faults import Faults
from tests.chaos.fleet import Fleet, Job, Role
from tests.chaos.installation import Installation, installed, until
from tests.chaos.keeper import Keeper
from tests.chaos.production import Production, in_production
from tests.receivers import HTTPReceiver, SMTPReceiver

IS_WHOLE = bool(os.environ.get("HEARTBEET_TEST_CHAOS"))
REDIS_AWAY_SEC = 60 if IS_WHOLE else 8
DATABASE_AWAY_SEC, PINGS_A_SECOND = (60, 500) if IS_WHOLE else (8, 100)
PER_MONITOR = 5
"""Pings a second; a monitor takes 60 in 10 seconds."""
DETECTS_WITHIN_SEC = 5 if IS_WHOLE else 20  # the short form shares its cores with other tests
SETTLES_WITHIN_SEC = 120
LOG_BYTES, MORE_THAN_FIT = 16_000, 50


@pytest.mark.postgresql
def test_everything_twice_tells_each_miss_once_with_and_without_redis(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    four_workers = (*production.SEVERAL, ("worker",), ("worker",))
    with (
        in_production(tmp_path, parts=four_workers, **_told_by(smtp_server)) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
    ):
        keepers = fleet.hire(Role.KEEPS, 12)
        fleet.keep_pinging(keepers)
        _fall_silent(fleet, 40)
        _settle(fleet)

        heartbeet.kill_redis()
        away_at = time.time()
        _fall_silent(fleet, 20)
        _settle(fleet)
        until(lambda: fleet.heard_of(keepers, since=away_at + REDIS_AWAY_SEC), seconds=REDIS_AWAY_SEC + 30)
        heartbeet.start_redis()
        _fall_silent(fleet, 20)
        _settle(fleet)

        assert fleet.account().wrongs() == []


@pytest.mark.postgresql
def test_a_database_that_is_away_loses_no_answered_ping_and_pages_nobody(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    with (
        closing(servers.OwnPostgreSQL()) as database,
        in_production(tmp_path, database.url, **_told_by(smtp_server)) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
    ):
        keepers, (silent,) = fleet.hire(Role.KEEPS, 12), fleet.hire(Role.SILENT, 1)
        load = fleet.hire(Role.LOGS, PINGS_A_SECOND // PER_MONITOR)
        fleet.keep_pinging(keepers)
        fleet.keep_pinging(load, "/log", every_sec=1 / PER_MONITOR)
        until(lambda: fleet.heard_of(keepers, since=0))

        database.stop()
        time.sleep(DATABASE_AWAY_SEC)
        database.start()
        fleet.ping(silent)
        until(lambda: http_receiver.requests != [], seconds=Role.SILENT.interval_sec + 1 + DETECTS_WITHIN_SEC)
        _settle(fleet)
        fleet.dismiss()
        _settle(fleet)

        assert fleet.account().wrongs() == []
        assert _received_at_wrong_times(heartbeet, fleet) == []


@pytest.mark.postgresql
def test_a_kill_while_the_spool_drains_stores_no_ping_twice(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    faults = Faults(tmp_path / "faults")
    with (
        closing(servers.OwnPostgreSQL()) as database,
        in_production(tmp_path, database.url, **_told_by(smtp_server, **faults.environ())) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
        Keeper(heartbeet),
    ):
        (job,) = fleet.hire(Role.LOGS, 1)
        fleet.ping(job, "/log")
        database.stop()
        for _ in range(20):
            fleet.ping(job, "/log")
        steps = (1, 3, 5, 7, 99) if IS_WHOLE else (3, 99)
        for step in steps:
            faults.arm("drain", step, job.id)

        database.start()
        until(lambda: not any(faults.is_armed("drain", step, job.id) for step in steps), seconds=SETTLES_WITHIN_SEC)
        _settle(fleet)

        assert fleet.account().wrongs() == []


@pytest.mark.sqlite
def test_a_full_spool_refuses_and_what_it_took_is_stored(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    with (
        installed(tmp_path, **_told_by(smtp_server, HEARTBEET_SPOOL_MAX_MB="1")) as heartbeet,
        Fleet(heartbeet, http_receiver, smtp_server) as fleet,
    ):
        (job,) = fleet.hire(Role.LOGS, 1)

        with _locked(tmp_path / "data" / "heartbeet.sqlite3"):
            answers = [fleet.try_to_ping(job, "/log", size=LOG_BYTES) for _ in range(MORE_THAN_FIT)]
        _settle(fleet)
        fleet.ping(job, "/log")

        assert (answers[0], answers[-1]) == (True, False)
        assert fleet.account().wrongs() == []


def test_a_monitor_that_cannot_be_judged_delays_nobody(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    with _here(tmp_path, smtp_server) as heartbeet, Fleet(heartbeet, http_receiver, smtp_server) as fleet:
        (poison,), others = fleet.hire(Role.LOGS, 1), fleet.hire(Role.SILENT, 10)
        fleet.ping(poison)
        heartbeet.change("UPDATE monitors_monitor SET interval_sec = NULL, cron = 'rotten' WHERE id = ?", poison.id)
        heartbeet.change("UPDATE monitors_pulse SET deadline = last_success_at WHERE monitor_id = ?", poison.id)

        began = time.monotonic()
        for job in others:
            fleet.ping(job)
            fleet.ping(poison, "/start")  # a ping that needs judgement, and cannot have it
        pinging_sec = time.monotonic() - began
        until(lambda: _told(http_receiver) >= {job.id for job in others}, seconds=pinging_sec + 6 + DETECTS_WITHIN_SEC)
        _settle(fleet)

        assert fleet.account().wrongs() == []
        assert heartbeet.rows("SELECT judge_error <> '' FROM monitors_pulse WHERE monitor_id = ?", poison.id) == [
            (True,)
        ]


def _told_by(mails: SMTPReceiver, **also: str) -> dict[str, Any]:
    return {"HEARTBEET_SMTP_URL": mails.url, "HEARTBEET_STORM_INCIDENTS": "0", **also}


def _here(folder: Path, mails: SMTPReceiver) -> contextlib.AbstractContextManager[Installation | Production]:
    make: Any = installed if settings.HEARTBEET_EMBEDDED else in_production
    made: contextlib.AbstractContextManager[Installation | Production] = make(folder, **_told_by(mails))
    return made


def _fall_silent(fleet: Fleet, count: int) -> list[Job]:
    made = fleet.hire(Role.SILENT, count)
    for job in made:
        fleet.ping(job)
    return made


def _settle(fleet: Fleet) -> None:
    until(lambda: not fleet.account().open(), seconds=SETTLES_WITHIN_SEC)


def _told(receiver: HTTPReceiver) -> set[int]:
    return {request.json()["data"]["monitor"]["id"] for request in tuple(receiver.requests)}


def _received_at_wrong_times(heartbeet: Installation, fleet: Fleet) -> list[str]:
    """The pings whose time in the database is not between their request and its answer."""
    rows = heartbeet.rows("SELECT body_head, received_at FROM monitors_ping WHERE body_head IS NOT NULL")
    stored: dict[str, datetime] = {bytes(body).decode().partition("\n")[0]: at.astimezone(UTC) for body, at in rows}
    return [
        number
        for job in fleet.jobs
        for number, sent_at, answered_at in job.answered
        if not sent_at - 0.1 <= stored[number].timestamp() <= answered_at + 0.1
    ]


@contextlib.contextmanager
def _locked(database: Path) -> Iterator[None]:
    """Somebody holds the one write lock of SQLite and does not give it back."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=20)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")
