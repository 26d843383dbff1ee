"""Who gets in: personal access tokens only, and what their answers say about them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import operations
from accounts.domain.actor import SYSTEM
from accounts.models import AccessToken, Membership
from heartbeet.lib import ratelimit
from tests import factories
from tests.api.client import API

UNKNOWN = "hb_" + "A" * 43
QUOTA = [
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-PAT-Mut-Limit",
    "X-PAT-Mut-Remaining",
    "X-PAT-Mut-Reset",
]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "no header at all"),
        (UNKNOWN, "a token without its scheme"),
        ("Bearer", "a scheme without a token"),
        (f"Basic {UNKNOWN}", "another scheme"),
        (f"Bearer {UNKNOWN}", "a token that was never minted"),
        ("Bearer hb_short", "not the shape of a token"),
        (f"Bearer {UNKNOWN}\u00e9", "not ASCII"),
    ],
)
def test_nobody_gets_in_without_a_token_that_works(header: str, reason: str, db: None, client: Client) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": header} if header else {})

    assert (answer.status_code, answer.json()["code"]) == (401, "NOT_AUTHENTICATED"), reason
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_browser_session_is_no_way_into_the_api(alice: Membership, client: Client) -> None:
    client.force_login(alice.user)

    assert client.get("/api/v1/me").status_code == 401


def test_a_token_acts_for_its_membership_whatever_cookies_come_along(
    api: API, alice: Membership, charlie: Membership
) -> None:
    api.client.force_login(charlie.user)
    api.login(alice)

    assert api.get("/me").json()["user"]["email"] == alice.user.email


def test_a_revoked_token_is_dead_at_once(api: API, alice: Membership) -> None:
    api.login(alice)
    operations.revoke_token(token=AccessToken.objects.get(), by=SYSTEM, now=datetime.now(UTC))

    assert api.get("/me").status_code == 401


def test_an_expired_token_is_dead(api: API, alice: Membership) -> None:
    api.login(alice, expires_at=datetime.now(UTC) + timedelta(hours=1))
    AccessToken.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))

    assert api.get("/me").status_code == 401


def test_the_token_of_someone_deactivated_is_dead(api: API, alice: Membership) -> None:
    api.login(alice)
    type(alice.user).objects.filter(id=alice.user_id).update(is_active=False)

    assert api.get("/me").status_code == 401


def test_a_token_dies_with_its_membership(api: API, alice: Membership) -> None:
    api.login(alice)
    alice.delete()

    assert api.get("/me").status_code == 401


def test_the_use_of_a_token_is_noted_at_most_once_a_minute(api: API, alice: Membership) -> None:
    api.login(alice)
    api.get("/me")
    first = AccessToken.objects.get().last_used_at
    api.get("/me")

    assert first is not None
    assert AccessToken.objects.get().last_used_at == first


def test_every_answer_says_what_the_token_has_left(api: API, alice: Membership) -> None:
    api.login(alice, daily_mutation_limit=5)

    answer = api.post("/monitors", {"name": "nightly", "intervalSec": 60})

    assert (answer["X-PAT-Mut-Limit"], answer["X-PAT-Mut-Remaining"]) == ("5", "4")
    assert (answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == ("3000", "2999")
    midnight = datetime.fromtimestamp(int(answer["X-PAT-Mut-Reset"]), UTC)
    assert (midnight.hour, midnight.minute, midnight > datetime.now(UTC)) == (0, 0, True)


def test_reading_costs_nothing_of_the_daily_limit(api: API, alice: Membership) -> None:
    api.login(alice, daily_mutation_limit=1)

    answers = [api.get("/monitors") for _ in range(3)]

    assert [answer["X-PAT-Mut-Remaining"] for answer in answers] == ["1", "1", "1"]


def test_over_the_daily_limit_nothing_changes_but_reading_goes_on(api: API, alice: Membership) -> None:
    api.login(alice, daily_mutation_limit=1)
    api.post("/monitors", {"name": "one", "intervalSec": 60})

    refused = api.post("/monitors", {"name": "two", "intervalSec": 60})
    read = api.get("/monitors")

    assert (refused.status_code, refused.json()["code"]) == (429, "PAT_DAILY_LIMIT_EXCEEDED")
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert [row["name"] for row in read.json()["results"]] == ["one"]


def test_too_many_requests_are_told_to_wait(api: API, alice: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "API_RATE", "2/1h")
    api.login(alice)

    answers = [api.get("/me") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "RATE_LIMITED"
    assert int(answers[2]["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/me", None, 200),
        ("post", "/monitors", {"name": ""}, 400),
        ("post", "/channels", {}, 403),
        ("get", "/monitors/999999", None, 404),
        ("put", "/me", {}, 405),
        ("post", "/monitors", {"name": "taken", "intervalSec": 60}, 409),
        ("get", "/monitors?limit=0", None, 400),
    ],
)
def test_errors_say_what_the_token_has_left_too(
    method: str, path: str, body: Any, status: int, api: API, alice: Membership
) -> None:
    factories.monitor(alice.organization, name="taken")
    api.login(alice, "monitors:*")

    answer = getattr(api.client, method)(f"/api/v1{path}", body, format="json")

    assert answer.status_code == status
    assert all(name in answer for name in QUOTA)


def test_who_is_limited_sees_it_in_the_headers(api: API, alice: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "API_RATE", "1/1h")
    api.login(alice)
    api.get("/me")

    answer = api.get("/me")

    assert (answer.status_code, answer["X-RateLimit-Limit"], answer["X-RateLimit-Remaining"]) == (429, "1", "0")
    assert all(name in answer for name in QUOTA)


def test_who_has_no_changes_left_sees_it_in_the_headers(api: API, alice: Membership) -> None:
    api.login(alice, daily_mutation_limit=1)
    api.post("/monitors", {"name": "one", "intervalSec": 60})

    answer = api.post("/monitors", {"name": "two", "intervalSec": 60})

    assert (answer.status_code, answer["X-PAT-Mut-Limit"], answer["X-PAT-Mut-Remaining"]) == (429, "1", "0")
    assert all(name in answer for name in QUOTA)


def test_an_address_is_limited_whatever_tokens_it_has(
    api: API, alice: Membership, bob: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "ADDRESS_RATE", "2/1h")
    tokens = [api.login(alice), api.login(bob)]

    answers = [_from(api, "192.0.2.1", tokens[number % 2]) for number in range(3)]
    elsewhere = _from(api, "192.0.2.2", tokens[0])

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[2].json()["code"], int(answers[2]["Retry-After"]) > 0) == ("RATE_LIMITED", True)
    assert elsewhere.status_code == 200


def test_guessing_tokens_is_slow_and_keeps_no_neighbour_out(
    api: API, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "STRANGER_RATE", "3/1h")
    right = api.login(alice)

    guesses = [_from(api, "192.0.2.1", UNKNOWN) for _ in range(4)]
    neighbour = _from(api, "192.0.2.1", right)
    elsewhere = _from(api, "192.0.2.2", UNKNOWN)

    assert [answer.status_code for answer in guesses] == [401, 401, 401, 429]
    assert (neighbour.status_code, elsewhere.status_code) == (200, 401)


def test_who_is_let_in_never_counts_as_a_stranger(api: API, alice: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "STRANGER_RATE", "1/1h")
    api.login(alice)

    assert [api.get("/me").status_code for _ in range(3)] == [200, 200, 200]


def test_a_limited_address_costs_no_look_into_the_database(
    api: API, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "ADDRESS_RATE", "1/1h")
    api.login(alice)
    api.get("/me")

    with CaptureQueriesContext(connection) as queries:
        answer = api.get("/me")

    assert (answer.status_code, len(queries)) == (429, 0)


def test_a_dead_redis_does_not_keep_people_out(api: API, alice: Membership, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    api.login(alice)

    answer = api.get("/me")

    assert answer.status_code == 200
    assert "X-RateLimit-Limit" not in answer


def test_me_says_who_where_and_what_may_be_used(api: API, bob: Membership) -> None:
    api.login(bob, "monitors:read")

    answer = api.get("/me").json()

    assert answer["user"]["email"] == bob.user.email
    assert (answer["organization"]["name"], answer["role"], answer["scopes"]) == ("Acme", "member", ["monitors:read"])
    assert (answer["plan"]["intervalFloorSec"], answer["usage"]) == (5, {"monitors": 0})


def _from(api: API, address: str, token: str) -> Any:
    api.use(token)
    return api.client.get("/api/v1/me", REMOTE_ADDR=address)
