"""`/monitors`: the row, what is accepted, what is refused and how, and what a change does."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import AuditEvent, Membership, Organization, Plan, Project
from alerts.models import Channel
from monitors.models import Monitor
from tests import factories
from tests.api.client import API

ROW = [
    "id",
    "name",
    "type",
    "project",
    "status",
    "intervalSec",
    "cron",
    "timezone",
    "heartbeatGraceSec",
    "alertThreshold",
    "maxRuntimeSec",
    "postOnly",
    "url",
    "timeoutMs",
    "description",
    "tags",
    "paused",
    "locked",
    "lastPingAt",
    "nextDueAt",
    "deadlineAt",
    "pingCount",
    "openIncidentId",
    "channelIds",
    "hasAlertEmail",
    "hasAlertWebhook",
    "hasAlertSlack",
    "hasAlertDiscord",
    "hasAlertMsteams",
    "hasAlertTelegram",
    "heartbeatToken",
    "createdAt",
    "updatedAt",
]
RHYTHM = {"rho": 0.4, "budgetWeeks": None, "learningSilenceSec": None}
VALUE = {"valueBelow": None, "valueAbove": None, "valuePer": "ping", "valueBand": False}
BESIDE = ["alertDelaySec", "remindEverySec", "recoveryThreshold", *RHYTHM, *VALUE, "snoozed", "snoozedUntil"]
"""What we add, after what others' scripts know."""


def test_the_row_has_exactly_the_fields_of_the_contract(as_alice: API) -> None:
    answer = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300})

    assert answer.status_code == 201
    assert list(answer.json()) == [*ROW, *BESIDE]


def test_a_new_monitor_has_the_defaults_of_the_contract(as_alice: API) -> None:
    row = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300}).json()

    assert (row["type"], row["project"], row["status"], row["timezone"]) == ("heartbeat", "default", "new", "UTC")
    assert (row["heartbeatGraceSec"], row["alertThreshold"], row["postOnly"], row["paused"]) == (60, 1, False, False)
    assert [row[name] for name in ("cron", "maxRuntimeSec", "lastPingAt", "nextDueAt", "openIncidentId")] == [None] * 5


def test_everything_that_can_be_given_is_kept(as_alice: API) -> None:
    body = {
        "name": "nightly backup", "type": "heartbeat", "cron": "30 3 * * *", "timezone": "Europe/Berlin",
        "heartbeatGraceSec": 900, "alertThreshold": 3, "maxRuntimeSec": 7200, "postOnly": True, "project": "default",
        "url": "internal://nightly", "timeoutMs": 5000, "description": "The big one.", "tags": ["prod", "db"],
    }  # fmt: skip

    row = as_alice.post("/monitors", body).json()

    assert {name: row[name] for name in body} == body
    assert row["intervalSec"] is None


def test_the_token_in_a_row_is_an_envelope_and_not_the_token(as_alice: API) -> None:
    row = as_alice.post("/monitors?include=secrets", {"name": "nightly", "intervalSec": 300}).json()

    envelope = json.loads(row["heartbeatToken"])
    assert (envelope["v"], envelope["kid"], set(envelope)) == (2, "default", {"v", "kid", "iv", "ct"})
    assert row["secrets"]["heartbeatToken"] not in row["heartbeatToken"]


def test_a_beet_needs_no_schedule(as_alice: API) -> None:
    answer = as_alice.post("/monitors", {"name": "checkouts", "type": "beet"})

    assert (answer.status_code, answer.json()["type"], answer.json()["intervalSec"]) == (201, "beet", None)


def test_a_beet_keeps_how_it_is_judged_and_null_gives_it_back(as_alice: API) -> None:
    given = {"rho": 0.25, "budgetWeeks": 52, "learningSilenceSec": 21_600, "timezone": "Europe/Berlin"}

    row = as_alice.post("/monitors", {"name": "checkouts", "type": "beet", **given}).json()
    back = as_alice.patch(f"/monitors/{row['id']}", dict.fromkeys(given)).json()

    assert {name: row[name] for name in given} == given
    assert {name: back[name] for name in given} == {**RHYTHM, "timezone": "UTC"}


@pytest.mark.parametrize("kind", [{"intervalSec": 300}, {"type": "beet"}])
def test_a_monitor_of_either_kind_keeps_which_values_are_good(as_alice: API, kind: dict[str, Any]) -> None:
    given = {"valueBelow": 0.5, "valueAbove": 1000, "valuePer": "hour_sum", "valueBand": True}

    row = as_alice.post("/monitors", {"name": "files", **kind, **given}).json()
    back = as_alice.patch(f"/monitors/{row['id']}", {**VALUE, "valuePer": None, "valueBand": None}).json()

    assert {name: row[name] for name in given} == given
    assert {name: back[name] for name in VALUE} == VALUE


