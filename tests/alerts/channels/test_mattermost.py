"""Mattermost: what is posted, that nothing in it can be markup or call anybody, and what its answers mean."""

import html
import re
from datetime import datetime
from typing import Any

import pytest

from alerts.channels import base, mattermost
from alerts.channels.mattermost import Mattermost
from alerts.domain.retry import Failure
from tests.alerts.channels import cast
from tests.alerts.messages import OPENED_AT, opened, resolved, storm
from tests.receivers import HTTPReceiver

NOW: datetime = OPENED_AT
HOOK = "https://mattermost.example.com/hooks/xtrzixbz3pgzmbn8qz46nnrsoo"


@pytest.fixture
def channel(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> base.Channel:
    return cast.ready("mattermost", http_receiver, monkeypatch)


def texts(body: dict[str, Any]) -> list[str]:
    """Everything that Mattermost reads as Markdown."""
    [attachment] = body["attachments"]
    fields = [text for field in attachment["fields"] for text in (field["title"], field["value"])]
    return [body["text"], attachment["text"], *fields]


def shown(text: str) -> str:
    """What people see of an escaped text."""
    return html.unescape(re.sub(r"\\([\\*_`|\[\]])", r"\1", text)).replace("\u2060", "")


def test_a_message_is_a_link_and_an_attachment(channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    assert channel.send(opened(), "id-1", now=NOW).is_ok

    body = http_receiver.requests[0].json()
    [attachment] = body["attachments"]
    assert body["text"] == "**[Nightly backup is down](https://beet.example.com/incidents/17)**"
    assert attachment["color"] == "#c62828"
    assert attachment["text"].startswith("Nightly backup did not ping")
    assert {"title": "Monitor", "value": "Nightly backup", "short": False} in attachment["fields"]


def test_the_end_is_green_and_says_how_long_it_lasted() -> None:
    [attachment] = mattermost.body(resolved())["attachments"]

    assert attachment["color"] == "#2e7d32"
    assert {"title": "Lasted", "value": "12 minutes", "short": False} in attachment["fields"]


@pytest.mark.parametrize(
    "name",
    [
        "<!channel> *x* <script>",
        "@channel @here @all @bob ~town-square #tag :tada:",
        "[a](https://evil.example) <https://evil.example|b> www.evil.example",
        "**x** __y__ `z` ~~q~~ | a | b |\\",
        "&lt;b&gt; &amp;",
    ],
)
def test_a_name_is_shown_as_it_is_and_calls_nobody(name: str) -> None:
    body = mattermost.body(opened(name, title=f"{name} missed its ping"))

    ours = "](https://beet.example.com/incidents/17)**"
    for text in (part.removeprefix("**[").removesuffix(ours) for part in texts(body)):
        bare = re.sub(r"\\[\\*_`|\[\]]", "", text)
        assert not set(bare) & set("*_`|[]<>\\"), text
        assert not re.search(r"[@~#](?!\u2060)|:(?=[A-Za-z/])|www\.", bare), text
    assert shown(body["attachments"][0]["fields"][0]["value"]) == name
    assert not re.search(r"[@~](?!\u2060)", body["attachments"][0]["fallback"])


@pytest.mark.parametrize("name", ["x" * 255, "日" * 255, "*" * 255, "&" * 255])
def test_a_post_stays_far_below_its_limit(name: str) -> None:
    for message in (opened(name, title=name * 9), storm(name, monitors=1000)):
        body = mattermost.body(message)
        assert len(body["text"]) <= 4000
        assert sum(map(len, texts(body))) <= 60_000
        assert all(len(text) <= 16_383 for text in texts(body))


@pytest.mark.parametrize(
    ("status", "body", "error", "failure"),
    [
        (400, b'{"id":"web.incoming_webhook.invalid.app_error","message":"Invalid webhook.","status_code":400}',
         "Mattermost answered 400: Invalid webhook.", Failure.PERMANENT),
        (403, b'{"message":"You do not have the appropriate permissions."}', "permissions", Failure.PERMANENT),
        (404, b'{"message":"Could not find the channel."}', "Could not find the channel.", Failure.MISSING),
        (429, b"limit exceeded", "answered 429", Failure.TRANSIENT),
        (501, b'{"message":"Incoming webhooks have been disabled by the system admin."}', "disabled by the system",
         Failure.TRANSIENT),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_its_words(
    status: int, body: bytes, error: str, failure: Failure, channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, body)

    receipt = channel.send(opened(), "id-1", now=NOW)

    assert error in receipt.error
    assert receipt.failure is failure


@pytest.mark.parametrize("url", [HOOK, HOOK.replace("/hooks", "/chat/hooks")])
def test_the_address_is_a_secret_on_any_public_host(url: str) -> None:
    config = Mattermost.clean({"url": url})

    assert (config.shown, config.secrets, Mattermost.host({"url": url})) == (
        {}, {"url": url}, "mattermost.example.com",
    )  # fmt: skip


def test_a_private_server_needs_the_operators_word(settings: Any) -> None:
    private = HOOK.replace("mattermost.example.com", "10.1.2.3")

    with pytest.raises(base.AlertUrlBlocked, match="private address"):
        Mattermost.clean({"url": private})


@pytest.mark.parametrize(
    "url",
    [
        "https://mattermost.example.com/",
        "https://mattermost.example.com/hooks/short",
        "https://mattermost.example.com/?x=/hooks/xtrzixbz3pgzmbn8qz46nnrsoo",
    ],
)
def test_another_address_is_refused_with_what_it_looks_like(url: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match="/hooks/ and 26 letters") as caught:
        Mattermost.clean({"url": url})

    assert caught.value.path == "url"
