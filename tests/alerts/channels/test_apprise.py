"""Apprise: off unless the operator wants it, and then behind the same rules as everything else that goes out."""

import ast
import importlib
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.channels import apprise, base, registry
from alerts.channels.apprise import Apprise
from alerts.domain.retry import Failure
from alerts.web import present
from heartbeet.lib import http
from tests import servers
from tests.alerts.messages import OPENED_AT, TELLINGS, opened, resolved, storm
from tests.receivers import HTTPReceiver

NOW: datetime = OPENED_AT
TOKEN = "verysecretverysecret"
GOTIFY = f"gotifys://gotify.example.com/{TOKEN}"

PURE = {"base64", "contextlib", "datetime", "hashlib", "hmac", "itertools", "json", "logging", "math", "re", "secrets"}
PURE |= {"string", "time", "typing", "uuid", "xml.sax.saxutils", "collections", "collections.abc", "requests"}
PURE |= {"__future__", "cryptography.hazmat.primitives.ciphers.aead"}
ITS_OWN = {".", "base", "common", "conversion", "exception", "locale", "url"}
ITS_OWN |= {"utils.base64", "utils.parse", "utils.sanitize"}
OF_REQUESTS = {"post", "codes", "exceptions", "RequestException"}
MODULES = [importlib.import_module(f"apprise.plugins.{name}") for name in sorted(set(apprise.PLUGINS.values()))]
SOURCES = [Path(str(module.__file__)) for module in MODULES]


def ready(receiver: HTTPReceiver, scheme: str = "gotify", path: str = f"/{TOKEN}") -> Apprise:
    """A channel whose service listens on this machine."""
    return Apprise({"url": f"{scheme}://127.0.0.1:{receiver.port}{path}"})


@pytest.mark.parametrize("told", sorted(TELLINGS))
def test_everything_is_told_with_a_title_a_text_and_a_link(told: str, http_receiver: HTTPReceiver) -> None:
    message = TELLINGS[told]()

    receipt = ready(http_receiver).send(message, "id-1", now=NOW)

    [request] = http_receiver.requests
    said = request.json()
    assert receipt.is_ok, receipt.error
    assert (request.path, request.headers["x-gotify-key"]) == ("/message", TOKEN)
    assert said["title"] == message.headline
    assert message.summary in said["message"].replace("\u2060", "")
    assert said["message"].endswith(message.url)


@pytest.mark.parametrize(
    "name", ["<!channel> *x* <script>", "@everyone @here #tag [a](https://evil.example) `x`", "&lt;b"]
)
def test_a_name_is_no_markup_of_any_service(name: str, http_receiver: HTTPReceiver) -> None:
    ready(http_receiver).send(opened(name), "id-1", now=NOW)

    said = http_receiver.requests[0].json()
    text = said["title"] + said["message"].removesuffix(opened().url)
    assert said["title"].replace("\u2060", "") == f"{name} is down"
    for sign in ("<!", "<s", "*x", "@e", "@h", "#t", "[a", "://", "`x", "&l"):
        assert sign not in text


def test_the_end_says_how_long_it_lasted(http_receiver: HTTPReceiver) -> None:
    ready(http_receiver).send(resolved(), "id-1", now=NOW)

    assert "Lasted: 12 minutes" in http_receiver.requests[0].json()["message"]


def test_a_storm_is_cut_to_what_the_service_takes(http_receiver: HTTPReceiver) -> None:
    assert ready(http_receiver).send(storm("日" * 255, monitors=1000), "id-1", now=NOW).is_ok

    assert len(http_receiver.requests) == 1


@pytest.mark.parametrize(
    ("status", "failure"),
    [(401, Failure.PERMANENT), (404, Failure.MISSING), (429, Failure.TRANSIENT), (500, Failure.TRANSIENT)],
)
def test_a_refusal_is_that_of_the_service_without_the_token(
    status: int, failure: Failure, http_receiver: HTTPReceiver
) -> None:
    http_receiver.answer(status, f'{{"error": "Unauthorized", "token": "{TOKEN}"}}'.encode())

    receipt, _ = base.timed(ready(http_receiver), opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure, receipt.status_code) == (False, failure, status)
    assert "Unauthorized" in receipt.excerpt
    assert TOKEN not in repr(receipt)


