"""`/me/tokens`: a token can mint others, none of them stronger than itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AccessToken, AuditEvent, Membership
from tests.api.client import API

SOON = datetime.now(UTC) + timedelta(days=1)


def test_a_new_token_is_shown_once_and_kept_nowhere(api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.post("/me/tokens", {"name": "deploy", "scopes": ["monitors:read"]})

    made = answer.json()
    assert (answer.status_code, made["scopes"], made["expiresAt"]) == (201, ["monitors:read"], None)
    assert set(made) >= {"id", "name", "prefix", "token", "scopes", "expiresAt", "dailyMutationLimit", "createdAt"}
    assert made["token"].startswith(made["prefix"])
    assert made["token"] not in str(AccessToken.objects.values()) + str(AuditEvent.objects.values())
    assert "token" not in api.get("/me/tokens").json()["results"][0]


def test_a_new_token_works(api: API, alice: Membership) -> None:
    api.login(alice)

    api.use(api.post("/me/tokens", {"name": "deploy"}).json()["token"])

    assert api.get("/me").json()["user"]["email"] == alice.user.email


@pytest.mark.parametrize(
    ("parent", "asked", "path"),
    [
        (["tokens:write"], {"scopes": ["monitors:read"]}, "scopes"),
        (["tokens:write", "monitors:read"], {"scopes": ["monitors:*"]}, "scopes"),
        (["tokens:*"], {"scopes": ["*"]}, "scopes"),
        (["*"], {"scopes": ["everything"]}, "scopes"),
        (["*"], {"scopes": []}, "scopes"),
        (["*"], {"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        (["*"], {"expiresAt": "9999-01-01T00:00:00Z"}, "expiresAt"),
        (["*"], {"dailyMutationLimit": 11}, "dailyMutationLimit"),
        (["*"], {"dailyMutationLimit": 0}, "dailyMutationLimit"),
        (["*"], {"name": ""}, "name"),
        (["*"], {"colour": "red"}, "colour"),
    ],
)
def test_no_token_is_stronger_than_the_one_that_asks(
    parent: list[str], asked: dict[str, Any], path: str, api: API, alice: Membership
) -> None:
    api.login(alice, *parent, expires_at=SOON, daily_mutation_limit=10)

    answer = api.post("/me/tokens", {"name": "stronger", **asked})

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert [field["path"] for field in answer.json()["fields"]] == [path]


def test_a_token_without_a_limit_of_its_own_cannot_hand_on_more_than_the_default(api: API, alice: Membership) -> None:
    api.login(alice)

    allowed = api.post("/me/tokens", {"name": "a", "dailyMutationLimit": 100_000})
    refused = api.post("/me/tokens", {"name": "b", "dailyMutationLimit": 100_001})

    assert (allowed.status_code, refused.status_code) == (201, 400)


def test_what_is_not_said_is_as_the_asking_token_has_it(api: API, alice: Membership) -> None:
    api.login(alice, "tokens:write", "monitors:read", expires_at=SOON, daily_mutation_limit=10)

    made = api.post("/me/tokens", {"name": "twin"}).json()

    assert (made["scopes"], made["dailyMutationLimit"]) == (["tokens:write", "monitors:read"], 10)
    assert datetime.fromisoformat(made["expiresAt"]) == SOON


def test_a_revoked_token_takes_those_it_minted_along(api: API, alice: Membership) -> None:
    api.login(alice)
    child = api.post("/me/tokens", {"name": "child"}).json()
    own = next(row["id"] for row in api.get("/me/tokens").json()["results"] if row["id"] != child["id"])

    assert api.delete(f"/me/tokens/{own}").status_code == 204

    api.use(child["token"])
    assert api.get("/me").status_code == 401


def test_the_tokens_of_a_colleague_are_not_there(api: API, alice: Membership, bob: Membership) -> None:
    api.login(bob)
    bobs = AccessToken.objects.get(membership=bob)
    api.login(alice)

    assert bobs.id not in [row["id"] for row in api.get("/me/tokens").json()["results"]]
    assert api.delete(f"/me/tokens/{bobs.id}").status_code == 404
