"""A real installation for tests and measurements: `heartbeet up` as a process of its own, and a client for it."""

import contextlib
import http.client
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import psutil

from heartbeet.settings import env
from tests import servers

EMAIL, PASSWORD = "alice@example.com", "correct horse battery staple"
API_TIMEOUT_SEC = 60.0
"""The first call of a process on a busy machine loads half of Django."""


class Installation:
    """An embedded Heartbeet in a folder, with an owner and an access token."""

    parts: tuple[tuple[str, ...], ...] = (("up",),)
    """The commands that it consists of; `processes` are those that run them, in the same order."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder, self.port = folder, servers.free_port()
        self.output = folder / "output.log"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HEARTBEET_", "DJANGO_"))},
            "HEARTBEET_DATA": str(folder / "data"),
            "HEARTBEET_PORT": str(self.port),
            "HEARTBEET_ADMIN_EMAIL": EMAIL,
            "HEARTBEET_ADMIN_PASSWORD": PASSWORD,
            "HEARTBEET_ALLOW_PRIVATE_TARGETS": "127.0.0.0/8",
            **{name: value.replace("{port}", str(self.port)) for name, value in environ.items()},
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.token = ""

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        """The first of its processes: the supervisor, or who serves."""
        return self.processes[0] if self.processes else None

    def start(self) -> None:
        """Run `heartbeet up` and wait until the whole system is well."""
        self.processes = [self.spawn(*part) for part in self.parts]
        until(self.is_well, seconds=120)
        self.token = self.token or self.command("token", "--email", EMAIL, "--name", "tests", "--scope", "*")

    def spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `heartbeet ARGUMENTS` and leave it running."""
        command = [sys.executable, "-m", "heartbeet.cli", *arguments]
        with self.output.open("ab") as output:
            return subprocess.Popen(command, env=self.environ, cwd=env.ROOT, stdout=output, stderr=output)

    def stop(self) -> float:
        """Send SIGTERM. Returns after how many seconds the process was gone; it must have ended cleanly."""
        assert self.process
        asked_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        assert status == 0, self.log()
        return time.monotonic() - asked_at

    def kill(self) -> None:
        """End the supervisor, and only it, at once."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def kill_everything(self) -> None:
        """For the end of a test, whatever happened in it."""
        for member in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        for process in self.processes:
            process.wait()

    def family(self) -> list[psutil.Process]:
        """Its processes and everything below them."""
        found = []
        for process in self.processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                parent = psutil.Process(process.pid)
                found += [parent, *parent.children(recursive=True)]
        return found

    def child(self, name: str) -> psutil.Process:
        """The running child that was started with the subcommand `name`."""
        assert self.process
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if name in child.cmdline():
                    return child
        raise LookupError(name)

    def ingest(self) -> psutil.Process:
        """The process that accepts pings: granian's worker below the `serve` child."""
        return self.child("serve").children()[-1]

    def victims(self) -> "dict[str, Callable[[], list[psutil.Process]]]":
        """Whom one may kill, by name; `a+b` are several at once."""
        return {
            "ingest": lambda: [self.ingest()],
            "serve": lambda: [self.child("serve")],
            "worker": lambda: [self.child("worker")],
            "ingest+worker": lambda: [self.ingest(), self.child("worker")],
            "supervisor": lambda: self.family()[:1],
        }

    def command(self, *arguments: str) -> str:
        """What `heartbeet ARGUMENTS` prints."""
        command = [sys.executable, "-m", "heartbeet.cli", *arguments]
        done = subprocess.run(command, env=self.environ, cwd=env.ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def api(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """A call of the API with the token."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent = orjson.dumps(body) if body is not None else b""
        status, answer = self.request(method, f"/api/v1{path}", sent, headers, timeout_sec=API_TIMEOUT_SEC)
        assert status == expect, (status, answer, self.log())
        return orjson.loads(answer) if answer else None

    def ping(self, url: str, body: bytes = b"") -> int:
        """POST to a ping URL, as curl would. Returns the status, or 0 if nobody answered."""
        try:
            return self.request("POST", urlsplit(url).path, body)[0]
        except (OSError, http.client.HTTPException):
            return 0

    def is_well(self) -> bool:
        """Whether `/health/system` says that everything runs."""
        assert self.process
        assert self.process.poll() is None, self.log()
        try:
            return self.request("GET", "/health/system")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        timeout_sec: float = 10.0,
    ) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_sec)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What is in the database, read beside the processes that write it."""
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "heartbeet.sqlite3", timeout=20)) as database:
            return database.execute(query, values).fetchall()

    def change(self, statement: str, *values: Any) -> None:
        """Change the database behind the back of the processes."""
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "heartbeet.sqlite3", timeout=20)) as database:
            database.execute(statement, values)
            database.commit()

    def log(self) -> str:
        """What the processes have said so far."""
        return self.output.read_text(encoding="utf-8")


@contextlib.contextmanager
def installed(folder: Path, **environ: str) -> Iterator[Installation]:
    """An installation that runs, and that leaves no process behind."""
    installation = Installation(folder, **environ)
    try:
        installation.start()
        yield installation
    finally:
        installation.kill_everything()


def until(is_so: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Return as soon as it is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s"
        time.sleep(0.05)


def secrets_in(text: str) -> list[str]:
    """Everything in a text that looks like a token of ours."""
    return re.findall(r"\b[0-9a-f]{64}\b|\bhb_[A-Za-z0-9_-]{43}", text)