def test_a_200_that_the_plugin_does_not_take_is_not_ok(http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(202, b"perhaps")  # Gotify answers 200

    receipt = ready(http_receiver).send(opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.error) == (False, "It answered 202, but did not take the message.")


def test_a_receiver_that_hangs_is_cut_off(http_receiver: HTTPReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SEC", 0.3)
    http_receiver.answer(hang_sec=5)

    receipt, took = base.timed(ready(http_receiver), opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure) == (False, Failure.TRANSIENT)
    assert "No complete answer came" in receipt.error
    assert took.total_seconds() < 3


def test_nobody_there_is_tried_again() -> None:
    receipt = Apprise({"url": f"gotify://127.0.0.1:{servers.free_port()}/{TOKEN}"}).send(opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure) == (False, Failure.TRANSIENT)
    assert "Connection refused" in receipt.error


def test_a_private_address_is_never_reached(http_receiver: HTTPReceiver, settings: Any) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = []

    receipt = ready(http_receiver).send(opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure) == (False, Failure.PERMANENT)
    assert "loopback" in receipt.error
    assert http_receiver.requests == []


def test_a_name_that_leads_inside_is_found_out_when_we_connect(
    http_receiver: HTTPReceiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = []
    inside = [(2, 1, 6, "", ("127.0.0.1", http_receiver.port))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: inside)

    url = f"gotify://gotify.example.com:{http_receiver.port}/{TOKEN}"
    receipt = Apprise({"url": url}).send(opened(), "id-1", now=NOW)

    assert (receipt.failure, "loopback" in receipt.error) == (Failure.PERMANENT, True)
    assert http_receiver.requests == []


def test_a_redirect_inside_is_not_followed(http_receiver: HTTPReceiver) -> None:
    with HTTPReceiver() as inside:
        http_receiver.answer(307, b"", Location=inside.url)

        receipt = ready(http_receiver, path=f"/{TOKEN}?redirect=yes").send(opened(), "id-1", now=NOW)

        assert (receipt.is_ok, receipt.status_code, inside.requests) == (False, 307, [])


@pytest.mark.parametrize(
    "url",
    [
        "syslog://",
        "file:///etc/passwd",
        "dbus://",
        "windows://",
        "macosx://",
        "mailto://user:pass@example.com",
        "json://localhost/",
        "jsons://10.0.0.1/",
        "xml://127.0.0.1",
        "form://127.0.0.1",
        "apprise://localhost/token",
        "rsyslog://127.0.0.1",
        "mqtt://127.0.0.1/topic",
        "growl://127.0.0.1",
        "slack://tokenA/tokenB/tokenC/?template=/etc/passwd",
        "workflows://host/a/b/?template=/etc/passwd",
        "https://example.com/config.yml",
        "include://x",
        "nonsense",
    ],
)
def test_what_could_do_more_than_post_is_refused(url: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=r"one of the services in docs/reference/channels/apprise\.md"):
        Apprise.clean({"url": url})


@pytest.mark.parametrize(
    ("url", "error"),
    [
        (f"gotifys://10.0.0.1/{TOKEN}", "10.0.0.1 is a private address"),
        (f"gotifys://169.254.169.254/{TOKEN}", "cloud metadata"),
        (f"rockets://user:{TOKEN}@[::1]/room", "loopback"),
    ],
)
def test_a_private_server_is_refused_when_it_is_saved(url: str, error: str, settings: Any) -> None:
    settings.HEARTBEET_ALLOW_PRIVATE_TARGETS = []

    with pytest.raises(base.BadConfig, match=error) as caught:
        Apprise.clean({"url": url})

    assert caught.value.path == "url"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("gotifys://gotify.example.com", r"like gotifys://\{host\}/\{token\}"),
        ("twilio://verysecret", r"like twilio://\{account_sid\}"),
        (f"d7sms://{TOKEN}@15551231234/15551231235", "one target"),
    ],
)
def test_a_mistake_is_named_without_a_word_of_the_url(url: str, error: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=error) as caught:
        Apprise.clean({"url": url})

    assert "verysecret" not in str(caught.value)


def test_the_url_is_a_secret() -> None:
    config = Apprise.clean({"url": GOTIFY})

    assert (config.shown, config.secrets) == ({}, {"url": GOTIFY})


@pytest.mark.parametrize(
    ("url", "host", "reason"),
    [
        (GOTIFY, "gotify:gotify.example.com", "it is the user's own"),
        ("gotifys://me:pw@Chat.example.com:81/x", "gotify:chat.example.com:81", "a port is another server"),
        ("gotifys://hooks.slack.com:81/x", "gotify:hooks.slack.com:81", "what hangs here says nothing of Slack"),
        ("zulip://bot@acme.zulip.example.com/x", "zulip:acme.zulip.example.com", "anybody may run a Zulip that hangs"),
        ("ryver://no-such-team/x", "ryver:no-such-team", "a team's name that leads nowhere is not all of Ryver"),
        (f"twilio://x:{TOKEN}@y", "twilio", "there is one Twilio"),
    ],
)
def test_nobody_can_pass_for_the_server_of_others(url: str, host: str, reason: str) -> None:
    assert Apprise.host({"url": url}) == host, reason


@pytest.mark.parametrize("reason", ["off", "not installed"])
def test_where_it_is_not_to_be_had_it_is_not_offered_and_refused_with_the_reason(
    reason: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = "HEARTBEET_APPRISE=on"
    if reason == "off":
        settings.HEARTBEET_APPRISE = False
    else:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        wanted = r"pip install heartbeet\[apprise\]"

    assert "apprise" not in {kind.key for kind in present.kinds()}
    assert "apprise" not in {kind.kind for kind in registry.offered()}
    with pytest.raises(base.BadConfig, match=wanted) as caught:
        Apprise.clean({"url": GOTIFY})
    assert caught.value.path == "kind"


def test_a_channel_that_was_made_before_it_was_switched_off_says_so(settings: Any) -> None:
    settings.HEARTBEET_APPRISE = False

    receipt = Apprise({"url": GOTIFY}).send(opened(), "id-1", now=NOW)

    assert (receipt.is_ok, receipt.failure) == (False, Failure.PERMANENT)
    assert "switched off" in receipt.error


def test_it_is_not_imported_while_it_is_off() -> None:
    code = (
        "import django, sys; django.setup();"
        "from alerts.channels import base, registry;"
        "registry.offered(); registry.find('apprise').host({'url': 'gotifys://x/y'});"
        "kind = registry.find('apprise');"
        "receipt = kind({'url': 'gotifys://x/y'}).send(None, 'id', now=None);"
        "assert not receipt.is_ok;"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'apprise']"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "heartbeet.settings.test", "PATH": ""}

    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_plugin_that_is_used_does_nothing_but_post(path: Path) -> None:
    """Whoever updates Apprise learns here that a plugin reads files now, or opens sockets."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert _imported(tree) <= PURE | ITS_OWN
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "requests":
            assert node.attr in OF_REQUESTS
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "exec", "eval", "compile", "__import__", "AppriseAttachment"}


def _imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or ".")
            assert node.level or node.module != "requests", "a name that we would not replace"
    return found


@pytest.mark.parametrize("scheme", sorted(apprise.PLUGINS))
def test_each_scheme_has_its_plugin(scheme: str) -> None:
    with pytest.raises(base.AlertUrlInvalid, match=f"like {scheme}://"):
        apprise.plugin(f"{scheme}://")


def test_the_page_lists_every_service() -> None:
    page = Path(apprise.__file__).parents[2].joinpath(apprise.PAGE).read_text(encoding="utf-8")

    assert all(f"`{scheme}://`" in page for scheme in apprise.PLUGINS)
