"""What every channel is: some fields that are checked when a person saves them, and one verb, `send`."""

import json
import re
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

import structlog

from alerts.domain import services, words
from alerts.domain.message import EVERY_EVENT, MessageType, Telling
from alerts.domain.retry import Failure, classify
from heartbeet.lib import http

log = structlog.get_logger(__name__)

Values = dict[str, str]

WITHOUT_ACKNOWLEDGEMENTS = EVERY_EVENT - {MessageType.ACKNOWLEDGED}

ERROR_LENGTH = 500
EXCERPT_LENGTH = 1000
PATH_LENGTH = 8
HOST_LENGTH = 255
SECRET_LENGTH = 16
"""A part of an address that is this long is a secret, not a word such as `webhooks`."""


class BadConfig(ValueError):
    """A field of a channel is wrong: `path` names it, the message says what would be right."""

    code = "VALIDATION_FAILED"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class AlertUrlInvalid(BadConfig):
    """Not a URL that an alert can be sent to."""

    code = "ALERT_URL_INVALID"


class AlertUrlBlocked(BadConfig):
    """A URL that leads into a private network."""

    code = "ALERT_URL_BLOCKED"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one try. `error` is a sentence for people, `excerpt` the receiver's own words."""

    is_ok: bool
    error: str = ""
    failure: Failure = Failure.TRANSIENT
    status_code: int | None = None
    retry_after: timedelta | None = None
    excerpt: str = ""
    is_quoted: bool = False
    """Whether `error` has the receiver's own words already."""
    reference: str = ""
    """How the receiver calls the message it took, where it can be changed later."""
    is_gone: bool = False
    """Whether what was to be changed is not there any more."""


def refused(found: Receipt, error: str, *, failure: Failure | None = None) -> Receipt:
    """The same, with a reason in the receiver's own words, and what they mean for the next try."""
    said = words.one_line(error, ERROR_LENGTH)
    return replace(found, is_ok=False, error=said, is_quoted=True, failure=failure or found.failure)


def failed(error: str, failure: Failure = Failure.TRANSIENT) -> Receipt:
    """A try that got no answer."""
    return Receipt(is_ok=False, error=words.one_line(error, ERROR_LENGTH), failure=failure)


@dataclass(frozen=True, slots=True)
class Field:
    """A text a person fills in; `hint` is an example, `where` says how to get one. A secret is sealed at rest, and
    never shown again."""

    name: str
    label: str
    is_secret: bool = False
    is_required: bool = True
    hint: str = ""
    where: str = ""
    max_length: int = 500

    def clean(self, value: str) -> str:
        """The value as it is kept. Raises BadConfig."""
        text = value.strip()
        if not text and self.is_required:
            raise BadConfig(self.name, f"Give the {self.label}.")
        if len(text) > self.max_length:
            raise BadConfig(self.name, f"Give at most {self.max_length} characters.")
        if not text.isprintable():
            raise BadConfig(self.name, "Leave out line breaks and control characters.")
        return text

    def default(self) -> str:
        """What it is when nobody gave it."""
        return ""

    def masked(self, value: str) -> str:
        """The value as those may see it who may not change it."""
        return value


@dataclass(frozen=True, slots=True)
class Choice(Field):
    """One of a few values, each with what people read; the first one where nobody chose."""

    choices: tuple[tuple[str, str], ...] = ()

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        known = [key for key, _ in self.choices]
        if text not in known:
            raise BadConfig(self.name, f"Give one of {', '.join(known)}.")
        return text

    def default(self) -> str:
        return self.choices[0][0]


@dataclass(frozen=True, slots=True)
class URL(Field):
    """A public address to post to; `hosts` limits it to those of one service, `*.` stands for any name before. The
    address of a known service's webhook is taken only where `service` names it. `retired` are its old hosts."""

    hosts: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    service: str = ""
    max_length: int = http.MAX_URL

    def clean(self, value: str) -> str:
        text = Field.clean(self, value)
        try:
            host = http.check(text)
        except http.InvalidTarget as error:
            raise AlertUrlInvalid(self.name, str(error)) from error
        except http.BlockedTarget as error:
            raise AlertUrlBlocked(self.name, str(error)) from error
        found = services.of_url(text)
        if found and found.name != self.service and (self.hosts or not found.takes_any):
            raise AlertUrlInvalid(
                self.name, f"This address belongs to {found.name}: add a channel of that kind for it."
            )
        if any(_is_of(host, each) for each in self.retired):
            raise AlertUrlInvalid(self.name, f"{self.service} has retired this kind of address. {self.where}")
        if self.hosts and not (text.startswith("https://") and any(_is_of(host, each) for each in self.hosts)):
            raise AlertUrlInvalid(self.name, f"Give the address that starts with {_beginning(self.hosts[0])}.")
        return text

    def masked(self, value: str) -> str:
        """Scheme and host: the rest may hold credentials."""
        parts = urlsplit(value)
        rest = parts.path.strip("/") or parts.query or parts.fragment
        return f"{parts.scheme}://{parts.netloc}/…" if rest else value


