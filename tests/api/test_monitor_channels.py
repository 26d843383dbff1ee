"""Who is told of a monitor, over the API: channels by id, and contacts for which a channel is found or made."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.domain.actor import SYSTEM
from accounts.models import Membership, Organization
from alerts import operations as alert_operations
from alerts.models import Channel
from tests.api.client import API


def _channel(organization: Organization, name: str = "ops@example.com", **options: Any) -> Channel:
    return alert_operations.create_channel(
        organization=organization, kind="email", name=name, config={"to": name},
        by=SYSTEM, now=datetime.now(UTC), **options,
    )  # fmt: skip


def test_without_a_word_about_channels_the_default_ones_are_told(as_alice: API, acme: Organization) -> None:
    default, _other = _channel(acme, is_default=True), _channel(acme, "other@example.com")

    row = as_alice.post("/monitors", {"name": "nightly", "intervalSec": 60}).json()

    assert (row["channelIds"], row["hasAlertEmail"], row["hasAlertSlack"]) == ([default.id], True, False)


def test_the_channels_listed_are_told_and_no_others(as_alice: API, acme: Organization) -> None:
    _default, other = _channel(acme, is_default=True), _channel(acme, "other@example.com")

    listed = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, "channelIds": [other.id]}).json()
    none = as_alice.post("/monitors", {"name": "b", "intervalSec": 60, "channelIds": []}).json()

    assert (listed["channelIds"], none["channelIds"]) == ([other.id], [])


def test_a_channel_of_another_organisation_cannot_be_told(as_alice: API, charlie: Membership) -> None:
    foreign = _channel(charlie.organization)

    answer = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, "channelIds": [foreign.id]})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "channelIds")


CONTACTS = {
    "alertEmail": "Night@Example.com",
    "alertWebhookUrl": "https://93.184.215.14/hook",
    "alertSlackUrl": "https://hooks.slack.com/services/T0/B0/x",
    "alertDiscordUrl": "https://discord.com/api/webhooks/1/x",
    "alertMsteamsUrl": "https://prod-1.westeurope.logic.azure.com/workflows/ab?sig=x",
    "alertTelegramBotToken": "123456789:AAEverysecretverysecretverysecret12",
    "alertTelegramChatId": -1001234567890,
}
KINDS = ["discord", "email", "msteams", "slack", "telegram", "webhook"]


def test_a_contact_finds_its_channel_or_makes_it(as_alice: API, acme: Organization) -> None:
    first = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, **CONTACTS}).json()
    second = as_alice.post("/monitors", {"name": "b", "intervalSec": 60, **CONTACTS}).json()

    assert sorted(Channel.objects.values_list("kind", flat=True)) == KINDS
    assert first["channelIds"] == second["channelIds"]
    assert all(first[f"hasAlert{kind.capitalize()}"] is True for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_says_which_kinds_of_channels_are_told(kind: str, as_alice: API) -> None:
    own = {name: value for name, value in CONTACTS.items() if name.lower().startswith(f"alert{kind}")}

    row = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, **own}).json()

    assert {each for each in KINDS if row[f"hasAlert{each.capitalize()}"]} == {kind}


@pytest.mark.parametrize(
    ("given", "missing"),
    [("alertTelegramBotToken", "alertTelegramChatId"), ("alertTelegramChatId", "alertTelegramBotToken")],
)
def test_a_bot_and_its_chat_come_together(given: str, missing: str, as_alice: API) -> None:
    answer = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, given: CONTACTS[given]})

    assert (answer.status_code, [field["path"] for field in answer.json()["fields"]]) == (400, [missing])
    assert "together" in answer.json()["error"]


@pytest.mark.parametrize(
    ("contact", "value", "code"),
    [
        ("alertDiscordUrl", "https://example.com/x", "ALERT_URL_INVALID"),
        ("alertMsteamsUrl", "https://example.com/x", "ALERT_URL_INVALID"),
        ("alertTelegramBotToken", "secret", "VALIDATION_FAILED"),
        ("alertTelegramChatId", "x", "VALIDATION_FAILED"),
        ("alertWebhookUrl", "http://127.0.0.1/", "ALERT_URL_BLOCKED"),
    ],
)
def test_a_contact_that_cannot_be_is_named(contact: str, value: str, code: str, as_alice: API) -> None:
    telegram = {name: text for name, text in CONTACTS.items() if "Telegram" in name and "Telegram" in contact}

    answer = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, **telegram, contact: value})

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert [field["path"] for field in answer.json()["fields"]] == [contact]


def test_a_channel_that_cannot_be_opened_is_no_channel_of_a_contact(as_alice: API, acme: Organization) -> None:
    slack = {"alertSlackUrl": CONTACTS["alertSlackUrl"]}
    broken = as_alice.post("/monitors", {"name": "a", "intervalSec": 60, **slack}).json()["channelIds"]
    Channel.objects.update(secrets="damaged")

    answer = as_alice.post("/monitors", {"name": "b", "intervalSec": 60, **slack})

    assert answer.status_code == 201
    assert answer.json()["channelIds"] != broken


def test_changes_of_channels_add_contacts_to_those_that_are_told(as_alice: API, acme: Organization) -> None:
    kept = _channel(acme, is_default=True)
    path = f"/monitors/{as_alice.post('/monitors', {'name': 'a', 'intervalSec': 60}).json()['id']}"

    added = as_alice.patch(path, {"alertEmail": "new@example.com"}).json()
    emptied = as_alice.patch(path, {"channelIds": []}).json()

    assert len(added["channelIds"]) == 2
    assert kept.id in added["channelIds"]
    assert emptied["channelIds"] == []
