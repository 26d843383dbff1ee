"""Signing up: with an invitation, or openly; nobody learns from it who has an account."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.core.mail import EmailMessage
from django.test import Client

from accounts import invitations, operations
from accounts.domain.roles import Role
from accounts.models import BrowserSession, Invitation, Membership, User
from alerts.models import Channel
from heartbeet import prune
from heartbeet.lib import clock, ratelimit
from tests.web.conftest import link_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
ADA = {"email": "Ada@Example.com", "password1": PASSWORD}


@pytest.fixture
def is_open(settings: Any) -> None:
    settings.HEARTBEET_REGISTRATION = "open"


@pytest.fixture
def invitation(alice: Membership) -> Invitation:
    by = operations.actor_of(alice)
    return invitations.invite(
        organization=alice.organization, email="ada@example.com", role=Role.MEMBER, by=by, now=clock.now()
    )


def invited(invitation: Invitation) -> Client:
    """A browser in which a stranger has opened the link of an invitation."""
    browser = Client()
    session = browser.session
    session["invitation"] = invitations.code(invitation)
    session.save()
    return browser


def test_nobody_signs_up_by_themselves_unless_the_operator_says_so(client: Client, alice: Membership) -> None:
    page, refused = client.get("/sign-up"), client.post("/sign-up", ADA)

    assert "By invitation only" in page.content.decode()
    assert "By invitation only" in refused.content.decode()
    assert User.objects.count() == 1


def test_the_sign_in_page_offers_to_sign_up_where_one_can(client: Client, alice: Membership, settings: Any) -> None:
    closed = client.get("/sign-in").content.decode()
    settings.HEARTBEET_REGISTRATION = "open"

    opened = client.get("/sign-in").content.decode()

    assert ("/sign-up" in closed, "/sign-up" in opened) == (False, True)


def test_someone_who_signs_up_confirms_the_address_and_names_an_organisation(
    is_open: None, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    asked = client.post("/sign-up", ADA)
    confirm = link_in(mailoutbox[0])
    client.get(confirm)
    confirmed = client.post(confirm, follow=True)
    client.post("/account/organisation", {"name": "Ada's"})

    membership = Membership.objects.get(user__email="ada@example.com")
    assert asked["Location"] == "/sign-up/confirm"
    assert "Name your organisation" in confirmed.content.decode()
    assert (membership.organization.name, membership.role) == ("Ada's", "owner")
    assert Channel.objects.get().config == {"to": "ada@example.com"}
    assert client.get("/").status_code == 200


def test_without_a_confirmed_address_nobody_gets_in(is_open: None, mailoutbox: list[EmailMessage]) -> None:
    Client().post("/sign-up", ADA)

    stopped = Client().post("/sign-in", {"login": ADA["email"], "password": PASSWORD})

    assert stopped["Location"] == "/sign-up/confirm"
    assert len(mailoutbox) == 2, "the letter is sent again"


def test_a_link_opened_in_another_browser_confirms_but_signs_nobody_in(
    is_open: None, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    client.post("/sign-up", ADA)

    elsewhere = Client().post(link_in(mailoutbox[0]))

    assert elsewhere["Location"] == "/sign-in"
    assert EmailAddress.objects.get().verified


def test_an_address_with_an_account_looks_the_same_from_outside_and_its_owner_is_told(
    is_open: None, alice: Membership, mailoutbox: list[EmailMessage]
) -> None:
    answers = [Client().post("/sign-up", {**ADA, "email": email}) for email in (alice.user.email, "ada@example.com")]

    known, unknown = answers
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert list(known.cookies) == list(unknown.cookies)
    assert [letter.subject for letter in mailoutbox] == [
        "You have an account on Heartbeet already",
        "Confirm your address for Heartbeet",
    ]
    assert User.objects.count() == 2


def test_an_address_that_somebody_else_only_claims_is_free_and_then_lost_to_them(
    is_open: None, bob: Membership, mailoutbox: list[EmailMessage]
) -> None:
    claim = EmailAddress.objects.create(user=bob.user, email="ada@example.com")
    ada = Client()

    ada.post("/sign-up", ADA)
    ada.post(link_in(mailoutbox[0]))
    Client().post(f"/confirm-e-mail/{EmailConfirmationHMAC(claim).key}")

    bob.user.refresh_from_db()
    assert EmailAddress.objects.get(user__email="ada@example.com").verified
    assert bob.user.email != "ada@example.com"


def test_one_address_signs_up_only_so_many_people(
    is_open: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "SIGN_UP_RATE", "2/1h")

    answers = [client.post("/sign-up", {**ADA, "email": f"ada{number}@example.com"}) for number in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 3600
    assert "Too many people signed up from here" in answers[2].content.decode()
    assert User.objects.count() == 2


def test_a_link_that_is_no_invitation_leaves_no_session(client: Client, db: None) -> None:
    answer = client.post("/invitations/made-up/sign-up")

    assert answer.status_code == 404
    assert not BrowserSession.objects.exists()


def test_signing_up_hashes_as_often_for_an_address_with_an_account(
    is_open: None, alice: Membership, hashed: list[str]
) -> None:
    costs = []
    hashed.clear()
    for email in (alice.user.email, "ada@example.com"):
        Client().post("/sign-up", {**ADA, "email": email})
        costs.append(len(hashed))
        hashed.clear()

    assert costs == [1, 1]


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"password1": "short"}, "at least 10 characters"),
        ({"password1": "ada@example.com"}, "too similar"),
        ({"email": "ada"}, "such as ada@example.com"),
        ({"email": "ada@exämple.com"}, "such as ada@example.com"),
        ({"email": "\u017fada@example.com"}, "such as ada@example.com"),  # a letter that Django takes for an s
    ],
)
def test_a_mistake_is_explained(is_open: None, client: Client, changes: dict[str, str], hint: str) -> None:
    assert hint in client.post("/sign-up", {**ADA, **changes}).content.decode()


def test_someone_invited_chooses_a_password_and_is_in(invitation: Invitation, mailoutbox: list[EmailMessage]) -> None:
    browser = invited(invitation)
    mailoutbox.clear()

    page = browser.get("/sign-up").content.decode()
    done = browser.post("/sign-up", {"password1": PASSWORD})

    membership = Membership.objects.get(user__email="ada@example.com")
    assert "Join Acme" in page
    assert (done["Location"], membership.role) == ("/", "member")
    assert mailoutbox == [], "the link has proved the address"
    assert browser.get("/").status_code == 200


def test_an_invitation_is_for_its_own_address(invitation: Invitation) -> None:
    invited(invitation).post("/sign-up", {"email": "eve@example.com", "password1": PASSWORD})

    assert list(User.objects.exclude(email__startswith="alice").values_list("email", flat=True)) == ["ada@example.com"]


def test_a_revoked_invitation_opens_nothing(invitation: Invitation, alice: Membership) -> None:
    browser = invited(invitation)
    invitations.revoke(invitation=invitation, by=operations.actor_of(alice), now=clock.now())

    page = browser.post("/sign-up", {"password1": PASSWORD}).content.decode()

    assert "By invitation only" in page
    assert User.objects.count() == 1


def test_people_who_did_not_confirm_their_address_are_cleared_after_a_week(is_open: None, client: Client) -> None:
    client.post("/sign-up", ADA)

    gone = [prune.run(now=clock.now() + timedelta(days=days))["unconfirmed"] for days in (6, 8)]

    assert (gone[0], gone[1] > 0, User.objects.count()) == (0, True, 0)
