"""A production installation for tests: `serve`, `worker` and `beat` as processes, on PostgreSQL and Redis."""

import contextlib
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

from heartbeet.settings import env
from tests import servers
from tests.chaos.installation import Installation

SEVERAL = ("serve", "--workers", "2"), ("worker",), ("worker",), ("beat",), ("beat",)
"""The parts of an installation in which everything is there twice."""


class Production(Installation):
    """Two web+ingest processes, a worker and a beat, with a database and a Redis of their own."""

    parts: tuple[tuple[str, ...], ...] = (("serve", "--workers", "2"), ("worker",), ("beat",))

    def __init__(self, folder: Path, database_url: str, **environ: str) -> None:
        self._redis_port = port = servers.free_port()
        self.start_redis()
        super().__init__(
            folder,
            HEARTBEET_DATABASE_URL=database_url,
            HEARTBEET_REDIS_URL=f"redis://127.0.0.1:{port}/0",
            HEARTBEET_SECRET_KEY=env.make_secret_key(),
            HEARTBEET_ENCRYPTION_KEYS=env.make_encryption_key(),
            HEARTBEET_LOG_FORMAT="json",
            **environ,
        )
        self.environ.setdefault("HEARTBEET_SITE_URL", f"http://127.0.0.1:{self.port}")
        self.database_url = database_url

    def start(self) -> None:
        """Set up as the how-to says, then run everything and wait until the system is well."""
        for command in (["migrate", "--verbosity=0"], ["collectstatic", "--noinput", "--verbosity=0"], ["setup"]):
            self.command(*command)
        super().start()

    def victims(self) -> dict[str, Callable[[], list[psutil.Process]]]:
        return {
            "ingest": lambda: self.running("serve")[0].children()[-1:],
            "serve": lambda: self.running("serve")[:1],
            "worker": lambda: self.running("worker")[:1],
            "beat": lambda: self.running("beat")[:1],
            "worker+worker": lambda: self.running("worker"),
            "ingest+worker+beat": lambda: [
                *self.running("serve")[0].children()[-1:],
                *self.running("worker")[:1],
                *self.running("beat"),
            ],
        }

    def running(self, command: str) -> list[psutil.Process]:
        """Those of its processes that run this command."""
        started = zip(self.parts, self.processes, strict=True)
        return [psutil.Process(process.pid) for part, process in started if part[0] == command]

    def start_redis(self) -> None:
        """Start it, on the same port each time."""
        self.redis = subprocess.Popen(servers.redis_command(self._redis_port), stdout=subprocess.DEVNULL)

    def kill_redis(self) -> None:
        self.redis.kill()
        self.redis.wait()

    def kill_everything(self) -> None:
        super().kill_everything()
        self.kill_redis()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query.replace("?", "%s").encode(), values).fetchall()

    def change(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self.database_url) as connection:
            connection.execute(statement.replace("?", "%s").encode(), values)


def new_database() -> str:
    """The URL of an empty database on this session's server."""
    server = urlsplit(servers.ensure_postgresql())
    name = f"production_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(urlunsplit(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return urlunsplit(server._replace(path=f"/{name}"))


@contextlib.contextmanager
def in_production(
    folder: Path, database_url: str = "", *, parts: tuple[tuple[str, ...], ...] = Production.parts, **environ: str
) -> Iterator[Production]:
    """A production installation that runs, and that leaves no process behind."""
    os.makedirs(folder / "data", exist_ok=True)
    installation = Production(folder, database_url or new_database(), **environ)
    installation.parts = parts
    try:
        installation.start()
        yield installation
    finally:
        installation.kill_everything()
