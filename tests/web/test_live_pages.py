"""Pages that keep themselves fresh: what has not changed costs one query, and what has changed is shown."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from monitors import operations
from monitors.models import Gap, Incident, Monitor, Pulse
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def monitor(acme: Organization) -> Monitor:
    return factories.healthy(acme, at=datetime.now(UTC) - timedelta(minutes=5), name="backup")


def refresh(browser: Client, url: str, version: str) -> Any:
    return browser.get(url, headers={"HX-Request": "true", "Live-Version": version})


def version_of(browser: Client, url: str) -> str:
    found = re.search(r'data-version="([^"]+)"', browser.get(url).content.decode())
    assert found
    return found[1]


def _ping(monitor: Monitor) -> None:
    Pulse.objects.filter(monitor=monitor).update(ping_count=2, last_ping_at=datetime.now(UTC))


def _gap(monitor: Monitor) -> None:
    at = datetime.now(UTC)
    Gap.objects.create(started_at=at - timedelta(minutes=1), ended_at=at, reason="frozen")


def _acknowledge(monitor: Monitor) -> None:
    incident = Incident.objects.select_related("monitor").get(monitor=monitor)
    operations.acknowledge(incident=incident, by=SYSTEM, now=datetime.now(UTC))


CHANGES: dict[str, Callable[[Monitor], object]] = {
    "a ping": _ping,
    "a gap": _gap,
    "an incident is acknowledged": _acknowledge,
    "another name": lambda it: operations.edit(monitor=it, changes={"name": "x"}, by=SYSTEM, now=datetime.now(UTC)),
    "a snooze": lambda it: operations.snooze(monitor=it, until=None, by=SYSTEM, now=datetime.now(UTC)),
    "a pause": lambda it: operations.pause(monitor=it, by=SYSTEM, now=datetime.now(UTC)),
}


def test_a_monitor_that_has_not_changed_is_not_made_again(
    owner: Client, monitor: Monitor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = f"/monitors/{monitor.id}"
    version = version_of(owner, url)

    with django_assert_num_queries(4):  # session, user, membership, the monitor
        answer = refresh(owner, url, version)

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("what", CHANGES)
def test_what_happened_to_a_monitor_is_shown(owner: Client, monitor: Monitor, what: str) -> None:
    factories.incident(monitor)
    url = f"/monitors/{monitor.id}"
    version = version_of(owner, url)

    CHANGES[what](monitor)

    answer = refresh(owner, url, version)
    assert answer.status_code == 200
    assert version not in answer.content.decode()


def test_a_refresh_says_its_version_too(owner: Client, monitor: Monitor) -> None:
    url = f"/monitors/{monitor.id}"
    made_anew = refresh(owner, url, "").content.decode()

    found = re.search(r'data-version="([^"]+)"', made_anew)

    assert found
    assert refresh(owner, url, found[1]).status_code == 204


def test_the_first_step_makes_place_for_the_list_once_there_is_a_monitor(acme: Organization, owner: Client) -> None:
    asks = {"HX-Request": "true", "HX-Target": "first"}
    before = owner.get("/", headers=asks)
    factories.monitor(acme)
    after = owner.get("/", headers=asks)

    assert (before.status_code, before.get("HX-Refresh")) == (204, None)
    assert (after.status_code, after.get("HX-Refresh")) == (204, "true")


def test_a_new_monitor_waits_for_its_first_ping_and_turns_green_when_it_is_there(
    acme: Organization, owner: Client
) -> None:
    monitor = factories.monitor(acme, now=datetime.now(UTC))
    waiting = owner.get(f"/monitors/{monitor.id}").content.decode()
    at = datetime.now(UTC)
    Pulse.objects.filter(monitor=monitor).update(status="up", ping_count=1, last_ping_at=at, last_success_at=at)
    arrived = owner.get(f"/monitors/{monitor.id}").content.decode()

    assert "<h2>Waiting for the first ping</h2>" in waiting
    assert "<h2>The first ping is here</h2>" in arrived
    assert "<h2>Waiting for the first ping</h2>" not in arrived
