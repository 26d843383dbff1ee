"""Microsoft Teams: what is posted, and that nothing in it can be markup."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.channels import base, teams
from alerts.channels.teams import Teams
from alerts.domain.retry import Failure
from tests.alerts.messages import opened, resolved, storm
from tests.receivers import HTTPReceiver

NOW = datetime(2026, 1, 5, 12, 6, tzinfo=UTC)
WORKFLOW = "https://prod-1.westeurope.logic.azure.com:443/workflows/ab/triggers/manual/paths/invoke?sig=verysecret"


def lines(card: dict[str, Any]) -> list[str]:
    """The texts of a card, line by line."""
    return ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]


def test_a_message_is_an_adaptive_card_with_a_button(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(202, b"")

    receipt = Teams({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    body = http_receiver.requests[0].json()
    attachment = body["attachments"][0]
    assert receipt.is_ok
    assert body["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert lines(attachment["content"])[0] == "Nightly backup is down"
    assert lines(attachment["content"])[1].startswith("Nightly backup did not ping")
    assert attachment["content"]["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open in Heartbeet", "url": "https://beet.example.com/incidents/17"}
    ]


def test_the_end_says_how_long_it_lasted() -> None:
    card = teams.card(resolved())

    assert card["body"][0]["inlines"][0]["color"] == "good"
    assert "Lasted: 12 minutes" in lines(card)


def test_no_text_is_read_as_markdown() -> None:
    name = "<!channel> @everyone *x* <script> [a](b) <at>all</at>"

    card = teams.card(opened(name, title=f"{name} missed its ping"))

    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert {run["type"] for block in card["body"] for run in block["inlines"]} == {"TextRun"}
    assert lines(card)[0] == f"{name} is down"
    assert "entities" not in card["msteams"]


@pytest.mark.parametrize("name", ["x" * 255, "日" * 255, '"' * 255])
def test_teams_limit_holds(name: str) -> None:
    assert len(json.dumps(teams.body(opened(name, title=name + " missed its ping")))) < 28_000


@pytest.mark.parametrize(
    "url",
    [
        WORKFLOW,
        "https://default12.34.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/ab?sig=x",
    ],
)
def test_the_address_of_a_workflow_is_a_secret(url: str) -> None:
    config = Teams.clean({"url": url})

    assert (config.shown, config.secrets) == ({}, {"url": url})


@pytest.mark.parametrize(
    "url",
    [
        "https://logic.azure.com/workflows/ab",
        "https://evillogic.azure.com/workflows/ab",
        "https://prod-1.logic.azure.com.evil.example/workflows",
        "https://example.com/?host=prod-1.logic.azure.com",
        WORKFLOW.replace("https", "http"),
    ],
)
def test_only_microsofts_own_addresses_are_accepted(url: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=r"https://…\.logic\.azure\.com/") as caught:
        Teams.clean({"url": url})

    assert caught.value.path == "url"


@pytest.mark.parametrize(
    ("url", "said", "reason"),
    [
        ("https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d", "has retired this kind", "a connector"),
        ("https://outlook.office.com/webhook/a@b/IncomingWebhook/c/d", "From Workflows in Teams", "an older connector"),
        ("https://prod-1.westeurope.logic.azure.com/workflows/ab", "ends with the signature", "cut off"),
        ("https://discord.com/api/webhooks/1/x", "belongs to Discord", "another service"),
        ("https://hooks.slack.com/services/T0/B0/x", "belongs to Slack", "another service"),
    ],
)
def test_the_mistake_is_named(url: str, said: str, reason: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=said):
        Teams.clean({"url": url})


def error(code: str, message: str = "") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


TOO_MANY = (
    b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x."
)
TOO_LONG = TOO_MANY.replace(b"429", b"413")


@pytest.mark.parametrize(
    ("status", "body", "failure", "said"),
    [
        (400, error("WorkflowTriggerIsNotEnabled"), Failure.TRANSIENT, "400 WorkflowTriggerIsNotEnabled: no reason."),
        (400, error("InvalidRequestContent", "Not JSON."), Failure.PERMANENT, "400 InvalidRequestContent: Not JSON."),
        (401, error("DirectApiAuthorizationRequired", "No sig"), Failure.PERMANENT, "Required: No sig."),
        (404, error("WorkflowNotFound", "It was deleted."), Failure.PERMANENT, "WorkflowNotFound: It was deleted."),
        (404, b"<html>not found</html>", Failure.MISSING, "answered 404"),
        (413, error("RequestEntityTooLarge", "Over 28 kB"), Failure.PERMANENT, "Over 28 kB."),
        (429, error("TooManyRequests", "Slow down"), Failure.TRANSIENT, "Slow down."),
        (502, error("NoResponse", "The server did not answer"), Failure.TRANSIENT, "did not answer."),
        (200, TOO_MANY, Failure.TRANSIENT, "Microsoft answered 200, but: Webhook message delivery failed"),
        (200, TOO_LONG, Failure.PERMANENT, "HTTP error 413"),
    ],
)
def test_what_microsoft_refuses_is_said_in_its_words(
    status: int, body: bytes, failure: Failure, said: str, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body)

    receipt = Teams({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure) == (False, failure)
    assert said in receipt.error


@pytest.mark.parametrize(("status", "body"), [(202, b""), (200, b"1"), (200, b"")])
def test_what_microsoft_takes_is_ok(status: int, body: bytes, http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(status, body)

    assert Teams({"url": http_receiver.url}).send(opened(), "id-1", now=NOW).is_ok


@pytest.mark.parametrize("name", ["x", "日", "😀", '"'])
def test_the_longest_storm_keeps_to_28_kb_in_every_encoding(name: str) -> None:
    body = json.dumps(teams.body(storm(name * 255, monitors=500)), ensure_ascii=False, separators=(",", ":"))

    assert max(len(body.encode("utf-8")), len(body.encode("utf-16-le"))) <= 28_000
    assert lines(teams.card(storm(name * 255, monitors=500)))[-1].endswith("more")
