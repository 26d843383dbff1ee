"""Requests that come at the same moment, on real connections."""

import pytest

from accounts.models import Membership, MutationCount, Plan
from monitors.models import Monitor, Token
from tests.api.at_once import AT_ONCE, at_once, caller
from tests.api.client import API

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_the_same_name_at_once_one_wins_and_the_others_are_told(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    answers = at_once(lambda _: caller(plaintext).post("/monitors", {"name": "nightly", "intervalSec": 60}))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (AT_ONCE - 1)
    assert {answer.json().get("code") for answer in answers} == {None, "MONITOR_NAME_DUPLICATE"}
    assert (Monitor.objects.count(), Token.objects.count()) == (1, 1)


def test_alike_names_at_once_all_get_slugs_of_their_own(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)

    answers = at_once(lambda n: caller(plaintext).post("/monitors", {"name": "job" + "!" * n, "intervalSec": 60}))

    assert [answer.status_code for answer in answers] == [201] * AT_ONCE
    assert Monitor.objects.values("slug").distinct().count() == AT_ONCE


def test_creations_at_once_do_not_pass_the_plans_limit(api: API, alice: Membership) -> None:
    Plan.objects.filter(id=alice.organization.plan_id).update(monitor_limit=2)
    plaintext = api.login(alice)

    answers = at_once(lambda n: caller(plaintext).post("/monitors", {"name": f"job {n}", "intervalSec": 60}))

    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [429] * (AT_ONCE - 2)
    assert Monitor.objects.count() == 2


def test_renamings_at_once_to_the_same_name_leave_one(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)
    ids = [api.post("/monitors", {"name": f"job {n}", "intervalSec": 60}).json()["id"] for n in range(AT_ONCE)]

    answers = at_once(lambda n: caller(plaintext).patch(f"/monitors/{ids[n]}", {"name": "same"}))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (AT_ONCE - 1)


def test_the_daily_limit_counts_requests_that_comeat_once(api: API, alice: Membership) -> None:
    plaintext = api.login(alice, daily_mutation_limit=3)

    answers = at_once(lambda n: caller(plaintext).post("/monitors", {"name": f"job {n}", "intervalSec": 60}))

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [429] * (AT_ONCE - 3)
    assert MutationCount.objects.get().count == 3


def test_rotations_at_once_leave_one_live_token(api: API, alice: Membership) -> None:
    plaintext = api.login(alice)
    path = f"/monitors/{api.post('/monitors', {'name': 'nightly', 'intervalSec': 60}).json()['id']}"

    answers = at_once(lambda _: caller(plaintext).post(f"{path}/rotate-heartbeat-token"))

    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    assert Token.objects.filter(retired_at=None).count() == 1
