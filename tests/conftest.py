"""What every test may use. The suite runs twice: on SQLite, and on PostgreSQL with Redis.

    pytest                                             SQLite in a file, no Redis in the settings
    HEARTBEET_TEST_DATABASE=postgresql pytest          PostgreSQL 18 and Redis, both from wheels (`tests/servers.py`)
    make test                                          both

The servers start once per session, when something first needs them, and nothing has to be installed or running. Tests
run in random order (`-p no:randomly` or `-p randomly -p "randomly_seed=…"` to repeat one), warnings are errors, and a
connection to anything but this machine raises.

Database tests say so with `pytest.mark.django_db`; where threads or processes of their own meet the database they
need `pytest.mark.django_db(transaction=True)`.
"""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import hypothesis
import pytest
import redis

from tests import servers
from tests.receivers import HTTPReceiver, SMTPReceiver

hypothesis.settings.register_profile("heartbeet", deadline=None)  # a slow machine is not a failure
hypothesis.settings.load_profile("heartbeet")

_LOOPBACK = ("127.", "::1", "::ffff:127.", "localhost", "0.0.0.0")


class NetworkIsOff(RuntimeError):
    """A test may talk to this machine only."""


def _refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise NetworkIsOff(f"{NetworkIsOff.__doc__} It tried {address}.")


sys.addaudithook(_refuse_other_machines)


@pytest.fixture
def now() -> datetime:
    """A quiet Monday noon; tests move on from it by adding to it."""
    return datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.fixture
def redis_url() -> str:
    """An empty Redis database that no other worker uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = servers.ensure_redis().removesuffix("/0") + f"/{int(worker) + 1}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def http_receiver() -> Iterator[HTTPReceiver]:
    """A real HTTP server on loopback: it keeps what it gets and answers as it is told."""
    with HTTPReceiver() as receiver:
        yield receiver


@pytest.fixture
def smtp_server() -> Iterator[SMTPReceiver]:
    """A real SMTP server on loopback: it keeps what it gets and refuses what it is told to."""
    with SMTPReceiver() as receiver:
        yield receiver
