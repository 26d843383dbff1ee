"""Badges and the feed in a real browser: made, seen, copied from, switched off."""

import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_looks import LONG, serious_findings, weak_text, width_of
from tests.chaos.installation import Installation

pytestmark = pytest.mark.sqlite


@pytest.fixture
def monitor(site: Installation, request: pytest.FixtureRequest) -> str:
    """The page of a monitor with a long name, a mark of HTML in it, and a tag of its own."""
    body = {"name": f"<b>{request.node.name} {LONG}"[:250], "intervalSec": 3600, "tags": ["t" * 50]}
    return f"/monitors/{site.api('POST', '/monitors', body, expect=201)['id']}"


def test_a_badge_is_made_shown_replaced_and_switched_off(window: Open, monitor: str) -> None:
    page = window()
    page.goto(monitor)
    page.get_by_role("button", name="Make a badge").click()
    first = _drawn(page)

    page.get_by_role("link", name="Replace the link…").click()
    page.get_by_role("button", name="Replace the link").click()
    second = _drawn(page)
    page.get_by_text("HTML", exact=True).click()
    expect(page.locator("section", has_text="Badge").get_by_text(f'<img src="{second}"')).to_be_visible()
    page.get_by_role("link", name="Switch off…").click()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Make a badge")).to_be_visible()

    assert first != second
    assert [_status(url) for url in (first, second)] == [404, 404]


def test_opened_by_itself_a_badge_is_a_picture_that_complains_of_nothing(window: Open, monitor: str) -> None:
    page = window()
    page.goto(monitor)
    page.get_by_role("button", name="Make a badge").click()
    url = _drawn(page)

    stranger = window(is_signed_in=False)
    stranger.goto(url)

    assert stranger.evaluate("document.documentElement.tagName") == "svg"
    assert stranger.context.cookies() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_badges_holds_up(window: Open, monitor: str, scheme: str) -> None:
    page = window(color_scheme=scheme, viewport={"width": 360, "height": 740})
    page.goto(monitor)
    page.get_by_role("button", name="Make a badge").click()
    page.goto("/settings/badges")
    if page.get_by_role("button", name="Make a badge").count():
        page.get_by_role("button", name="Make a badge").click()
    if page.get_by_role("button", name="Switch on the feed").count():
        page.get_by_role("button", name="Switch on the feed").click()

    for url in (monitor, "/settings/badges"):
        assert width_of(page, url) <= 360
        assert weak_text(page, url) == []
        assert serious_findings(page, url) == []


def _drawn(page: Page) -> str:
    """The address of the badge on a monitor's page, once the browser has drawn it."""
    picture = page.get_by_role("img", name="Badge of")
    expect(picture).to_be_visible()
    page.wait_for_function("image => image.complete && image.naturalHeight === 20", arg=picture.element_handle())
    path = picture.get_attribute("src")
    assert path
    assert re.fullmatch(r"/badge/[\w-]{22}\.svg", path)
    origin: str = page.evaluate("location.origin")
    return origin + path


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
