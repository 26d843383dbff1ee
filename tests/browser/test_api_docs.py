"""The API's reference in a browser: ours in every respect, and without a word on the console."""

from typing import Any

import pytest

from tests.browser.conftest import Open

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_reference_shows_every_call_and_loads_nothing_from_elsewhere(window: Open, scheme: Any) -> None:
    page = window(is_signed_in=False, color_scheme=scheme)
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))

    page.goto("/api/v1/docs")
    create = page.locator("#operations-Monitors-createMonitor")
    create.locator(".opblock-summary-control").click()

    create.get_by_text("shop database backup").first.wait_for()
    assert page.locator(".opblock").count() > 50
    assert hosts == {page.url.split("/")[2]}
    assert page.evaluate("document.documentElement.classList.contains('dark-mode')") is (scheme == "dark")


def test_the_reference_fits_a_phone(window: Open) -> None:
    page = window(is_signed_in=False, viewport={"width": 360, "height": 740})

    page.goto("/api/v1/docs")
    page.locator("#operations-Monitors-createMonitor .opblock-summary-control").click()
    page.get_by_text("Idempotency-Key").first.wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") == 360
