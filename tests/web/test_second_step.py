"""Signing in with a second step, with a passkey alone, and proving it again."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import factors, passkeys
from accounts.domain import totp
from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, BrowserSession, Membership, User
from heartbeet.lib import clock, ratelimit
from tests.accounts.authenticator import SITE, SoftPasskey
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP = "/sign-in/second-step"
PROVE = "/account/confirm/factor"


@pytest.fixture(autouse=True)
def _at_localhost(settings: Any) -> None:
    settings.HEARTBEET_SITE_URL = SITE


@pytest.fixture
def with_app(alice: Membership) -> Membership:
    """Alice has an app; its code of a minute ago is used up."""
    before = clock.now() - timedelta(minutes=1)
    code = totp.code_at(SECRET, totp.step_at(before))
    factors.enable_app(user=alice.user, secret=SECRET, code=code, by=SYSTEM, now=before)
    return alice


@pytest.fixture
def passkey(alice: Membership) -> SoftPasskey:
    """A passkey of Alice."""
    made, now = SoftPasskey(), clock.now()
    options, challenge = passkeys.ask_to_add(alice.user, now=now)
    credential = passkeys.check_new(made.make(options), challenge, now=now)
    factors.add_passkey(user=alice.user, name="laptop", credential=credential, by=SYSTEM, now=now)
    return made


def code() -> str:
    return totp.code_at(SECRET, totp.step_at(clock.now()))


def give_password(browser: Client, user: User, **given: str) -> Any:
    return browser.post("/sign-in", {"login": user.email, "password": PASSWORD, **given})


def is_signed_in(browser: Client) -> bool:
    return bool(browser.get("/account/profile").status_code == 200)


def test_the_password_alone_is_not_enough(client: Client, with_app: Membership) -> None:
    answer = give_password(client, with_app.user)

    assert answer["Location"] == STEP
    assert not is_signed_in(client)


def test_the_code_of_the_app_signs_in_and_goes_on(client: Client, with_app: Membership) -> None:
    give_password(client, with_app.user, next="/channels")

    answer = client.post(STEP, {"code": code()})

    assert answer["Location"] == "/channels"
    assert is_signed_in(client)
    assert AuditEvent.objects.filter(action="SIGN_IN", actor_user=with_app.user).exists()


def test_a_recovery_code_signs_in(client: Client, with_app: Membership) -> None:
    one = factors.make_codes(user=with_app.user, by=SYSTEM, now=clock.now())[0]
    give_password(client, with_app.user)

    client.post(STEP, {"code": one})

    assert is_signed_in(client)


@pytest.mark.parametrize("typed", ["000000", "", "\x00", "x" * 5000])
def test_a_wrong_code_does_not(client: Client, with_app: Membership, typed: str) -> None:
    give_password(client, with_app.user)

    answer = client.post(STEP, {"code": typed})

    assert "is not right" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_code_that_signed_somebody_in_is_used_up(client: Client, with_app: Membership) -> None:
    seen = code()
    for browser in (client, Client()):
        give_password(browser, with_app.user)
        browser.post(STEP, {"code": seen})

    assert is_signed_in(client)
    assert not is_signed_in(browser)


def test_strangers_fill_no_table_with_sessions(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "PASSKEY_RATE", "2/1h")

    answers = [Client().post("/sign-in/passkey/options") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert BrowserSession.objects.count() == 2


def test_guesses_are_limited_over_all_browsers(with_app: Membership) -> None:
    for _ in range(5):
        browser = Client()
        give_password(browser, with_app.user)
        for _ in range(2):
            browser.post(STEP, {"code": "000000"})

    refused = browser.post(STEP, {"code": code()})

    assert "Too many tries" in refused.content.decode()
    assert not is_signed_in(browser)


def test_a_passkey_still_helps_when_codes_are_refused(
    client: Client, with_app: Membership, passkey: SoftPasskey
) -> None:
    give_password(client, with_app.user)
    for _ in range(11):
        client.post(STEP, {"code": "000000"})

    asked = client.post(f"{STEP}/options").json()
    client.post(STEP, {"credential": passkey.use(asked)})

    assert is_signed_in(client)


def test_who_has_no_password_yet_cannot_come_to_the_second_step(client: Client, with_app: Membership) -> None:
    answers = [client.get(STEP), client.post(STEP, {"code": code()}), client.post(f"{STEP}/options")]

    assert {answer["Location"] for answer in answers} == {"/sign-in"}


def test_the_second_step_is_that_of_the_password(client: Client, with_app: Membership, bob: Membership) -> None:
    """Somebody's own code does not open another person's account, whose password they found."""
    now = clock.now() - timedelta(minutes=1)
    other = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"
    first = totp.code_at(other, totp.step_at(now))
    factors.enable_app(user=bob.user, secret=other, code=first, by=SYSTEM, now=now)
    give_password(client, with_app.user)

    client.post(STEP, {"code": totp.code_at(other, totp.step_at(clock.now()))})

    assert not is_signed_in(client)


def test_a_passkey_signs_in_alone(client: Client, alice: Membership, passkey: SoftPasskey) -> None:
    asked = client.post("/sign-in/passkey/options").json()

    answer = client.post("/sign-in/passkey", {"credential": passkey.use(asked), "next": "/channels"})

    assert answer["Location"] == "/channels"
    assert is_signed_in(client)


def test_it_is_not_asked_for_a_second_step(client: Client, with_app: Membership, passkey: SoftPasskey) -> None:
    asked = client.post("/sign-in/passkey/options").json()

    client.post("/sign-in/passkey", {"credential": passkey.use(asked)})

    assert is_signed_in(client)


def test_a_passkey_s_answer_is_good_once(client: Client, alice: Membership, passkey: SoftPasskey) -> None:
    answer = passkey.use(client.post("/sign-in/passkey/options").json())
    client.post("/sign-in/passkey", {"credential": answer})
    client.post("/sign-out")

    again = client.post("/sign-in/passkey", {"credential": answer})

    assert again["Location"] == "/sign-in"
    assert not is_signed_in(client)


def test_an_answer_made_for_another_browser_is_void(client: Client, alice: Membership, passkey: SoftPasskey) -> None:
    answer = passkey.use(Client().post("/sign-in/passkey/options").json())
    client.post("/sign-in/passkey/options")

    client.post("/sign-in/passkey", {"credential": answer})

    assert not is_signed_in(client)


@pytest.mark.parametrize("url", ["//evil.example", "https://evil.example", "javascript:alert(1)"])
def test_a_passkey_does_not_lead_elsewhere(client: Client, alice: Membership, passkey: SoftPasskey, url: str) -> None:
    asked = client.post("/sign-in/passkey/options").json()

    answer = client.post("/sign-in/passkey", {"credential": passkey.use(asked), "next": url})

    assert answer["Location"] == "/"


def test_a_passkey_does_not_go_around_an_unconfirmed_address(
    client: Client, alice: Membership, passkey: SoftPasskey
) -> None:
    EmailAddress.objects.filter(user=alice.user).update(verified=False)
    asked = client.post("/sign-in/passkey/options").json()

    client.post("/sign-in/passkey", {"credential": passkey.use(asked)})

    assert not is_signed_in(client)


def test_the_sign_in_page_offers_it_where_it_can_work(client: Client, alice: Membership, settings: Any) -> None:
    with_name = client.get("/sign-in").content.decode()
    settings.HEARTBEET_SITE_URL = "http://127.0.0.1:8000"
    without = client.get("/sign-in").content.decode()

    assert "Sign in with a passkey" in with_name
    assert "passkeys.js" in with_name
    assert "passkey" not in without


def test_proving_it_again_by_a_code_goes_on(with_app: Membership) -> None:
    browser = sign_in(with_app, recent=False)
    asked = browser.get("/account/two-factor/app/remove")

    proven = browser.post(PROVE, {"code": code(), "next": "/account/two-factor/app/remove"})

    assert asked["Location"].startswith("/account/confirm")
    assert proven["Location"] == "/account/two-factor/app/remove"
    assert browser.get("/account/two-factor/app/remove").status_code == 200


def test_proving_it_again_by_a_passkey_goes_on(alice: Membership, passkey: SoftPasskey) -> None:
    browser = sign_in(alice, recent=False)
    asked = browser.post("/account/confirm/options").json()

    browser.post(PROVE, {"credential": passkey.use(asked), "next": "/account/two-factor/app"})

    assert browser.get("/account/two-factor/app").status_code == 200


def test_a_wrong_code_proves_nothing(with_app: Membership) -> None:
    browser = sign_in(with_app, recent=False)

    answer = browser.post(PROVE, {"code": "000000"})

    assert "is not right" in answer.content.decode()
    assert browser.get("/account/two-factor/app/remove").status_code == 302


def test_who_has_only_factors_is_led_to_them(passkey: SoftPasskey, alice: Membership) -> None:
    alice.user.set_unusable_password()
    alice.user.save()
    browser = sign_in(alice, recent=False)

    asked = browser.get("/account/two-factor/app")

    assert asked["Location"].startswith(f"{PROVE}?next=")


def test_the_password_page_leads_to_the_other_ways_once(with_app: Membership, passkey: SoftPasskey) -> None:
    page = sign_in(with_app, recent=False).get("/account/confirm?next=/account/two-factor/app").content.decode()

    assert len(re.findall(r"Use a code or a passkey", page)) == 1


def test_without_an_app_recovery_codes_are_asked_for_by_their_name(
    client: Client, alice: Membership, passkey: SoftPasskey
) -> None:
    give_password(client, alice.user)

    page = client.get(STEP).content.decode()

    assert "Recovery code" in page
    assert "Use a passkey" in page
