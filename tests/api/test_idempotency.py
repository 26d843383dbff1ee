"""`Idempotency-Key`: asked twice, done once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts import answers
from accounts.models import AuditEvent, KeptAnswer, Membership, MutationCount
from heartbeet import prune
from heartbeet.lib import crypto
from monitors import operations
from monitors.models import Monitor
from tests.api.client import API

KEY = "create-nightly-2026-11-22"
NIGHTLY = {"name": "nightly", "intervalSec": 60}


def _post(api: API, path: str, body: Any = None, key: str = KEY) -> Any:
    return api.client.post(f"/api/v1{path}", body, format="json", headers={"Idempotency-Key": key})


def test_the_second_time_the_same_answer_comes_and_nothing_happens(as_alice: API) -> None:
    first, second = (_post(as_alice, "/monitors", NIGHTLY) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert (second.content, second["Content-Type"]) == (first.content, first["Content-Type"])
    assert ("Idempotent-Replayed" in first, second["Idempotent-Replayed"]) == (False, "true")
    assert (Monitor.objects.count(), AuditEvent.objects.filter(action="CREATE_MONITOR").count()) == (1, 1)


def test_an_empty_answer_comes_again_too(as_alice: API) -> None:
    monitor_id = as_alice.post("/monitors", NIGHTLY).json()["id"]
    path = f"/api/v1/monitors/{monitor_id}"

    first, second = (as_alice.client.delete(path, headers={"Idempotency-Key": KEY}) for _ in range(2))

    assert [(answer.status_code, answer.content) for answer in (first, second)] == [(204, b""), (204, b"")]
    assert ("Content-Type" in first, "Content-Type" in second) == (False, False)


def test_a_replay_costs_nothing_of_the_daily_limit(api: API, alice: Membership) -> None:
    api.login(alice, daily_mutation_limit=1)
    _post(api, "/monitors", NIGHTLY)

    replayed = _post(api, "/monitors", NIGHTLY)

    assert (replayed.status_code, replayed["X-PAT-Mut-Remaining"]) == (201, "0")
    assert MutationCount.objects.get().count == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "reason"),
    [
        ("POST", "/monitors", {"name": "weekly", "intervalSec": 60}, "another body"),
        ("POST", "/monitors?include=secrets", NIGHTLY, "another query"),
        ("POST", "/channels", NIGHTLY, "another path"),
        ("DELETE", "/monitors", NIGHTLY, "another method"),
    ],
)
def test_a_key_is_for_one_request(method: str, path: str, body: Any, reason: str, as_alice: API) -> None:
    _post(as_alice, "/monitors", NIGHTLY)

    answer = as_alice.client.generic(
        method, f"/api/v1{path}", json.dumps(body), "application/json", headers={"Idempotency-Key": KEY}
    )

    expected = (405, "METHOD_NOT_ALLOWED") if method == "DELETE" else (409, "IDEMPOTENCY_KEY_REPLAY_CONFLICT")
    assert (answer.status_code, answer.json()["code"]) == expected, reason
    assert Monitor.objects.count() == 1


def test_two_tokens_may_use_the_same_key(api: API, alice: Membership, charlie: Membership) -> None:
    answers_of_both = []
    for membership in (alice, charlie):
        api.login(membership)
        answers_of_both.append(_post(api, "/monitors", NIGHTLY))

    assert [answer.status_code for answer in answers_of_both] == [201, 201]
    assert ["Idempotent-Replayed" in answer for answer in answers_of_both] == [False, False]


def test_while_the_first_still_runs_the_second_is_told_to_wait(as_alice: API) -> None:
    _left(as_alice, status=None, ago=answers.LEASE - timedelta(seconds=5))

    answer = _post(as_alice, "/monitors", NIGHTLY)

    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert (answer["Retry-After"], Monitor.objects.count()) == ("1", 0)


def test_a_claim_whose_process_died_is_taken_over(as_alice: API) -> None:
    _left(as_alice, status=None, ago=answers.LEASE + timedelta(seconds=5))

    taken_over, replayed = (_post(as_alice, "/monitors", NIGHTLY) for _ in range(2))

    assert (taken_over.status_code, replayed["Idempotent-Replayed"]) == (201, "true")
    assert Monitor.objects.count() == 1


def test_who_lost_its_claim_meanwhile_changes_nothing(as_alice: API, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was so slow that another process took the key over; whoever keeps its answer first has made the change."""
    slow = operations.create

    def overtaken(**given: Any) -> Any:
        KeptAnswer.objects.update(started_at=datetime.now(UTC) + timedelta(minutes=1))
        return slow(**given)

    monkeypatch.setattr(operations, "create", overtaken)

    answer = _post(as_alice, "/monitors", NIGHTLY)

    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert Monitor.objects.count() == 0


