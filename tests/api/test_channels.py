"""`/channels`: made, changed, tested; their secrets go in and never come out."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Membership
from alerts import queries
from alerts.models import Channel, Delivery
from monitors.models import Incident, Monitor
from tests import factories
from tests.api.client import API
from tests.receivers import HTTPReceiver

EMAIL = {"kind": "email", "name": "Ops", "config": {"to": "ops@example.com"}}
SLACK = {"kind": "slack", "name": "Chat", "config": {"url": "https://hooks.slack.com/services/T0/B0/verysecret"}}


def test_a_channel_shows_what_may_be_shown(as_alice: API) -> None:
    answer = as_alice.post("/channels", EMAIL)

    row = answer.json()
    assert (answer.status_code, row["kind"], row["config"]) == (201, "email", {"to": "ops@example.com"})
    assert (row["enabled"], row["isDefault"]) == (True, False)
    assert as_alice.get("/channels").json()["results"] == [row]


def test_a_secret_goes_in_and_never_comes_out(as_alice: API) -> None:
    made = as_alice.post("/channels", SLACK)
    path = f"/channels/{made.json()['id']}"
    changed = as_alice.patch(path, {"config": {"url": "https://hooks.slack.com/services/T0/B0/othersecret"}})

    answers = [made, changed, as_alice.get(path), as_alice.get("/channels")]
    assert not any(b"secret" in answer.content for answer in answers)
    assert "secret/" not in str(list(AuditEvent.objects.values_list("meta", flat=True)))
    assert "verysecret" not in Channel.objects.get().secrets


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"name": ""}, "name"),
        ({"config": {"to": "nobody"}}, "config.to"),
        ({"config": {}}, "config.to"),
        ({"config": {"to": "ops@example.com", "cc": "x"}}, "config.cc"),
        ({"config": {"to": 7}}, "config.to"),
        ({"config": []}, "config"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_names_the_field(change: dict[str, Any], path: str, as_alice: API) -> None:
    answer = as_alice.post("/channels", {**EMAIL, **change})

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert [field["path"] for field in answer.json()["fields"]] == [path]


def test_a_change_of_config_names_the_field_too(as_alice: API) -> None:
    path = f"/channels/{as_alice.post('/channels', EMAIL).json()['id']}"

    answer = as_alice.patch(path, {"config": {"to": "nobody"}})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "config.to")


def test_a_change_touches_only_what_was_sent(as_alice: API) -> None:
    before = as_alice.post("/channels", EMAIL).json()

    after = as_alice.patch(f"/channels/{before['id']}", {"enabled": False}).json()

    assert {name for name in before if before[name] != after[name]} == {"enabled", "updatedAt"}


def test_a_deleted_channel_is_gone(as_alice: API) -> None:
    path = f"/channels/{as_alice.post('/channels', EMAIL).json()['id']}"

    assert as_alice.delete(path).status_code == 204
    assert (as_alice.get(path).status_code, as_alice.get("/channels").json()["results"]) == (404, [])


def test_a_test_really_sends_and_says_what_came_of_it(
    as_alice: API, alice: Membership, http_receiver: HTTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = [ip_network("127.0.0.0/8")]
    made = as_alice.post("/channels", {"kind": "webhook", "name": "Hook", "config": {"url": http_receiver.url}}).json()

    result = as_alice.post(f"/channels/{made['id']}/test").json()

    assert (result["channelId"], result["kind"], result["ok"], result["error"]) == (made["id"], "webhook", True, "")
    assert len(http_receiver.requests) == 1


def test_a_monitors_alerts_are_tested_for_real(
    as_alice: API, alices_monitor: Monitor, http_receiver: HTTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = [ip_network("127.0.0.0/8")]
    good = as_alice.post("/channels", {"kind": "webhook", "name": "a", "config": {"url": http_receiver.url}}).json()
    bad = as_alice.post("/channels", {"kind": "webhook", "name": "b", "config": {"url": "http://127.0.0.1:1/"}}).json()
    as_alice.patch(f"/monitors/{alices_monitor.id}", {"channelIds": [good["id"], bad["id"]]})

    results = as_alice.post(f"/monitors/{alices_monitor.id}/test-alert").json()["results"]

    assert [set(result) for result in results] == [{"channelId", "kind", "ok", "error", "durationMs"}] * 2
    assert [(result["channelId"], result["ok"]) for result in results] == [(good["id"], True), (bad["id"], False)]
    assert "did not accept a connection" in results[1]["error"]
    assert AuditEvent.objects.filter(action="TEST_ALERT", resource=f"monitor:{alices_monitor.id}").count() == 1


@pytest.mark.parametrize("path", ["/channels/{channel}/test", "/monitors/{monitor}/test-alert"])
def test_tests_are_limited(path: str, as_alice: API, alices_monitor: Monitor) -> None:
    channel = as_alice.post("/channels", EMAIL).json()["id"]
    path = path.format(channel=channel, monitor=alices_monitor.id)

    answers = [as_alice.post(path).status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]


@pytest.fixture
def delivery(incident: Incident) -> Delivery:
    """A dead letter after two tries."""
    channel = Channel.objects.create(
        organization=incident.monitor.organization, kind="email", name="ops", config={"to": "ops@example.com"},
        created_at=factories.NOON, updated_at=factories.NOON,
    )  # fmt: skip
    made = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=channel, status="dead", tries=2,
        created_at=factories.NOON,
    )  # fmt: skip
    for error in ("first", "second"):
        made.attempts.create(at=factories.NOON, is_ok=False, duration_ms=7, status_code=550, error=error, excerpt="no")
    return made


def test_what_was_sent_to_a_channel_is_listed_with_every_try(as_alice: API, delivery: Delivery) -> None:
    row = as_alice.get(f"/channels/{delivery.channel_id}/deliveries").json()["results"][0]

    assert (row["id"], row["event"], row["status"], row["tries"]) == (delivery.id, "opened", "dead", 2)
    assert [attempt["error"] for attempt in row["attempts"]] == ["first", "second"]
    assert row["attempts"][0] == {
        "at": "2026-01-05T12:00:00Z", "ok": False, "durationMs": 7, "statusCode": 550, "error": "first",
        "excerpt": "no",
    }  # fmt: skip


@pytest.mark.parametrize(("status", "count"), [("dead", 1), ("delivered", 0)])
def test_deliveries_by_status(status: str, count: int, as_alice: API, delivery: Delivery) -> None:
    found = as_alice.get(f"/channels/{delivery.channel_id}/deliveries", {"status": status}).json()["results"]

    assert len(found) == count


def test_a_status_that_no_delivery_has_is_refused(as_alice: API, delivery: Delivery) -> None:
    answer = as_alice.get(f"/channels/{delivery.channel_id}/deliveries", {"status": "lost"})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "status")


def test_a_longer_ledger_takes_no_more_queries(as_alice: API, delivery: Delivery) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert as_alice.get(f"/channels/{delivery.channel_id}/deliveries").status_code == 200
        return len(caught)

    count()  # the first request also notes that the token was used
    one = count()
    for number in range(2, 9):
        assert delivery.incident
        event = delivery.incident.events.create(seq=number, kind="note", at=factories.NOON, created_at=factories.NOON)
        Delivery.objects.create(
            event=event, incident=delivery.incident, channel=delivery.channel, status="queued",
            created_at=factories.NOON,
        ).attempts.create(at=factories.NOON, is_ok=True, duration_ms=7)  # fmt: skip

    assert count() == one


HOOK = {"kind": "webhook", "name": "Hook", "config": {"url": "https://example.com/in/passw0rd?key=k3y"}}


def test_where_a_webhook_leads_is_for_those_who_may_change_it(api: API, alice: Membership, vera: Membership) -> None:
    api.login(alice)
    made = api.post("/channels", HOOK).json()
    path = f"/channels/{made['id']}"
    api.login(vera)
    as_viewer = api.get(path).json()
    listed = api.get("/channels").json()["results"]
    api.login(alice, "channels:read")
    as_reader = api.get(path).json()

    assert made["config"] == HOOK["config"]
    assert as_viewer["config"] == as_reader["config"] == listed[0]["config"] == {"url": "https://example.com/…"}


def test_the_audit_log_tells_that_a_webhook_changed_and_not_to_what(as_alice: API) -> None:
    made = as_alice.post("/channels", HOOK).json()
    as_alice.patch(f"/channels/{made['id']}", {"config": {"url": "https://example.com/in/s3cret"}})
    as_alice.patch(f"/channels/{made['id']}", {"config": {"url": "https://other.example.com/"}})
    as_alice.delete(f"/channels/{made['id']}")

    metas = list(AuditEvent.objects.filter(resource=f"channel:{made['id']}").values_list("meta", flat=True))
    assert not any(word in str(metas) for word in ("passw0rd", "k3y", "s3cret"))
    assert metas[1]["diff"] == {"secrets": {"redacted": True}}
    assert metas[2]["diff"] == {
        "config": {"from": {"url": "https://example.com/…"}, "to": {"url": "https://other.example.com/"}}
    }


def test_a_channel_that_cannot_be_opened_is_mended_by_new_secrets(as_alice: API) -> None:
    path = f"/channels/{as_alice.post('/channels', SLACK).json()['id']}"
    Channel.objects.update(secrets="damaged")

    empty, mended = as_alice.patch(path, {"config": {}}), as_alice.patch(path, {"config": SLACK["config"]})

    assert (empty.status_code, empty.json()["fields"][0]["path"]) == (400, "config.url")
    assert mended.status_code == 200
    assert queries.secrets_of(Channel.objects.get()) == SLACK["config"]


def test_a_dead_letter_can_be_sent_again_once(as_alice: API, delivery: Delivery) -> None:
    first = as_alice.post(f"/deliveries/{delivery.id}/replay")
    second = as_alice.post(f"/deliveries/{delivery.id}/replay")

    assert (first.status_code, first.json()["status"]) == (200, "queued")
    assert (second.status_code, second.json()["code"]) == (409, "DELIVERY_NOT_DEAD")


def test_a_kind_that_the_operator_left_out_is_refused_with_the_reason(as_alice: API) -> None:
    given = {"kind": "apprise", "name": "x", "config": {"url": "gotifys://gotify.example.com/verysecret"}}

    answer = as_alice.post("/channels", given)

    [problem] = answer.json()["fields"]
    assert (answer.status_code, problem["path"]) == (400, "kind")
    assert "HEARTBEET_APPRISE=on" in problem["message"]
    assert not Channel.objects.exists()


def test_a_choice_that_is_none_is_named(as_alice: API) -> None:
    config = {"routing_key": "0123456789abcdef0123456789abcdef", "region": "moon"}

    answer = as_alice.post("/channels", {"kind": "pagerduty", "name": "x", "config": config})

    [problem] = answer.json()["fields"]
    assert (answer.status_code, problem["path"]) == (400, "config.region")
    assert "Give one of us, eu." in problem["message"]
