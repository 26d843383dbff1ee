"""The long tail, by Apprise (https://appriseit.com): off until the operator switches it on by HEARTBEET_APPRISE.

Apprise is a library of some 170 plugins, and each does its own input and output: some run programs, read files or open
sockets. So only the plugins of `PLUGINS` are used, each of which does nothing but `requests.post`, and they are given
`heartbeet.lib.borrowed` in its place: our client checks each address, keeps one deadline for all of a message and
follows no redirect. A test reads the source of each for anything else. Apprise is imported when it is on and used.
"""

import importlib
import importlib.util
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from alerts.channels.base import (
    HOST_LENGTH,
    AlertUrlBlocked,
    AlertUrlInvalid,
    BadConfig,
    Channel,
    Field,
    Receipt,
    failed,
    receipt_of,
)
from alerts.domain import words
from alerts.domain.message import Telling, Tone
from alerts.domain.retry import Failure
from heartbeet.lib import borrowed, http

PLUGINS = {
    "bark": "bark",
    "barks": "bark",
    "betterstack": "betterstack",
    "clicksend": "clicksend",
    "d7sms": "d7networks",
    "dingtalk": "dingtalk",
    "feishu": "feishu",
    "flock": "flock",
    "gchat": "google_chat",
    "goalert": "goalert",
    "goalerts": "goalert",
    "gotify": "gotify",
    "gotifys": "gotify",
    "groupme": "groupme",
    "hassio": "home_assistant",
    "hassios": "home_assistant",
    "httpsms": "httpsms",
    "ifttt": "ifttt",
    "ilert": "ilert",
    "incidentio": "incidentio",
    "join": "join",
    "lark": "lark",
    "line": "line",
    "msgbird": "messagebird",
    "nctalk": "nextcloudtalk",
    "nctalks": "nextcloudtalk",
    "onesignal": "one_signal",
    "pagertree": "pagertree",
    "plivo": "plivo",
    "prowl": "prowl",
    "psafers": "pushsafer",
    "push": "techuluspush",
    "revolt": "revolt",
    "rocket": "rocketchat",
    "rockets": "rocketchat",
    "ryver": "ryver",
    "schan": "serverchan",
    "seven": "seven",
    "signal": "signal_api",
    "signals": "signal_api",
    "signl4": "signl4",
    "sinch": "sinch",
    "spike": "spike",
    "splunk": "splunk",
    "squadcast": "squadcast",
    "synology": "synology",
    "synologys": "synology",
    "threema": "threema",
    "twilio": "twilio",
    "victorops": "splunk",
    "vonage": "vonage",
    "webex": "webexteams",
    "wecombot": "wecombot",
    "whatsapp": "whatsapp",
    "wxteams": "webexteams",
    "zoom": "zoom",
    "zulip": "zulip",
}
"""What an Apprise URL may begin with, and the plugin's module."""

HOSTED = frozenset(
    {"bark", "goalert", "gotify", "home_assistant", "nextcloudtalk", "rocketchat", "signal_api", "synology"}
)
"""The plugins of services that people run themselves: their URL names the host. All others know their service's."""

NAMED = frozenset({"ryver", "zulip"})
"""The plugins whose URL names a server of the service: each of those is well or ill for itself."""

PAGE = "docs/reference/channels/apprise.md"

KINDS = {Tone.ALARM: "failure", Tone.RECOVERY: "success", Tone.PLAIN: "info"}

HEADLINE, SUMMARY, NAME, FACT, ROWS, ROOM = 300, 2000, 150, 300, 50, 5000

# What begins a mention, a tag, markup, a link or an entity somewhere: the service, and what it reads, are not known.
_SIGNS = re.compile(r"[@#<&*_`~|\[\]!$](?=\S)|:(?=/)")


@dataclass(frozen=True, slots=True)
class AppriseURL(Field):
    """One Apprise URL with one target, of a service that Heartbeet lets it send to."""

    max_length: int = http.MAX_URL

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        if reason := unavailable():
            raise BadConfig("kind", reason)
        plugin(text)
        return text


class Apprise(Channel):
    """One message with a title and a text."""

    kind = "apprise"
    label = "Apprise"
    fields = (
        AppriseURL(
            "url",
            "Apprise URL",
            is_secret=True,
            hint="gotifys://gotify.example.com/AbCdEf123456",
            where=f"Of one of the services in {PAGE}, with one target.",
        ),
    )

    @classmethod
    def unavailable(cls) -> str:
        return unavailable()

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        parts = urlsplit(config.get("url", ""))
        service, server = PLUGINS.get(parts.scheme, ""), parts.netloc.rpartition("@")[2].lower()
        return f"{service}:{server}"[:HOST_LENGTH] if service in HOSTED | NAMED else service

    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        url = self.config["url"]
        if reason := unavailable():
            return failed(reason, Failure.PERMANENT)
        try:
            ready = plugin(url)
        except BadConfig as error:
            return failed(str(error), Failure.PERMANENT)
        with borrowed.conversation(http.TIMEOUT_SEC) as said:
            is_taken = ready.notify(**told(message))
        return _receipt(said, is_taken=is_taken)

    def discreet(self, receipt: Receipt) -> Receipt:
        """Without any part of the URL that may be a credential."""
        found, url = Channel.discreet(self, receipt), self.config.get("url", "")
        parts = {part for part in re.split(r"[/:@?&=,]+", url) if len(part) >= 8}
        address = urlsplit(url)
        server = address.hostname if PLUGINS.get(address.scheme) in HOSTED else None
        error, excerpt = found.error, found.excerpt
        for part in sorted({*parts, *map(unquote, parts)} - {server}, key=len, reverse=True):
            error, excerpt = error.replace(part, "…"), excerpt.replace(part, "…")
        return replace(found, error=error, excerpt=excerpt)


