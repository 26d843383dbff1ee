"""Setting up, signing in, signing out."""

import contextlib
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client, RequestFactory

from accounts import operations
from accounts.models import Membership, Organization, User
from accounts.web import devices
from alerts.models import Channel
from heartbeet.lib import clock, ratelimit
from tests import factories
from tests.web.conftest import link_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
TRIES = int(ratelimit.SIGN_IN_RATES["account"].split("/")[0])
OWNER = {"organization": "Acme Ltd", "email": "Ada@Example.com", "password": PASSWORD}


@pytest.fixture
def ada(acme: Organization) -> User:
    return factories.member(acme, "owner", "ada")


def test_the_setup_link_makes_the_first_owner_signs_in_and_makes_the_default_channel(client: Client) -> None:
    code = operations.make_setup_code(clock.now())
    form = client.get(f"/setup?code={code}")

    done = client.post("/setup", {**OWNER, "code": code})

    membership = Membership.objects.get()
    assert form.status_code == 200
    assert done["Location"] == "/"
    assert (membership.user.email, membership.organization.name, membership.role) == (
        "ada@example.com",
        "Acme Ltd",
        "owner",
    )
    assert Channel.objects.get().config == {"to": "ada@example.com"}
    assert client.get("/").status_code == 200


def test_the_setup_link_works_once(client: Client) -> None:
    code = operations.make_setup_code(clock.now())
    client.post("/setup", {**OWNER, "code": code})

    again = Client().post("/setup", {**OWNER, "email": "eve@example.com", "code": code})

    assert again["Location"] == "/sign-in"
    assert User.objects.count() == 1


@pytest.mark.parametrize("code", ["", "guess", "\x00"])
def test_without_the_right_code_nobody_sets_up(client: Client, code: str) -> None:
    operations.make_setup_code(clock.now())

    answers = [client.get("/setup", {"code": code}), client.post("/setup", {**OWNER, "code": code})]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "ada@example.com"}, "too similar"),
        ({"email": "ada"}, "such as ada@example.com"),
        ({"email": "ada@exämple.com"}, "such as ada@example.com"),
        ({"organization": ""}, "Give your organisation a name"),
    ],
)
def test_a_mistake_in_the_setup_is_explained_and_the_link_stays_good(
    client: Client, changes: dict[str, Any], hint: str
) -> None:
    code = operations.make_setup_code(clock.now())

    page = client.post("/setup", {**OWNER, "code": code, **changes}).content.decode()

    assert hint in page
    assert client.post("/setup", {**OWNER, "code": code}).status_code == 302


def test_signing_in_goes_where_one_wanted_to_go(client: Client, ada: User) -> None:
    given = {"login": ada.email.upper(), "password": PASSWORD, "next": "/monitors/new"}

    assert client.post("/sign-in", given)["Location"] == "/monitors/new"


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "https:evil.example"]
)
def test_signing_in_never_leads_to_another_site(client: Client, ada: User, target: str) -> None:
    given = {"login": ada.email, "password": PASSWORD, "next": target}

    assert client.post("/sign-in", given)["Location"] == "/"


@pytest.mark.parametrize("target", ["foo", "accounts:sign-in", "?x", "/%0d%0aX: y"])
def test_a_strange_place_to_go_to_is_no_reason_to_fail(client: Client, ada: User, target: str) -> None:
    given = {"login": ada.email, "password": PASSWORD, "next": target}

    answer = client.post("/sign-in", given)

    assert (answer.status_code, answer["Location"][0]) == (302, "/")


def test_a_wrong_password_and_an_unknown_account_look_the_same_and_cost_the_same(
    client: Client, ada: User, hashed: list[str]
) -> None:
    answers, costs = [], []
    hashed.clear()
    for email in [ada.email, "nobody@example.com"]:
        page = client.post("/sign-in", {"login": email, "password": "wrong"}).content.decode()
        answers.append(page.split("<h1>")[1].replace(email, ""))
        costs.append(len(hashed))
        hashed.clear()

    assert strip_tokens(answers[0]) == strip_tokens(answers[1])
    assert costs == [1, 1]


