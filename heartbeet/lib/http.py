"""The only way out: an HTTP client for addresses that users typed, which cannot be turned against our own network.

The address is checked at the moment of connecting, and the checked address itself is connected to, so a name that
resolves to something else a moment later gains nothing. No redirects, no proxies from the environment, one deadline for
everything, and at most 64 kB read.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from heartbeet.lib.addresses import METADATA, Address, Network, literal, refusal
from heartbeet.lib.deadline import Deadline

log = structlog.get_logger(__name__)

MAX_READ = 64 * 1024
MAX_URL = 2048
TIMEOUT_SEC = 10.0
CONNECT_TIMEOUT_SEC = 5.0

Resolver = Callable[[str, int], list[Address]]
Method = Literal["GET", "POST", "PATCH"]


class InvalidTarget(ValueError):
    """The address is not one that a request can be sent to; the message says what would be right."""


class BlockedTarget(ValueError):
    """The address leads into a network that Heartbeet does not send to."""


class Trouble(StrEnum):
    """Why a receiver could not be reached."""

    TIMEOUT = "timeout"
    DNS = "dns"
    TLS = "tls"
    REFUSED = "refused"
    BROKEN = "broken"


class Unreachable(Exception):
    """Nobody answered. `trouble` says at which step it failed."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Response:
    """What the receiver answered; header names in lower case, the body cut at 64 kB."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is read while it comes; header names in lower case. Reading the `pieces` raises Unreachable
    if the deadline or the connection ends first."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


def system_resolver(host: str, port: int) -> list[Address]:
    """Every address of a host, in the system's order of preference. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Client:
    """How requests go out. `allowed` are networks the operator has opened; `verify` is True or a CA bundle's path."""

    allowed: Sequence[Network] = ()
    timeout_sec: float = TIMEOUT_SEC
    resolve: Resolver = system_resolver
    verify: bool | str = True

    def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Response:
        """`request` with POST."""
        return self.request("POST", url, body=body, headers=headers)

    def request(self, method: Method, url: str, *, body: bytes, headers: Mapping[str, str]) -> Response:
        """Send once. Raises InvalidTarget, BlockedTarget or Unreachable; any answer at all is a Response."""
        check(url, allowed=self.allowed)
        prepared = _prepared(method, url, body, headers)
        with Deadline(self.timeout_sec) as deadline:
            try:
                return self._send(prepared, deadline)
            except (requests.RequestException, HTTPError, OSError) as error:
                raise _unreachable(error, deadline, self.timeout_sec) from error

    @contextlib.contextmanager
    def stream(self, url: str, *, body: bytes, headers: Mapping[str, str], most: int) -> Iterator[Stream]:
        """POST once, and read the answer piece by piece, `most` bytes of it. One deadline for all of it, as ever.
        Raises as `request` does."""
        check(url, allowed=self.allowed)
        prepared = _prepared("POST", url, body, headers)
        with Deadline(self.timeout_sec) as deadline, contextlib.ExitStack() as stack:
            try:
                answer = stack.enter_context(self._answer(prepared, deadline))
            except (requests.RequestException, HTTPError, OSError) as error:
                raise _unreachable(error, deadline, self.timeout_sec) from error
            yield Stream(answer.status_code, _lowered(answer), self._pieces(answer.raw, most, deadline))

    def _pieces(self, body: Any, most: int, deadline: Deadline) -> Iterator[bytes]:
        left = most
        try:
            while left and (piece := body.read1(left, decode_content=False)):
                left -= len(piece)
                yield piece
            if left and deadline.passed:  # it was cut, which looks like the end of a body without a length
                raise TimeoutError
        except (HTTPError, OSError) as error:
            raise _unreachable(error, deadline, self.timeout_sec) from error

    def _send(self, prepared: requests.PreparedRequest, deadline: Deadline) -> Response:
        with self._answer(prepared, deadline) as answer:
            return Response(answer.status_code, answer.reason or "", _lowered(answer), _read(answer.raw))

    @contextlib.contextmanager
    def _answer(self, prepared: requests.PreparedRequest, deadline: Deadline) -> Iterator[requests.Response]:
        """Straight through the adapter: a Session would follow cookies, netrc, proxies, and read redirects' bodies."""
        adapter = _Adapter(self, deadline)
        with (
            contextlib.closing(adapter),
            adapter.send(prepared, stream=True, timeout=deadline.remaining_sec, verify=self.verify) as answer,
        ):
            if deadline.passed:
                raise TimeoutError
            yield answer

    def connect(self, host: str, port: int, deadline: Deadline) -> socket.socket:
        """A connection to `host`, after checking every address it has. Raises BlockedTarget or Unreachable."""
        addresses = self._addresses(host, port, deadline)
        for address in addresses:
            why = refusal(address, self.allowed)
            if why:
                log.warning("target.blocked", host=host, address=str(address))  # not for the tenant to know
                raise BlockedTarget(f"{host} leads to {why}. {_advice(why)}")
        return _first_to_answer(addresses, host, port, deadline)

    def _addresses(self, host: str, port: int, deadline: Deadline) -> list[Address]:
        spelled = literal(host)
        found = [spelled] if spelled else _in_time(self.resolve, host, port, deadline)
        if not found:
            raise Unreachable(Trouble.DNS, f"The name {host} could not be resolved.")
        return found


