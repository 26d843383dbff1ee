"""The management API over loopback: the real server on PostgreSQL and Redis, one client with one connection, one
request after the other. One JSON line per case.

    python -m benchmarks.api [--monitors 1000]

All monitors are made by `POST /monitors`, each with tags and a channel of three, and that is the first case; every
twentieth then has an open incident, and the pages of `GET /monitors?limit=100` are the second.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from benchmarks import ingest

LIMIT, ROUNDS, WARM_UP = 100, 20, 10
INCIDENT_EVERY = 20
TAGS = "prod", "staging", "db", "web", "mail"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--monitors", type=int, default=1000)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--token", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        set_up()
        print(json.dumps(STEPS[options.step](options.token)))
    else:
        measure(options.monitors)


def measure(monitors: int) -> None:
    """Print one line per case."""
    from tests import servers

    with ingest.postgresql() as environment:
        environment |= {"HEARTBEET_REDIS_URL": servers.ensure_redis()}
        token = _this("prepare", environment)
        with ingest.serve(ingest.INGEST, environment) as url:
            client = Client(url, token)
            channels = [client.make_channel(number) for number in range(3)]
            made = [client.timed("POST", "/monitors", monitor(number, channels)) for number in range(monitors)]
        _this("break", environment)
        queries = _this("count", environment, token)
        with ingest.serve(ingest.INGEST, environment) as url:
            listed = list(Client(url, token).pages(monitors))
    print(json.dumps(line("POST /monitors", made, monitors)))
    print(json.dumps(line(f"GET /monitors?limit={LIMIT}", listed, monitors, queries=queries)))


def monitor(number: int, channels: list[int]) -> dict[str, Any]:
    """A body as scripts send it."""
    schedule = {"intervalSec": 3600} if number % 2 else {"cron": f"{number % 60} * * * *", "timezone": "Europe/Berlin"}
    return {
        "name": f"job {number}",
        "description": "Nightly work of the bench",
        "tags": [TAGS[number % 5], f"team-{number % 7}"],
        "channelIds": [channels[number % 3]],
        **schedule,
    }


class Client:
    """One connection that is kept open."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises RuntimeError for an error."""
        payload = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", payload, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return json.loads(text)

    def timed(self, method: str, path: str, body: Any = None) -> float:
        """How many milliseconds a call took."""
        started = time.perf_counter()
        self.call(method, path, body)
        return (time.perf_counter() - started) * 1000

    def make_channel(self, number: int) -> int:
        """The id of a new channel."""
        body = {"kind": "webhook", "name": f"hook {number}", "config": {"url": f"https://93.184.215.14/{number}"}}
        return int(self.call("POST", "/channels", body)["id"])

    def pages(self, monitors: int) -> Iterator[float]:
        """How long each page takes, over and over."""
        for _ in range(WARM_UP):
            self.call("GET", f"/monitors?limit={LIMIT}")
        for _ in range(ROUNDS):
            seen, path = 0, f"/monitors?limit={LIMIT}"
            while path:
                started = time.perf_counter()
                page = self.call("GET", path)
                yield (time.perf_counter() - started) * 1000
                seen += len(page["results"])
                path = page["next"].partition("/api/v1")[2] if page["next"] else ""
            assert seen == monitors, seen


def line(case: str, times: list[float], monitors: int, **more: Any) -> dict[str, Any]:
    """The figures of one case."""
    ranked = sorted(times)
    return {
        "bench": "api",
        "case": case,
        "database": "postgresql",
        "monitors": monitors,
        "requests": len(ranked),
        "p50_ms": round(ranked[len(ranked) // 2], 1),
        "p99_ms": round(ranked[len(ranked) * 99 // 100], 1),
        **more,
    }


def _this(step: str, environment: dict[str, str], token: str = "") -> Any:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.api", "--step", step, "--token", token]
    printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.strip().splitlines()[-1])


# In a process on the database that is measured


def set_up() -> None:
    """Make Django ready."""
    import django

    django.setup()


def prepare(token: str) -> str:
    """The tables, an owner, and the owner's access token."""
    from django.core.management import call_command

    from accounts import operations
    from accounts.domain.actor import SYSTEM
    from accounts.models import AccessToken, Membership
    from heartbeet.lib import clock
    from tests import factories

    call_command("migrate", verbosity=0)
    organization = factories.organization("Bench")
    membership = Membership.objects.get(user=factories.member(organization))
    minted = operations.mint_token(membership=membership, name="bench", by=SYSTEM, now=clock.now())
    AccessToken.objects.update(daily_mutation_limit=1_000_000)
    return minted.plaintext


def break_some(token: str) -> int:
    """Let every twentieth monitor be down with an open incident, and the others be up; let PostgreSQL count them."""
    from django.db import connection

    from heartbeet.lib import clock
    from monitors.models import Monitor, Pulse
    from tests import factories

    now = clock.now()
    Pulse.objects.update(status="up", status_since=now, last_ping_at=now, last_success_at=now, deadline=now)
    broken = list(Monitor.objects.order_by("id"))[::INCIDENT_EVERY]
    for row in broken:
        factories.incident(row)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return len(broken)


def count_queries(token: str) -> int:
    """How many queries one page takes."""
    from django.db import connection
    from django.test import Client as DjangoClient
    from django.test.utils import CaptureQueriesContext

    client = DjangoClient(headers={"Authorization": f"Bearer {token}", "Host": "localhost"})
    with CaptureQueriesContext(connection) as caught:
        answer = client.get(f"/api/v1/monitors?limit={LIMIT}")
    assert answer.status_code == 200, answer.content
    return len(caught)


STEPS = {"prepare": prepare, "break": break_some, "count": count_queries}


if __name__ == "__main__":
    main()
