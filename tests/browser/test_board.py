"""The list of monitors in a browser: filters and the way back, ticking, keys, and a page that stays as one left it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, sign_in
from tests.chaos.installation import Installation, installed, until

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="session")
def jobs(site: Installation) -> dict[str, str]:
    """The ping URLs of four monitors by name, which nobody else here touches."""
    found = {}
    for name, tags in [("Board alpha", ["board", "red"]), ("Board beta", ["board"]), ("Board gamma", ["board"])]:
        body = {"name": name, "intervalSec": 3600, "tags": tags}
        found[name] = site.api("POST", "/monitors?include=secrets", body, expect=201)["secrets"]["pingUrl"]
        site.ping(found[name])
    return found


def rows(page: Page) -> list[str]:
    return page.locator("a.row-link").all_inner_texts()


def status_of(site: Installation, name: str) -> str:
    query = "select status from monitors_pulse p join monitors_monitor m on m.id = p.monitor_id where m.name = ?"
    return str(site.rows(query, name)[0][0])


def test_filters_are_addresses_and_the_back_button_undoes_them(window: Open, jobs: dict[str, str]) -> None:
    page = window()
    page.goto("/?tag=board&sort=name")
    page.get_by_role("searchbox", name="Search by name").fill("beta")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?(?=.*q=beta)(?=.*tag=board)(?=.*sort=name)"))
    expect(page.locator("a.row-link")).to_have_text(["Board beta"])

    page.go_back()

    expect(page.locator("a.row-link")).to_have_text(["Board alpha", "Board beta", "Board gamma"])
    expect(page.get_by_role("searchbox", name="Search by name")).to_have_value("")


def test_a_choice_is_applied_at_once_and_leaves_no_empty_boxes_in_the_address(
    window: Open, jobs: dict[str, str]
) -> None:
    page = window()
    page.goto("/?q=Board")

    page.get_by_label("Tag", exact=True).select_option("red")

    expect(page.locator("a.row-link")).to_have_text(["Board alpha"])
    assert page.url.partition("?")[2] in {"q=Board&tag=red&sort=trouble", "tag=red&q=Board&sort=trouble"}


def test_what_is_ticked_is_paused_together_and_stays_ticked_through_a_refresh(
    window: Open, site: Installation, jobs: dict[str, str]
) -> None:
    page = window()
    page.goto("/?tag=board&sort=name")
    expect(page.get_by_role("button", name="Pause…")).to_be_hidden()

    page.get_by_label("Tick Board alpha").check()
    page.get_by_label("Tick Board gamma").check()
    with page.expect_response(lambda response: response.status == 200 and "tag=board" in response.url):
        site.ping(jobs["Board beta"])  # something is new, so the rows are made again
    expect(page.get_by_text("2 ticked:")).to_be_visible()
    page.get_by_role("button", name="Pause…").click()
    page.get_by_role("button", name="Pause them").click()

    expect(page.locator("#toasts")).to_contain_text("2 monitors are paused.")
    expect(page).to_have_url(re.compile("tag=board"))
    assert [status_of(site, name) for name in sorted(jobs)] == ["paused", "up", "paused"]
    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("3 monitors are watched again.")


def test_deleting_many_asks_first(window: Open, site: Installation) -> None:
    for number in range(2):
        site.api("POST", "/monitors", {"name": f"Doomed {number}", "intervalSec": 3600}, expect=201)
    page = window()
    page.goto("/?q=Doomed")

    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("heading", name="Delete 2 monitors?")).to_be_visible()
    page.get_by_role("button", name="Delete them").click()

    expect(page.locator("#toasts")).to_contain_text("2 monitors are deleted.")


def test_keys_search_walk_tick_open_and_help(window: Open, jobs: dict[str, str]) -> None:
    page = window()
    page.goto("/?tag=board&sort=name")

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search by name")).to_be_focused()
    page.keyboard.type("j")  # typed, not obeyed
    expect(page.get_by_role("searchbox", name="Search by name")).to_have_value("j")
    page.get_by_role("heading", name="Monitors").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_label("Tick Board beta")).to_be_checked()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Board alpha")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Board beta")).to_be_visible()
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile("/edit$"))
    page.get_by_role("heading", name="Edit").first.click()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/monitors/new$"))


def test_keys_can_be_switched_off(window: Open, jobs: dict[str, str]) -> None:
    page = window()
    page.goto("/?tag=board")
    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")

    page.keyboard.press("n")
    page.keyboard.press("j")

    expect(page).to_have_url(re.compile("tag=board"))
    assert page.evaluate("document.activeElement.matches('a.row-link')") is False


def test_a_refresh_keeps_scroll_focus_and_what_is_typed(window: Open, site: Installation, jobs: dict[str, str]) -> None:
    page = window(viewport={"width": 900, "height": 420})
    page.goto("/?tag=board&sort=name")
    page.get_by_label("Tick Board beta").check()
    page.get_by_label("Tags to add or take away").fill("half a ta")
    page.evaluate("window.scrollTo(0, 120)")
    before = page.evaluate("scrollY")

    with page.expect_response(lambda response: response.status == 200 and "tag=board" in response.url):
        site.ping(jobs["Board alpha"])

    expect(page.get_by_label("Tags to add or take away")).to_be_focused()
    expect(page.get_by_label("Tags to add or take away")).to_have_value("half a ta")
    assert page.evaluate("scrollY") == before


def test_enter_never_does_more_than_it_says(window: Open, site: Installation, jobs: dict[str, str]) -> None:
    page = window()
    page.goto("/?tag=board&sort=name")
    page.get_by_label("Tick Board gamma").check()

    page.get_by_label("Tags to add or take away").fill("entered")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("entered: added to “Board gamma”.")
    page.get_by_label("Tick Board gamma").check()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Board gamma")).to_be_visible()
    assert status_of(site, "Board gamma") == "up"


MISSED = """() => {
  const missed = new CustomEvent("htmx:afterRequest", { bubbles: true, detail: { successful: false } });
  for (let times = 0; times < 2; times += 1) document.querySelector("[data-live]").dispatchEvent(missed);
}"""


def test_a_page_that_cannot_be_refreshed_says_so_until_it_can(window: Open, jobs: dict[str, str]) -> None:
    page = window()
    page.goto("/?tag=board")
    expect(page.locator("#stale")).to_be_hidden()

    page.evaluate(MISSED)
    expect(page.locator("#stale")).to_contain_text("This page has not been refreshed since")
    page.evaluate("htmx.trigger(document.querySelector('[data-live]'), 'refresh')")

    expect(page.locator("#stale")).to_be_hidden(timeout=15_000)


OLD_STAMPS = """() => {
  const hour = 3600 * 1000;
  for (const each of document.querySelectorAll("[data-served]")) each.dataset.served -= hour;
  document.querySelector(".card").dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true }));
}"""


def test_times_do_not_jump_back_when_a_part_without_news_is_swapped(window: Open, jobs: dict[str, str]) -> None:
    page = window()
    page.clock.install()
    page.goto("/?q=Board+beta")
    ping = page.locator("td[data-label='Last ping'] time")

    page.evaluate(OLD_STAMPS)
    page.clock.run_for(1_000)

    assert ping.inner_text().endswith(" ago")


def test_an_unchanged_page_is_answered_with_nothing(window: Open, jobs: dict[str, str]) -> None:
    page = window()
    page.goto("/?tag=board")

    with page.expect_response(lambda response: "tag=board" in response.url and response.status == 204, timeout=20_000):
        pass


def test_times_go_on_while_the_page_stands(window: Open, site: Installation, jobs: dict[str, str]) -> None:
    page = window()
    page.clock.install()
    page.goto("/?q=Board+beta")
    due = page.locator("td.is-end time")
    first = due.inner_text()

    page.clock.run_for(3_000)

    assert re.match(r"in (59|58|57|5\d|4\d) min( \d+ s)?$|in 1 h$", first)
    expect(due).not_to_have_text(first)


def test_times_are_told_in_the_zone_of_the_browser(chromium: Browser, site: Installation) -> None:
    context = chromium.new_context(base_url=f"http://127.0.0.1:{site.port}", timezone_id="Asia/Tokyo")
    page = context.new_page()
    sign_in(page)

    title = page.locator("time[title]").first.get_attribute("title")

    assert title
    assert title.endswith("JST")
    context.close()


@pytest.fixture
def fresh(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Heartbeet in which nothing is watched yet."""
    with installed(tmp_path_factory.mktemp("fresh")) as installation:
        yield installation


