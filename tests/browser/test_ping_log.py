"""Older pings below a monitor's page: added in place, and left alone by the refresh."""

import pytest
from playwright.sync_api import Page, expect

from monitors.web.page import PINGS
from tests.browser.conftest import Open
from tests.chaos.installation import Installation

pytestmark = pytest.mark.sqlite

COUNT = PINGS + 15  # within the 60 pings that a token may send in 10 s, and more than a page shows


@pytest.fixture
def busy(window: Open, site: Installation, request: pytest.FixtureRequest) -> tuple[Page, str]:
    """The page of a monitor with more pings than it shows, and the monitor's ping URL."""
    body = {"name": request.node.name, "intervalSec": 3600}
    made = site.api("POST", "/monitors?include=secrets", body, expect=201)
    url: str = made["secrets"]["pingUrl"]
    for number in range(COUNT):
        site.ping(url, f"line {number}".encode())
    page = window()
    page.goto(f"/monitors/{made['id']}")
    return page, url


def test_older_pings_stay_while_the_page_refreshes(busy: tuple[Page, str], site: Installation) -> None:
    page, url = busy
    outputs = page.get_by_text("Output, ")
    expect(outputs).to_have_count(PINGS)

    page.get_by_role("link", name="Load more").click()
    expect(outputs).to_have_count(COUNT)
    for _ in range(3):
        site.ping(url, b"one more")

    expect(outputs).to_have_count(COUNT + 3, timeout=15_000)
    expect(page.get_by_text("This is the oldest that is kept.")).to_be_visible()
    expect(page.get_by_role("link", name="Load more")).to_have_count(0)


def test_the_keyboard_goes_on_where_older_pings_begin(busy: tuple[Page, str]) -> None:
    page, _ = busy

    page.get_by_role("link", name="Load more").press("Enter")

    expect(page.get_by_role("table", name="Older pings")).to_be_focused()
