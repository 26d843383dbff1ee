"""A beet in the list and on its page: it is not judged yet, and both say the same."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import Organization
from monitors.models import Monitor, Pulse
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="Checkouts", type="beet", interval_sec=None)


@pytest.mark.parametrize(("stored", "shown"), [("new", "Learning"), ("warning", "Warning"), ("up", "Up")])
def test_the_list_and_the_page_agree(owner: Client, beet: Monitor, stored: str, shown: str) -> None:
    Pulse.objects.filter(monitor=beet).update(status=stored, ping_count=5, last_ping_at=datetime.now(UTC))

    pages = [owner.get(url).content.decode() for url in ["/", f"/monitors/{beet.id}"]]

    assert f"{shown}</span>" in pages[0].partition('id="monitor-')[2]
    assert f"<strong>{shown}</strong>" in pages[1]


def test_its_page_gives_the_address_for_events(owner: Client, beet: Monitor) -> None:
    page = owner.get(f"/monitors/{beet.id}").content.decode()

    assert "/api/v1/beet/&lt;token&gt;" in page
    assert "/api/v1/heartbeats/" not in page
    assert "Each call is one event" in page
