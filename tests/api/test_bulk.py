"""`/monitors/bulk`: up to a hundred monitors at once, all of them or none."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Membership, MutationCount, Organization, Plan
from monitors.models import Monitor
from tests import factories
from tests.api.client import API

FIVE = [{"name": f"job {number}", "intervalSec": 60} for number in range(5)]


@pytest.fixture
def three(acme: Organization) -> list[int]:
    return [factories.monitor(acme, name=f"job {number}").id for number in range(3)]


def _delete(api: API, ids: list[int]) -> Any:
    return api.client.delete("/api/v1/monitors/bulk", {"ids": ids}, format="json")


def test_many_are_made_at_once_and_answered_in_their_order(as_alice: API) -> None:
    answer = as_alice.post("/monitors/bulk", {"monitors": FIVE})

    assert answer.status_code == 201
    assert [row["name"] for row in answer.json()["results"]] == [body["name"] for body in FIVE]
    assert ("secrets" in answer.json()["results"][0], Monitor.objects.count()) == (False, 5)
    assert AuditEvent.objects.filter(action="CREATE_MONITOR").count() == 5


def test_their_ping_urls_come_along_for_those_who_may(as_alice: API) -> None:
    answer = as_alice.post("/monitors/bulk?include=secrets", {"monitors": FIVE[:2]}).json()["results"]

    tokens = {row["secrets"]["heartbeatToken"] for row in answer}
    assert [row["secrets"]["id"] for row in answer] == [row["id"] for row in answer]
    assert (len(tokens), AuditEvent.objects.filter(action="READ_MONITOR_SECRETS").count()) == (2, 2)


def test_their_ping_urls_need_the_scope(api: API, alice: Membership) -> None:
    api.login(alice, "monitors:write")

    answer = api.post("/monitors/bulk?include=secrets", {"monitors": FIVE})

    assert (answer.status_code, answer.json()["code"], Monitor.objects.count()) == (403, "PAT_SCOPE_INSUFFICIENT", 0)


@pytest.mark.parametrize(
    ("third", "status", "code", "path", "reason"),
    [
        ({"name": ""}, 400, "VALIDATION_FAILED", "monitors.2.name", "refused by its shape"),
        ({"name": "x", "intervallSec": 60}, 400, "VALIDATION_FAILED", "monitors.2.intervallSec", "no such field"),
        ({"name": "x", "intervalSec": 0}, 400, "VALIDATION_FAILED", "monitors.2.intervalSec", "refused by a rule"),
        ({"name": "x", "intervalSec": 60, "tags": ["a", "B!"]}, 400, "VALIDATION_FAILED", "monitors.2.tags", "deeper"),
        ({"name": "x", "intervalSec": 60, "project": "nowhere"}, 400, "VALIDATION_FAILED", "monitors.2.project", ""),
        ({"name": "x", "intervalSec": 60, "channelIds": [9]}, 400, "VALIDATION_FAILED", "monitors.2.channelIds", ""),
        (
            {"name": "x", "intervalSec": 60, "alertWebhookUrl": "http://127.0.0.1/"},
            400, "ALERT_URL_BLOCKED", "monitors.2.alertWebhookUrl", "an address inside",
        ),
        ({"name": "x", "intervalSec": 30}, 400, "PLAN_INTERVAL_TOO_LOW", "monitors.2", "the plan forbids it"),
        ({"name": "JOB 1", "intervalSec": 60}, 409, "MONITOR_NAME_DUPLICATE", "monitors.2", "the name of another"),
        (7, 400, "VALIDATION_FAILED", "monitors.2", "no object"),
    ],
)  # fmt: skip
def test_one_that_is_wrong_is_named_and_none_is_made(
    third: Any, status: int, code: str, path: str, reason: str, as_alice: API
) -> None:
    Plan.objects.update(interval_floor_sec=60)

    answer = as_alice.post("/monitors/bulk", {"monitors": [*FIVE[:2], third, *FIVE[2:]]})

    said = answer.json()
    assert (answer.status_code, said["code"], Monitor.objects.count()) == (status, code, 0), reason
    assert said["fields"][0]["path"].startswith(path)
    assert said["error"].startswith(path)


def test_the_plans_limit_holds_for_all_together(as_alice: API, acme: Organization) -> None:
    Plan.objects.filter(id=acme.plan_id).update(monitor_limit=4)

    answer = as_alice.post("/monitors/bulk", {"monitors": FIVE})

    assert (answer.status_code, answer.json()["code"], Monitor.objects.count()) == (429, "PLAN_LIMIT_MONITORS", 0)
    assert answer.json()["fields"][0]["path"] == "monitors.4"


def test_the_same_change_for_many(as_alice: API, three: list[int]) -> None:
    asked = [three[2], three[0]]

    answer = as_alice.patch("/monitors/bulk", {"ids": asked, "changes": {"tags": ["prod"], "intervalSec": 300}})

    assert answer.status_code == 200
    assert [(row["id"], row["tags"], row["intervalSec"]) for row in answer.json()["results"]] == [
        (three[2], ["prod"], 300),
        (three[0], ["prod"], 300),
    ]
    assert Monitor.objects.get(id=three[1]).tags == []


def test_to_each_its_own_change(as_alice: API, three: list[int]) -> None:
    changes = [{"id": three[1], "name": "one"}, {"id": three[0], "description": "two"}]

    answer = as_alice.patch("/monitors/bulk", {"monitors": changes})

    assert [(row["name"], row["description"]) for row in answer.json()["results"]] == [("one", ""), ("job 0", "two")]
    assert AuditEvent.objects.filter(action="UPDATE_MONITOR").count() == 2


def test_a_change_that_one_cannot_have_changes_none(as_alice: API, three: list[int]) -> None:
    changes = [{"id": three[0], "name": "first"}, {"id": three[1], "name": "job 2"}]

    answer = as_alice.patch("/monitors/bulk", {"monitors": changes})

    assert (answer.status_code, answer.json()["code"]) == (409, "MONITOR_NAME_DUPLICATE")
    assert answer.json()["fields"][0]["path"] == "monitors.1"
    assert Monitor.objects.filter(name="first").count() == 0


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "ids"),
        ({"ids": [1]}, "changes"),
        ({"changes": {"name": "x"}}, "ids"),
        ({"ids": [1], "changes": {}, "monitors": [{"id": 1}]}, "monitors"),
        ({"monitors": []}, "monitors"),
        ({"monitors": {}}, "monitors"),
        ({"monitors": [{"name": "x"}]}, "monitors.0.id"),
        ({"ids": [], "changes": {}}, "ids"),
        ({"ids": [1, 1], "changes": {}}, "ids.1"),
        ({"ids": ["a"], "changes": {}}, "ids.0"),
        ({"ids": [10**30], "changes": {}}, "ids.0"),
        ({"ids": list(range(1, 102)), "changes": {}}, "ids"),
        ({"ids": [1], "changes": {"nmae": "x"}}, "changes.nmae"),
        ({"ids": [1], "changes": {"id": 2}}, "changes.id"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(body: dict[str, Any], path: str, as_alice: API) -> None:
    answer = as_alice.patch("/monitors/bulk", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert answer.json()["fields"][0]["path"] == path


def test_many_are_deleted_at_once(as_alice: API, three: list[int]) -> None:
    answer = _delete(as_alice, [three[1], three[0]])

    assert (answer.status_code, [row["id"] for row in answer.json()["results"]]) == (200, [three[1], three[0]])
    assert [row["id"] for row in as_alice.get("/monitors").json()["results"]] == [three[2]]
    assert AuditEvent.objects.filter(action="DELETE_MONITOR").count() == 2


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_foreign_one_among_them_is_as_good_as_none(
    method: str, as_alice: API, three: list[int], charlie: Membership
) -> None:
    foreign = factories.monitor(charlie.organization).id
    absent = 999_999
    send = getattr(as_alice.client, method)
    bodies = [
        {"ids": [three[0], other], **({"changes": {"name": "x"}} if method == "patch" else {})}
        for other in (foreign, absent)
    ]

    found = [send("/api/v1/monitors/bulk", body, format="json") for body in bodies]

    assert [answer.status_code for answer in found] == [404, 404]
    assert found[0].content == found[1].content
    assert [field["path"] for field in found[0].json()["fields"]] == ["ids.1"]
    assert Monitor.objects.filter(deleted_at=None).exclude(name="x").count() == 4


def test_more_than_a_hundred_are_too_many(as_alice: API) -> None:
    answer = as_alice.post("/monitors/bulk", {"monitors": [{"name": str(n), "intervalSec": 60} for n in range(101)]})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "monitors")


def test_each_of_them_costs_one_of_the_daily_limit(api: API, alice: Membership) -> None:
    api.login(alice, daily_mutation_limit=7)

    made = api.post("/monitors/bulk", {"monitors": FIVE})
    refused = api.post("/monitors/bulk", {"monitors": [{"name": f"x {n}", "intervalSec": 60} for n in range(3)]})
    deleted = _delete(api, [row["id"] for row in made.json()["results"][:2]])

    assert [answer["X-PAT-Mut-Remaining"] for answer in (made, refused, deleted)] == ["2", "2", "0"]
    assert (refused.status_code, refused.json()["code"]) == (429, "PAT_DAILY_LIMIT_EXCEEDED")
    assert (MutationCount.objects.get().count, Monitor.objects.count()) == (7, 5)


def test_a_hundred_rows_are_read_in_as_many_queries_as_one(as_alice: API, acme: Organization) -> None:
    ids = [factories.monitor(acme, name=f"job {number}").id for number in range(20)]

    with CaptureQueriesContext(connection) as queries:
        as_alice.patch("/monitors/bulk", {"ids": ids, "changes": {}})

    assert len([query for query in queries if query["sql"].startswith("SELECT")]) <= 15