def place(url: str) -> str:
    """Whom a URL leads to, with its port if that is unusual. Anybody may choose a URL, and what is noted about a place
    counts for all who share it: so plain HTTP is another place than HTTPS, and a name without a dot (`smtp`) cannot be
    taken for a word of our own."""
    parts = urlsplit(url)
    server = parts.netloc.lower()
    if parts.scheme == "http" and ":" not in server.rpartition("]")[2]:
        server += ":80"
    return (server if "." in server or not server else f"//{server}")[:HOST_LENGTH]


def _is_of(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _beginning(pattern: str) -> str:
    return f"https://{pattern.replace('*', '…')}/"


@dataclass(frozen=True, slots=True)
class Config:
    """The fields of one channel: what may be shown, and what is sealed."""

    shown: Values = field(default_factory=dict)
    secrets: Values = field(default_factory=dict, repr=False)


class Channel(ABC):
    """A way to reach people or programs, ready to send."""

    kind: ClassVar[str]
    label: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    steps: ClassVar[tuple[str, ...]] = ()
    """How a person gets what the fields want, step by step; the form and the page of docs/reference/channels say it."""
    tells: ClassVar[frozenset[MessageType]] = WITHOUT_ACKNOWLEDGEMENTS
    """What it tells where a subscription says nothing else."""
    collapses: ClassVar[bool] = True
    """Whether people read it: an incident that is over before they could be told of it is one message then, a storm is
    grouped, and they get bulletins."""
    is_signed: ClassVar[bool] = False
    """Whether `config["secret"]` signs what it sends: its own, or else the organisation's."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self.config = config

    @classmethod
    def clean(cls, given: Mapping[str, Any], kept: Mapping[str, str] | None = None) -> Config:
        """Check what a person filled in; a secret left out stays as it was in `kept`. Raises BadConfig."""
        known = {each.name for each in cls.fields}
        for name, value in given.items():
            if name not in known:
                raise BadConfig(name, f"Leave it out; of kind {cls.kind}, it takes only: {', '.join(sorted(known))}.")
            if not isinstance(value, str):
                raise BadConfig(name, "Give a text.")
        values = {each.name: each.clean(_value(each, given, kept or {})) for each in cls.fields}
        secret = {each.name for each in cls.fields if each.is_secret}
        return Config(
            shown={name: value for name, value in values.items() if name not in secret},
            secrets={name: value for name, value in values.items() if name in secret and value},
        )

    @classmethod
    def unavailable(cls) -> str:
        """Why no channel of this kind can be made on this installation; empty if it can."""
        return ""

    @classmethod
    def masked(cls, config: Mapping[str, str]) -> Values:
        """What may be shown of a channel to those who may not change it, and kept in the audit log."""
        fields = {each.name: each for each in cls.fields}
        return {name: fields[name].masked(value) if name in fields else value for name, value in config.items()}

    @classmethod
    def host(cls, config: Mapping[str, str]) -> str:
        """Whom we talk to, as `place` says it, or in a word of our own without a dot: what shares a host shares its
        limits. Empty if the configuration names nobody."""
        return place(config.get("url", ""))

    @abstractmethod
    def send(self, message: Telling, delivery_id: str, *, now: datetime) -> Receipt:
        """Tell it once. Never raises for what the receiver does; the receipt says if trying again makes sense."""

    def update(self, message: Telling, reference: str, delivery_id: str, *, now: datetime) -> Receipt | None:
        """Change the message that a receipt of `send` called `reference`. None where it cannot be changed, or is gone:
        then it takes a new one."""
        return None

    def discreet(self, receipt: Receipt) -> Receipt:
        """The receipt without our secrets, and without what not everybody may see: some services repeat the address
        they were asked for."""
        given = [(each, value) for each in self.fields if (value := self.config.get(each.name))]
        secrets = [value for each, value in given if each.is_secret or each.masked(value) != value]
        hidden = sorted({part for value in secrets for part in _parts(value)}, key=len, reverse=True)
        error, excerpt = receipt.error, receipt.excerpt
        for part in hidden:
            error, excerpt = error.replace(part, "…"), excerpt.replace(part, "…")
        return replace(receipt, error=error, excerpt=excerpt)


def _parts(secret: str) -> list[str]:
    """A secret as it may come back: whole, or what is long enough of it to be of use."""
    path = secret.partition("://")[2].partition("/")[2]
    words_of_it = [part for part in re.split(r"[\s/:?&=]+", secret) if len(part) >= SECRET_LENGTH]
    return [secret, *([path] if len(path) >= PATH_LENGTH else []), *words_of_it]


def _value(field: Field, given: Mapping[str, str], kept: Mapping[str, str]) -> str:
    """A secret left empty stays as it is, for a form cannot show it; anything else can be emptied."""
    if field.is_secret:
        return given.get(field.name) or kept.get(field.name) or field.default()
    return given.get(field.name, kept.get(field.name, field.default()))


class HTTPChannel(Channel):
    """A channel that is told by a request with JSON."""

    max_bytes: ClassVar[int] = 64 * 1024
    """The longest body that the service takes, where it says so. Lengths are kept by cutting what is long; this is the
    last guard."""

    def post(self, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Receipt:
        """POST JSON, or bytes as they are, and say what came of it."""
        return self.request("POST", url, body, headers)

    def request(self, method: http.Method, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Receipt:
        """Ask once, and say what came of it."""
        data = body if isinstance(body, bytes) else as_json(body)
        if len(data) > self.max_bytes:
            return failed(f"{self.label} takes {self.max_bytes} bytes; these are {len(data)}.", Failure.PERMANENT)
        own = {"Content-Type": "application/json", "User-Agent": "Heartbeet", **(headers or {})}
        try:
            return self.receipt(http.request(method, url, body=data, headers=own))
        except (http.BlockedTarget, http.InvalidTarget) as error:
            return failed(str(error), Failure.PERMANENT)
        except http.Unreachable as error:
            return failed(str(error))

    def receipt(self, response: http.Response) -> Receipt:
        """What an answer means; a service may say more in it than HTTP does."""
        return receipt_of(response)


def as_json(body: Any) -> bytes:
    """JSON in UTF-8, whatever characters are in it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def said_json(response: http.Response) -> dict[str, Any]:
    """The JSON object that was answered; empty if it was none."""
    try:
        said = json.loads(response.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def seconds(wish: Any) -> timedelta | None:
    """A wish for patience in seconds, a day at most; None if it is none."""
    try:
        length = float(wish)
    except (TypeError, ValueError):
        return None
    return timedelta(seconds=min(length, 86_400.0)) if length > 0 else None


def receipt_of(response: http.Response) -> Receipt:
    """What an HTTP answer means."""
    excerpt = words.one_line(response.body[: 4 * EXCERPT_LENGTH].decode("utf-8", "replace"), EXCERPT_LENGTH)
    if 200 <= response.status < 300:
        return Receipt(is_ok=True, status_code=response.status, excerpt=excerpt)
    error = f"The receiver answered {response.status} {response.reason}".rstrip() + "."
    if 300 <= response.status < 400:
        error += " Redirects are not followed: give the final address."
    return Receipt(
        is_ok=False,
        error=words.one_line(error, ERROR_LENGTH),
        failure=classify(response.status),
        status_code=response.status,
        retry_after=_retry_after(response.headers),
        excerpt=excerpt,
    )


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long the receiver wants us to wait: seconds, or a date measured by the receiver's own clock."""
    wished = headers.get("retry-after", "").strip()
    if wished.isascii() and wished.isdigit():
        return timedelta(seconds=min(int(wished[:9]), 86_400))
    try:
        delay = parsedate_to_datetime(wished) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(delay, timedelta(0))


def timed(
    channel: Channel, message: Telling, delivery_id: str, *, now: datetime, reference: str = ""
) -> tuple[Receipt, timedelta]:
    """Send, and measure how long it took; with a `reference`, change that message if it is still there. A bug in a
    channel is a failed try of that channel, nothing more, and no secret of it leaves in words."""
    started = time.monotonic()
    try:
        changed = channel.update(message, reference, delivery_id, now=now) if reference else None
        receipt = channel.discreet(changed or channel.send(message, delivery_id, now=now))
    except Exception as error:
        # Where it happened, not what was said: the words may hold the address we post to.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("channel.raised", kind=channel.kind, error=type(error).__name__, where=where)
        receipt = failed(f"The channel failed: {type(error).__name__}.", Failure.OURS)
    return receipt, timedelta(seconds=time.monotonic() - started)
