"""Discord: what is posted, and that nothing in it can be markup or call anybody."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.channels import base, discord
from alerts.channels.discord import Discord
from alerts.domain import words
from alerts.domain.retry import Failure
from tests.alerts.messages import notice, opened, resolved, storm
from tests.receivers import HTTPReceiver

NOW = datetime(2026, 1, 5, 12, 6, tzinfo=UTC)
URL = "https://discord.com/api/webhooks/12345/verysecret"


def test_a_message_is_one_embed_with_a_link(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(204, b"")

    receipt = Discord({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    body = http_receiver.requests[0].json()
    embed = body["embeds"][0]
    assert receipt.is_ok
    assert (embed["title"], embed["url"]) == ("Nightly backup is down", "https://beet.example.com/incidents/17")
    assert embed["description"].startswith("Nightly backup did not ping")
    assert embed["timestamp"] == "2026-01-05T12:06:00.000Z"
    assert {"name": "Monitor", "value": "Nightly backup", "inline": False} in embed["fields"]


def test_the_end_is_green_and_says_how_long_it_lasted() -> None:
    embed = discord.body(resolved())["embeds"][0]

    assert (embed["title"], embed["color"]) == ("Nightly backup has recovered", 0x2E7D32)
    assert {"name": "Lasted", "value": "12 minutes", "inline": False} in embed["fields"]


@pytest.mark.parametrize(
    "name", ["<!channel> @everyone *x* <script> [a](b)", "||x|| `y` ~~z~~", "<@123> <#4> <:a:5>", "# big\\", "> q"]
)
def test_a_name_is_shown_as_it_is_and_calls_nobody(name: str) -> None:
    for told in (opened(name, title=f"{name} missed its ping"), storm(name), notice(name)):
        body = discord.body(told)

        assert body["allowed_mentions"] == {"parse": []}
        for text in texts_of(body):
            assert not set(re.sub(r"\\[^\w\s]", "", text)) & set("\\*_~`|>[]()#<@"), text
    [embed] = discord.body(opened(name))["embeds"]
    assert re.sub(r"\\([^\w\s])", r"\1", embed["title"]).startswith(name)


def texts_of(body: dict[str, Any]) -> list[str]:
    """Everything that people read of it."""
    [embed] = body["embeds"]
    facts = [part for field in embed["fields"] for part in (field["name"], field["value"])]
    return [embed["title"], embed["description"], *facts]


@pytest.mark.parametrize("name", ["x" * 255, "*" * 255, "日" * 255])
def test_discords_limits_hold(name: str) -> None:
    embed = discord.body(opened(name, title=name + " missed its ping"))["embeds"][0]

    sizes = [len(embed["title"]), len(embed["description"])]
    sizes += [len(field["name"]) + len(field["value"]) for field in embed["fields"]]
    assert len(embed["title"]) <= 256
    assert len(embed["description"]) <= 4096
    assert all(0 < len(field["value"]) <= 1024 for field in embed["fields"])
    assert sum(sizes) <= 6000


@pytest.mark.parametrize(
    "url",
    [
        "https://discord.com.evil.example/api/webhooks/1/x",
        "https://evildiscord.com/api/webhooks/1/x",
        "http://discord.com/api/webhooks/1/x",
        "https://example.com/discord.com/api/webhooks/1/x",
    ],
)
def test_only_discords_own_address_is_accepted(url: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=r"https://discord\.com/") as caught:
        Discord.clean({"url": url})

    assert caught.value.path == "url"


@pytest.mark.parametrize("url", [URL, URL.replace("discord.com", "discordapp.com")])
def test_the_address_is_a_secret(url: str) -> None:
    config = Discord.clean({"url": url})

    assert (config.shown, config.secrets) == ({}, {"url": url})
    assert "verysecret" not in repr(config)


def said(message: str, code: int = 0, **more: Any) -> bytes:
    return json.dumps({"message": message, "code": code, **more}).encode()


@pytest.mark.parametrize(
    ("status", "body", "failure", "error"),
    [
        (400, said("Invalid Form Body", 50035), Failure.PERMANENT, "answered 400: Invalid Form Body (code 50035)."),
        (401, said("Invalid Webhook Token", 50027), Failure.PERMANENT, "Invalid Webhook Token (code 50027)."),
        (403, said("Missing Permissions", 50013), Failure.PERMANENT, "Missing Permissions (code 50013)."),
        (404, said("Unknown Webhook", 10015), Failure.PERMANENT, "Unknown Webhook (code 10015)."),
        (404, b"<html>a proxy</html>", Failure.MISSING, "answered 404"),
        (429, said("You are being rate limited."), Failure.TRANSIENT, "answered 429: You are being rate limited."),
        (500, said("500: Internal Server Error"), Failure.TRANSIENT, "Internal Server Error."),
        (500, b"null", Failure.TRANSIENT, "answered 500"),
    ],
)
def test_what_discord_refuses_is_said_in_its_words(
    status: int, body: bytes, failure: Failure, error: str, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body)

    receipt = Discord({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure) == (False, failure)
    assert error in receipt.error


@pytest.mark.parametrize(
    ("headers", "body", "waits", "reason"),
    [
        ({"Retry_After": "8"}, said("x", retry_after=7.4), 8, "the longer one: the header is rounded up"),
        ({}, said("x", retry_after=0.75), 0.75, "seconds with a fraction"),
        ({"X_RateLimit_Reset_After": "2.5"}, b"", 2.5, "when the bucket is full again"),
        ({"Retry_After": "600"}, b"error code: 1015", 600, "the proxy before Discord speaks no JSON"),
        ({}, said("x", retry_after="soon"), None, "no number"),
        ({}, said("x", retry_after=10**9), 86_400, "absurd: a day"),
    ],
)
def test_it_waits_as_long_as_discord_says(
    headers: dict[str, Any], body: bytes, waits: float | None, reason: str, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(429, body, **headers)

    receipt = Discord({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    assert receipt.retry_after == (None if waits is None else timedelta(seconds=waits)), reason


def at(http_receiver: HTTPReceiver, rest: str = "") -> Discord:
    return Discord({"url": f"{http_receiver.url.removesuffix('/hook')}/api/webhooks/12345/verysecret{rest}"})


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("", "/api/v10/webhooks/12345/verysecret?wait=true"),
        ("/", "/api/v10/webhooks/12345/verysecret?wait=true"),
        ("?thread_id=99", "/api/v10/webhooks/12345/verysecret?thread_id=99&wait=true"),
    ],
)
def test_it_asks_for_the_message_it_made(rest: str, path: str, http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(200, b'{"id": "777"}')

    receipt = at(http_receiver, rest).send(opened(), "id-1", now=NOW)

    assert http_receiver.requests[0].path == path
    assert (receipt.is_ok, receipt.reference) == (True, "777")


def test_a_message_is_changed_where_it_stands(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(200, b'{"id": "777"}')

    receipt = at(http_receiver, "?thread_id=99").update(storm(monitors=12), "777", "id-1", now=NOW)

    [request] = http_receiver.requests
    assert (request.method, request.path) == ("PATCH", "/api/v10/webhooks/12345/verysecret/messages/777?thread_id=99")
    assert request.json() == discord.body(storm(monitors=12))
    assert receipt is not None
    assert (receipt.is_ok, receipt.reference) == (True, "777")


@pytest.mark.parametrize("code", [10008, 50005])
def test_a_message_that_is_gone_is_sent_anew(code: int, http_receiver: HTTPReceiver) -> None:
    http_receiver.then(404, said("Unknown Message", code))
    http_receiver.then(200, b'{"id": "778"}')

    receipt, _ = base.timed(at(http_receiver), storm(), "id-1", now=NOW, reference="777")

    assert [request.method for request in http_receiver.requests] == ["PATCH", "POST"]
    assert (receipt.is_ok, receipt.reference) == (True, "778")


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (404, said("Unknown Webhook", 10015), Failure.PERMANENT),
        (429, said("You are being rate limited.", retry_after=3), Failure.TRANSIENT),
        (500, b"", Failure.TRANSIENT),
    ],
)
def test_a_change_that_fails_is_no_reason_for_a_second_message(
    status: int, body: bytes, failure: Failure, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body)

    receipt, _ = base.timed(at(http_receiver), storm(), "id-1", now=NOW, reference="777")

    assert (receipt.is_ok, receipt.failure, len(http_receiver.requests)) == (False, failure, 1)


@pytest.mark.parametrize(
    ("url", "error", "reason"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", "belongs to Slack: add a channel of that kind", "another service"),
        (f"{URL}/slack", "Leave out /slack at the end", "a form for another program"),
        (f"{URL}/github", "Leave out /github at the end", "a form for another program"),
        ("https://discord.com/channels/1/2", "Give the whole address", "the channel, not its webhook"),
        ("https://discord.com/api/webhooks/12345", "Give the whole address", "cut off"),
        ("https://discord.gg/abc", "starts with https://discord.com/", "an invitation"),
    ],
)
def test_the_mistake_is_named(url: str, error: str, reason: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=re.escape(error)):
        Discord.clean({"url": url})


def test_the_list_of_a_storm_ends_with_how_many_are_left_out() -> None:
    body = discord.body(storm("*" * 255, monitors=300))
    [embed] = body["embeds"]

    assert len(embed["fields"]) <= 25
    assert sum(words.utf16(text) for text in texts_of(body)) <= 6000
    assert (embed["fields"][-1]["name"], embed["fields"][-1]["value"]) == ("And", f"{301 - len(embed['fields'])} more")
