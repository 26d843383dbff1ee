"""Boards and the widgets of a beet in a browser: put together without scripts, fresh by themselves with them."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open, Shop
from tests.chaos.installation import Installation

pytestmark = pytest.mark.sqlite


def names(page: Page) -> list[str]:
    """What the widgets show, in their order."""
    return [each.removeprefix(", ") for each in page.locator(".widget h2 .visually-hidden").all_text_contents()]


def tools(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=f"{name} of Checkouts")


def test_a_board_is_put_together_without_scripts(window: Open, shop: Shop) -> None:
    page = window(java_script_enabled=False)
    page.goto("/boards")
    page.get_by_label("Name of a new board").fill("Office")
    page.get_by_role("button", name="Make a board").click()
    for kind in ("Record", "Status"):
        page.get_by_text(kind, exact=True).click()
        page.get_by_label("Of which monitor").select_option("Checkouts")
        page.get_by_role("button", name="Add the widget").click()

    tools(page, "Status").get_by_role("button", name="Earlier").click()
    tools(page, "Status").get_by_role("button", name="Wider").click()
    before = (names(page), tools(page, "Status").inner_text().split())
    tools(page, "Record").get_by_role("button", name="Remove").click()
    page.get_by_role("link", name="Done").click()

    assert before[0] == ["Status", "Record"]
    assert "2" in before[1]
    expect(page.get_by_role("heading", name="Office")).to_be_visible()
    assert names(page) == ["Status"]
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete the board").click()
    expect(page.get_by_role("link", name="Office")).to_have_count(0)


def test_what_does_not_suit_a_heartbeat_is_refused_in_words(window: Open, site: Installation, shop: Shop) -> None:
    site.api("POST", "/monitors", {"name": "Mail run", "intervalSec": 3600}, expect=201)
    page = window()
    page.goto(f"{shop.board}/edit")

    page.get_by_role("radio", name="Usual week").check()
    page.get_by_label("Of which monitor").select_option("Mail run")
    page.get_by_role("button", name="Add the widget").click()

    expect(page.get_by_text("only its status and when it was last seen can be shown")).to_be_visible()
    assert len(names(page)) == 6


def test_an_event_appears_on_an_open_board_and_what_one_chose_stays(
    window: Open, site: Installation, shop: Shop
) -> None:
    page = window()
    page.goto(shop.board)
    rate = page.locator('[data-kind="rate"]')
    rate.get_by_text("7 d", exact=True).click()
    before = page.locator('[data-kind="counter"] dd').first.inner_text()

    site.ping(shop.event_url)

    expect(page.locator('[data-kind="counter"] dd').first).not_to_have_text(before, timeout=15_000)
    expect(rate.get_by_text(re.compile("The last 7 days: "))).to_be_visible()


def test_the_table_of_a_rate_comes_when_it_is_opened(window: Open, shop: Shop) -> None:
    page = window()
    page.goto(shop.board)
    rate = page.locator('[data-kind="rate"]')

    rate.get_by_text("Show as a table").first.click()

    expect(rate.get_by_role("row")).to_have_count(25)


def test_without_scripts_the_page_of_a_beet_leads_to_its_tables(window: Open, shop: Shop) -> None:
    page = window(java_script_enabled=False)
    page.goto(shop.beet)

    page.locator('[data-kind="week"] summary').click()
    page.locator('[data-kind="week"]').get_by_role("link", name="The table is on a page of its own").click()

    page.locator('[data-kind="week"] summary').click()
    expect(page.locator('[data-kind="week"]').get_by_role("row")).to_have_count(25)


def test_hours_say_what_they_are_when_they_are_pointed_at(window: Open, shop: Shop) -> None:
    page = window()
    page.goto(shop.beet)

    told = page.evaluate(
        """() => ['.rate .plot-spots path', '.week path[data-level]'].map((name) => {
          const shape = document.querySelector(name);
          shape.scrollIntoView({ block: "center" });
          const box = shape.getBoundingClientRect();
          const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          return found.closest(":has(> title)").querySelector("title").textContent;
        })"""
    )

    assert re.fullmatch(r"\w+ \d+ \w+, \d\d:00 to \d\d:00: \d+ events, usually [\d.]+ to [\d.]+", told[0])
    assert re.fullmatch(r"Monday 00:00: [\d.]+ events", told[1])