def strip_tokens(page: str) -> str:
    return page.split("csrfmiddlewaretoken")[0]


def test_an_account_can_be_guessed_at_only_so_often_from_wherever(client: Client, ada: User) -> None:
    for number in range(TRIES):
        Client().post("/sign-in", {"login": ada.email, "password": "wrong"}, REMOTE_ADDR=f"203.0.113.{number}")

    refused = client.post("/sign-in", {"login": ada.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.199")

    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert "Too many tries" in refused.content.decode()


def test_nobody_is_locked_out_of_a_browser_that_they_have_signed_in_with(client: Client, ada: User) -> None:
    client.post("/sign-in", {"login": ada.email, "password": PASSWORD})
    client.post("/sign-out")
    _use_up_all_tries(ada)

    let_in = client.post("/sign-in", {"login": ada.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.1")

    assert let_in["Location"] == "/"


def test_whoever_sets_a_new_password_by_e_mail_gets_in_whatever_strangers_do(
    client: Client, ada: User, mailoutbox: list[EmailMessage]
) -> None:
    _use_up_all_tries(ada)
    client.post("/forgot-password", {"email": ada.email})
    form = client.get(link_in(mailoutbox[-1]), follow=True)
    client.post(form.request["PATH_INFO"], {"password1": "another battery staple"})

    let_in = client.post("/sign-in", {"login": ada.email, "password": "another battery staple"})

    assert let_in["Location"] == "/"


@pytest.mark.parametrize("whose", ["bob", "nobody", "forged"])
def test_the_cookie_of_a_known_device_helps_with_its_own_account_only(client: Client, ada: User, whose: str) -> None:
    bob = factories.member(ada.memberships.get().organization, "member", "bob")
    if whose == "bob":
        client.post("/sign-in", {"login": bob.email, "password": PASSWORD})
        client.post("/sign-out")
    elif whose == "forged":
        client.cookies[devices.COOKIE] = "eyJ1c2VyIjoxfQ:x:y"
    _use_up_all_tries(ada)

    refused = client.post("/sign-in", {"login": ada.email, "password": PASSWORD})

    assert refused.status_code == 429


def test_the_cookie_of_a_known_device_is_for_the_sign_in_page_of_this_site_only(client: Client, ada: User) -> None:
    cookie = client.post("/sign-in", {"login": ada.email, "password": PASSWORD}).cookies[devices.COOKIE]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/sign-in", True, "Lax")


def _use_up_all_tries(user: User) -> None:
    """A stranger with a hundred addresses has guessed at an account."""
    asked = RequestFactory().post("/sign-in")
    for number in range(TRIES):
        with contextlib.suppress(ratelimit.TooManyRequests):
            ratelimit.check_sign_in(asked, address=f"203.0.113.{number}", email=user.email)


def test_one_address_can_guess_only_so_often_at_whomever(client: Client, ada: User) -> None:
    limit = int(ratelimit.SIGN_IN_RATES["address"].split("/")[0])
    for number in range(limit):
        client.post("/sign-in", {"login": f"user{number}@example.com", "password": "wrong"})

    assert client.post("/sign-in", {"login": ada.email, "password": PASSWORD}).status_code == 429


def test_signing_out_is_a_post_and_ends_the_session(client: Client, ada: User) -> None:
    client.force_login(ada)

    refused, done = client.get("/sign-out"), client.post("/sign-out")

    assert (refused.status_code, done["Location"]) == (405, "/sign-in")
    assert client.get("/").status_code == 302


def test_an_inactive_person_does_not_get_in(client: Client, ada: User) -> None:
    User.objects.filter(id=ada.id).update(is_active=False)

    page = client.post("/sign-in", {"login": ada.email, "password": PASSWORD}).content.decode()

    assert "is not right" in page


def test_a_fresh_installation_says_where_the_first_link_is(client: Client) -> None:
    assert "/setup?code=" in client.get("/sign-in").content.decode()
