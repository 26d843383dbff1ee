"""Why a monitor is in its state, on its page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Organization
from monitors.models import Ping, Pulse, StatusChange
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_exit_code_of_a_failure_is_told_however_many_lines_came_since(acme: Organization, owner: Client) -> None:
    at = datetime.now(UTC) - timedelta(hours=1)
    monitor = factories.healthy(acme, at=at - timedelta(hours=1))
    Ping.objects.create(monitor=monitor, received_at=at, kind="fail", exit_code=7)
    for minute in range(1, 40):
        Ping.objects.create(monitor=monitor, received_at=at + timedelta(minutes=minute), kind="log")
    StatusChange.objects.create(monitor=monitor, at=at, from_status="up", to_status="down", cause="failed")
    Pulse.objects.filter(monitor=monitor).update(status="down", status_since=at, misses=1)

    page = owner.get(f"/monitors/{monitor.id}").content.decode()

    assert "The job ended with exit code 7." in page


@pytest.mark.parametrize(("given", "is_promised"), [({}, True), ({"type": "beet", "interval_sec": None}, False)])
def test_silence_is_promised_to_be_noticed_only_where_it_is(
    acme: Organization, owner: Client, given: dict[str, object], is_promised: bool
) -> None:
    at = datetime.now(UTC)
    monitor = factories.monitor(acme, now=at, **given)
    Pulse.objects.filter(monitor=monitor).update(status="up", ping_count=1, last_ping_at=at, last_success_at=at)

    page = owner.get(f"/monitors/{monitor.id}").content.decode()

    assert f"The first {'ping' if is_promised else 'event'} is here" in page
    assert ("From now on silence is noticed." in page) is is_promised
