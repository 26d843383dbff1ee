"""When a ping is expected next, on a monitor's page."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Organization
from heartbeet.lib.words import Teller
from monitors import queries
from monitors.models import Monitor, Pulse
from monitors.web import present
from tests import factories

pytestmark = pytest.mark.django_db

CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("of an interval, if each ping comes when it is due", {"interval_sec": 3600}, ["12:50", "13:50", "14:50"]),
    ("by the clock of a cron line's zone", {"cron": "30 3 * * *", "timezone": "Asia/Tokyo"}, ["Tue 6 Jan, 03:30"]),
    ("with seconds where they matter", {"interval_sec": 645}, ["12:00:45"]),
]


def seen(monitor: Monitor) -> Monitor:
    """As it is in the database by now."""
    return queries.live(monitor.organization).get(id=monitor.id)


@pytest.mark.parametrize(("given", "first"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_next_five_are_told(acme: Organization, now: datetime, given: dict[str, Any], first: list[str]) -> None:
    monitor = seen(factories.healthy(acme, at=now - timedelta(minutes=10), **given))

    told = present.upcoming(monitor, queries.outlook(monitor, now), Teller(now))

    assert len(told) == 5
    assert [each.text for each in told[: len(first)]] == first


def test_what_is_overdue_is_not_told_as_to_come(acme: Organization, now: datetime) -> None:
    monitor = seen(factories.healthy(acme, at=now - timedelta(minutes=62)))

    told = present.upcoming(monitor, queries.outlook(monitor, now), Teller(now))

    assert [each.text for each in told] == ["12:58", "13:58", "14:58", "15:58", "16:58"]


def test_nothing_is_expected_of_what_is_new_paused_or_a_beet(acme: Organization, now: datetime) -> None:
    paused = factories.healthy(acme, at=now)
    Pulse.objects.filter(monitor=paused).update(status="paused")
    others = [factories.monitor(acme), factories.monitor(acme, type="beet", interval_sec=None)]

    for monitor in map(seen, [paused, *others]):
        assert present.upcoming(monitor, queries.outlook(monitor, now), Teller(now)) == []
