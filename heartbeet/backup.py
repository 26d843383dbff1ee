"""A copy of the whole database in one file, taken while everything runs, and the way back.

SQLite is copied by its online backup, and the generated secrets go beside it, for without them the copy's tokens cannot
be opened. PostgreSQL is copied by `pg_dump`, whose secrets are in your environment.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

SECRETS_SUFFIX = ".secrets.json"


class BackupFailed(Exception):
    """The message is one sentence for the person at the terminal."""


def save(target: Path) -> list[Path]:
    """Write a backup, readable by this user only. Returns the files made. Raises BackupFailed."""
    draft = target.with_name(target.name + ".part")
    try:
        _make_private(draft)
        if connection.vendor == "sqlite":
            _copy_sqlite(Path(connection.settings_dict["NAME"]), draft)
        else:
            _run("pg_dump", "--format=custom", "--no-owner", f"--file={draft}")
        draft.replace(target)
        return [target, *_save_secrets(target)]
    except OSError as error:
        raise BackupFailed(f"{target} cannot be written ({error.strerror}).") from None
    finally:
        draft.unlink(missing_ok=True)


def load(source: Path) -> None:
    """Put a backup in the place of the database; nothing may be running. Raises BackupFailed."""
    if not source.is_file():
        raise BackupFailed(f"{source} is not a file.")
    connection.close()
    if connection.vendor == "sqlite":
        _load_sqlite(source, Path(connection.settings_dict["NAME"]))
        _load_secrets(source)
    else:
        arguments = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"]
        _run("pg_restore", *arguments, f"--dbname={connection.settings_dict['NAME']}", str(source))


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
            old.backup(new, pages=1000)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without a -wal beside it
            verdict = new.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{source} is not a database that can be read ({error}).") from None
    if verdict != "ok":
        raise BackupFailed(f"{source} is damaged: {verdict}")


def _load_sqlite(source: Path, target: Path) -> None:
    draft = target.with_name(target.name + ".restored")
    draft.unlink(missing_ok=True)
    _copy_sqlite(source, draft)
    draft.chmod(0o600)
    for suffix in ("-wal", "-shm"):  # they belong to the database that goes
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    draft.replace(target)


def _save_secrets(target: Path) -> list[Path]:
    secrets = settings.HEARTBEET_DATA / "secrets.json"
    if not (settings.HEARTBEET_EMBEDDED and secrets.exists()):
        return []
    beside = target.with_name(target.name + SECRETS_SUFFIX)
    _make_private(beside)
    shutil.copyfile(secrets, beside)
    return [beside]


def _load_secrets(source: Path) -> None:
    beside = source.with_name(source.name + SECRETS_SUFFIX)
    if not beside.exists():
        return
    secrets = settings.HEARTBEET_DATA / "secrets.json"
    draft = secrets.with_name("secrets.restored")
    _make_private(draft)
    shutil.copyfile(beside, draft)
    draft.replace(secrets)


def _make_private(path: Path) -> None:
    """An empty file for this user only. One that is there, or a link that somebody laid, goes first."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)


def _run(tool: str, *arguments: str) -> None:
    """Run one of PostgreSQL's client programs against our database; the password goes by the environment."""
    found = shutil.which(tool)
    if not found:
        problem = f"{tool} is not on the PATH; install PostgreSQL's client (Debian: apt-get install postgresql-client)."
        raise BackupFailed(problem)
    done = subprocess.run(  # noqa: S603  (a fixed program, our own arguments)
        [found, *arguments], env={**os.environ, **_libpq()}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFailed(f"{tool} failed: {' '.join(done.stderr.split()) or done.returncode}")


def _libpq() -> dict[str, str]:
    """The database's address in the variables that libpq reads."""
    given: dict[str, Any] = connection.settings_dict
    values = {
        "PGHOST": given["HOST"] or given["OPTIONS"].get("host", ""),
        "PGPORT": given["PORT"],
        "PGUSER": given["USER"],
        "PGPASSWORD": given["PASSWORD"],
        "PGDATABASE": given["NAME"],
        "PGSSLMODE": given["OPTIONS"].get("sslmode", ""),
    }
    return {name: str(value) for name, value in values.items() if value}
