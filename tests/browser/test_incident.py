"""An incident's page while it stands open: the refresh brings what is new, and takes nothing away."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.chaos.installation import Installation

pytestmark = pytest.mark.sqlite


def test_a_note_that_is_being_written_survives_the_end_of_the_incident(window: Open, site: Installation) -> None:
    made = site.api("POST", "/monitors?include=secrets", {"name": "Noted", "intervalSec": 3600}, expect=201)
    url = made["secrets"]["pingUrl"]
    site.ping(f"{url}/3", b"disk full")
    [incident] = site.api("GET", f"/monitors/{made['id']}/incidents")["results"]
    page = window()
    page.goto(f"/incidents/{incident['id']}")
    expect(page.get_by_text("disk full")).to_be_visible()
    box = page.get_by_label("Add a note to the timeline")

    box.press_sequentially("I have made ro")
    site.ping(url)
    expect(page.locator(".toned")).to_have_text("Resolved", timeout=15_000)
    box.press_sequentially("om")

    expect(box).to_be_focused()
    expect(box).to_have_value("I have made room")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("I have made room")).to_be_visible()
    expect(page.get_by_text("The job reported a failure")).to_be_visible()


def test_incidents_are_found_without_a_script(window: Open, site: Installation) -> None:
    made = site.api("POST", "/monitors?include=secrets", {"name": "Sought for", "intervalSec": 3600}, expect=201)
    site.ping(f"{made['secrets']['pingUrl']}/fail")
    page = window(java_script_enabled=False)
    page.goto("/incidents")

    page.get_by_label("Search title or monitor").fill("sought")
    page.get_by_label("Cause").select_option("failed")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Open", exact=True).click()

    expect(page.get_by_role("link", name="Sought for reported a failure")).to_be_visible()
    expect(page.get_by_label("Search title or monitor")).to_have_value("sought")
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(1)