def request(method: Method, url: str, *, body: bytes, headers: Mapping[str, str]) -> Response:
    """Send once, as the operator's settings allow. Raises InvalidTarget, BlockedTarget or Unreachable."""
    client = Client(allowed=tuple(settings.HEARTBEET_ALLOW_PRIVATE_TARGETS))
    return client.request(method, url, body=body, headers=headers)


def check(url: str, *, allowed: Sequence[Network] | None = None) -> str:
    """What can be said about a URL without asking anybody; returns its host. Raises InvalidTarget or BlockedTarget.

    Use it when a URL is saved. A name is not resolved here: what it leads to counts when we connect.
    """
    host = _host(url)
    networks = settings.HEARTBEET_ALLOW_PRIVATE_TARGETS if allowed is None else allowed
    is_local_name = host == "localhost" or host.endswith(".localhost")
    address = ip_address("127.0.0.1") if is_local_name else literal(host)
    why = refusal(address, networks) if address else ""
    if why:
        raise BlockedTarget(f"{host} is {why}. {_advice(why)}")
    return host


def _advice(why: str) -> str:
    """What a person can do about a blocked address: have its network opened, unless nobody may."""
    if why == METADATA:
        return "Heartbeet never sends there."
    return (
        "Heartbeet sends to public addresses only; its operator can open a network by HEARTBEET_ALLOW_PRIVATE_TARGETS."
    )


