"""A beet that got its history replays it in its form, in a browser, as settings are chosen."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.chaos.installation import Installation

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def beet(site: Installation, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Sixteen weeks of events, of which a quarter was missing for two days; imported by the command."""
    number: int = site.api("POST", "/monitors", {"name": "Replayed", "type": "beet"}, expect=201)["id"]
    end, counts = (
        datetime.now(UTC).replace(minute=0, second=0, microsecond=0),
        np.random.default_rng(1).poisson(60, 2688),
    )
    counts[-240:-192] = counts[-240:-192] * 3 // 4
    rows = (f"a,{end - timedelta(hours=2688 - hour):%Y-%m-%dT%H:%M:%SZ},{count}" for hour, count in enumerate(counts))
    path = tmp_path_factory.mktemp("history") / "history.csv"
    path.write_text("stream,timestamp,count\n" + "\n".join(rows) + "\n")
    site.command("import", str(path), "--monitor", str(number))
    return number


def test_the_replay_follows_what_is_chosen(window: Open, beet: int) -> None:
    page = window()
    page.goto(f"/monitors/{beet}/edit")
    replay = page.locator("#replay")
    expect(replay).to_contain_text("would not have been alerted in the past 8 weeks")

    page.get_by_label("Below 80 %").check()
    page.get_by_label("Weeks per false alarm").fill("1")

    expect(replay).to_contain_text("would have been alerted")
    expect(replay).to_contain_text("dropped: ")
    page.get_by_label("Weeks per false alarm").fill("0")
    expect(replay).to_contain_text("Write a whole number of weeks from 1 to 520.")
    expect(page.get_by_label("Weeks per false alarm")).to_be_focused()


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_its_card(window: Open, beet: int, width: int) -> None:
    page = window(viewport={"width": width, "height": 900})
    page.goto(f"/monitors/{beet}/edit")
    page.get_by_label("Below 80 %").check()
    page.get_by_label("Weeks per false alarm").fill("1")
    expect(page.locator("#replay li").first).to_be_visible()

    inside = "part => part.scrollWidth <= part.clientWidth"

    assert page.locator("#replay").evaluate(inside)
    assert page.locator("html").evaluate(inside)
