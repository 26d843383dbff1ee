"""What a page weighs with its style sheet and its script, without its pictures."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from heartbeet import bundle
from monitors import boards
from monitors.models import Monitor, Ping
from monitors.models.boards import KINDS
from tests import factories
from tests.monitors import learned

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

    assert weight(page) < MOST


def test_the_page_of_a_beet_is_light_too(owner: Client, talkative: Monitor) -> None:
    Monitor.objects.filter(id=talkative.id).update(type="beet", interval_sec=None)
    learned.learn(talkative, now=datetime.now(UTC))

    page = owner.get(f"/monitors/{talkative.id}").content.decode()

    assert bundle.of("widgets.css").url in page
    assert weight(page) < MOST


def test_a_full_board_is_light(owner: Client, acme: Organization, talkative: Monitor) -> None:
    now = datetime.now(UTC)
    Monitor.objects.filter(id=talkative.id).update(type="beet", interval_sec=None)
    talkative.refresh_from_db()
    learned.learn(talkative, now=now)
    board = boards.create(organization=acme, name="Everything", by=SYSTEM, now=now)
    for number in range(boards.MAX_WIDGETS):
        boards.add(board=board, kind=KINDS[number % len(KINDS)], monitor=talkative, by=SYSTEM, now=now)

    page = owner.get(f"/boards/{board.id}").content.decode()

    assert page.count('class="card widget"') == boards.MAX_WIDGETS
    assert weight(page) < MOST


def weight(page: str) -> int:
    """Of the page and of the style sheets and scripts that it names, in bytes."""
    named = [bundle.of(name) for name in bundle.SOURCES if bundle.of(name).url in page]
    return len(without_pictures(page).encode()) + sum(len(each.content) for each in named)


def without_pictures(page: str) -> str:
    """The page without its SVG; one picture may stand in another."""
    kept, depth = [], 0
    for part in re.split(r"(<svg\b|</svg>)", page):
        depth += {"<svg": 1, "</svg>": -1}.get(part, 0)
        if depth == 0:
            kept.append(part)
    return "".join(kept)
