"""Requests that come at the same moment, on real connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from accounts.models import Membership, MutationCount, Plan
from monitors.models import Monitor, Token
from tests.api.client import API

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


def _at_once(call: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        try:
            barrier.wait(timeout=10)
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def _caller(plaintext: str) -> API:
    api = API()
    api.use(plaintext)
    return api


def test_of_the_same_name_at_once_one_wins_and_the_others_are_told(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    answers = _at_once(lambda _: _caller(plaintext).post("/monitors", {"name": "nightly", "intervalSec": 60}))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    assert {answer.json().get("code") for answer in answers} == {None, "MONITOR_NAME_DUPLICATE"}
    assert (Monitor.objects.count(), Token.objects.count()) == (1, 1)


def test_alike_names_at_once_all_get_slugs_of_their_own(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    answers = _at_once(lambda n: _caller(plaintext).post("/monitors", {"name": "job" + "!" * n, "intervalSec": 60}))

    assert [answer.status_code for answer in answers] == [201] * AT_ONCE
    assert Monitor.objects.values("slug").distinct().count() == AT_ONCE


def test_creations_at_once_do_not_pass_the_plans_limit(api: API, alice: Membership) -> None:
    Plan.objects.filter(id=alice.organization.plan_id).update(monitor_limit=2)
    plaintext = api.login(alice)

    answers = _at_once(lambda n: _caller(plaintext).post("/monitors", {"name": f"job {n}", "intervalSec": 60}))

    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [429] * (AT_ONCE - 2)
    assert Monitor.objects.count() == 2


def test_renamings_at_once_to_the_same_name_leave_one(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)
    ids = [api.post("/monitors", {"name": f"job {n}", "intervalSec": 60}).json()["id"] for n in range(AT_ONCE)]

    answers = _at_once(lambda n: _caller(plaintext).patch(f"/monitors/{ids[n]}", {"name": "same"}))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (AT_ONCE - 1)


def test_the_daily_limit_counts_requests_that_come_at_once(api: API, alice: Membership) -> None:
    plaintext = api.login(alice, daily_mutation_limit=3)

    answers = _at_once(lambda n: _caller(plaintext).post("/monitors", {"name": f"job {n}", "intervalSec": 60}))

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * (AT_ONCE - 3)
    assert MutationCount.objects.get().count == 3


def test_rotations_at_once_leave_one_live_token(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)
    path = f"/monitors/{api.post('/monitors', {'name': 'nightly', 'intervalSec': 60}).json()['id']}"

    answers = _at_once(lambda _: _caller(plaintext).post(f"{path}/rotate-heartbeat-token"))

    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    assert Token.objects.filter(retired_at=None).count() == 1