def test_a_heartbeat_has_no_rhythm_but_may_be_sent_back_what_it_shows(as_alice: API) -> None:
    row = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300}).json()
    same = {name: row[name] for name in RHYTHM}

    answer = as_alice.patch(f"/monitors/{row['id']}", same)

    assert same == dict.fromkeys(RHYTHM)
    assert answer.status_code == 200


def test_many_monitors_get_the_same_at_once(as_alice: API) -> None:
    beets = [as_alice.post("/monitors", {"name": name, "type": "beet"}).json()["id"] for name in ("a", "b")]

    as_alice.patch("/monitors/bulk", {"ids": beets, "changes": {"rho": 0.2, "valueBelow": 1}})

    assert list(Monitor.objects.values_list("rho", "value_below")) == [(0.2, 1.0)] * 2


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"rho": 0.04}, "rho", "0.05 to 0.95"),
        ({"rho": 0.96}, "rho", "0.05 to 0.95"),
        ({"rho": "0.4"}, "rho", "share of the usual rate"),
        ({"rho": True}, "rho", "share of the usual rate"),
        ({"budgetWeeks": 0}, "budgetWeeks", "1 to 520"),
        ({"budgetWeeks": 521}, "budgetWeeks", "1 to 520"),
        ({"budgetWeeks": 1.5}, "budgetWeeks", "whole number"),
        ({"learningSilenceSec": 59}, "learningSilenceSec", "60 to"),
        ({"learningSilenceSec": 31_622_401}, "learningSilenceSec", "31,622,400"),
        ({"timezone": "Mars/Olympus"}, "timezone", "Europe/"),
        ({"valueBelow": 10, "valueAbove": 9.5}, "valueBelow", "at least 10 and at most 9.5"),
        ({"valueBelow": 10**400}, "valueBelow", "finite"),
        ({"valueAbove": "9"}, "valueAbove", "finite"),
        ({"valuePer": "day"}, "valuePer", "`hour_mean`"),
        ({"valueBand": 1}, "valueBand", "true or false"),
    ],
)
def test_what_a_beet_cannot_have_names_the_field_and_says_what_would_be_right(
    change: dict[str, Any], path: str, says: str, as_alice: API
) -> None:
    answer = as_alice.post("/monitors", {"name": "checkouts", "type": "beet", **change})

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert [field["path"] for field in answer.json()["fields"]] == [path]
    assert says in answer.json()["fields"][0]["message"]
    assert not Monitor.objects.exists()


