"""Slack: what is posted, and that nothing in it can be markup."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.channels import base, slack
from alerts.channels.slack import Slack
from alerts.domain.retry import Failure
from tests.alerts.messages import notice, opened, resolved, storm
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
    for told in (opened(name, title=f"{name} missed its ping"), storm(name), notice(name)):
        body = slack.body(told)

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


@pytest.mark.parametrize(
    ("status", "word", "failure", "error"),
    [
        (400, b"invalid_payload", Failure.PERMANENT, "Slack answered 400 invalid_payload."),
        (400, b"invalid_blocks", Failure.PERMANENT, "Slack answered 400 invalid_blocks."),
        (403, b"invalid_token", Failure.PERMANENT, "Slack answered 403 invalid_token: the webhook was revoked."),
        (
            403,
            b"action_prohibited",
            Failure.PERMANENT,
            "an administrator of the workspace has restricted this webhook.",
        ),
        (404, b"no_service", Failure.PERMANENT, "404 no_service: the webhook was removed or switched off."),
        (404, b"channel_not_found", Failure.PERMANENT, "the channel does not exist any more."),
        (410, b"channel_is_archived", Failure.PERMANENT, "the channel is archived."),
        (500, b"rollup_error", Failure.TRANSIENT, "Slack answered 500 rollup_error."),
        (404, b"<html>Not here</html>", Failure.MISSING, "The receiver answered 404 Not Found."),
        (400, b"<html>Bad</html>", Failure.TRANSIENT, "The receiver answered 400 Bad Request."),
    ],
)
def test_what_slack_refuses_is_said_in_its_words(
    status: int, word: bytes, failure: Failure, error: str, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, word)

    receipt = Slack({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure, receipt.excerpt) == (False, failure, word.decode())
    assert receipt.error.endswith(error)


@pytest.mark.parametrize(
    ("url", "error", "reason"),
    [
        ("https://discord.com/api/webhooks/1/x", "belongs to Discord: add a channel of that kind", "another service"),
        ("https://hooks.slack.com/workflows/T0/A0/1/x", "starts a workflow", "it wants variables of its own"),
        ("https://hooks.slack.com/triggers/T0/1/x", "starts a workflow", "it wants variables of its own"),
        ("https://hooks.slack.com/services/T0/B0", "Give the whole address", "cut off"),
        ("https://acme.slack.com/archives/C0", "starts with https://hooks.slack.com/", "the channel, not its webhook"),
    ],
)
def test_the_mistake_is_named(url: str, error: str, reason: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=error):
        Slack.clean({"url": url})


def test_a_storm_fills_as_many_sections_as_it_needs() -> None:
    blocks = slack.body(storm(monitors=120))["blocks"]

    facts = [field["text"] for block in blocks for field in block.get("fields", [])]
    assert len(blocks) <= 50
    assert all(0 < len(block["fields"]) <= 10 for block in blocks if "fields" in block)
    assert (len(facts), facts[-1]) == (50, "And: 71 more")


def test_a_bulletin_without_facts_has_no_empty_section() -> None:
    blocks = slack.body(replace(storm(), facts=(), summary=""))["blocks"]

    assert [block["type"] for block in blocks] == ["header", "section"]
    assert not any(block.get("fields") == [] for block in blocks)
