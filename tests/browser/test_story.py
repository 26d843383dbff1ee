"""The main job, as a person walks it in a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, sign_in
from tests.chaos.installation import Installation, until

pytestmark = pytest.mark.sqlite

URL = re.compile(r"http://\S+/api/v1/heartbeats/[0-9a-f]{64}$")


def create(page: Page, name: str, **filled: str) -> str:
    """Make a monitor by the form; returns the ping URL that its page shows."""
    page.goto("/monitors/new")
    page.get_by_label("Name", exact=True).fill(name)
    for label, text in filled.items():
        page.get_by_label(label.replace("_", " ")).fill(text)
    page.get_by_role("button", name="Create the monitor").click()
    return page.locator("#ping-url").inner_text().strip()


def test_sign_in_create_ping_and_see_it_arrive_without_a_reload(window: Open, site: Installation) -> None:
    page = window(is_signed_in=False)
    sign_in(page)

    url = create(page, "Walked by hand")
    expect(page.get_by_text("No ping yet")).to_be_visible()
    answered = site.ping(url, b"all is well")

    assert answered == 204
    expect(page.get_by_role("cell", name="Success")).to_be_visible(timeout=15_000)
    expect(page.locator(".headline-state")).to_contain_text("Up")
    assert URL.match(page.locator("#ping-url").inner_text().strip())  # the refresh left what one is about to copy
    page.goto("/")
    expect(page.get_by_role("row", name="Walked by hand")).to_contain_text("Up")


def test_a_reload_hides_the_url_again_and_reveal_brings_it_back(window: Open) -> None:
    page = window()
    url = create(page, "Hidden on reload")

    page.reload()
    hidden = page.locator("#ping-url").inner_text().strip()
    page.get_by_role("button", name="Reveal").click()
    revealed = page.locator("#ping-url").inner_text().strip()

    assert hidden.endswith("/api/v1/heartbeats/<token>")
    assert revealed == url


def test_going_back_does_not_bring_a_secret_back(window: Open) -> None:
    page = window()
    create(page, "Left and came back")

    page.get_by_role("link", name="Incidents").click()
    page.go_back()

    assert page.locator("#ping-url").inner_text().strip().endswith("<token>")


def test_the_copy_button_copies_the_url(window: Open) -> None:
    page = window(permissions=["clipboard-read", "clipboard-write"])
    url = create(page, "Copied")

    page.get_by_role("button", name="Copy the ping URL").click()

    expect(page.get_by_text("Copied", exact=True).first).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == url


def test_a_failure_opens_an_incident_that_one_acknowledges_and_a_success_resolves(
    window: Open, site: Installation
) -> None:
    page = window()
    url = create(page, "Fails once")
    site.ping(f"{url}/3", b"disk full")

    page.goto("/incidents?status=open")
    page.get_by_role("link", name="Fails once reported a failure").click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged").first).to_be_visible()
    site.ping(url)

    expect(page.locator(".toned")).to_have_text("Resolved", timeout=15_000)
    expect(page.get_by_role("row", name=re.compile("alice@example.com")).first).to_contain_text("Delivered")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_ping_that_stays_away_is_told_acknowledged_and_over_with_the_next(
    window: Open, site: Installation, scripts: bool
) -> None:
    page = window(is_signed_in=False, java_script_enabled=scripts)
    sign_in(page)
    name = f"Falls silent {'with' if scripts else 'without'} scripts"
    page.goto("/monitors/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Custom", exact=True).check()
    page.get_by_label("Custom interval").fill("5 s")
    page.get_by_label("Grace").fill("1 s")
    page.get_by_role("button", name="Create the monitor").click()
    url = page.locator("#ping-url").inner_text().strip()

    site.ping(url)
    until(lambda: bool(site.rows("select 1 from monitors_incident where title like ?", f"%{name}%")), seconds=30)
    page.goto("/incidents?status=open")
    page.get_by_role("link", name=re.compile(name)).first.click()
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged").first).to_be_visible()
    site.ping(url)
    until(
        lambda: not site.rows("select 1 from monitors_incident where title like ? and resolved_at is null", f"%{name}%")
    )

    if not scripts:
        page.reload()
    expect(page.locator(".toned")).to_have_text("Resolved", timeout=15_000)
    site.api("POST", f"/monitors/{monitor_id(site, name)}/pause", {})


def monitor_id(site: Installation, name: str) -> int:
    return int(site.rows("select id from monitors_monitor where name = ?", name)[0][0])


def test_a_replaced_url_is_shown_once_and_the_old_one_is_dead(window: Open, site: Installation) -> None:
    page = window()
    old = create(page, "Leaked")

    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Replace the ping URL…").click()
    expect(page.get_by_text("The old URL is dead at once")).to_be_visible()
    page.get_by_role("button", name="Replace the URL").click()
    new = page.locator("#ping-url").inner_text().strip()

    assert new != old
    assert (site.ping(old), site.ping(new)) == (404, 204)


def test_an_open_output_stays_open_while_the_page_refreshes(window: Open, site: Installation) -> None:
    page = window()
    url = create(page, "Being read")
    site.ping(url, b"line one\nline two")
    page.clock.install()
    page.goto(page.url)
    page.locator("summary", has_text="Output").click()
    site.ping(url, b"a later ping")

    page.clock.run_for(11_000)  # longer than two refreshes

    expect(page.locator("summary", has_text="Output")).to_have_count(2)
    expect(page.get_by_text("line two")).to_be_visible()


def test_a_cron_line_is_explained_while_typing(window: Open) -> None:
    page = window()
    page.goto("/monitors/new")
    page.get_by_label("On a cron schedule").check()

    page.get_by_label("Cron expression").press_sequentially("30 3 * * *")

    expect(page.locator("#preview")).to_contain_text("at 03:30 every day, UTC")


def test_everything_works_with_the_keyboard_alone(window: Open, site: Installation) -> None:
    page = window()
    page.goto("/monitors/new")
    page.get_by_label("Name", exact=True).focus()

    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    until(lambda: site.rows("select interval_sec from monitors_monitor where name = 'By keyboard'") == [(900,)])
    expect(page.get_by_role("heading", name="By keyboard")).to_be_visible()


def test_without_a_script_one_signs_in_creates_reveals_and_deletes(window: Open) -> None:
    page = window(is_signed_in=False, java_script_enabled=False)
    sign_in(page)

    url = create(page, "No script")
    page.locator("summary", has_text="More").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete the monitor").click()

    assert URL.match(url)
    expect(page.get_by_text("“No script” is deleted.")).to_be_visible()