@pytest.mark.parametrize("change", [{"rho": 0.5}, {"budgetWeeks": 26}, {"learningSilenceSec": 3600}])
def test_what_only_a_beet_has_is_refused_for_a_heartbeat(as_alice: API, change: dict[str, Any]) -> None:
    answer = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300, **change})

    assert answer.status_code == 400
    assert [field["path"] for field in answer.json()["fields"]] == list(change)
    assert "Only a beet" in answer.json()["fields"][0]["message"]


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        ({"name": ""}, "name", "name"),
        ({"name": "x" * 256}, "name", "255"),
        ({"name": None}, "name", "null"),
        ({"name": "a\x00b"}, "name", "ull"),
        ({"type": "website"}, "type", "heartbeat"),
        ({"intervalSec": None}, "intervalSec", "interval"),
        ({"intervalSec": 4}, "intervalSec", "5"),
        ({"intervalSec": 31_622_401}, "intervalSec", "31,622,400"),
        ({"intervalSec": 1.5}, "intervalSec", "whole seconds"),
        ({"intervalSec": True}, "intervalSec", "whole seconds"),
        ({"intervalSec": 10**30}, "intervalSec", "whole seconds"),
        ({"intervalSec": "soon"}, "intervalSec", "whole seconds"),
        ({"cron": "30 3 * * *"}, "cron", "not both"),
        ({"intervalSec": None, "cron": "30 3 * *"}, "cron", "five"),
        ({"intervalSec": None, "cron": "61 3 * * *"}, "cron", "minute"),
        ({"intervalSec": None, "cron": "0 0 31 2 *"}, "cron", ""),
        ({"intervalSec": None, "cron": "* * * * *", "timezone": "Mars/Olympus"}, "timezone", "Europe/"),
        ({"heartbeatGraceSec": -1}, "heartbeatGraceSec", "0 to"),
        ({"alertThreshold": 0}, "alertThreshold", "1 to"),
        ({"maxRuntimeSec": 0}, "maxRuntimeSec", "1 to"),
        ({"timeoutMs": -1}, "timeoutMs", "0 to"),
        ({"postOnly": "perhaps"}, "postOnly", "boolean"),
        ({"tags": ["Not A Slug"]}, "tags", "lower-case"),
        ({"tags": [f"t{number}" for number in range(21)]}, "tags", "20"),
        ({"tags": "prod"}, "tags", "list"),
        ({"url": "x" * 2049}, "url", "2,048"),
        ({"project": "elsewhere"}, "project", "slug"),
        ({"channelIds": [999_999]}, "channelIds", "no channel 999999"),
        ({"channelIds": ["a"]}, "channelIds.0", "whole number"),
        ({"alertEmail": "not an address"}, "alertEmail", "name@example.com"),
        ({"heartbeatInterval": 60}, "heartbeatInterval", "no such field"),
    ],
)
def test_bad_input_names_the_field_and_says_what_would_be_right(
    change: dict[str, Any], path: str, says: str, as_alice: API
) -> None:
    answer = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300, **change})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "VALIDATION_FAILED")
    assert path in [field["path"] for field in problem["fields"]]
    assert says in " ".join(field["message"] for field in problem["fields"])
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"alertWebhookUrl": "ftp://example.com/x"}, "ALERT_URL_INVALID", "alertWebhookUrl"),
        ({"alertWebhookUrl": "http://127.0.0.1:8000/"}, "ALERT_URL_BLOCKED", "alertWebhookUrl"),
        ({"alertWebhookUrl": "http://169.254.169.254/latest"}, "ALERT_URL_BLOCKED", "alertWebhookUrl"),
        ({"alertSlackUrl": "https://example.com/hook"}, "ALERT_URL_INVALID", "alertSlackUrl"),
    ],
)
def test_an_alert_url_that_we_would_not_call_is_refused(
    change: dict[str, Any], code: str, path: str, as_alice: API
) -> None:
    answer = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300, **change})

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["fields"][0]["path"] == path
    assert not Monitor.objects.exists()


def test_a_name_is_taken_only_once_whatever_its_case(as_alice: API) -> None:
    as_alice.post("/monitors", {"name": "Nightly", "intervalSec": 300})

    answer = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300})

    assert (answer.status_code, answer.json()["code"]) == (409, "MONITOR_NAME_DUPLICATE")


def test_a_name_is_free_again_after_its_monitor_is_deleted(as_alice: API) -> None:
    first = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300}).json()
    as_alice.delete(f"/monitors/{first['id']}")

    assert as_alice.post("/monitors", {"name": "nightly", "intervalSec": 300}).status_code == 201


def test_the_plan_limits_number_and_interval(api: API, alice: Membership) -> None:
    Plan.objects.filter(id=alice.organization.plan_id).update(monitor_limit=1, interval_floor_sec=60)
    api.login(alice)

    too_often = api.post("/monitors", {"name": "a", "intervalSec": 30})
    first = api.post("/monitors", {"name": "b", "intervalSec": 60})
    one_too_many = api.post("/monitors", {"name": "c", "intervalSec": 60})

    assert (too_often.status_code, too_often.json()["code"]) == (400, "PLAN_INTERVAL_TOO_LOW")
    assert first.status_code == 201
    assert (one_too_many.status_code, one_too_many.json()["code"]) == (429, "PLAN_LIMIT_MONITORS")


def test_a_monitor_lives_in_the_project_asked_for(as_alice: API, acme: Organization) -> None:
    Project.objects.create(organization=acme, name="Billing", slug="billing", created_at=factories.NOON)

    row = as_alice.post("/monitors", {"name": "invoices", "intervalSec": 60, "project": "billing"}).json()

    assert row["project"] == "billing"


def test_a_new_monitor_is_audited_with_its_channels(as_alice: API) -> None:
    row = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, "alertEmail": "a@example.com"}).json()

    event = AuditEvent.objects.get(action="CREATE_MONITOR")
    assert (event.meta["snapshot"]["channelIds"], event.meta["snapshot"]["project"]) == (row["channelIds"], "default")


def test_a_monitor_and_its_channels_are_made_together_or_not_at_all(as_alice: API) -> None:
    as_alice.post("/monitors", {"name": "a", "intervalSec": 60, "alertEmail": "x@example.com", "alertSlackUrl": "bad"})

    assert (Monitor.objects.count(), Channel.objects.count()) == (0, 0)


def test_a_change_touches_only_what_was_sent(as_alice: API) -> None:
    before = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, "tags": ["prod"], "description": "x"}).json()

    after = as_alice.patch(f"/monitors/{before['id']}", {"description": "y"}).json()

    assert {name for name in ROW if before[name] != after[name]} == {"description", "updatedAt"}


