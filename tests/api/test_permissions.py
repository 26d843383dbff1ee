"""Role and scope: a request passes if both allow it, and what belongs to others does not exist."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import invitations, operations
from accounts.api.endpoint import Endpoint
from accounts.domain.actor import SYSTEM
from accounts.domain.roles import Role, Scope
from accounts.models import Membership
from alerts.models import Channel, Delivery
from monitors.models import Incident, Monitor
from tests import factories
from tests.api.client import API

OPEN_TO_ALL = {("Me", "get"), ("Tokens", "get")}

CALLS = [
    # method, path, the scopes it needs, roles that may
    ("get", "/monitors", ["monitors:read"], "owner admin member viewer"),
    ("post", "/monitors", ["monitors:write"], "owner admin member"),
    ("post", "/monitors/bulk", ["monitors:write"], "owner admin member"),
    ("patch", "/monitors/bulk", ["monitors:write"], "owner admin member"),
    ("delete", "/monitors/bulk", ["monitors:write"], "owner admin member"),
    ("get", "/monitors/{monitor}", ["monitors:read"], "owner admin member viewer"),
    ("patch", "/monitors/{monitor}", ["monitors:write"], "owner admin member"),
    ("delete", "/monitors/{monitor}", ["monitors:write"], "owner admin member"),
    ("post", "/monitors/{monitor}/pause", ["monitors:write"], "owner admin member"),
    ("post", "/monitors/{monitor}/resume", ["monitors:write"], "owner admin member"),
    ("get", "/monitors/{monitor}/secrets", ["secrets:read"], "owner admin"),
    ("post", "/monitors/{monitor}/rotate-heartbeat-token", ["monitors:write", "secrets:read"], "owner admin"),
    ("get", "/monitors/{monitor}/incidents", ["incidents:read"], "owner admin member viewer"),
    ("get", "/monitors/{monitor}/pings", ["monitors:read"], "owner admin member viewer"),
    ("get", "/monitors/{monitor}/stats", ["monitors:read"], "owner admin member viewer"),
    ("get", "/monitors/{monitor}/timeline", ["monitors:read"], "owner admin member viewer"),
    ("get", "/monitors/{monitor}/replay", ["monitors:read"], "owner admin member viewer"),
    ("post", "/monitors/{monitor}/test-alert", ["monitors:write"], "owner admin member"),
    ("post", "/monitors/{monitor}/snooze", ["monitors:write"], "owner admin member"),
    ("post", "/monitors/{monitor}/unsnooze", ["monitors:write"], "owner admin member"),
    ("get", "/monitors/{monitor}/subscriptions", ["monitors:read"], "owner admin member viewer"),
    ("put", "/monitors/{monitor}/subscriptions", ["monitors:write"], "owner admin member"),
    ("get", "/alert-policy", ["monitors:read"], "owner admin member viewer"),
    ("patch", "/alert-policy", ["monitors:write"], "owner admin"),
    ("get", "/listening-gaps", ["monitors:read"], "owner admin member viewer"),
    ("get", "/incidents", ["incidents:read"], "owner admin member viewer"),
    ("get", "/incidents/{incident}", ["incidents:read"], "owner admin member viewer"),
    ("post", "/incidents/{incident}/acknowledge", ["incidents:write"], "owner admin member"),
    ("post", "/incidents/{incident}/resolve", ["incidents:write"], "owner admin member"),
    ("post", "/incidents/{incident}/updates", ["incidents:write"], "owner admin member"),
    ("get", "/channels", ["channels:read"], "owner admin member viewer"),
    ("post", "/channels", ["channels:write"], "owner admin member"),
    ("get", "/channels/{channel}", ["channels:read"], "owner admin member viewer"),
    ("patch", "/channels/{channel}", ["channels:write"], "owner admin member"),
    ("delete", "/channels/{channel}", ["channels:write"], "owner admin member"),
    ("post", "/channels/{channel}/test", ["channels:write"], "owner admin member"),
    ("get", "/channels/{channel}/deliveries", ["channels:read"], "owner admin member viewer"),
    ("post", "/channels/{channel}/replay", ["channels:write"], "owner admin member"),
    ("post", "/deliveries/{delivery}/replay", ["channels:write"], "owner admin member"),
    ("get", "/me", [], "owner admin member viewer"),
    ("get", "/me/tokens", [], "owner admin member viewer"),
    ("post", "/me/tokens", ["tokens:write"], "owner admin member viewer"),
    ("delete", "/me/tokens/{token}", ["tokens:write"], "owner admin member viewer"),
    ("get", "/me/members", ["members:read"], "owner admin member viewer"),
    ("patch", "/me/members/{member}", ["members:write"], "owner admin"),
    ("delete", "/me/members/{member}", ["members:write"], "owner admin"),
    ("get", "/me/invites", ["members:read"], "owner admin member viewer"),
    ("post", "/me/invites", ["members:write"], "owner admin"),
    ("delete", "/me/invites/{invite}", ["members:write"], "owner admin"),
    ("post", "/me/invites/{invite}/resend", ["members:write"], "owner admin"),
    ("get", "/me/webhook-secret", ["webhooks:read"], "owner admin"),
    ("post", "/me/webhook-secret/rotate", ["webhooks:write", "webhooks:read"], "owner admin"),
    ("get", "/audit-logs", ["audit:read"], "owner admin"),
]
NAMES = [f"{method} {path}" for method, path, _, _ in CALLS]
FORBIDDEN = {"ROLE_INSUFFICIENT", "PAT_SCOPE_INSUFFICIENT"}


@pytest.fixture
def places(alices_monitor: Monitor, incident: Incident, alice: Membership, vera: Membership) -> dict[str, int]:
    channel = Channel.objects.create(
        organization=alices_monitor.organization, kind="email", name="ops", config={"to": "ops@example.com"},
        created_at=factories.NOON, updated_at=factories.NOON,
    )  # fmt: skip
    delivery = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=channel, status="dead", created_at=factories.NOON
    )
    token = operations.mint_token(membership=alice, name="old", by=SYSTEM, now=factories.NOON).token
    invite = invitations.invite(
        organization=alice.organization, email="grace@example.com", role=Role.VIEWER, by=SYSTEM, now=factories.NOON
    )
    return {
        "monitor": alices_monitor.id,
        "incident": incident.id,
        "channel": channel.id,
        "delivery": delivery.id,
        "token": token.id,
        "member": vera.id,
        "invite": invite.id,
    }


def _call(api: API, method: str, path: str) -> Any:
    return getattr(api, method)(path, *([{}] if method in ("post", "patch", "put") else []))


def _is_forbidden(answer: Any) -> bool:
    return answer.status_code == 403 and answer.json()["code"] in FORBIDDEN


@pytest.mark.parametrize(("method", "path", "scopes", "roles"), CALLS, ids=NAMES)
@pytest.mark.parametrize("role", ["owner", "admin", "member", "viewer"])
def test_a_role_may_what_the_table_says(
    role: str,
    method: str,
    path: str,
    scopes: list[str],
    roles: str,
    api: API,
    alice: Membership,
    places: dict[str, int],
) -> None:
    Membership.objects.filter(id=alice.id).update(role=role)
    api.login(alice)

    answer = _call(api, method, path.format(**places))

    assert _is_forbidden(answer) is (role not in roles.split())
    if role not in roles.split():
        assert answer.json()["code"] == "ROLE_INSUFFICIENT"


@pytest.mark.parametrize(("method", "path", "scopes", "roles"), CALLS, ids=NAMES)
def test_a_token_needs_each_of_the_scopes(
    method: str, path: str, scopes: list[str], roles: str, api: API, alice: Membership, places: dict[str, int]
) -> None:
    for missing in scopes:
        api.login(alice, *[scope.value for scope in Scope if scope != missing])
        refused = _call(api, method, path.format(**places))

        assert (refused.status_code, refused.json()["code"]) == (403, "PAT_SCOPE_INSUFFICIENT")
        assert missing in refused.json()["error"]

    api.login(alice, *(scopes or ["audit:read"]))
    assert not _is_forbidden(_call(api, method, path.format(**places)))


@pytest.mark.parametrize(("method", "path"), [call[:2] for call in CALLS if "{" in call[1]])
def test_an_outsider_cannot_tell_a_foreign_row_from_none(
    method: str, path: str, api: API, charlie: Membership, places: dict[str, int]
) -> None:
    api.login(charlie)

    foreign = _call(api, method, path.format(**places))
    absent = _call(api, method, path.format(**dict.fromkeys(places, 999_999)))

    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/monitors", "/incidents", "/channels", "/me/tokens"])
def test_lists_show_nothing_of_another_organisation(
    path: str, api: API, charlie: Membership, places: dict[str, int], alice: Membership
) -> None:
    api.login(charlie)
    only_the_token_in_use = {"/me/tokens": 1}

    assert len(api.get(path).json()["results"]) == only_the_token_in_use.get(path, 0)


def test_a_filter_by_a_foreign_monitor_finds_nothing(api: API, charlie: Membership, incident: Incident) -> None:
    api.login(charlie)

    assert api.get("/incidents", {"monitor": incident.monitor_id}).json()["results"] == []


def test_secrets_at_creation_need_the_right_to_read_secrets(api: API, bob: Membership) -> None:
    api.login(bob)

    answer = api.post("/monitors?include=secrets", {"name": "nightly", "intervalSec": 60})

    assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_INSUFFICIENT")
    assert not Monitor.objects.exists()


def test_a_wildcard_covers_its_area_only(api: API, alice: Membership, places: dict[str, int]) -> None:
    api.login(alice, "monitors:*")

    assert api.get("/monitors").status_code == 200
    assert api.get("/incidents").status_code == 403


def test_every_method_of_every_endpoint_declares_what_it_needs() -> None:
    undeclared = {
        (view.__name__, method)
        for view in _endpoints(get_resolver().url_patterns)
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method) and method.upper() not in view.needs
    }

    assert undeclared == OPEN_TO_ALL


def test_every_endpoint_is_in_the_table_of_calls() -> None:
    assert _routes() == {path for _, path, _, _ in CALLS}


def test_every_endpoint_is_in_the_reference() -> None:
    reference = (settings.BASE_DIR / "docs/reference/api.md").read_text(encoding="utf-8")

    assert {route for route in _routes() if f"`{route}`" not in reference} == set()


def _routes() -> set[str]:
    return {
        "/" + re.sub(r"<int:(\w+)_id>", r"{\1}", str(pattern.pattern).removesuffix("/"))
        for resolver in get_resolver().url_patterns
        if isinstance(resolver, URLResolver) and str(resolver.pattern) == "api/v1/"
        for pattern in resolver.url_patterns
    }


def _endpoints(patterns: list[URLPattern | URLResolver]) -> Iterator[type[Endpoint]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _endpoints(pattern.url_patterns)
            continue
        view: type = getattr(pattern.callback, "cls", object)
        if issubclass(view, Endpoint):
            yield view
