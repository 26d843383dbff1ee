"""A real browser before a real installation. Without Chromium these tests are left out, except in CI."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.chaos.installation import EMAIL, PASSWORD, Installation, installed

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each test opens windows of its own."""
    if CHROMIUM is None:
        assert not os.environ.get("CI"), "CI must have a Chromium on the PATH."
        pytest.skip("no Chromium on the PATH: the browser tests are left out")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Heartbeet as `heartbeet up` runs it, with an owner."""
    with installed(tmp_path_factory.mktemp("site")) as installation:
        yield installation


@pytest.fixture(scope="session")
def cookies(chromium: Browser, site: Installation) -> Any:
    """The session of the owner: signed in once, for there is a limit on signing in."""
    page = chromium.new_page(base_url=f"http://127.0.0.1:{site.port}")
    sign_in(page)
    kept = page.context.cookies()
    page.context.close()
    return kept


@pytest.fixture
def window(chromium: Browser, site: Installation, cookies: Any) -> Iterator[Open]:
    """Opens a window in which the owner is signed in. An error on its console, also a CSP violation, fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def opened(*, is_signed_in: bool = True, **given: Any) -> Page:
        context = chromium.new_context(base_url=f"http://127.0.0.1:{site.port}", **given)
        contexts.append(context)
        if is_signed_in:
            context.add_cookies(cookies)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield opened
    for context in contexts:
        for page in context.pages:  # one that is closed while it goes to another page may never say that it is
            page.wait_for_load_state()
        context.close()
    assert complaints == []


def sign_in(page: Page, *, to: str = "**/") -> None:
    """Sign the owner in by the form, which leads `to` somewhere."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(to)


@dataclass(frozen=True)
class Shop:
    """A beet that knows its rhythm, and a board with every kind of widget of it."""

    beet: str
    event_url: str
    board: str


@pytest.fixture(scope="session")
def shop(chromium: Browser, site: Installation, cookies: Any) -> Shop:
    """Eight weeks of checkouts, imported; the board is made by its forms."""
    made = site.api("POST", "/monitors?include=secrets", {"name": "Checkouts", "type": "beet"}, expect=201)
    site.command("import", str(_history(site)), "--monitor", str(made["id"]))
    site.ping(made["secrets"]["pingUrl"])
    context = chromium.new_context(base_url=f"http://127.0.0.1:{site.port}")
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/boards")
    page.get_by_label("Name of a new board").fill("Shop at a glance")
    page.get_by_role("button", name="Make a board").click()
    for kind in ("Events", "Status", "Last seen", "Record", "Rate", "Usual week"):
        page.get_by_role("radio", name=kind).check()
        page.get_by_label("Of which monitor").select_option("Checkouts")
        page.get_by_role("button", name="Add the widget").click()
    board = urlsplit(page.url).path.removesuffix("/edit")
    context.close()
    return Shop(f"/monitors/{made['id']}", made["secrets"]["pingUrl"], board)


def _history(site: Installation) -> Path:
    """Events of each hour, more of them by day."""
    file, end = site.folder / "checkouts.csv", datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = (end - timedelta(hours=ago) for ago in range(8 * 7 * 24, 0, -1))
    rows = [f"checkouts,{at.isoformat()},{40 if 8 <= at.hour < 20 else 4}" for at in hours]
    file.write_text("\n".join(["stream,timestamp,count", *rows]))
    return file
