"""What every test may use. The suite runs twice: on SQLite, and on PostgreSQL with Redis.

    pytest                                             SQLite in a file, no Redis in the settings
    HEARTBEET_TEST_DATABASE=postgresql pytest          PostgreSQL 18 and Redis, both from wheels (`tests/servers.py`)
    make test                                          both

The servers start once per session, when something first needs them, and nothing has to be installed or running. Tests
run in random order (`-p no:randomly` or `-p randomly -p "randomly_seed=…"` to repeat one), warnings are errors, and a
connection to anything but this machine raises.

Database tests say so with `pytest.mark.django_db`; where threads or processes of their own meet the database they
need `pytest.mark.django_db(transaction=True)`. What makes sense in one of the two runs only is marked `sqlite` or
`postgresql`, and is not there in the other.

The cast: alice owns Acme, adam administers it, bob is a member, vera looks on, charlie is an outsider.
"""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
import redis
from django.conf import settings as django_settings

from accounts.models import Membership, Organization
from monitors.models import Incident, Monitor
from tests import factories, servers
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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is meant for the other database."""
    other = "postgresql" if django_settings.HEARTBEET_EMBEDDED else "sqlite"
    elsewhere = [item for item in items if item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=elsewhere)
    items[:] = [item for item in items if item not in elsewhere]


@pytest.fixture(autouse=True)
def _own_limits(settings: Any) -> None:
    """Limits are counted per test: the cache, a Redis in one of the two runs, is shared."""
    settings.RATELIMIT_CACHE_PREFIX = f"{uuid4()}:"


@pytest.fixture
def now() -> datetime:
    """A quiet Monday noon; tests move on from it by adding to it."""
    return factories.NOON


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


@pytest.fixture
def acme(db: None) -> Organization:
    """The cast's organisation."""
    return factories.organization("Acme")


@pytest.fixture
def alice(acme: Organization) -> Membership:
    return _member(acme, "owner", "alice")


@pytest.fixture
def adam(acme: Organization) -> Membership:
    return _member(acme, "admin", "adam")


@pytest.fixture
def bob(acme: Organization) -> Membership:
    return _member(acme, "member", "bob")


@pytest.fixture
def vera(acme: Organization) -> Membership:
    return _member(acme, "viewer", "vera")


@pytest.fixture
def charlie(db: None) -> Membership:
    return _member(factories.organization("Elsewhere"), "owner", "charlie")


@pytest.fixture
def alices_monitor(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="nightly backup")


@pytest.fixture
def incident(alices_monitor: Monitor) -> Incident:
    return factories.incident(alices_monitor)


def _member(organization: Organization, role: str, name: str) -> Membership:
    user = factories.member(organization, role, name)
    return Membership.objects.select_related("user", "organization__plan").get(user=user)
