"""“Explain with a model” in a real browser, against a model on this machine: the text grows while it comes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.test_looks import LONG, serious_findings, weak_text, width_of
from tests.chaos.installation import Installation, installed
from tests.model_server import END, ModelServer, event

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


@pytest.fixture(scope="module")
def explained(
    chromium: Browser, model: ModelServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, Any, int]]:
    """An installation with a model, the cookies of its owner, and the incident of a beet there."""
    environ = {"HEARTBEET_LLM_URL": model.url, "HEARTBEET_LLM_MODEL": "tiny-1"}
    with installed(tmp_path_factory.mktemp("explained"), **environ) as site:
        page = chromium.new_page(base_url=f"http://127.0.0.1:{site.port}")
        sign_in(page)
        cookies = page.context.cookies()
        page.context.close()
        yield site, cookies, silence(site)


def silence(site: Installation) -> int:
    """The incident of a beet that fell silent an hour ago, after many events."""
    made = site.api("POST", "/monitors?include=secrets", {"name": "Failed", "intervalSec": 3600}, expect=201)
    site.ping(f"{made['secrets']['pingUrl']}/fail")
    neighbour = site.api("POST", "/monitors?include=secrets", {"name": LONG[:250], "intervalSec": 3600}, expect=201)
    [incident] = site.api("GET", f"/monitors/{made['id']}/incidents")["results"]
    opened = datetime.now(UTC) - timedelta(minutes=40)
    for minute in range(150):
        at = f"{opened - timedelta(hours=1, minutes=minute * 0.7):%Y-%m-%d %H:%M:%S}"
        site.change(
            "INSERT INTO monitors_ping (monitor_id, received_at, kind, run_id, method, source, body_size)"
            " VALUES (?, ?, 'success', '', 'POST', '', 0)", made["id"], at,
        )  # fmt: skip
    shown = {
        "arm": "silence", "since": (opened - timedelta(hours=1)).isoformat(), "expected": 86.2, "seen": 0,
        "logOdds": 9.2, "budgetWeeks": 26, "ratePerHour": 86.2,
    }  # fmt: skip
    site.change(
        "UPDATE monitors_incident SET cause = 'silence', title = 'checkouts went silent', opened_at = ?, evidence = ?"
        " WHERE id = ?", f"{opened:%Y-%m-%d %H:%M:%S}", json.dumps(shown), incident["id"],
    )  # fmt: skip
    site.change("UPDATE monitors_incidentevent SET at = ?", f"{opened:%Y-%m-%d %H:%M:%S}")
    site.change(
        "INSERT INTO monitors_statuschange (monitor_id, at, from_status, to_status, cause)"
        " VALUES (?, ?, 'up', 'down', 'missed')", neighbour["id"], f"{opened:%Y-%m-%d %H:%M:%S}",
    )  # fmt: skip
    return int(incident["id"])


@pytest.fixture
def page(chromium: Browser, explained: tuple[Installation, Any, int], request: pytest.FixtureRequest) -> Iterator[Page]:
    """The incident's page; an error on its console, also a CSP violation, fails the test."""
    site, cookies, incident_id = explained
    given = getattr(request, "param", {})
    context = chromium.new_context(base_url=f"http://127.0.0.1:{site.port}", **given)
    context.add_cookies(cookies)
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened = context.new_page()
    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"/incidents/{incident_id}")
    yield opened
    context.close()
    assert complaints == []


def test_the_text_grows_while_it_comes_and_the_page_stays(page: Page, model: ModelServer) -> None:
    model.parts, model.is_endless, model.every_sec = [event("The sender stopped. ")], True, 0.05
    said = page.locator("#model-text")

    page.locator("#model button").click()
    expect(said).to_contain_text("The sender stopped. The sender stopped.")
    early = len(said.text_content() or "")
    expect(said).to_contain_text("[Cut off here, after 4,000 characters.]", timeout=20_000)

    assert early < 4000
    expect(page.locator("#model button")).to_be_enabled()
    expect(page.get_by_text("86.2 events were expected")).to_be_visible()


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_without_a_script_the_page_comes_with_the_text(page: Page, model: ModelServer) -> None:
    model.parts, model.is_endless, model.every_sec = [event("Look at the sender."), END], False, 0.0

    page.locator("#model button").click()

    expect(page.locator("#model-text")).to_have_text("Look at the sender.")
    expect(page.get_by_role("button", name="Ask again")).to_be_visible()


LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light"},
    {"color_scheme": "dark"},
    {"viewport": {"width": 360, "height": 740}},
]


@pytest.mark.parametrize("page", LOOKS, indirect=True, ids=["light", "dark", "phone"])
def test_the_page_holds_up_in_both_themes_and_on_a_phone(page: Page, model: ModelServer) -> None:
    """Also with a text without blanks, and beside a monitor whose name is long."""
    model.parts, model.is_endless, model.every_sec = [event("x" * 3000), END], False, 0.0
    page.locator("#model button").click()
    expect(page.locator("#model-text")).to_contain_text("xxx")
    assert page.viewport_size
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]

    assert width_of(page, page.url) <= page.viewport_size["width"]
    assert weak_text(page, page.url) == []
    assert serious_findings(page, page.url) == []
