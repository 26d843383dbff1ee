"""Microsoft Teams: what is posted, and that nothing in it can be markup."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.channels import base, teams
from alerts.channels.teams import Teams
from alerts.domain.retry import Failure
from tests.alerts.messages import opened, resolved
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
        "https://acme.webhook.office.com/webhookb2/ab@cd/IncomingWebhook/ef/gh",
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
    ("status", "failure"),
    [(400, Failure.TRANSIENT), (401, Failure.PERMANENT), (404, Failure.MISSING), (502, Failure.TRANSIENT)],
)
def test_a_workflow_that_is_switched_off_may_come_back(
    status: int, failure: Failure, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, b'{"error": {"code": "WorkflowTriggerIsNotEnabled"}}')

    assert Teams({"url": http_receiver.url}).send(opened(), "id-1", now=NOW).failure is failure
