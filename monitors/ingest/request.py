"""From an HTTP request to a ping: pure, and forgiving. A ping is never refused for its metadata: what is valid is
recorded, the rest is left out."""

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import parse_qs

import orjson

from monitors.domain import ping, token
from monitors.domain.status import Kind

HEARTBEATS, BEET = "/api/v1/heartbeats/", "/api/v1/beet/"
PREFIXES = (HEARTBEATS, BEET)

_PATH = re.compile(r"/api/v1/(?:heartbeats|beet)/([^/]*)(?:/([^/]+))?/?")
_EXIT_CODE = re.compile(r"[+-]?[0-9]+")
_RUN_ID = re.compile(r"[!-~]{1,64}")
_PORT = re.compile(r"\[([^\]]*)\](?::\d*)?|([^:]*):\d*")
_SIGNALS = {"": Kind.SUCCESS, "start": Kind.START, "fail": Kind.FAIL, "log": Kind.LOG}
_BIGGEST = 2**63 - 1

Headers = Iterable[tuple[bytes, bytes]]


class Asked(NamedTuple):
    """What a path asks for. `token` is empty if it cannot be one of ours."""

    token: str
    kind: Kind
    exit_code: int | None = None


class NoSuchPath(ValueError):
    """Nothing answers at this path."""


def parse_path(path: str) -> Asked:
    """What a path below one of `PREFIXES` asks for. Raises NoSuchPath."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise NoSuchPath(path)
    text, signal = match.groups("")
    if signal and path.startswith(BEET):
        raise NoSuchPath(path)
    shown = text if token.looks_like_token(text) else ""
    if signal in _SIGNALS:
        return Asked(shown, _SIGNALS[signal])
    exit_code = parse_exit_code(signal)
    return Asked(shown, ping.kind_of_exit(exit_code), exit_code)


def parse_exit_code(text: str) -> int:
    """Any integer; one that the database cannot hold becomes the biggest it can. Raises NoSuchPath."""
    if not _EXIT_CODE.fullmatch(text):
        raise NoSuchPath(text)
    digits = text.lstrip("+-").lstrip("0") or "0"
    size = int(digits) if len(digits) < 20 else _BIGGEST
    return min(size, _BIGGEST) * (-1 if text.startswith("-") else 1)


def parse_run_id(query: bytes) -> str:
    """The `rid` of a query string, or '' if there is none or it is not 1 to 64 printable ASCII characters."""
    if b"rid=" not in query:
        return ""
    try:
        found = parse_qs(query.decode("ascii")).get("rid", [""])[0]
    except ValueError:
        return ""
    return found if _RUN_ID.fullmatch(found) else ""


def parse_value(body: bytes) -> float | None:
    """The number of a JSON body `{"value": 42}`, or None if it is anything else."""
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        found = orjson.loads(body)["value"]
        number = float(found) if type(found) in (int, float) else math.nan
    except (ValueError, KeyError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def is_only_value(body: bytes) -> bool:
    """Whether a body that has a value holds nothing else worth keeping."""
    return len(orjson.loads(body)) == 1


def has_body(http_version: str, headers: Headers) -> bool:
    """Whether a body may follow. HTTP/2 may send one without announcing it."""
    for name, text in headers:
        if name == b"content-length":
            return text != b"0"
        if name == b"transfer-encoding":
            return True
    return http_version[0] != "1"


def client_address(peer: str, headers: Headers, trusted_proxies: int) -> str:
    """The address a ping came from. Behind `trusted_proxies` proxies it is counted from the right of
    X-Forwarded-For: what stands further left was written by the client and proves nothing."""
    if not trusted_proxies:
        return _normal_address(peer)
    written = b",".join(text for name, text in headers if name == b"x-forwarded-for").decode("latin-1")
    forwarded = written.split(",")
    if not written or len(forwarded) < trusted_proxies:
        return _normal_address(peer)
    return _normal_address(forwarded[-trusted_proxies].strip())


@lru_cache(maxsize=4096)
def _normal_address(text: str) -> str:
    """An address in its shortest form without port and zone, or '' if it is none (`unknown`, a socket path)."""
    match = _PORT.fullmatch(text)
    bare = (match.group(1) or match.group(2) or "") if match else text
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)
