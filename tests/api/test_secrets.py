"""The ingestion token in plain text: for owners and admins, audited every time, dead when rotated."""

from accounts.models import AuditEvent, Membership
from monitors.domain import token
from monitors.models import Monitor, Token
from tests.api.client import API


def test_owners_and_admins_read_the_token_and_its_urls(api: API, adam: Membership, alices_monitor: Monitor) -> None:
    api.login(adam)

    answer = api.get(f"/monitors/{alices_monitor.id}/secrets").json()

    assert list(answer) == ["id", "name", "heartbeatToken", "pingUrl", "beetUrl"]
    assert token.looks_like_token(answer["heartbeatToken"])
    assert answer["pingUrl"].endswith(f"/api/v1/heartbeats/{answer['heartbeatToken']}")
    assert answer["beetUrl"].endswith(f"/api/v1/beet/{answer['heartbeatToken']}")


def test_each_reading_is_audited_with_who_from_where_and_no_secret(
    api: API, alice: Membership, alices_monitor: Monitor
) -> None:
    api.login(alice)
    secret = api.get(f"/monitors/{alices_monitor.id}/secrets").json()["heartbeatToken"]
    api.get(f"/monitors/{alices_monitor.id}/secrets")

    entries = AuditEvent.objects.filter(action="READ_MONITOR_SECRETS", resource=f"monitor:{alices_monitor.id}")
    assert [(entry.actor_user, entry.meta["ip"]) for entry in entries] == [(alice.user, "127.0.0.1")] * 2
    assert secret not in str([entry.meta for entry in entries])


def test_secrets_at_creation_are_audited_the_same(api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.post("/monitors?include=secrets", {"name": "nightly", "intervalSec": 60}).json()

    assert list(answer["secrets"]) == ["id", "name", "heartbeatToken", "pingUrl", "beetUrl"]
    assert answer["secrets"] == api.get(f"/monitors/{answer['id']}/secrets").json()
    assert AuditEvent.objects.filter(action="READ_MONITOR_SECRETS").count() == 2


def test_without_asking_creation_shows_no_secret(api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.post("/monitors", {"name": "nightly", "intervalSec": 60})

    assert "secrets" not in answer.json()
    assert not AuditEvent.objects.filter(action="READ_MONITOR_SECRETS").exists()


def test_rotation_shows_the_new_token_and_retires_the_old(api: API, alice: Membership, alices_monitor: Monitor) -> None:
    api.login(alice)
    path = f"/monitors/{alices_monitor.id}"
    before = api.get(f"{path}/secrets").json()

    rotated = api.post(f"{path}/rotate-heartbeat-token").json()

    assert rotated["heartbeatToken"] != before["heartbeatToken"]
    assert rotated == api.get(f"{path}/secrets").json()
    old = Token.objects.get(digest=token.digest(before["heartbeatToken"]))
    assert old.retired_at is not None
    assert AuditEvent.objects.filter(action="ROTATE_MONITOR_TOKEN").count() == 1


def test_a_deleted_monitor_has_no_secrets(api: API, alice: Membership, alices_monitor: Monitor) -> None:
    api.login(alice)
    api.delete(f"/monitors/{alices_monitor.id}")

    assert api.get(f"/monitors/{alices_monitor.id}/secrets").status_code == 404
