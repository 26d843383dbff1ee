"""The pages of an incident that a value opened, of a heartbeat as of a beet."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Organization
from heartbeet.lib import clock
from monitors import hourly_values
from monitors.domain.hours import floor
from monitors.models import Incident, Ping
from tests import factories
from tests.ingest.test_store import arrival, record

pytestmark = pytest.mark.django_db


def text_of(client: Client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_its_page_says_the_number_and_what_is_good(owner: Client, acme: Organization) -> None:
    now = clock.now()
    job = factories.healthy(acme, at=now - timedelta(hours=1), name="backup", value_below=1)
    record(arrival(job, now - timedelta(minutes=1), value=0.0), now=now)

    incident = text_of(owner, f"/incidents/{Incident.objects.get().id}")
    monitor, listed = text_of(owner, f"/monitors/{job.id}"), text_of(owner, "/incidents?cause=value")

    assert "backup reported 0, below 1" in incident
    assert "1 or more is allowed" in incident
    assert "A value was outside its limits" in monitor
    assert "Unusual value" in listed
    assert "backup" in listed


def test_that_of_an_hour_says_so(owner: Client, acme: Organization) -> None:
    hour = floor(clock.now()) - timedelta(hours=1)
    beet = factories.monitor(
        acme, now=hour - timedelta(days=1), name="orders", type="beet", interval_sec=None, value_below=10,
        value_per="hour_sum",
    )  # fmt: skip
    Ping.objects.create(monitor=beet, received_at=hour - timedelta(minutes=1), kind="success", value=50)

    hourly_values.judge(hour, now=clock.now())

    page = text_of(owner, f"/incidents/{Incident.objects.get().id}")
    assert "orders summed up to 0 in an hour, below 10" in page
    assert "10 or more is allowed" in page
