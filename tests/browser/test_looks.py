"""How the pages hold up: on a small phone, in the dark, and for eyes that need contrast."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Open, Shop
from tests.chaos.installation import Installation

pytestmark = pytest.mark.sqlite

LONG = "Warehouse_synchronisation_of_all_regional_order_tables_into_the_reporting_cluster_" * 3


@pytest.fixture(scope="session")
def pages(site: Installation, shop: Shop) -> list[str]:
    """Every kind of page, with a monitor whose words are long."""
    body = {"name": LONG[:250], "intervalSec": 3600, "tags": ["x" * 50, "y" * 50], "description": LONG}
    made = site.api("POST", "/monitors?include=secrets", body, expect=201)
    site.ping(made["secrets"]["pingUrl"] + "/1", LONG.encode())
    incident = site.api("GET", "/incidents")["results"][0]["id"]
    ping = site.api("GET", f"/monitors/{made['id']}/pings")["results"][0]["id"]
    monitor, channel = f"/monitors/{made['id']}", site.api("GET", "/channels")["results"][0]["id"]
    return [
        "/",
        "/monitors/new",
        monitor,
        f"{monitor}/charts",
        f"{monitor}/edit",
        f"{monitor}/clone",
        f"{monitor}/delete",
        f"{monitor}/pause",
        f"{monitor}/rotate",
        f"/monitors/bulk/delete?id={made['id']}",
        f"{monitor}/snooze",
        f"{monitor}/telling",
        f"{monitor}/pings",
        f"{monitor}/pings/{ping}",
        "/incidents",
        f"/incidents/{incident}",
        shop.beet,
        f"{shop.beet}/charts",
        f"{shop.beet}/edit",
        "/boards",
        shop.board,
        f"{shop.board}/edit",
        f"{shop.board}/delete",
        "/channels",
        "/channels/new",
        "/channels/new/webhook",
        f"/channels/{channel}",
        "/settings",
        "/settings/members",
        "/settings/projects",
        "/settings/alerts",
        "/settings/badges",
        "/settings/tokens",
        "/settings/tokens/new",
        "/settings/webhook-secret",
        "/settings/audit-log",
        "/settings/leave",
        "/account/profile",
        "/account/security",
        "/account/sessions",
        "/account/two-factor/app",
        "/account/confirm",
    ]


@pytest.mark.parametrize("width", [320, 360, 768, 2560])
def test_no_page_scrolls_sideways(window: Open, pages: list[str], width: int) -> None:
    page = window(viewport={"width": width, "height": 740})

    widths = {url: width_of(page, url) for url in pages}

    assert {url: found for url, found in widths.items() if found > width} == {}


def width_of(page: Page, url: str) -> int:
    page.goto(url)
    for disclosure in page.locator("summary").all():
        disclosure.evaluate("summary => { summary.parentElement.open = true; }")
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_in_both_themes(window: Open, pages: list[str], scheme: Any) -> None:
    page = window(color_scheme=scheme)

    weak = {url: found for url in pages if (found := weak_text(page, url))}

    assert weak == {}


def weak_text(page: Page, url: str) -> list[str]:
    """Text on the page whose contrast is below 4.5:1 (WCAG 2.2 AA), measured from what the browser computed."""
    page.goto(url)
    found: list[str] = page.evaluate(CONTRAST)
    return found


def test_the_themes_differ(window: Open) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        page = window(color_scheme=scheme)
        page.goto("/")
        grounds.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    assert len(grounds) == 2


def test_every_control_has_a_name_and_every_page_one_heading(window: Open, pages: list[str]) -> None:
    page = window()
    faults = {}
    for url in pages:
        page.goto(url)
        faults[url] = page.evaluate(NAMELESS)

    assert {url: fault for url, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(window: Open, pages: list[str], scheme: Any) -> None:
    page = window(color_scheme=scheme)

    found = {url: serious for url in pages if (serious := serious_findings(page, url))}

    assert found == {}


def serious_findings(page: Page, url: str) -> list[str]:
    """What axe-core calls serious or critical, with the first element it is about."""
    page.goto(url)
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in violations
        if each["impact"] in {"serious", "critical"}
    ]


# A canvas turns any computed colour (color-mix, light-dark) into plain RGBA.
CONTRAST = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent.trim().slice(0, 30)}`);
  }
  return weak;
}"""

NAMELESS = """() => {
  const faults = [];
  if (document.querySelectorAll("h1").length !== 1) faults.push("headings");
  for (const control of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")) {
    const label = control.labels?.length || control.getAttribute("aria-label") || control.textContent.trim();
    if (!label) faults.push(control.outerHTML.slice(0, 80));
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  faults.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `twice: ${id}`));
  return faults;
}"""
