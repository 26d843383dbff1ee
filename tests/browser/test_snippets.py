"""Snippets for pages, in a page of somebody else's: cross-origin, in a real browser, to a real monitor."""

import pytest
from playwright.sync_api import Page

from monitors.web import snippets
from tests.browser.conftest import Open
from tests.browser.test_story import create
from tests.chaos.installation import Installation, until
from tests.receivers import HTTPReceiver

pytestmark = pytest.mark.sqlite

PINGS = (
    "SELECT ping.kind, ping.method FROM monitors_ping ping JOIN monitors_monitor monitor"
    " ON monitor.id = ping.monitor_id WHERE monitor.name = ? ORDER BY ping.id"
)


def text(key: str, ping_url: str, *, is_post_only: bool = False) -> str:
    """What there is to copy for a monitor that has this URL."""
    beet_url = ping_url.replace("/heartbeats/", "/beet/")
    job = snippets.Job(name="x", slug="x", ping_url=ping_url, beet_url=beet_url, is_post_only=is_post_only)
    return next(file.text for snippet in snippets.of(job) for file in snippet.files if file.key == key)


def visit(page: Page, host: HTTPReceiver, body: str) -> None:
    """Open a page of another origin."""
    icon = '<link rel="icon" href="data:,">'
    host.answer(200, f"<!doctype html>{icon}{body}".encode(), Content_Type="text/html; charset=utf-8")
    page.goto(host.url)


@pytest.mark.parametrize(("is_post_only", "method"), [(False, "GET"), (True, "POST")])
def test_a_page_with_the_beacon_pings(
    window: Open, site: Installation, http_receiver: HTTPReceiver, is_post_only: bool, method: str
) -> None:
    name = f"Beacon by {method}"
    url = create(window(), name)

    visit(window(is_signed_in=False), http_receiver, text("html-beacon", url, is_post_only=is_post_only))

    until(lambda: site.rows(PINGS, name) == [("success", method)])


def test_a_page_with_the_javascript_tells_how_its_job_ended(
    window: Open, site: Installation, http_receiver: HTTPReceiver
) -> None:
    url = create(window(), "JavaScript in a page")
    page = window(is_signed_in=False)

    visit(page, http_receiver, f"<script>{text('javascript', url)}</script>")
    result = page.evaluate("watched(async () => 7)")
    failure = page.evaluate("watched(async () => { throw new Error('no cache'); }).catch((error) => error.message)")

    assert (result, failure) == (7, "no cache")
    until(lambda: site.rows(PINGS, "JavaScript in a page") == [("success", "POST"), ("fail", "POST")])
