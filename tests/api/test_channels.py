"""`/channels`: made, changed, tested; their secrets go in and never come out."""

from ipaddress import ip_network
from typing import Any

import pytest

from accounts.models import AuditEvent, Membership
from alerts.models import Channel, Delivery
from monitors.models import Incident
from tests import factories
from tests.api.client import API
from tests.receivers import HTTPReceiver

EMAIL = {"kind": "email", "name": "Ops", "config": {"to": "ops@example.com"}}
SLACK = {"kind": "slack", "name": "Chat", "config": {"url": "https://hooks.slack.com/services/T0/B0/verysecret"}}


@pytest.fixture
def as_alice(api: API, alice: Membership) -> API:
    api.login(alice)
    return api


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


def test_a_dead_letter_can_be_sent_again_once(as_alice: API, incident: Incident) -> None:
    channel = Channel.objects.create(
        organization=incident.monitor.organization, kind="email", name="ops", config={"to": "ops@example.com"},
        created_at=factories.NOON, updated_at=factories.NOON,
    )  # fmt: skip
    delivery = Delivery.objects.create(
        event=incident.events.get(), incident=incident, channel=channel, status="dead", created_at=factories.NOON
    )

    first = as_alice.post(f"/deliveries/{delivery.id}/replay")
    second = as_alice.post(f"/deliveries/{delivery.id}/replay")

    assert (first.status_code, first.json()["status"]) == (200, "queued")
    assert (second.status_code, second.json()["code"]) == (409, "DELIVERY_NOT_DEAD")
