"""One's own account: password, address, sessions, and the proof that it is still you."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client

from accounts import sessions
from accounts.models import AuditEvent, BrowserSession, Membership, User
from heartbeet.lib import clock, ratelimit
from monitors.models import Monitor
from tests.web.conftest import link_in, sign_in

pytestmark = pytest.mark.django_db

PASSWORD, NEW = "correct horse battery", "another battery staple"


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def digest(browser: Client) -> str:
    return sessions.digest_of(browser.cookies["sessionid"].value)


def is_in(browser: Client) -> bool:
    return browser.get("/account/profile").status_code == 200


@pytest.mark.parametrize("page", ["profile", "security", "sessions", "password", "e-mail"])
def test_a_stranger_signs_in_first(client: Client, db: None, page: str) -> None:
    assert client.get(f"/account/{page}")["Location"] == f"/sign-in?next=/account/{page}"


@pytest.mark.parametrize("page", ["profile", "security", "sessions"])
def test_one_needs_no_organisation_for_ones_own_account(client: Client, page: str, db: None) -> None:
    client.force_login(User.objects.create_user("ada@example.com", PASSWORD))

    assert client.get(f"/account/{page}").status_code == 200


def test_name_and_time_zone_can_be_changed(owner: Client, alice: Membership) -> None:
    owner.post("/account/profile", {"name": "Alice", "timezone": "Europe/Berlin"})

    alice.user.refresh_from_db()
    assert (alice.user.name, alice.user.timezone) == ("Alice", "Europe/Berlin")
    assert AuditEvent.objects.get().meta["changedFields"] == ["name", "timezone"]


def test_a_zone_that_is_none_is_refused(owner: Client, alice: Membership) -> None:
    owner.post("/account/profile", {"name": "Alice", "timezone": "Mars/Olympus"})

    alice.user.refresh_from_db()
    assert alice.user.timezone == ""


def test_a_new_password_signs_out_everywhere_else(alice: Membership, mailoutbox: list[EmailMessage]) -> None:
    here, elsewhere = sign_in(alice), sign_in(alice)

    here.post("/account/password", {"password1": NEW})

    alice.user.refresh_from_db()
    assert alice.user.check_password(NEW)
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert actions() == ["PASSWORD_CHANGED", "SESSION_REVOKED"]
    assert [letter.subject for letter in mailoutbox] == ["Your Heartbeet password was changed"]


def test_a_password_set_by_a_letter_signs_out_everywhere(
    client: Client, alice: Membership, mailoutbox: list[EmailMessage]
) -> None:
    elsewhere = sign_in(alice)
    client.post("/forgot-password", {"email": alice.user.email.upper()})
    link = link_in(mailoutbox[0])
    form = client.get(link, follow=True)

    done = client.post(form.request["PATH_INFO"], {"password1": NEW})

    assert done["Location"] == "/forgot-password/done"
    assert not is_in(elsewhere)
    assert "PASSWORD_RESET" in actions()
    assert "Your password is changed" in client.get(done["Location"]).content.decode(), "not left for the next page"
    assert "does not work" in Client().get(link, follow=True).content.decode(), "a link works once"


def test_an_address_that_was_not_confirmed_gets_no_link_for_a_new_password(
    bob: Membership, mailoutbox: list[EmailMessage]
) -> None:
    EmailAddress.objects.create(user=bob.user, email="ada@example.com")

    Client().post("/forgot-password", {"email": "ada@example.com"})

    assert [letter.subject for letter in mailoutbox] == ["You have no account on this Heartbeet"]


def test_links_in_letters_lead_to_the_site_whatever_host_was_asked(
    client: Client, alice: Membership, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    client.post("/forgot-password", {"email": alice.user.email}, headers={"host": "evil.example"})

    assert "evil.example" not in str(mailoutbox[0].body)
    assert link_in(mailoutbox[0]).startswith("/forgot-password/")


def test_asking_for_a_new_password_looks_the_same_for_every_address(
    alice: Membership, mailoutbox: list[EmailMessage]
) -> None:
    answers = [Client().post("/forgot-password", {"email": email}) for email in (alice.user.email, "eve@example.com")]

    known, unknown = answers
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [letter.subject for letter in mailoutbox] == [
        "Set a new password for Heartbeet",
        "You have no account on this Heartbeet",
    ]


def test_nobodys_mailbox_is_filled_by_strangers(alice: Membership, mailoutbox: list[EmailMessage]) -> None:
    limit = int(ratelimit.LETTER_RATES["recipient"].split("/")[0])

    answers = [
        Client().post("/forgot-password", {"email": alice.user.email}, REMOTE_ADDR=f"192.0.2.{number}")["Location"]
        for number in range(limit + 2)
    ]

    assert set(answers) == {"/forgot-password/sent"}, "nobody learns that the letter was not written"
    assert len(mailoutbox) == limit


def test_one_stranger_makes_us_write_a_limited_number_of_letters(db: None, mailoutbox: list[EmailMessage]) -> None:
    limit = int(ratelimit.LETTER_RATES["address"].split("/")[0])

    for number in range(limit + 2):
        Client().post("/forgot-password", {"email": f"user{number}@example.com"})

    assert len(mailoutbox) == limit


def test_a_new_address_replaces_the_old_one_when_it_is_confirmed(
    owner: Client, alice: Membership, mailoutbox: list[EmailMessage]
) -> None:
    before = alice.user.email
    owner.post("/account/e-mail", {"email": "new@example.com", "action_add": ""})
    alice.user.refresh_from_db()
    meanwhile = alice.user.email

    owner.post(link_in(mailoutbox[0]))

    alice.user.refresh_from_db()
    assert (meanwhile, alice.user.email) == (before, "new@example.com")
    assert mailoutbox[1].to == [before], "the old address is told"
    assert AuditEvent.objects.get(action="EMAIL_CHANGED").meta["diff"]["email"] == {
        "from": before,
        "to": "new@example.com",
    }


def test_the_address_of_somebody_else_cannot_be_taken(
    owner: Client, alice: Membership, bob: Membership, mailoutbox: list[EmailMessage]
) -> None:
    before = alice.user.email
    owner.post("/account/e-mail", {"email": bob.user.email, "action_add": ""})

    owner.post(link_in(mailoutbox[0]))

    alice.user.refresh_from_db()
    assert alice.user.email == before


def test_signing_in_and_out_is_written_down(client: Client, alice: Membership) -> None:
    client.post("/sign-in", {"login": alice.user.email, "password": "wrong"})
    client.post("/sign-in", {"login": alice.user.email, "password": PASSWORD})
    client.post("/sign-out")

    events = AuditEvent.objects.order_by("id")
    assert [(event.action, event.actor_user_id) for event in events] == [
        ("SIGN_IN_FAILED", None),
        ("SIGN_IN", alice.user_id),
        ("SIGN_OUT", alice.user_id),
    ]
    assert {event.resource for event in events} == {f"user:{alice.user_id}"}
    assert {event.meta["ip"] for event in events} == {"127.0.0.1"}


def test_guesses_do_not_fill_the_log(alice: Membership) -> None:
    for number in range(25):
        Client().post("/sign-in", {"login": alice.user.email, "password": "x"}, REMOTE_ADDR=f"192.0.2.{number}")

    assert actions() == ["SIGN_IN_FAILED"] * 20


def test_all_ones_sessions_are_listed_with_this_one_first(alice: Membership) -> None:
    here, elsewhere = sign_in(alice), sign_in(alice)
    elsewhere.get("/", headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    BrowserSession.objects.update(seen_at=clock.now() - timedelta(minutes=9))
    elsewhere.get("/", headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})

    page = here.get("/account/sessions").content.decode()

    assert page.index("This one") < page.index("Firefox on Linux")
    assert page.count("/end") == 2


def test_one_session_can_be_ended(alice: Membership) -> None:
    here, elsewhere = sign_in(alice), sign_in(alice)
    other = BrowserSession.objects.exclude(digest=digest(here)).get()

    here.post(f"/account/sessions/{other.digest}/end")

    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert actions() == ["SESSION_REVOKED"]


def test_all_other_sessions_can_be_ended(alice: Membership) -> None:
    here, others = sign_in(alice), [sign_in(alice) for _ in range(2)]

    here.post("/account/sessions/end-others")

    assert [is_in(browser) for browser in (here, *others)] == [True, False, False]


def test_nobody_ends_the_session_of_somebody_else(owner: Client, bob: Membership) -> None:
    his = sign_in(bob)

    refused = owner.post(f"/account/sessions/{digest(his)}/end")

    assert (refused.status_code, is_in(his)) == (404, True)


def test_what_is_dangerous_asks_again_after_a_while_and_nothing_has_happened(
    alice: Membership, alices_monitor: Monitor
) -> None:
    browser = sign_in(alice, recent=False)
    page = f"/monitors/{alices_monitor.id}"

    asked = browser.post(f"{page}/reveal")
    browser.get(asked["Location"])
    back = browser.post(asked["Location"], {"password": PASSWORD})
    seen = browser.get(back["Location"]).content.decode()
    shown = browser.post(f"{page}/reveal", follow=True).content.decode()

    assert asked["Location"].startswith("/account/confirm?next=")
    assert back["Location"] == page
    assert "Nothing has happened yet" in seen
    assert "is-revealed" not in seen
    assert "is-revealed" in shown


def test_the_wrong_password_proves_nothing(alice: Membership, alices_monitor: Monitor) -> None:
    browser = sign_in(alice, recent=False)

    page = browser.post("/account/confirm?next=/", {"password": "wrong"})

    assert "not your password" in page.content.decode()
    assert browser.get(f"/monitors/{alices_monitor.id}/rotate").status_code == 302


def test_proof_is_asked_for_ten_times_only(alice: Membership) -> None:
    browser = sign_in(alice, recent=False)
    limit = int(ratelimit.PROOF_RATE.split("/")[0])

    answers = [browser.post("/account/confirm", {"password": "wrong"}).status_code for _ in range(limit + 1)]

    assert answers == [200] * limit + [429]


@pytest.mark.parametrize(("minutes", "status"), [(14, 200), (16, 302)])
def test_a_proof_holds_for_a_quarter_of_an_hour(alice: Membership, minutes: int, status: int) -> None:
    browser = sign_in(alice)
    session = browser.session
    at = (clock.now() - timedelta(minutes=minutes)).timestamp()
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": at}]
    session.save()

    assert browser.get("/account/password").status_code == status


def test_signing_in_is_proof_enough(client: Client, alice: Membership) -> None:
    client.post("/sign-in", {"login": alice.user.email, "password": PASSWORD})

    assert client.get("/account/password").status_code == 200


def test_someone_without_a_password_signs_in_again(alice: Membership) -> None:
    alice.user.set_unusable_password()
    alice.user.save()
    browser = sign_in(alice, recent=False)

    page = browser.get("/account/password/new", follow=True).content.decode()
    out = browser.post(re.findall(r'action="([^"]+)"', page)[-1])

    assert "Sign in again" in page
    assert out["Location"] == "/sign-in?next=%2Faccount%2Fpassword%2Fnew"
