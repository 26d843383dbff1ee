"""What holds for every channel of the registry, the present and the future ones. How a new kind comes in here is told
in `cast.py`."""

import ast
import functools
import json
import re
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts import channels
from alerts.channels import base, registry
from alerts.domain.message import EVERY_EVENT, MessageType, Telling
from alerts.domain.retry import Failure
from alerts.web import present
from heartbeet.lib import http
from tests.alerts.channels import cast
from tests.alerts.channels.cast import HTTP_KINDS, KINDS
from tests.alerts.messages import OPENED_AT, TELLINGS, opened
from tests.receivers import HTTPReceiver

FOLDER = Path(channels.__file__).parent
HOSTILE = [
    ("<!channel> @everyone *x* <script>alert(1)</script> [a](https://evil.example)", "calls, markup and links"),
    ("<@U123> <@&4> <#5> <:a:6> @here #tag $USD /start tg://resolve?domain=evil", "mentions of every service"),
    ("\u202egnp.exe \u200b\u200d\u2066\ufeff", "right to left, and nothing to see"),
    ('"\\},{"text":"x\r\nBcc: all@example.com\x00\x1b[31m', "ends of strings, lines and headers"),
    ("😀" * 255, "255 characters outside the basic plane"),
    ("&<>\"'" * 51, "everything that grows when escaped"),
    ("*_`~|>[]()#" * 23, "everything that is markup somewhere"),
    ("x\ud800y", "half a character"),
]
names = pytest.mark.parametrize("name", [name for name, _ in HOSTILE], ids=[reason for _, reason in HOSTILE])


@pytest.fixture(params=HTTP_KINDS)
def channel(request: Any, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> base.Channel:
    """Each kind that speaks HTTP, ready to send to `http_receiver`."""
    return cast.ready(request.param, http_receiver, monkeypatch)


def send(channel: base.Channel, message: Telling | None = None) -> base.Receipt:
    return base.timed(channel, message or opened(), cast.DELIVERY, now=OPENED_AT)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_the_cast_has_one_of_each(kind: str) -> None:
    assert kind in cast.GIVEN, "give it a line in tests/alerts/channels/cast.py"
    assert cast.config_of(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_it_does_not_know_is_refused_by_name(kind: str) -> None:
    with pytest.raises(base.BadConfig) as caught:
        registry.find(kind).clean({"colour": "beetroot"})

    assert caught.value.path == "colour"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [7, None, ["x"], {"a": "b"}])
def test_only_text_is_accepted(kind: str, value: Any) -> None:
    field = registry.find(kind).fields[0].name

    with pytest.raises(base.BadConfig) as caught:
        registry.find(kind).clean({field: value})

    assert caught.value.path == field


@pytest.mark.parametrize("kind", KINDS)
def test_each_required_field_left_empty_is_named(kind: str) -> None:
    known = registry.find(kind)
    needed = [field.name for field in known.fields if field.is_required and not field.default()]

    for name in needed:
        given = {key: value for key, value in cast.GIVEN[kind].items() if key != name}
        with pytest.raises(base.BadConfig) as caught:
            known.clean(given)
        assert caught.value.path == name


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_says_what_it_is(kind: str) -> None:
    for field in registry.find(kind).fields:
        assert field.label
        assert field.hint or field.where or field.default(), f"{field.name} teaches nothing"


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_are_neither_shown_nor_represented(kind: str) -> None:
    config = registry.find(kind).clean(cast.GIVEN[kind])

    for secret in cast.secrets_of(kind):
        assert secret not in repr(config) + repr(config.shown) + repr(registry.find(kind).masked(config.shown))


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_left_out_stays_as_it_was(kind: str) -> None:
    known, kept = registry.find(kind), cast.config_of(kind)
    given = {field.name: kept[field.name] for field in known.fields if not field.is_secret and field.name in kept}

    again = known.clean(given, kept)

    assert {**again.shown, **again.secrets} == kept


@pytest.mark.parametrize("kind", KINDS)
def test_it_tells_the_beginning_the_end_and_tests_and_nothing_unheard_of(kind: str) -> None:
    assert EVERY_EVENT >= registry.find(kind).tells >= {MessageType.OPENED, MessageType.RESOLVED, MessageType.TEST}


@pytest.mark.parametrize("kind", KINDS)
def test_a_bug_in_it_is_a_failed_try_and_nothing_more(kind: str) -> None:
    broken = registry.build(kind, {})  # not one of its fields is there

    receipt, _ = base.timed(broken, None, "id", now=datetime.now(UTC))  # type: ignore[arg-type]

    assert not receipt.is_ok
    assert "The channel failed" in receipt.error


def test_everything_that_can_be_told_is_taken_and_a_2xx_is_ok(
    channel: base.Channel, http_receiver: HTTPReceiver
) -> None:
    for name, make in cast.told_to(channel.kind).items():
        receipt = send(channel, make())

        assert receipt.is_ok, f"{name}: {receipt.error}"
    assert len(http_receiver.requests) >= len(cast.told_to(channel.kind)), "a test may also end what it began"


@names
def test_a_hostile_name_is_one_request_that_stays_within_the_limit(
    channel: base.HTTPChannel, name: str, http_receiver: HTTPReceiver
) -> None:
    for make in cast.told_to(channel.kind).values():
        assert send(channel, make(name)).is_ok

    for request in http_receiver.requests:
        assert len(request.body) <= channel.max_bytes
        assert isinstance(request.json(), dict)
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00\x1b]", readable(channel, request.json()))


def readable(channel: base.Channel, body: Any) -> str:
    """What people read of it; a program gets names as they are."""
    return json.dumps(body, ensure_ascii=False) if channel.collapses else ""


