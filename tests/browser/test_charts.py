"""The charts of a monitor in a browser: with and without scripts, pointed at, and by keyboard."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.chaos.installation import Installation

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="session")
def job(site: Installation) -> str:
    """The page of a job that ran three times, of which the last failed, and counted something."""
    body = {"name": "counting job", "intervalSec": 3600, "maxRuntimeSec": 600}
    url = site.api("POST", "/monitors?include=secrets", body, expect=201)["secrets"]["pingUrl"]
    for ending in ["", "", "/fail"]:
        site.ping(f"{url}/start")
        site.ping(f"{url}{ending}", b'{"value": 42}')
    (made,) = site.api("GET", "/monitors?q=counting")["results"]
    return f"/monitors/{made['id']}"


def test_another_range_takes_the_place_of_the_charts_and_keeps_the_focus(window: Open, job: str) -> None:
    page = window()
    page.goto(job)

    page.get_by_role("link", name="7 d").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="7 d")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("link", name="7 d")).to_be_focused()
    expect(page.get_by_text("The last 7 days: 3 runs")).to_be_visible()
    assert page.url.endswith(job)


def test_a_table_comes_when_it_is_opened(window: Open, job: str) -> None:
    page = window()
    page.goto(job)

    part = page.get_by_role("region", name="Values", exact=True)
    part.get_by_text("Show as a table").click()

    expect(part.get_by_role("cell", name="42").first).to_be_visible()
    expect(part.get_by_role("row")).to_have_count(4)


def test_without_scripts_a_range_is_a_page_with_its_tables(window: Open, job: str) -> None:
    page = window(java_script_enabled=False)
    page.goto(job)

    page.get_by_role("link", name="30 d").click()
    part = page.get_by_role("region", name="Durations", exact=True)
    part.get_by_text("Show as a table").click()

    assert page.url.endswith(f"{job}/charts?range=30d")
    expect(part.get_by_role("cell", name="failed")).to_be_visible()


def test_what_is_pointed_at_says_what_it_is(window: Open, job: str) -> None:
    page = window()
    page.goto(job)

    told = [_under(page, name) for name in (".days path", ".plot-dots circle", ".plot-dots line")]

    assert "% up" in told[0] or "not watched" in told[0]
    assert ": " in told[1]
    assert told[2].endswith(", failed")


def _under(page: Page, name: str) -> Any:
    """What a pointer in the middle of the last of these shapes is told."""
    shape = page.locator(name).last
    shape.scroll_into_view_if_needed()
    return shape.evaluate(
        """(shape) => {
          const box = shape.getBoundingClientRect();
          const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          return found.closest(":has(> title)").querySelector("title").textContent;
        }"""
    )
