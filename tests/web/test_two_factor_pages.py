"""The pages of one's own second factors."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts import factors
from accounts.domain import totp
from accounts.models import Membership
from heartbeet.lib import clock
from tests.accounts.authenticator import SITE, SoftPasskey
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db

SECURITY = "/account/security"
APP = "/account/two-factor/app"
CODES = "/account/two-factor/codes"
PASSKEY = "/account/two-factor/passkeys/new"
PAGES = [APP, f"{APP}/remove", CODES, f"{CODES}/new", PASSKEY]


@pytest.fixture(autouse=True)
def _at_localhost(settings: Any) -> None:
    settings.HEARTBEET_SITE_URL = SITE


def shown_secret(browser: Client) -> str:
    """The secret that the setup page asks to scan or type."""
    found = re.search(r'<pre id="totp-secret"><code>([A-Z2-7 ]+)</code>', browser.get(APP).content.decode())
    assert found
    return found[1].replace(" ", "")


def set_up(browser: Client) -> str:
    """Set up an app by the page; returns its secret."""
    secret = shown_secret(browser)
    browser.post(APP, {"code": totp.code_at(secret, totp.step_at(clock.now()))})
    return secret


def add_passkey(browser: Client, name: str = "laptop") -> tuple[SoftPasskey, Any]:
    """Add a passkey by the page."""
    passkey = SoftPasskey()
    asked = browser.post("/account/two-factor/passkeys/options").json()
    return passkey, browser.post(PASSKEY, {"name": name, "credential": passkey.make(asked)})


def test_an_app_is_scanned_confirmed_and_its_recovery_codes_shown_once(owner: Client, alice: Membership) -> None:
    secret = shown_secret(owner)
    picture = re.search(r'src="data:image/svg\+xml;base64,', owner.get(APP).content.decode())

    done = owner.post(APP, {"code": totp.code_at(secret, totp.step_at(clock.now()))})

    first, again = owner.get(CODES), owner.get(CODES)
    assert picture
    assert done["Location"] == CODES
    assert len(re.findall(r"\b\d{8}\b", first.content.decode())) == 10
    assert again.status_code == 302
    assert factors.of(alice.user).is_on


def test_the_secret_stays_the_same_until_it_is_confirmed(owner: Client) -> None:
    secret = shown_secret(owner)

    refused = owner.post(APP, {"code": "000000"})

    assert "is not right" in refused.content.decode()
    assert shown_secret(owner) == secret


def test_the_secret_does_not_stand_in_the_session_as_it_is(owner: Client) -> None:
    secret = shown_secret(owner)

    assert secret not in str(dict(owner.session))


def test_guesses_at_the_setup_are_limited(owner: Client) -> None:
    for _ in range(10):
        owner.post(APP, {"code": "000000"})

    assert "Too many" in owner.post(APP, {"code": "000000"}).content.decode()


def test_the_app_is_removed_after_a_question(owner: Client, alice: Membership) -> None:
    set_up(owner)

    asked, done = owner.get(f"{APP}/remove"), owner.post(f"{APP}/remove")

    assert "Remove the authenticator app?" in asked.content.decode()
    assert done["Location"] == "/account/two-factor"
    assert not factors.of(alice.user).is_on


def test_new_codes_are_made_after_a_question_and_shown_once(owner: Client) -> None:
    set_up(owner)
    owner.get(CODES)

    asked, done = owner.get(f"{CODES}/new"), owner.post(f"{CODES}/new")

    assert "Make new recovery codes?" in asked.content.decode()
    assert done["Location"] == CODES
    assert len(re.findall(r"\b\d{8}\b", owner.get(CODES).content.decode())) == 10


def test_without_a_factor_there_are_no_codes_to_make(owner: Client) -> None:
    assert owner.get(f"{CODES}/new")["Location"] == "/account/two-factor"
    assert "first app or passkey" in owner.get(SECURITY).content.decode()


def test_a_passkey_is_added_named_renamed_and_removed(owner: Client, alice: Membership) -> None:
    _, added = add_passkey(owner, "my laptop")
    number = factors.of(alice.user).passkeys[0].pk
    page = f"/account/two-factor/passkeys/{number}"

    listed = owner.get(SECURITY).content.decode()
    owner.post(f"{page}/rename", {"name": "old laptop"})
    renamed = owner.get(SECURITY).content.decode()
    asked = owner.get(f"{page}/remove").content.decode()
    owner.post(f"{page}/remove")

    assert added["Location"] == CODES
    assert "my laptop" in listed
    assert "old laptop" in renamed
    assert "Remove the passkey old laptop?" in asked
    assert not factors.of(alice.user).is_on


def test_a_passkey_of_a_wrong_site_is_not_added(owner: Client, alice: Membership) -> None:
    asked = owner.post("/account/two-factor/passkeys/options").json()

    refused = owner.post(PASSKEY, {"name": "x", "credential": SoftPasskey(origin="https://evil.example").make(asked)})

    assert "was not accepted" in refused.content.decode()
    assert not factors.of(alice.user).is_on


def test_an_answer_is_good_once(owner: Client, alice: Membership) -> None:
    passkey = SoftPasskey()
    answer = passkey.make(owner.post("/account/two-factor/passkeys/options").json())

    for _ in range(2):
        owner.post(PASSKEY, {"name": "x", "credential": answer})

    assert len(factors.of(alice.user).passkeys) == 1


def test_somebody_elses_passkey_is_not_there(owner: Client, alice: Membership, outsider: Client) -> None:
    add_passkey(owner)
    number = factors.of(alice.user).passkeys[0].pk

    answers = [
        outsider.post(f"/account/two-factor/passkeys/{number}/{what}", {"name": "mine"})
        for what in ("rename", "remove")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert factors.of(alice.user).passkeys[0].data["name"] == "laptop"


def test_without_a_name_or_https_there_are_no_passkeys(owner: Client, settings: Any) -> None:
    settings.HEARTBEET_SITE_URL = "http://127.0.0.1:8000"

    assert owner.get(PASSKEY).status_code == 404
    assert "Browsers offer passkeys where" in owner.get(SECURITY).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_who_signed_in_long_ago_proves_it_first(alice: Membership, page: str) -> None:
    browser = sign_in(alice, recent=False)

    answers = [browser.get(page), *([browser.post(page)] if page != CODES else [])]

    assert all(answer["Location"].startswith("/account/confirm?next=") for answer in answers)


@pytest.mark.parametrize("page", [*PAGES, SECURITY, "/account/confirm/factor"])
def test_a_stranger_signs_in_first(client: Client, page: str) -> None:
    assert client.get(page)["Location"].startswith("/sign-in")


def test_pages_with_secrets_are_not_kept_by_anybody(owner: Client) -> None:
    assert "no-store" in owner.get(APP)["Cache-Control"]