def _host(url: str) -> str:
    if len(url) > MAX_URL or any(character <= " " or character == "\x7f" for character in url) or "\\" in url:
        raise InvalidTarget(f"Give a URL without spaces or control characters, of {MAX_URL} characters at most.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidTarget("Give a URL like https://example.com/path.") from error
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise InvalidTarget("Give a URL like https://example.com/path; it starts with https:// or http://.")
    if "@" in parts.netloc:
        raise InvalidTarget("Leave user name and password out of the URL.")
    return host.rstrip(".").lower()


def _lowered(answer: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _read(body: Any) -> bytes:
    """The first 64 kB, or what came before the connection or the deadline ended: the status is the answer, the body is
    only shown."""
    pieces: list[bytes] = []
    left = MAX_READ
    with contextlib.suppress(HTTPError, OSError):
        while left and (piece := body.read1(left, decode_content=False)):
            pieces.append(piece)
            left -= len(piece)
    return b"".join(pieces)


def _prepared(method: Method, url: str, body: bytes, headers: Mapping[str, str]) -> requests.PreparedRequest:
    try:
        return requests.Request(method, url, data=body, headers={"Accept-Encoding": "identity", **headers}).prepare()
    except (requests.RequestException, UnicodeError) as error:
        raise InvalidTarget("Give a URL like https://example.com/path.") from error


def _in_time(resolve: Resolver, host: str, port: int, deadline: Deadline) -> list[Address]:
    """Resolve in a thread of its own: getaddrinfo knows no timeout, and a dead name server takes half a minute."""
    found: list[Address] = []

    def look_up() -> None:
        with contextlib.suppress(OSError, UnicodeError):
            found.extend(resolve(host, port))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.remaining_sec)
    if thread.is_alive():
        raise Unreachable(Trouble.DNS, f"The name {host} was not resolved in time.")
    return found


def _first_to_answer(addresses: list[Address], host: str, port: int, deadline: Deadline) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            limit = min(CONNECT_TIMEOUT_SEC, deadline.remaining_sec)
            connection = socket.create_connection((str(address), port), timeout=limit)
        except OSError as error:
            failure = error
            continue
        connection.settimeout(deadline.remaining_sec)
        deadline.watch(connection)
        return connection
    if isinstance(failure, TimeoutError):
        raise Unreachable(Trouble.TIMEOUT, f"{host} did not accept a connection on port {port} in time.")
    reason = failure.strerror if failure and failure.strerror else "unknown error"
    raise Unreachable(Trouble.REFUSED, f"{host} did not accept a connection on port {port}: {reason}.")


class _HTTP(HTTPConnection):
    def __init__(self, *, dial: Callable[[str, int], socket.socket], **keywords: Any) -> None:
        super().__init__(**keywords)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial(self.host, self.port or 80)


class _HTTPS(HTTPSConnection):
    def __init__(self, *, dial: Callable[[str, int], socket.socket], **keywords: Any) -> None:
        super().__init__(**keywords)
        self._dial = dial

    def _new_conn(self) -> socket.socket:
        return self._dial(self.host, self.port or 443)


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS


class _Adapter(HTTPAdapter):
    """Makes connections through `client.connect`, whatever the URL was parsed into."""

    def __init__(self, client: Client, deadline: Deadline) -> None:
        self._client, self._deadline = client, deadline
        self._pool: HTTPConnectionPool | None = None
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> HTTPConnectionPool:
        place, tls = self.build_connection_pool_key_attributes(request, verify, cert)
        host, port = str(place["host"]), place["port"]
        if place["scheme"] == "https":
            self._pool = _HTTPSPool(host, port, retries=False, dial=self._dial, **tls)
        else:
            self._pool = _HTTPPool(host, port, retries=False, dial=self._dial)
        return self._pool

    def close(self) -> None:
        super().close()
        if self._pool:
            self._pool.close()

    def _dial(self, host: str, port: int) -> socket.socket:
        return self._client.connect(host.strip("[]"), port, self._deadline)


def _unreachable(error: Exception, deadline: Deadline, timeout_sec: float) -> Unreachable:
    causes = _chain(error)
    if deadline.passed or any(isinstance(cause, TimeoutError | requests.Timeout) for cause in causes):
        return Unreachable(Trouble.TIMEOUT, f"No complete answer came within {timeout_sec:g} seconds.")
    tls = next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None)
    if tls:
        return Unreachable(Trouble.TLS, f"The TLS connection failed: {_tls_reason(tls)}.")
    return Unreachable(Trouble.BROKEN, "The connection was closed before a complete answer came.")


def _tls_reason(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate was not accepted ({error.verify_message or 'wrong host name'})"
    return (error.reason or "handshake failed").lower().replace("_", " ")


def _chain(error: BaseException) -> list[BaseException]:
    """An error and everything it was made of; requests and urllib3 wrap in arguments as well as in causes."""
    found: list[BaseException] = []
    queue: list[BaseException] = [error]
    while queue and len(found) < 20:
        current = queue.pop(0)
        found.append(current)
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        queue += [each for each in inner if isinstance(each, BaseException) and each not in found]
    return found