def unavailable() -> str:
    """Why nothing can be told by Apprise; empty if it can."""
    if not settings.HEARTBEET_APPRISE:
        return "Apprise is switched off here. The operator can switch it on by HEARTBEET_APPRISE=on."
    if importlib.util.find_spec("apprise") is None:
        return "Apprise is not installed here. The operator can install it: pip install heartbeet[apprise]."
    return ""


def plugin(url: str) -> Any:
    """The plugin of a URL, ready to send. Nothing is sent while it is made. Raises BadConfig, without a word of the
    URL: it is a secret."""
    scheme = url.partition("://")[0].lower()
    if scheme not in PLUGINS:
        raise AlertUrlInvalid(
            "url", "Give an Apprise URL of one of the services in docs/reference/channels/apprise.md."
        )
    kind = _kind(scheme)
    try:
        made = kind(**_parts(kind, url))
    except Exception as error:  # each plugin has errors of its own
        known = ", ".join(kind.templates[:2]).format_map(_Names(scheme))
        raise AlertUrlInvalid("url", f"Give an Apprise URL like {known}.") from error
    if len(made) != 1:
        raise AlertUrlInvalid("url", "Give one target: of several, all would be told again when one has failed.")
    if PLUGINS[scheme] in HOSTED:
        _check(made.host)
    made.throttle = lambda *_, **__: None  # it would sleep between two posts of one message
    return made


class _Names(dict[str, str]):
    """Fills in the scheme of a template, and leaves the other names as they are."""

    def __init__(self, scheme: str) -> None:
        super().__init__(schema=scheme)

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _kind(scheme: str) -> Any:
    logging.getLogger("apprise").disabled = True  # it would log what is secret
    module = importlib.import_module(f"apprise.plugins.{PLUGINS[scheme]}")
    borrowed.lend(module)
    made_here = [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]
    return next(each for each in made_here if scheme in _schemes(each))


def _schemes(found: Any) -> list[str]:
    named = [getattr(found, name, None) or () for name in ("protocol", "secure_protocol")]
    return [scheme for each in named for scheme in ([each] if isinstance(each, str) else each)]


def _parts(kind: Any, url: str) -> dict[str, Any]:
    """What a plugin is made of. Trying again is ours; nothing is kept on disk."""
    asset = importlib.import_module("apprise.asset").AppriseAsset
    found = {**kind.parse_url(url), "asset": asset(app_id="Heartbeet", app_desc="Heartbeet", storage_mode="memory")}
    return {name: value for name, value in found.items() if name not in ("retry", "wait", "optional")}


def _check(host: str) -> None:
    try:
        http.check(f"https://{host}/")
    except http.InvalidTarget as error:
        raise AlertUrlInvalid("url", str(error)) from error
    except http.BlockedTarget as error:
        raise AlertUrlBlocked("url", str(error)) from error


def told(message: Telling) -> dict[str, Any]:
    """The message for Apprise, as plain text that the service's own limits cut."""
    facts = [(harmless(name, NAME), harmless(fact, FACT)) for name, fact in message.facts]
    rows = [f"{name}: {fact}" for name, fact in words.as_many(facts, most=ROWS, budget=ROOM)]
    body = "\n\n".join(filter(None, [harmless(message.summary, SUMMARY), "\n".join(rows), message.url]))
    return {
        "title": harmless(message.headline, HEADLINE),
        "body": body,
        "notify_type": KINDS[message.tone],
        "body_format": "text",
        "overflow": "truncate",
    }


def harmless(text: str, limit: int) -> str:
    """A text whose signs are kept apart from the words behind them by an invisible character."""
    return words.fit(text, limit, written=lambda line: _SIGNS.sub("\\g<0>\u2060", line))


def _receipt(said: borrowed.Conversation, *, is_taken: bool) -> Receipt:
    """What came of it. A plugin says yes or no; the reason is in the last answer, in the service's own words."""
    if isinstance(said.trouble, http.BlockedTarget | http.InvalidTarget):
        return failed(str(said.trouble), Failure.PERMANENT)
    if said.trouble:
        return failed(str(said.trouble))
    if said.answer is None:
        return failed("Apprise sent nothing.", Failure.PERMANENT)
    found = receipt_of(said.answer)
    if found.is_ok and not is_taken:
        return replace(found, is_ok=False, error=f"It answered {said.answer.status}, but did not take the message.")
    return replace(found, is_ok=is_taken)
