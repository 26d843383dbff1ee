"""Passkeys and single sign-on in a real browser: the device is Chromium's own virtual one."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.browser.conftest import sign_in
from tests.chaos.installation import EMAIL, Installation, installed
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, OIDCProvider

pytestmark = pytest.mark.sqlite


@pytest.fixture(scope="module")
def provider() -> Iterator[OIDCProvider]:
    with OIDCProvider() as running:
        running.person = {"sub": "alice-1", "email": EMAIL, "email_verified": True}
        yield running


@pytest.fixture(scope="module")
def named_site(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, provider: OIDCProvider
) -> Iterator[Installation]:
    """Heartbeet at an address with a name, for passkeys, and with a provider."""
    environ = {
        "HEARTBEET_SITE_URL": "http://localhost:{port}",
        "HEARTBEET_OIDC_ISSUER": provider.issuer,
        "HEARTBEET_OIDC_CLIENT_ID": CLIENT_ID,
        "HEARTBEET_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "HEARTBEET_OIDC_NAME": "Example ID",
    }
    with installed(tmp_path_factory.mktemp("named"), **environ) as installation:
        yield installation


@pytest.fixture
def page(chromium: Browser, named_site: Installation) -> Iterator[Page]:
    """A window; an error on its console, also a violation of the Content-Security-Policy, fails the test."""
    context = chromium.new_context(base_url=f"http://localhost:{named_site.port}")
    opened, complaints = context.new_page(), []
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def with_device(page: Page) -> CDPSession:
    """Plug in a virtual device that verifies its person without asking."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return protocol


def test_a_passkey_is_added_signs_in_alone_and_as_second_step_and_is_removed(page: Page) -> None:
    with_device(page)
    sign_in(page)

    page.goto("/account/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Virtual key")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Virtual key", exact=True)).to_be_visible()

    page.context.clear_cookies()
    page.goto("/sign-in?next=/channels")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(r":\d+/channels$"))

    page.context.clear_cookies()
    sign_in(page, to="**/sign-in/second-step")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r":\d+/$"))

    page.goto("/account/security")
    page.get_by_role("link", name="Remove Virtual key").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()


def test_who_has_no_passkey_here_is_told_so(page: Page) -> None:
    with_device(page)
    page.goto("/sign-in")

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("The browser did not get a passkey")).to_be_visible()


def test_without_a_script_passkeys_are_not_offered_and_the_page_says_why(
    chromium: Browser, named_site: Installation
) -> None:
    context = chromium.new_context(base_url=f"http://localhost:{named_site.port}", java_script_enabled=False)
    page = context.new_page()

    sign_in(page)
    page.goto("/account/two-factor/passkeys/new")

    expect(page.get_by_text("This browser cannot make passkeys")).to_be_visible()
    expect(page.get_by_role("button", name="Add the passkey")).to_be_hidden()
    context.close()


def test_single_sign_on_goes_to_the_provider_and_back(page: Page, provider: OIDCProvider) -> None:
    page.goto("/sign-in?next=/incidents")

    page.get_by_role("button", name="Sign in with Example ID").click()

    page.wait_for_url(re.compile(r":\d+/incidents$"))
    assert provider.asked[-1]["redirect_uri"].endswith("/sign-in/oidc/callback")