def test_the_first_run_leads_to_a_first_ping_and_turns_green(chromium: Browser, fresh: Installation) -> None:
    context = chromium.new_context(base_url=f"http://127.0.0.1:{fresh.port}")
    page = context.new_page()
    sign_in(page)
    expect(page.get_by_role("heading", name="Nothing is watched yet")).to_be_visible()

    page.get_by_role("link", name="Create the first monitor").click()
    page.get_by_label("Name", exact=True).fill("Nightly backup")
    page.get_by_role("button", name="Create the monitor").click()
    expect(page.get_by_role("heading", name="Waiting for the first ping")).to_be_visible()
    command = page.locator("#snippet-curl").inner_text()
    url = re.search(r"http\S+/heartbeats/[0-9a-f]{64}", command)
    assert url
    assert fresh.ping(url[0]) == 204

    expect(page.get_by_role("heading", name="The first ping is here")).to_be_visible(timeout=15_000)
    expect(page.locator(".headline-state")).to_contain_text("Up")
    context.close()


def test_the_tab_turns_red_when_something_goes_down_and_back(chromium: Browser, fresh: Installation) -> None:
    context = chromium.new_context(base_url=f"http://127.0.0.1:{fresh.port}")
    page = context.new_page()
    sign_in(page)
    made = fresh.api("POST", "/monitors?include=secrets", {"name": "Tab", "intervalSec": 3600}, expect=201)
    page.goto("/")
    icon = page.locator("link[rel=icon]")

    fresh.ping(made["secrets"]["pingUrl"] + "/1")
    expect(page).to_have_title(re.compile(r"^\(1\) Monitors"), timeout=15_000)
    expect(icon).to_have_attribute("href", re.compile("heartbeet-down"))
    fresh.ping(made["secrets"]["pingUrl"])

    expect(page).to_have_title(re.compile("^Monitors"), timeout=15_000)
    expect(icon).not_to_have_attribute("href", re.compile("down"))
    until(lambda: status_of(fresh, "Tab") == "up")
    context.close()