def test_after_a_day_a_key_is_free_again(as_alice: API) -> None:
    _post(as_alice, "/monitors", NIGHTLY)
    KeptAnswer.objects.update(started_at=datetime.now(UTC) - answers.KEPT - timedelta(seconds=1))

    answer = _post(as_alice, "/monitors", {**NIGHTLY, "name": "weekly"})

    assert (answer.status_code, answer.json()["name"], "Idempotent-Replayed" in answer) == (201, "weekly", False)


def test_old_answers_are_cleared(as_alice: API) -> None:
    for age in (answers.KEPT - timedelta(hours=1), answers.KEPT + timedelta(hours=1)):
        _left(as_alice, status=201, ago=age, key=str(age))

    gone = prune.run(now=datetime.now(UTC))

    assert (gone["kept_answers"], KeptAnswer.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("body", "status"),
    [({"name": ""}, 400), ({**NIGHTLY, "name": "taken"}, 409), ({**NIGHTLY, "project": "nowhere"}, 400)],
)
def test_a_refusal_is_an_answer_too(body: dict[str, Any], status: int, as_alice: API) -> None:
    as_alice.post("/monitors", {**NIGHTLY, "name": "taken"})

    first, second = (_post(as_alice, "/monitors", body) for _ in range(2))

    assert (first.status_code, second.content, second["Idempotent-Replayed"]) == (status, first.content, "true")


def test_a_refusal_undoes_what_came_before_it(as_alice: API) -> None:
    """The monitor was made already when its channel turned out wrong."""
    answer = _post(as_alice, "/monitors", {**NIGHTLY, "alertWebhookUrl": "ftp://example.com"})

    assert (answer.status_code, Monitor.objects.count()) == (400, 0)


def test_a_mistake_of_ours_is_not_kept(as_alice: API, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError

    as_alice.client.raise_request_exception = False
    with monkeypatch.context() as mistake:
        mistake.setattr(operations, "create", broken)
        failed = _post(as_alice, "/monitors", NIGHTLY)
    again = _post(as_alice, "/monitors", NIGHTLY)

    assert (failed.status_code, again.status_code, "Idempotent-Replayed" in again) == (500, 201, False)


def test_no_room_today_is_not_kept(api: API, alice: Membership) -> None:
    api.login(alice, daily_mutation_limit=1)
    api.post("/monitors", {**NIGHTLY, "name": "other"})

    refused = _post(api, "/monitors", NIGHTLY)
    MutationCount.objects.all().delete()
    again = _post(api, "/monitors", NIGHTLY)

    assert (refused.status_code, again.status_code) == (429, 201)


@pytest.mark.parametrize(
    ("key", "code", "reason"),
    [
        ("k" * 256, "IDEMPOTENCY_KEY_TOO_LONG", "one more than fits"),
        ("", "VALIDATION_FAILED", "a variable that was empty"),
        ("  ", "VALIDATION_FAILED", "nothing but spaces"),
        ("caf\u00e9", "VALIDATION_FAILED", "not ASCII"),
        ("a\tb", "VALIDATION_FAILED", "a control character"),
    ],
)
def test_what_cannot_be_a_key_is_refused(key: str, code: str, reason: str, as_alice: API) -> None:
    answer = _post(as_alice, "/monitors", NIGHTLY, key)

    assert (answer.status_code, answer.json()["code"]) == (400, code), reason
    assert Monitor.objects.count() == 0


def test_a_key_of_255_characters_is_one(as_alice: API) -> None:
    first, second = (_post(as_alice, "/monitors", NIGHTLY, "k" * 255) for _ in range(2))

    assert (first.status_code, second["Idempotent-Replayed"]) == (201, "true")


def test_reading_ignores_a_key(as_alice: API) -> None:
    answer = as_alice.client.get("/api/v1/monitors", headers={"Idempotency-Key": "k" * 256})

    assert (answer.status_code, KeptAnswer.objects.count()) == (200, 0)


def test_a_kept_answer_does_not_show_the_secret_in_it(as_alice: API) -> None:
    minted = _post(as_alice, "/me/tokens", {"name": "ci"}).json()["token"]

    row = KeptAnswer.objects.get()

    assert minted not in row.envelope
    assert minted in crypto.unseal(row.envelope, bound_to=answers.binding(row.token_id, row.key))


def test_an_answer_that_cannot_be_opened_any_more_is_not_made_again(as_alice: API, settings: Any) -> None:
    _post(as_alice, "/monitors", NIGHTLY)
    row = KeptAnswer.objects.get()
    KeptAnswer.objects.update(envelope=crypto.seal("{}", bound_to=answers.binding(row.token_id, "another")))

    answer = _post(as_alice, "/monitors", NIGHTLY)

    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_KEY_REPLAY_CONFLICT")
    assert Monitor.objects.count() == 1


def _left(api: API, *, status: int | None, ago: timedelta, key: str = KEY) -> None:
    """What an earlier request to POST /monitors left behind: with status None its process died before the end."""
    _post(api, "/monitors", NIGHTLY, key)
    Monitor.objects.all().delete()
    KeptAnswer.objects.filter(key=key).update(status=status, started_at=datetime.now(UTC) - ago)
