"""A production installation for tests: `serve`, `worker` and `beat` as processes, on PostgreSQL and Redis."""

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg

from heartbeet.settings import env
from tests import servers
from tests.chaos.installation import EMAIL, Installation, until


class Production(Installation):
    """Two web+ingest processes, a worker and a beat, with a database and a Redis of their own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.redis = subprocess.Popen(servers.redis_command(port := servers.free_port()), stdout=subprocess.DEVNULL)
        super().__init__(
            folder,
            HEARTBEET_DATABASE_URL=database_url,
            HEARTBEET_REDIS_URL=f"redis://127.0.0.1:{port}/0",
            HEARTBEET_SECRET_KEY=env.make_secret_key(),
            HEARTBEET_ENCRYPTION_KEYS=env.make_encryption_key(),
            HEARTBEET_LOG_FORMAT="json",
        )
        self.environ["HEARTBEET_SITE_URL"] = f"http://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Set up as the how-to says, then run everything and wait until the system is well."""
        for command in (["migrate", "--verbosity=0"], ["collectstatic", "--noinput", "--verbosity=0"], ["setup"]):
            self.command(*command)
        with self.output.open("ab") as output:
            for arguments in (["serve", "--workers", "2"], ["worker"], ["beat"]):
                command = [sys.executable, "-m", "heartbeet.cli", *arguments]
                started = subprocess.Popen(command, env=self.environ, cwd=env.ROOT, stdout=output, stderr=output)
                self.processes.append(started)
        self.process = self.processes[0]
        until(self.is_well, seconds=60)
        self.token = self.command("token", "--email", EMAIL, "--name", "tests", "--scope", "*")

    def kill_redis(self) -> None:
        self.redis.kill()
        self.redis.wait()

    def kill_everything(self) -> None:
        for process in [*self.processes, self.redis]:
            with contextlib.suppress(psutil.NoSuchProcess):
                for member in psutil.Process(process.pid).children(recursive=True):
                    member.kill()
            process.kill()
            process.wait()


def new_database() -> str:
    """The URL of an empty database on this session's server."""
    server = urlsplit(servers.ensure_postgresql())
    name = f"production_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(urlunsplit(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return urlunsplit(server._replace(path=f"/{name}"))


@contextlib.contextmanager
def in_production(folder: Path, database_url: str = "") -> Iterator[Production]:
    """A production installation that runs, and that leaves no process behind."""
    os.makedirs(folder / "data", exist_ok=True)
    installation = Production(folder, database_url or new_database())
    try:
        installation.start()
        yield installation
    finally:
        installation.kill_everything()
