"""Who a request acts for, and whether they may."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory

from accounts import access, audit, operations
from accounts.access import Access
from accounts.domain import redaction, roles
from accounts.domain.actor import SYSTEM, Actor
from accounts.domain.roles import Role, Scope
from accounts.models import AccessToken, AuditEvent, Membership, Organization, User
from heartbeet.lib import client
from tests import factories


def _request(user: Any, **headers: str) -> HttpRequest:
    request = RequestFactory().get("/", headers=headers)
    request.user, request.session = user, SessionStore()
    return request


@pytest.fixture
def acme(db: None) -> Organization:
    return factories.organization("Acme")


@pytest.fixture
def ada(acme: Organization) -> User:
    return factories.member(acme, "owner", "ada")


def test_a_stranger_is_nobody(db: None) -> None:
    with pytest.raises(access.NotAuthenticated):
        access.of(_request(AnonymousUser()))


def test_someone_without_an_organisation_is_told_so(db: None) -> None:
    loner = User.objects.create_user("loner@example.com")

    with pytest.raises(access.NotAuthenticated, match="not a member"):
        access.of(_request(loner))


def test_a_session_works_in_ones_oldest_organisation_until_another_is_chosen(ada: User, acme: Organization) -> None:
    other = factories.organization("Other")
    Membership.objects.create(user=ada, organization=other, role="viewer", created_at=factories.NOON)
    request = _request(ada)

    first = access.of(request)
    access.choose(request, other)
    second = access.of(request)

    assert (first.organization, first.role) == (acme, Role.OWNER)
    assert (second.organization, second.role) == (other, Role.VIEWER)


def test_a_foreign_organisation_cannot_be_chosen(ada: User, acme: Organization) -> None:
    request = _request(ada)

    access.choose(request, factories.organization("Elsewhere"))

    assert access.of(request).organization == acme


def test_the_actor_carries_what_the_audit_log_needs(ada: User, settings: Any) -> None:
    settings.HEARTBEET_TRUSTED_PROXIES = 1
    request = _request(ada, **{"User-Agent": "curl/8", "X-Forwarded-For": "6.6.6.6, 203.0.113.7"})

    actor = access.of(request).actor

    assert actor == Actor(user_id=ada.id, email=ada.email, ip="203.0.113.7", user_agent="curl/8")


@pytest.mark.parametrize(
    ("role", "is_open", "scopes", "may"),
    [
        ("owner", False, None, True),
        ("admin", False, None, True),
        ("member", False, None, False),
        ("member", True, None, True),
        ("viewer", True, None, False),
        ("owner", False, ["monitors:*"], False),
        ("member", True, ["secrets:read"], True),
    ],
)
def test_who_may_reveal(role: str, is_open: bool, scopes: list[str] | None, may: bool) -> None:
    organization = Organization(members_may_reveal=is_open)
    membership = Membership(role=role, organization=organization)
    asking = Access(membership, SYSTEM, None if scopes is None else AccessToken(scopes=scopes))

    assert asking.allows_reveal() is may


def test_a_refusal_says_whether_role_or_scope_is_missing() -> None:
    viewer = Access(Membership(role="viewer"), SYSTEM)
    narrow = Access(Membership(role="owner"), SYSTEM, AccessToken(scopes=["monitors:read"]))

    with pytest.raises(access.RoleInsufficient, match="viewer"):
        viewer.demand(Scope.MONITORS_WRITE)
    with pytest.raises(access.ScopeInsufficient, match="monitors:write"):
        narrow.demand(Scope.MONITORS_WRITE)


@pytest.mark.parametrize(
    ("granted", "wanted", "covers"),
    [
        (["*"], "*", True),
        (["*"], "monitors:*", True),
        (["monitors:*"], "monitors:read", True),
        (["monitors:*"], "monitors:*", True),
        (["monitors:*"], "*", False),
        (["monitors:read"], "monitors:*", False),
        (["monitors:read", "monitors:write"], "monitors:*", False),
        (["incidents:*"], "monitors:read", False),
        ([], "monitors:read", False),
    ],
)
def test_what_scopes_cover(granted: list[str], wanted: str, covers: bool) -> None:
    assert roles.scopes_cover(granted, wanted) is covers


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address", "reason"),
    [
        ("198.51.100.9", "6.6.6.6", 0, "198.51.100.9", "no proxy of ours: the header is the client's own word"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.7", 1, "203.0.113.7", "the last entry is our proxy's"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.7, 10.0.0.2", 2, "203.0.113.7", "two proxies of ours"),
        ("10.0.0.1", "203.0.113.7", 2, "10.0.0.1", "fewer entries than proxies: it did not come through them"),
        ("10.0.0.1", "", 1, "10.0.0.1", "no header"),
        ("10.0.0.1", "unknown", 1, "10.0.0.1", "a word that some proxies write"),
        ("10.0.0.1", "[2001:db8::7]:4711", 1, "2001:db8::7", "IPv6 with a port"),
        ("10.0.0.1", "203.0.113.7:4711", 1, "203.0.113.7", "IPv4 with a port"),
        ("", "", 0, "", "a Unix socket has no address"),
    ],
)
def test_the_address_of_a_client(peer: str, forwarded: str, proxies: int, address: str, reason: str) -> None:
    assert client.address(peer, forwarded, proxies) == address, reason


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("heartbeatToken", True),
        ("alertTelegramBotToken", True),
        ("alertSlackUrl", True),
        ("password", True),
        ("secrets", True),
        ("tokenName", False),
        ("url", False),
        ("changedFields", False),
    ],
)
def test_names_of_secrets(name: str, is_secret: bool) -> None:
    assert redaction.is_secret_name(name) is is_secret


def test_secrets_are_found_by_name_and_by_looks_at_any_depth() -> None:
    told = {
        "diff": {"alertSlackUrl": {"from": "a", "to": "b"}, "name": {"from": "x", "to": "y"}},
        "said": ["fine", "use hb_" + "A" * 43, {"note": "f" * 64}],
        "count": 3,
    }

    assert redaction.redact(told) == {
        "diff": {"alertSlackUrl": {"redacted": True}, "name": {"from": "x", "to": "y"}},
        "said": ["fine", {"redacted": True}, {"note": {"redacted": True}}],
        "count": 3,
    }


def test_an_audit_row_keeps_who_it_was_after_they_are_gone(ada: User, acme: Organization, now: datetime) -> None:
    minted = operations.mint_token(membership=ada.memberships.get(), name="deploy", by=SYSTEM, now=now)
    by = Actor(user_id=ada.id, email=ada.email, token_id=minted.token.id, ip="203.0.113.7", user_agent="curl")
    audit.record(organization=acme, by=by, action="PAUSE_MONITOR", resource="monitor:1", now=now)

    user_id, token_id = ada.id, minted.token.id
    ada.delete()

    entry = AuditEvent.objects.get(action="PAUSE_MONITOR")
    assert (entry.actor_user_id, entry.actor_token_id, entry.actor_email) == (user_id, token_id, by.email)
    assert entry.meta == {"ip": "203.0.113.7", "userAgent": "curl"}


def test_a_difference_names_only_what_changed() -> None:
    meta = audit.difference({"name": "a", "tags": []}, {"name": "b", "tags": []})

    assert meta == {"changedFields": ["name"], "diff": {"name": {"from": "a", "to": "b"}}}
