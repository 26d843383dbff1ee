"""What a page weighs with its style sheet and its script, without its pictures."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Organization
from heartbeet import bundle
from monitors.models import Monitor, Ping
from tests import factories

pytestmark = pytest.mark.django_db

MOST = 150_000


@pytest.fixture
def talkative(acme: Organization) -> Monitor:
    """A monitor of which a page shows all that there is to show: durations, values, runs, long outputs."""
    now = datetime.now(UTC)
    monitor = factories.healthy(acme, at=now - timedelta(minutes=5), name="Synchronise all", max_runtime_sec=600)
    carried = {"duration_sec": 42.5, "value": 1234.5, "method": "POST", "source": "2001:db8::1", "body_size": 2000}
    Ping.objects.bulk_create(
        Ping(
            monitor=monitor,
            received_at=now - timedelta(minutes=5 * number + 6),
            kind="success",
            run_id=f"run-{number}",
            body_head=b"x" * 2000,
            **carried,
        )
        for number in range(60)
    )
    return monitor


@pytest.mark.parametrize("url", ["/monitors/{}", "/monitors/{}/edit", "/monitors/new", "/settings/audit-log"])
def test_a_page_is_light(owner: Client, talkative: Monitor, url: str) -> None:
    page = owner.get(url.format(talkative.id)).content.decode()

    assert len(without_pictures(page).encode()) + sum(len(bundle.of(name).content) for name in bundle.SOURCES) < MOST


def without_pictures(page: str) -> str:
    """The page without its SVG; one picture may stand in another."""
    kept, depth = [], 0
    for part in re.split(r"(<svg\b|</svg>)", page):
        depth += {"<svg": 1, "</svg>": -1}.get(part, 0)
        if depth == 0:
            kept.append(part)
    return "".join(kept)
