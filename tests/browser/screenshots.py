"""`make screenshots`: the pictures that README and docs show, of a demo in a real installation, by Chromium.

Each is of one size whatever the machine, so that a change of a picture is a change of a page."""

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from heartbeet.settings import env
from tests.browser.conftest import CHROMIUM, FLAGS, sign_in
from tests.chaos.installation import EMAIL, Installation, installed, until

FOLDER = env.ROOT / "docs" / "images"
SITE, HOME = "http://heartbeet.example", "/o/turnip-sons/"
"""What the pictures call the installation; the browser is told that it is on this machine."""
DESK, PHONE = (1280, 860), (390, 844)
LARGEST_KB = 200
SETTLES_SEC = 5
"""What was overdue when the keeper came has been pinged by then."""

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Picture:
    """One file: a page below HOME, how large its window is, and in which theme."""

    name: str
    page: str
    size: tuple[int, int] = DESK
    schemes: Sequence[Scheme] = ("light", "dark")


def main() -> int:
    """Take all of them anew. Returns the exit status."""
    if CHROMIUM is None:
        sys.stderr.write(
            "There is no Chromium on the PATH: install it (Debian: apt-get install chromium) and try again.\n"
        )
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    environ = {"HEARTBEET_SITE_URL": SITE, "HEARTBEET_CANARY": "off"}
    with (
        tempfile.TemporaryDirectory() as folder,
        installed(Path(folder), **environ) as site,
        demo(site),
        browser(site) as chromium,
    ):
        cookies = signed_in(chromium)
        for picture in pictures(site):
            for scheme in picture.schemes:
                take(chromium, picture, scheme, cookies)
    return 0


@contextlib.contextmanager
def demo(site: Installation) -> Iterator[None]:
    """Turnip & Sons, kept alive."""
    site.command("demo", "--email", EMAIL)
    keeper = site.spawn(
        "demo", "--ping", "--organization", HOME.split("/")[2], "--url", f"http://127.0.0.1:{site.port}"
    )
    try:
        until(lambda: "Pinging" in site.log(), seconds=60)
        time.sleep(SETTLES_SEC)
        yield
    finally:
        keeper.terminate()
        keeper.wait()


@contextlib.contextmanager
def browser(site: Installation) -> Iterator[Browser]:
    rule = f"MAP {urlsplit(SITE).hostname}:80 127.0.0.1:{site.port}"
    with sync_playwright() as playwright:
        told = [f"--host-resolver-rules={rule}", f"--unsafely-treat-insecure-origin-as-secure={SITE}"]  # it may copy
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--hide-scrollbars", *told])
        yield chromium
        chromium.close()


def signed_in(chromium: Browser) -> Any:
    """The session of the owner."""
    page = chromium.new_page(base_url=SITE)
    sign_in(page)
    cookies = page.context.cookies()
    page.context.close()
    return cookies


def pictures(site: Installation) -> list[Picture]:
    """What README and docs show."""
    monitor = f"monitors/{id_of(site, 'monitor', 'name', 'Nightly backup of db01')}"
    beet = f"monitors/{id_of(site, 'monitor', 'name', 'Checkouts')}"
    board = f"boards/{id_of(site, 'board', 'name', 'Shop today')}"
    drop = f"incidents/{id_of(site, 'incident', 'title', 'Newsletter sign-ups dropped')}"
    incident = f"incidents/{id_of(site, 'incident', 'title', 'Cold store 2 temperature missed its ping')}"
    return [
        Picture("monitors", ""),
        Picture("monitor", monitor),
        Picture("incident", incident),
        Picture("beet", beet, (1280, 1400)),
        Picture("board", board),
        Picture("drop", drop, (1280, 560)),
        Picture("new-monitor", "monitors/new"),
        Picture("channels", "channels"),
        Picture("monitors-phone", "", PHONE),
        Picture("monitor-phone", monitor, PHONE),
    ]


def id_of(site: Installation, table: str, column: str, value: str) -> int:
    """The newest row of this name."""
    found = site.rows(f"SELECT max(id) FROM monitors_{table} WHERE {column} = ?", value)
    return int(found[0][0])


def take(chromium: Browser, picture: Picture, scheme: Scheme, cookies: Any) -> None:
    """Write one file, and say how large it is."""
    width, height = picture.size
    context = chromium.new_context(
        base_url=SITE,
        viewport=ViewportSize(width=width, height=height),
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/London",
    )
    context.add_cookies(cookies)
    page: Page = context.new_page()
    page.goto(HOME + picture.page)
    page.wait_for_load_state("networkidle")
    file = FOLDER / f"{picture.name}-{scheme}.png"
    page.screenshot(path=file)
    context.close()
    size_kb = file.stat().st_size / 1000
    remark = "" if size_kb <= LARGEST_KB else f", more than {LARGEST_KB}"
    sys.stdout.write(f"{file.relative_to(env.ROOT)}: {size_kb:.0f} kB{remark}\n")


if __name__ == "__main__":
    sys.exit(main())
