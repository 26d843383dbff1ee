"""When people are told, reminded, and left in peace, over the API."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, Membership
from alerts import operations as alert_operations
from alerts.models import Channel, Subscription
from heartbeet.lib import clock
from monitors.models import Monitor, Pulse
from tests.api.client import API

AT_ONCE = {"alertDelaySec": 0, "remindEverySec": 0, "recoveryThreshold": 1, "beetBudgetWeeks": None}
OWN = {"alertDelaySec": 300, "remindEverySec": 14_400, "recoveryThreshold": 2}
QUIET = {**OWN, "beetBudgetWeeks": 52}


def test_an_organisation_without_a_policy_is_told_at_once_and_never_reminded(as_alice: API) -> None:
    assert as_alice.get("/alert-policy").json() == AT_ONCE


def test_a_policy_is_changed_and_written_down(as_alice: API) -> None:
    changed = as_alice.patch("/alert-policy", QUIET)

    assert (changed.status_code, changed.json()) == (200, QUIET)
    assert as_alice.get("/alert-policy").json() == QUIET
    assert AuditEvent.objects.get(action="UPDATE_ALERT_POLICY").meta["diff"]["alertDelaySec"] == {"from": 0, "to": 300}


def test_what_is_left_out_stays_and_a_change_of_nothing_is_none(as_alice: API) -> None:
    as_alice.patch("/alert-policy", QUIET)

    assert as_alice.patch("/alert-policy", {"recoveryThreshold": 2}).json() == QUIET
    assert AuditEvent.objects.filter(action="UPDATE_ALERT_POLICY").count() == 1


def test_null_takes_the_common_budget_of_beets_away(as_alice: API) -> None:
    as_alice.patch("/alert-policy", QUIET)

    assert as_alice.patch("/alert-policy", {"beetBudgetWeeks": None}).json() == {**OWN, "beetBudgetWeeks": None}


def test_another_organisation_has_its_own(as_alice: API, charlie: Membership) -> None:
    as_alice.patch("/alert-policy", QUIET)

    as_alice.login(charlie)

    assert as_alice.get("/alert-policy").json() == AT_ONCE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("alertDelaySec", -1),
        ("alertDelaySec", 604_801),
        ("remindEverySec", 60),
        ("remindEverySec", 2_592_001),
        ("recoveryThreshold", 0),
        ("recoveryThreshold", 101),
        ("recoveryThreshold", None),
        ("alertDelaySec", "soon"),
        ("beetBudgetWeeks", 0),
        ("beetBudgetWeeks", 521),
        ("beetBudgetWeeks", "often"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_name(as_alice: API, path: str, value: Any) -> None:
    refused = as_alice.patch("/alert-policy", {path: value})

    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_FAILED")
    assert refused.json()["fields"][0]["path"] == path


def test_a_monitor_has_values_of_its_own_and_null_gives_them_back(as_alice: API, alices_monitor: Monitor) -> None:
    own = as_alice.patch(f"/monitors/{alices_monitor.id}", OWN).json()
    back = as_alice.patch(f"/monitors/{alices_monitor.id}", dict.fromkeys(OWN)).json()

    assert {name: own[name] for name in OWN} == OWN
    assert {name: back[name] for name in OWN} == dict.fromkeys(OWN)


def test_a_monitor_is_snoozed_until_a_time(as_alice: API, alices_monitor: Monitor) -> None:
    until = (clock.now() + timedelta(hours=8)).replace(microsecond=0)

    row = as_alice.post(f"/monitors/{alices_monitor.id}/snooze", {"until": until.isoformat()}).json()

    assert (row["snoozed"], row["snoozedUntil"]) == (True, until.isoformat().replace("+00:00", "Z"))


def test_a_monitor_is_snoozed_until_its_next_healthy_ping(as_alice: API, alices_monitor: Monitor) -> None:
    row = as_alice.post(f"/monitors/{alices_monitor.id}/snooze").json()
    assert (row["snoozed"], row["snoozedUntil"]) == (True, None)

    Pulse.objects.filter(monitor=alices_monitor).update(last_success_at=clock.now())
    assert as_alice.get(f"/monitors/{alices_monitor.id}").json()["snoozed"] is False


def test_a_snooze_is_ended(as_alice: API, alices_monitor: Monitor) -> None:
    as_alice.post(f"/monitors/{alices_monitor.id}/snooze")

    row = as_alice.post(f"/monitors/{alices_monitor.id}/unsnooze").json()

    assert row["snoozed"] is False


def test_ending_a_snooze_that_is_not_there_changes_nothing(as_alice: API, alices_monitor: Monitor) -> None:
    answer = as_alice.post(f"/monitors/{alices_monitor.id}/unsnooze")

    assert answer.status_code == 200
    assert not AuditEvent.objects.filter(action="UNSNOOZE_MONITOR").exists()


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "tomorrow"])
def test_a_snooze_ends_some_time_to_come(as_alice: API, alices_monitor: Monitor, until: str) -> None:
    refused = as_alice.post(f"/monitors/{alices_monitor.id}/snooze", {"until": until})

    assert refused.status_code == 400
    assert refused.json()["fields"][0]["path"] == "until"


@pytest.fixture
def channels(alice: Membership) -> list[Channel]:
    return [
        alert_operations.create_channel(
            organization=alice.organization, kind="email", name=name, config={"to": f"{name}@example.com"}, by=SYSTEM,
            now=clock.now(),
        )
        for name in ("ops", "boss")
    ]  # fmt: skip


def test_each_channel_is_told_what_was_chosen(as_alice: API, alices_monitor: Monitor, channels: list[Channel]) -> None:
    ops, boss = (channel.id for channel in channels)
    wanted = [{"channelId": boss, "events": ["resolved", "opened"], "minSeverity": "critical"}, {"channelId": ops}]

    put = as_alice.put(f"/monitors/{alices_monitor.id}/subscriptions", {"subscriptions": wanted}).json()

    assert put["subscriptions"] == [
        {"channelId": ops, "events": None, "minSeverity": "warning"},
        {"channelId": boss, "events": ["opened", "resolved"], "minSeverity": "critical"},
    ]
    assert as_alice.get(f"/monitors/{alices_monitor.id}/subscriptions").json() == put
    assert as_alice.get(f"/monitors/{alices_monitor.id}").json()["channelIds"] == [ops, boss]


def test_listing_channels_by_their_ids_keeps_what_was_chosen(
    as_alice: API, alices_monitor: Monitor, channels: list[Channel]
) -> None:
    ops, boss = (channel.id for channel in channels)
    chosen = {"channelId": boss, "events": ["opened"], "minSeverity": "critical"}
    as_alice.put(f"/monitors/{alices_monitor.id}/subscriptions", {"subscriptions": [chosen]})

    as_alice.patch(f"/monitors/{alices_monitor.id}", {"channelIds": [ops, boss]})

    assert chosen in as_alice.get(f"/monitors/{alices_monitor.id}/subscriptions").json()["subscriptions"]


@pytest.mark.parametrize(
    ("choice", "path"),
    [
        ({"events": ["note"]}, "subscriptions.0.events.0"),
        ({"events": []}, "subscriptions.0.events"),
        ({"minSeverity": "fatal"}, "subscriptions.0.minSeverity"),
        ({"channelId": 999_999}, "channelIds"),
    ],
)
def test_what_is_no_choice_is_refused(
    as_alice: API, alices_monitor: Monitor, channels: list[Channel], choice: dict[str, Any], path: str
) -> None:
    wanted = [{"channelId": channels[0].id, **choice}]

    refused = as_alice.put(f"/monitors/{alices_monitor.id}/subscriptions", {"subscriptions": wanted})

    assert (refused.status_code, refused.json()["fields"][0]["path"]) == (400, path)
    assert not Subscription.objects.exists()


def test_a_channel_is_chosen_once(as_alice: API, alices_monitor: Monitor, channels: list[Channel]) -> None:
    wanted = [{"channelId": channels[0].id}, {"channelId": channels[0].id}]

    refused = as_alice.put(f"/monitors/{alices_monitor.id}/subscriptions", {"subscriptions": wanted})

    assert refused.status_code == 400


def test_a_channel_of_another_organisation_cannot_be_chosen(
    as_alice: API, alices_monitor: Monitor, channels: list[Channel], charlie: Membership
) -> None:
    Channel.objects.filter(id=channels[0].id).update(organization=charlie.organization)

    wanted = [{"channelId": channels[0].id}]
    refused = as_alice.put(f"/monitors/{alices_monitor.id}/subscriptions", {"subscriptions": wanted})

    assert refused.status_code == 400
