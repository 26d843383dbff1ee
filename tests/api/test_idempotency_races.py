"""`Idempotency-Key` under requests that come at the same moment, on real connections."""

from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from accounts import answers
from accounts.models import AuditEvent, KeptAnswer, Membership, MutationCount
from monitors import operations
from monitors.models import Monitor
from tests.api.at_once import AT_ONCE, at_once, caller
from tests.api.client import API

pytestmark = pytest.mark.django_db(transaction=True)

NIGHTLY = {"name": "nightly", "intervalSec": 60}


def _post(plaintext: str, key: str, body: Any = None) -> Any:
    headers = {"Idempotency-Key": key}
    return caller(plaintext).client.post("/api/v1/monitors", body or NIGHTLY, format="json", headers=headers)


def test_of_the_same_request_at_once_one_makes_the_change(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    found = at_once(lambda _: _post(plaintext, "one"))

    made = [answer for answer in found if answer.status_code == 201 and "Idempotent-Replayed" not in answer]
    others = [answer for answer in found if answer not in made]
    assert len(made) == 1
    assert {answer.content for answer in others if answer.status_code == 201} <= {made[0].content}
    assert {answer.json()["code"] for answer in others if answer.status_code != 201} <= {"IDEMPOTENCY_IN_PROGRESS"}
    assert (Monitor.objects.count(), AuditEvent.objects.filter(action="CREATE_MONITOR").count()) == (1, 1)
    assert MutationCount.objects.get().count == 1


def test_whoever_asks_until_there_is_an_answer_gets_the_same_one(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    def insist(_: int) -> Any:
        while (answer := _post(plaintext, "one")).status_code == 409:
            assert answer.json()["code"] == "IDEMPOTENCY_IN_PROGRESS"
        return answer

    found = at_once(insist)

    assert {(answer.status_code, answer.content) for answer in found} == {(201, found[0].content)}
    assert Monitor.objects.count() == 1


def test_requests_with_keys_of_their_own_do_not_hinder_each_other(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    found = at_once(lambda n: _post(plaintext, f"key {n}", {"name": f"job {n}", "intervalSec": 60}), times=12)

    assert [answer.status_code for answer in found] == [201] * 12
    assert (Monitor.objects.count(), KeptAnswer.objects.exclude(status=None).count()) == (12, 12)


def test_one_key_for_different_requests_at_once_makes_one_of_them(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    found = at_once(lambda n: _post(plaintext, "one", {"name": f"job {n}", "intervalSec": 60}))

    refusals = [answer.json()["code"] for answer in found if answer.status_code == 409]
    assert refusals == ["IDEMPOTENCY_KEY_REPLAY_CONFLICT"] * (AT_ONCE - 1)
    assert Monitor.objects.count() == 1


def test_an_abandoned_claim_is_taken_over_by_one(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)
    _post(plaintext, "one")
    Monitor.objects.all().delete()
    long_ago = datetime.now(UTC) - answers.LEASE - timedelta(seconds=1)
    KeptAnswer.objects.update(status=None, envelope="", started_at=long_ago)

    found = at_once(lambda _: _post(plaintext, "one"))

    assert {answer.status_code for answer in found} <= {201, 409}
    assert [answer.status_code for answer in found if "Idempotent-Replayed" not in answer].count(201) == 1
    assert Monitor.objects.count() == 1


@pytest.mark.postgresql  # SQLite has one writer at a time, so nobody can come in between
def test_a_second_request_meets_the_first_one_in_the_middle(
    api: API, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    plaintext = api.login(alice)
    is_inside, may_go_on = Event(), Event()
    create = operations.create

    def slow(**given: Any) -> Any:
        made = create(**given)
        is_inside.set()
        may_go_on.wait(timeout=10)
        return made

    monkeypatch.setattr(operations, "create", slow)

    def ask(number: int) -> Any:
        if number == 0:
            return _post(plaintext, "one")
        is_inside.wait(timeout=10)
        answer = _post(plaintext, "one")
        may_go_on.set()
        return answer

    first, meanwhile = at_once(ask, times=2)

    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert (first.status_code, Monitor.objects.count()) == (201, 1)
