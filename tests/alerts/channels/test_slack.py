"""Slack: what is posted, and that nothing in it can be markup."""

import json
from datetime import UTC, datetime

import pytest

from alerts.channels import base, slack
from alerts.channels.slack import Slack
from alerts.domain.retry import Failure
from tests.alerts.messages import opened, resolved
from tests.receivers import HTTPReceiver

NOW = datetime(2026, 1, 5, 12, 6, tzinfo=UTC)


def test_a_message_is_posted_with_a_link(http_receiver: HTTPReceiver) -> None:
    receipt = Slack({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    body = http_receiver.requests[0].json()
    assert receipt.is_ok
    assert body["text"].startswith("Nightly backup did not ping")
    assert body["blocks"][0]["text"]["text"] == "🔴 Nightly backup is down"
    assert "<https://beet.example.com/incidents/17|Open in Heartbeet>" in json.dumps(body)


def test_the_end_says_how_long_it_lasted() -> None:
    body = slack.body(resolved())

    assert body["blocks"][0]["text"]["text"] == "🟢 Nightly backup has recovered"
    assert "Lasted: 12 minutes" in json.dumps(body)


@pytest.mark.parametrize(
    "name", ["<!channel> *x*", "<@U123>", "<https://evil.example|click>", "a & b", "_under_ ~struck~ `code`"]
)
def test_a_name_is_shown_as_it_is(name: str) -> None:
    body = slack.body(opened(name, title=f"{name} missed its ping"))

    texts = [text for text in all_texts(body) if "Open in Heartbeet" not in text["text"]]
    assert texts
    assert {text["type"] for text in texts} == {"plain_text"}
    assert not any("<" in text["text"] or ">" in text["text"] for text in texts)
    assert "<" not in body["text"]
    assert body["mrkdwn"] is False


def all_texts(body: dict[str, object]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if value.get("type") in ("plain_text", "mrkdwn"):
                found.append(value)
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk(body["blocks"])
    return found


@pytest.mark.parametrize("name", ["x" * 255, "&" * 255, "<" * 255, "日" * 255])
def test_slacks_limits_hold(name: str) -> None:
    body = slack.body(opened(name, title=name + " missed its ping"))

    header, summary, facts, _ = body["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(summary["text"]["text"]) <= 3000
    assert len(facts["fields"]) <= 10
    assert all(len(field["text"]) <= 2000 for field in facts["fields"])


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("a<b", 10, "a&lt;b"), ("a&b>c", 20, "a&amp;b&gt;c"), ("&&&&", 11, "&amp;&amp;…"), ("abcdef", 4, "abc…")],
)
def test_no_entity_is_cut_in_half(text: str, limit: int, expected: str) -> None:
    assert slack.escape(text, limit) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com.evil.example/services/T/B/x",
        "https://example.com/services/T/B/x",
        "http://hooks.slack.com/services/T/B/x",
        "https://hooks.slack.com@example.com/services",
    ],
)
def test_only_slacks_own_address_is_accepted(url: str) -> None:
    with pytest.raises(base.AlertUrlInvalid) as caught:
        Slack.clean({"url": url})

    assert caught.value.path == "url"


def test_the_address_is_a_secret() -> None:
    config = Slack.clean({"url": "https://hooks.slack.com/services/T0/B0/xyz"})

    assert config.shown == {}
    assert config.secrets == {"url": "https://hooks.slack.com/services/T0/B0/xyz"}
    assert "xyz" not in repr(config)


def test_a_revoked_webhook_is_a_permanent_failure(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(403, b"invalid_token")

    receipt = Slack({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    assert (receipt.failure, receipt.excerpt) == (Failure.PERMANENT, "invalid_token")
