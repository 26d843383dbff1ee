"""Single sign-on, against a real provider on loopback."""

import html
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.core import mail
from django.test import Client

from accounts import factors, invitations
from accounts.domain import totp
from accounts.domain.actor import SYSTEM, Actor
from accounts.domain.roles import Role
from accounts.models import AuditEvent, Membership, Organization, User
from heartbeet.lib import clock
from tests import factories
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, OIDCProvider, new_key
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db

SITE = "https://heartbeet.example.org"


@pytest.fixture
def provider(settings: Any) -> Iterator[OIDCProvider]:
    with OIDCProvider() as running:
        settings.HEARTBEET_SITE_URL = SITE
        settings.HEARTBEET_OIDC_ISSUER = running.issuer
        settings.HEARTBEET_OIDC_CLIENT_ID = CLIENT_ID
        settings.HEARTBEET_OIDC_CLIENT_SECRET = CLIENT_SECRET
        settings.HEARTBEET_OIDC_NAME = "Example ID"
        yield running


@pytest.fixture
def ada(acme: Organization) -> User:
    """A member with the address that the provider vouches for."""
    user = factories.member(acme, "member", "ada")
    User.objects.filter(id=user.id).update(email="ada@example.com")
    EmailAddress.objects.filter(user=user).update(email="ada@example.com")
    user.refresh_from_db()
    return user


def leave(browser: Client, **given: str) -> str:
    """Press the button; returns the address at the provider."""
    page = browser.post("/sign-in/oidc", given, HTTP_HOST="evil.example").content.decode()
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page
    return html.unescape(found[1])