@pytest.mark.parametrize("monitors", [1, 11, 60, 1000])
def test_a_storm_of_any_size_stays_within_the_limit(
    channel: base.HTTPChannel, monitors: int, http_receiver: HTTPReceiver
) -> None:
    if not channel.collapses:
        return

    assert send(channel, TELLINGS["storm"]("日" * 255, monitors=monitors)).is_ok

    assert len(http_receiver.requests[0].body) <= channel.max_bytes


@pytest.mark.parametrize(
    ("status", "failure", "reason"),
    [
        (500, Failure.TRANSIENT, "it may be well again soon"),
        (502, Failure.TRANSIENT, "a deployment"),
        (503, Failure.TRANSIENT, "an overload"),
        (429, Failure.TRANSIENT, "too much at once"),
        (401, Failure.PERMANENT, "a key that is not one"),
        (403, Failure.PERMANENT, "it is not allowed"),
        (410, Failure.PERMANENT, "it is gone for good"),
    ],
)
def test_what_an_answer_says_about_the_next_try(
    channel: base.Channel, status: int, failure: Failure, reason: str, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, b"<html>a proxy speaks</html>")

    receipt = send(channel)

    assert (receipt.is_ok, receipt.failure, receipt.status_code) == (False, failure, status), reason
    assert str(status) in receipt.error
    assert "a proxy speaks" in receipt.excerpt


def test_a_wish_for_patience_is_kept(channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(429, b"", Retry_After="37")

    assert send(channel).retry_after == timedelta(seconds=37)


def test_a_receiver_that_hangs_is_tried_again(
    channel: base.Channel, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "Client", functools.partial(http.Client, timeout_sec=0.2))
    http_receiver.answer(hang_sec=5)

    receipt = send(channel)

    assert (receipt.is_ok, receipt.failure) == (False, Failure.TRANSIENT)
    assert "within 0.2 seconds" in receipt.error


def test_a_redirect_is_not_followed(channel: base.Channel, http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(302, b"", Location=http_receiver.url)

    assert not send(channel).is_ok

    assert len(http_receiver.requests) == 1


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_it_talks_to_its_host_and_to_nobody_else(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    def resolve(host: str, *_: Any, **__: Any) -> Any:
        asked.add(host)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    known, config = registry.find(kind), cast.config_of(kind)

    for make in cast.told_to(kind).values():
        receipt = send(registry.build(kind, config), make())
        assert (receipt.is_ok, receipt.failure) == (False, Failure.TRANSIENT), "a name server may be well again soon"

    assert asked == {known.host(config).partition(":")[0]}


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_whom_it_talks_to(kind: str) -> None:
    assert registry.find(kind).host(cast.config_of(kind))


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_no_secret_comes_back_in_a_receipt(
    kind: str, http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = cast.ready(kind, http_receiver, monkeypatch)
    secrets = [
        channel.config[field.name] for field in channel.fields if field.is_secret and field.name in channel.config
    ]
    http_receiver.answer(400, f"What is {' or '.join(secrets)} at {parts_of(secrets)}?".encode())

    receipt = send(channel)

    assert "What is" in receipt.excerpt
    assert not [part for part in parts_of(secrets) if part in repr(receipt)]


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_is_logged_by_a_bug(kind: str, monkeypatch: pytest.MonkeyPatch, caplog: Any, capsys: Any) -> None:
    secrets = cast.secrets_of(kind)
    channel = registry.build(kind, cast.config_of(kind))

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"could not reach {secrets}")

    monkeypatch.setattr(channel, "send", fail)

    receipt = send(channel)

    seen = repr(receipt) + caplog.text + "".join(capsys.readouterr())
    assert "channel.raised" in seen
    assert not [part for part in parts_of(secrets) if part in seen]


def parts_of(secrets: list[str]) -> list[str]:
    """The secrets, and what of them would be enough."""
    return [part for whole in secrets for part in (whole, *re.findall(r"[\w-]*verysecret[\w-]*", whole))]


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(base.BadConfig, match=", ".join(KINDS)) as caught:
        registry.find("pigeon")

    assert caught.value.path == "kind"


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_to_choose_from_says_what_it_is(kind: str) -> None:
    [shown] = [each for each in present.kinds() if each.key == kind]

    assert shown.label
    assert shown.about.endswith(".")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_channels_know_neither_each_other_nor_the_database(path: Path) -> None:
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
    }

    assert not {module for module in imported if module.startswith("django.db") or module == "alerts.models"}
    if path.stem != "registry":
        assert {module for module in imported if module.startswith("alerts.channels.")} <= {"alerts.channels.base"}


@pytest.mark.parametrize(
    ("url", "host", "reason"),
    [
        ("https://Example.com/hook", "example.com", "what most addresses are"),
        ("https://example.com:8443/hook", "example.com:8443", "another port is another server"),
        ("http://api.telegram.org", "api.telegram.org:80", "what does not answer by HTTP may be well by HTTPS"),
        ("http://[2606:4700::1]/", "//[2606:4700::1]:80", "an address is no port"),
        ("https://smtp/", "//smtp", "or two dead webhooks would hold back everybody's mail"),
        ("https://channel:17/", "//channel:17", "or they would hold back channel 17, whoever has that"),
        (f"https://{'a.' * 500}com/", "a." * 127 + "a", "the column is not longer"),
    ],
)
def test_no_address_passes_for_what_others_share(url: str, host: str, reason: str) -> None:
    assert registry.find("webhook").host({"url": url}) == host, reason


def test_no_address_has_the_hosts_of_mails() -> None:
    mail = registry.find("email").host({"to": "ops@example.com"})

    assert registry.find("webhook").host({"url": f"https://{mail}/"}) != mail
