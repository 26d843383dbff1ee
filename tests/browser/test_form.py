"""The form of a monitor in a browser: its two kinds, and a preview that follows what is typed."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.chaos.installation import Installation, until

pytestmark = pytest.mark.sqlite


def test_what_belongs_to_the_other_kind_is_put_away(window: Open, site: Installation) -> None:
    page = window()
    page.goto("/monitors/new")
    expect(page.get_by_text("How a beet alerts")).to_be_hidden()
    expect(page.get_by_label("Local time")).to_be_hidden()

    page.get_by_label("Beet: a stream of events").check()

    expect(page.get_by_text("How a beet alerts")).to_be_visible()
    page.get_by_label("Below 60 %").check()
    page.get_by_label("Weeks per false alarm").fill("8")
    page.locator("summary", has_text="Value").click()
    page.get_by_label("Alert below").fill("0.5")
    for name in ("When are pings expected?", "Alert after", "What this means"):
        expect(page.get_by_text(name)).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("Paid orders")
    page.get_by_role("button", name="Create the monitor").click()
    asked = "select type, rho, budget_weeks, value_below from monitors_monitor where name = 'Paid orders'"
    until(lambda: site.rows(asked) == [("beet", 0.6, 8, 0.5)])


def test_the_preview_follows_what_is_typed_and_is_read_aloud(window: Open) -> None:
    page = window()
    page.goto("/monitors/new")
    page.get_by_label("On a cron schedule").check()
    page.get_by_label("Cron expression").fill("30 3 * * *")
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    expect(page.locator("#preview")).to_contain_text("at 03:30 every day, Asia/Tokyo")

    page.get_by_label("Grace").fill("5 min")
    page.get_by_label("Alert after").fill("2")

    expect(page.locator("#preview")).to_contain_text("03:35")
    expect(page.locator("#preview")).to_contain_text("2 failures in a row")
    expect(page.locator("#preview-said")).to_contain_text("you would be alerted")
    page.get_by_label("Cron expression").fill("30 25 * * *")
    expect(page.locator("#preview")).to_contain_text("The hour 25 is not valid")
    expect(page.get_by_label("Cron expression")).to_be_focused()


def test_typing_a_name_asks_the_server_nothing(window: Open) -> None:
    page = window()
    page.goto("/monitors/new")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.get_by_label("Name", exact=True).press_sequentially("Nightly backup")
    page.get_by_label("Description").press_sequentially("pg_dump")
    with page.expect_response("**/monitors/schedule?*"):
        page.get_by_label("Grace").fill("2 min")

    assert len([url for url in asked if "/schedule" in url]) == 1
    assert all("Nightly" not in url for url in asked)


def test_without_a_script_one_looks_first_and_then_creates(window: Open, site: Installation) -> None:
    page = window(java_script_enabled=False)
    page.goto("/monitors/new")
    page.get_by_label("Name", exact=True).fill("Looked at first")
    page.get_by_label("On a cron schedule").check()
    page.get_by_label("Cron expression").fill("15 4 * * 1")

    page.get_by_role("button", name="Preview").click()

    expect(page.locator("#preview")).to_contain_text("at 04:15 on Monday, UTC")
    page.get_by_role("button", name="Create the monitor").click()
    until(lambda: site.rows("select cron from monitors_monitor where name = 'Looked at first'") == [("15 4 * * 1",)])


def test_with_a_script_there_is_nothing_to_press_for_the_preview(window: Open) -> None:
    page = window()

    page.goto("/monitors/new")

    expect(page.get_by_role("button", name="Preview")).to_have_count(0)


def test_a_monitor_is_cloned_from_its_page(window: Open) -> None:
    page = window()
    page.goto("/monitors/new")
    page.get_by_label("Name", exact=True).fill("To be cloned")
    page.get_by_role("button", name="Create the monitor").click()
    first = page.locator("#ping-url").inner_text()

    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Clone").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("To be cloned copy")
    page.get_by_role("button", name="Create the monitor").click()

    expect(page.get_by_role("heading", name="To be cloned copy")).to_be_visible()
    assert page.locator("#ping-url").inner_text() != first


def test_a_suggested_tag_joins_those_that_are_written(window: Open, site: Installation) -> None:
    site.api("POST", "/monitors", {"name": "tagged", "intervalSec": 300, "tags": ["backup", "nightly"]}, expect=201)
    page = window()
    page.goto("/monitors/new")

    page.get_by_label("Tags").press_sequentially("backup ni")

    offered = page.locator("#tags-in-use option:not([disabled])")
    values: list[Any] = offered.evaluate_all("options => options.map((option) => option.value)")
    assert "backup nightly" in values
    assert "backup backup" not in values


@pytest.mark.parametrize("size", [{"width": 360, "height": 640}, {"width": 1280, "height": 720}])
def test_no_field_hides_behind_the_buttons_when_one_tabs_to_it(window: Open, size: Any) -> None:
    page = window(viewport=size)
    page.goto("/monitors/new")
    page.get_by_label("Name", exact=True).focus()

    covered = [told for _ in range(20) if (told := covered_by_the_bar(page))]

    assert covered == []


def covered_by_the_bar(page: Page) -> str:
    """Go on to the next field; its name if the bar of buttons lies over it."""
    page.keyboard.press("Tab")
    told: str = page.evaluate("""() => {
      const element = document.activeElement;
      const bar = document.querySelector(".form-bar");
      if (bar.contains(element) || !element.closest(".form")) return "";
      return element.getBoundingClientRect().bottom > bar.getBoundingClientRect().top ? element.outerHTML : "";
    }""")
    return told