def come_back(browser: Client, provider: OIDCProvider, address: str) -> Any:
    """Sign in at the provider, and follow its redirect."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    back = urlsplit(provider.authorize(asked))
    return browser.get(f"{back.path}?{back.query}")


def go(browser: Client, provider: OIDCProvider, **given: str) -> Any:
    return come_back(browser, provider, leave(browser, **given))


def is_signed_in(browser: Client) -> bool:
    return bool(browser.get("/account/profile").status_code == 200)


def test_a_member_with_the_same_verified_address_is_signed_in(
    client: Client, provider: OIDCProvider, ada: User
) -> None:
    answer = go(client, provider, next="/channels")

    assert answer["Location"] == "/channels"
    assert is_signed_in(client)
    account = SocialAccount.objects.get()
    assert (account.user, account.provider, account.uid) == (ada, provider.issuer, "ada-1")
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == ["SIGN_ON_LINKED", "SIGN_IN"]
    assert mail.outbox[0].subject == "Example ID can sign you in from now on"


def test_the_provider_is_asked_with_state_nonce_and_pkce_at_the_site_s_own_address(
    client: Client, provider: OIDCProvider, ada: User
) -> None:
    go(client, provider)

    asked = provider.asked[0]
    assert asked["redirect_uri"] == f"{SITE}/sign-in/oidc/callback"
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "email", "profile"}
    assert len(asked["state"]) >= 16
    assert len(asked["nonce"]) >= 16


def test_nothing_that_the_provider_says_is_kept_but_who_it_is(
    client: Client, provider: OIDCProvider, ada: User
) -> None:
    go(client, provider)

    assert not SocialToken.objects.exists()
    assert SocialAccount.objects.get().extra_data == {}
    assert "token" not in json.dumps(dict(client.session))


def test_later_the_person_is_known_by_the_subject_whatever_the_address(
    client: Client, provider: OIDCProvider, ada: User
) -> None:
    go(Client(), provider)
    provider.person = {"sub": "ada-1", "email": "married@example.com", "email_verified": False}

    go(client, provider)

    assert is_signed_in(client)
    assert User.objects.get(id=ada.id).email == "ada@example.com"


def test_the_address_may_come_from_the_user_info(client: Client, provider: OIDCProvider, ada: User) -> None:
    provider.without = {"email", "email_verified"}

    go(client, provider)

    assert is_signed_in(client)


def test_user_info_about_somebody_else_is_refused(client: Client, provider: OIDCProvider, ada: User) -> None:
    provider.without = {"email", "email_verified"}
    provider.user_info = {"sub": "eve", "email": "ada@example.com", "email_verified": True}

    assert go(client, provider).status_code == 502
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "said",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email_verified": 0},
        {"email_verified": ["true"]},
        {"email": None},
        {"email": ["ada@example.com"]},
        {"email": ""},
    ],
)
def test_an_address_that_is_not_verified_links_to_nobody(
    client: Client, provider: OIDCProvider, ada: User, settings: Any, said: dict[str, Any]
) -> None:
    settings.HEARTBEET_OIDC_ROLE = "admin"
    provider.person |= said

    answer = go(client, provider)

    assert answer.status_code == 403
    assert "not say that your e-mail address is verified" in html.unescape(answer.content.decode())
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_somebody_unknown_stays_outside_and_nobody_is_made(
    client: Client, provider: OIDCProvider, alice: Membership
) -> None:
    answer = go(client, provider)

    assert answer.status_code == 403
    assert "Nobody here knows you" in answer.content.decode()
    assert list(User.objects.all()) == [alice.user]
    assert not SocialAccount.objects.exists()


def test_an_open_invitation_is_accepted_on_the_way_in(
    client: Client, provider: OIDCProvider, alice: Membership
) -> None:
    by, now = Actor(user_id=alice.user.id, email=alice.user.email), clock.now()
    invitations.invite(organization=alice.organization, email="ada@example.com", role=Role.VIEWER, by=by, now=now)

    go(client, provider)

    member = Membership.objects.get(user__email="ada@example.com")
    assert (member.organization, member.role, member.user.name) == (alice.organization, "viewer", "Ada")
    assert not member.user.has_usable_password()
    assert is_signed_in(client)


def test_with_a_role_everybody_the_provider_vouches_for_joins_the_first_organisation(
    client: Client, provider: OIDCProvider, alice: Membership, charlie: Membership, settings: Any
) -> None:
    settings.HEARTBEET_OIDC_ROLE = "member"

    go(client, provider)

    member = Membership.objects.get(user__email="ada@example.com")
    assert (member.organization, member.role) == (alice.organization, "member")
    assert client.get("/").status_code == 200
    assert {"CREATE_MEMBERSHIP", "SIGN_ON_LINKED", "SIGN_IN"} <= set(
        AuditEvent.objects.filter(actor_user=member.user).values_list("action", flat=True)
    )


def test_an_account_that_somebody_made_with_an_unconfirmed_address_loses_their_password(
    client: Client, provider: OIDCProvider, ada: User
) -> None:
    EmailAddress.objects.filter(user=ada).update(verified=False)
    intruder = sign_in(ada.memberships.get())

    go(client, provider)

    ada.refresh_from_db()
    assert not ada.has_usable_password()
    assert not is_signed_in(intruder)
    assert is_signed_in(client)


def test_a_confirmed_account_keeps_its_password(client: Client, provider: OIDCProvider, ada: User) -> None:
    go(client, provider)

    ada.refresh_from_db()
    assert ada.has_usable_password()


def test_who_is_deactivated_stays_outside(client: Client, provider: OIDCProvider, ada: User) -> None:
    go(Client(), provider)
    User.objects.filter(id=ada.id).update(is_active=False)

    answer = go(client, provider)

    assert (answer.status_code, is_signed_in(client)) == (403, False)


def test_one_s_own_second_step_is_asked_for_here_too(client: Client, provider: OIDCProvider, ada: User) -> None:
    secret, before = totp.generate(), clock.now() - timedelta(minutes=1)
    code = totp.code_at(secret, totp.step_at(before))
    factors.enable_app(user=ada, secret=secret, code=code, by=SYSTEM, now=before)

    answer = go(client, provider)

    assert answer["Location"] == "/sign-in/second-step"
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("said", "without", "reason"),
    [
        ({"nonce": "another"}, set(), "of another sign-in"),
        ({}, {"nonce"}, "of no sign-in"),
        ({"exp": int(time.time()) - 120}, set(), "expired"),
        ({}, {"exp"}, "never expires"),
        ({"iat": int(time.time()) + 600}, set(), "from the future"),
        ({"aud": "another-client"}, set(), "for another client"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, set(), "made for another, who shows it to us"),
        ({"iss": "https://evil.example"}, set(), "of another issuer"),
        ({"sub": ""}, set(), "about nobody"),
        ({}, {"sub"}, "about nobody"),
        ({"sub": "x" * 192}, set(), "about somebody we could not keep"),
    ],
)
def test_a_wrong_token_is_refused(
    client: Client, provider: OIDCProvider, ada: User, said: dict[str, Any], without: set[str], reason: str
) -> None:
    provider.claims, provider.without = said, without

    answer = go(client, provider)

    assert answer.status_code == 502
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(new_key(), "RS256"), (CLIENT_SECRET * 3, "HS256"), ("", "none")],
    ids=["another key", "a shared secret", "no signature"],
)
def test_a_token_that_the_provider_has_not_signed_is_refused(
    client: Client, provider: OIDCProvider, ada: User, key: Any, algorithm: str
) -> None:
    provider.signs_with, provider.algorithm = key, algorithm

    answer = go(client, provider)

    assert (answer.status_code, is_signed_in(client)) == (502, False)


def test_an_answer_without_a_question_is_refused(client: Client, provider: OIDCProvider, ada: User) -> None:
    answer = come_back(client, provider, leave(Client()))  # begun in another browser: somebody else's account

    assert answer.status_code == 400
    assert "did not begin a sign-in" in answer.content.decode()
    assert not is_signed_in(client)


@pytest.mark.parametrize("query", ["", "?state=guess&code=guess", "?code=guess", "?state=%00"])
def test_nonsense_is_refused(client: Client, provider: OIDCProvider, query: str) -> None:
    assert client.get(f"/sign-in/oidc/callback{query}").status_code == 400


def test_an_answer_works_once(client: Client, provider: OIDCProvider, ada: User) -> None:
    asked = parse_qs(urlsplit(leave(client)).query)
    back = urlsplit(provider.authorize({name: values[0] for name, values in asked.items()}))
    client.get(f"{back.path}?{back.query}")
    client.post("/sign-out")

    again = client.get(f"{back.path}?{back.query}")

    assert (again.status_code, is_signed_in(client)) == (400, False)


def test_who_cancels_at_the_provider_is_told(client: Client, provider: OIDCProvider) -> None:
    state = parse_qs(urlsplit(leave(client)).query)["state"][0]

    answer = client.get("/sign-in/oidc/callback", {"error": "access_denied", "state": state})

    assert answer.status_code == 400
    assert "cancelled" in answer.content.decode()


def test_a_broken_provider_is_named_on_both_ways(client: Client, provider: OIDCProvider, ada: User) -> None:
    address = leave(client)
    provider.is_broken = True

    answers = [come_back(client, provider, address), Client().post("/sign-in/oidc")]

    assert [answer.status_code for answer in answers] == [502, 502]
    assert "did not answer as it should" in answers[0].content.decode()


def test_a_provider_that_calls_itself_by_another_name_is_not_used(
    client: Client, provider: OIDCProvider, settings: Any
) -> None:
    settings.HEARTBEET_OIDC_ISSUER = provider.issuer.replace("127.0.0.1", "localhost")

    assert client.post("/sign-in/oidc").status_code == 502


@pytest.mark.parametrize("url", ["//evil.example", "https://evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(client: Client, provider: OIDCProvider, ada: User, url: str) -> None:
    assert go(client, provider, next=url)["Location"] == "/"


def test_it_takes_a_post_of_our_own_page(provider: OIDCProvider) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.get("/sign-in/oidc").status_code == 405
    assert strict.post("/sign-in/oidc").status_code == 403


def test_without_a_provider_there_is_no_such_page(client: Client) -> None:
    answers = [client.post("/sign-in/oidc"), client.get("/sign-in/oidc/callback"), client.get("/sign-in")]

    assert [answer.status_code for answer in answers] == [404, 404, 200]
    assert "/sign-in/oidc" not in answers[2].content.decode()


def test_the_sign_in_page_has_a_button(client: Client, provider: OIDCProvider) -> None:
    assert "Sign in with Example ID" in client.get("/sign-in?next=/channels").content.decode()


def test_who_has_no_password_proves_it_again_at_the_provider(client: Client, provider: OIDCProvider, ada: User) -> None:
    ada.set_unusable_password()
    ada.save()
    go(Client(), provider)
    browser = sign_in(ada.memberships.get(), recent=False)
    led = browser.get("/account/two-factor/app")
    page = browser.get(led["Location"]).content.decode()

    answer = go(browser, provider, next="/account/two-factor/app")

    assert "Sign in with Example ID" in page
    assert provider.asked[-1]["prompt"] == "login"
    assert answer["Location"] == "/account/two-factor/app"
    assert browser.get("/account/two-factor/app").status_code == 200


def test_somebody_else_at_the_provider_ends_this_session(provider: OIDCProvider, ada: User, alice: Membership) -> None:
    browser = sign_in(alice)

    go(browser, provider)

    assert browser.session["_auth_user_id"] == str(ada.id)
