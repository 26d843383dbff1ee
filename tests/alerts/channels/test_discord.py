"""Discord: what is posted, and that nothing in it can be markup or call anybody."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from alerts.channels import base, discord
from alerts.channels.discord import Discord
from alerts.domain.retry import Failure
from tests.alerts.messages import opened, resolved
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
    body = discord.body(opened(name, title=f"{name} missed its ping"))

    embed = body["embeds"][0]
    texts = [embed["title"], embed["description"], *(field["value"] for field in embed["fields"])]
    assert body["allowed_mentions"] == {"parse": []}
    for text in texts:
        bare = re.sub(r"\\[^\w\s]", "", text)
        assert not set(bare) & set("\\*_~`|>[]()#<@"), text
    assert re.sub(r"\\([^\w\s])", r"\1", embed["title"]).startswith(name)


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


def test_too_many_messages_wait_as_long_as_discord_says(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(429, b'{"message": "You are being rate limited.", "retry_after": 7.4}', Retry_After="8")

    receipt = Discord({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    assert (receipt.failure, receipt.retry_after) == (Failure.TRANSIENT, timedelta(seconds=8))


def test_a_deleted_webhook_is_missing(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(404, b'{"message": "Unknown Webhook", "code": 10015}')

    receipt = Discord({"url": http_receiver.url}).send(opened(), "id-1", now=NOW)

    assert (receipt.failure, "Unknown Webhook" in receipt.excerpt) == (Failure.MISSING, True)