def test_a_cron_line_takes_the_place_of_the_interval_and_back(as_alice: API) -> None:
    path = f"/monitors/{as_alice.post('/monitors', {'name': 'a', 'intervalSec': 60}).json()['id']}"

    by_cron = as_alice.patch(path, {"cron": "30 3 * * *"}).json()
    by_interval = as_alice.patch(path, {"intervalSec": 600}).json()

    assert (by_cron["cron"], by_cron["intervalSec"]) == ("30 3 * * *", None)
    assert (by_interval["cron"], by_interval["intervalSec"]) == (None, 600)


def test_null_puts_a_field_back_to_its_default(as_alice: API) -> None:
    body = {"name": "a", "intervalSec": 60, "heartbeatGraceSec": 5, "maxRuntimeSec": 9, "tags": ["x"]}
    path = f"/monitors/{as_alice.post('/monitors', body).json()['id']}"

    row = as_alice.patch(path, {"heartbeatGraceSec": None, "maxRuntimeSec": None, "tags": None}).json()

    assert (row["heartbeatGraceSec"], row["maxRuntimeSec"], row["tags"]) == (60, None, [])


def test_a_monitor_keeps_its_type(as_alice: API) -> None:
    path = f"/monitors/{as_alice.post('/monitors', {'name': 'a', 'intervalSec': 60}).json()['id']}"

    same, other = as_alice.patch(path, {"type": "heartbeat"}), as_alice.patch(path, {"type": "beet"})

    assert (same.status_code, other.status_code) == (200, 400)
    assert other.json()["fields"][0]["path"] == "type"


def test_a_change_that_is_refused_changes_nothing(as_alice: API, acme: Organization) -> None:
    before = as_alice.post("/monitors", {"name": "a", "intervalSec": 60}).json()
    path = f"/monitors/{before['id']}"

    answer = as_alice.patch(path, {"name": "b", "channelIds": [999_999]})

    assert answer.status_code == 400
    assert as_alice.get(path).json() == before


def test_renaming_to_a_name_that_is_taken_is_refused(as_alice: API) -> None:
    as_alice.post("/monitors", {"name": "a", "intervalSec": 60})
    other = as_alice.post("/monitors", {"name": "b", "intervalSec": 60}).json()

    answer = as_alice.patch(f"/monitors/{other['id']}", {"name": "A"})

    assert (answer.status_code, answer.json()["code"]) == (409, "MONITOR_NAME_DUPLICATE")


def test_a_change_is_audited_with_what_it_was_before(as_alice: API, alice: Membership) -> None:
    path = f"/monitors/{as_alice.post('/monitors', {'name': 'a', 'intervalSec': 60}).json()['id']}"

    as_alice.patch(path, {"name": "b"})

    entry = AuditEvent.objects.get(action="UPDATE_MONITOR")
    assert (entry.actor_user, entry.actor_token_id is not None) == (alice.user, True)
    assert (entry.meta["changedFields"], entry.meta["diff"]) == (["name"], {"name": {"from": "a", "to": "b"}})


def test_a_deleted_monitor_is_gone(as_alice: API, alices_monitor: Monitor) -> None:
    path = f"/monitors/{alices_monitor.id}"

    first, again, read = as_alice.delete(path), as_alice.delete(path), as_alice.get(path)

    assert (first.status_code, first.content) == (204, b"")
    assert (again.status_code, read.status_code) == (404, 404)
    assert as_alice.get("/monitors").json()["results"] == []


def test_pausing_and_resuming_answer_with_the_row(as_alice: API, acme: Organization) -> None:
    path = f"/monitors/{factories.healthy(acme, at=datetime.now(UTC)).id}"

    paused = as_alice.post(f"{path}/pause").json()
    resumed = as_alice.post(f"{path}/resume").json()

    assert (paused["paused"], paused["status"], paused["nextDueAt"], paused["deadlineAt"]) == (
        True, "paused", None, None,
    )  # fmt: skip
    assert (resumed["paused"], resumed["status"]) == (False, "up")
    assert resumed["deadlineAt"] > resumed["nextDueAt"] > resumed["lastPingAt"]


def test_times_are_in_utc_with_a_z(as_alice: API, acme: Organization) -> None:
    monitor = factories.healthy(acme, at=datetime.now(UTC).replace(microsecond=0))

    row = as_alice.get(f"/monitors/{monitor.id}").json()

    assert all(row[name].endswith("Z") for name in ("createdAt", "updatedAt", "lastPingAt", "nextDueAt", "deadlineAt"))
