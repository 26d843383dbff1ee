"""Every answer of the ping URLs, made once. CONTRACT: a heartbeat answers with a status, a beacon with a GIF."""

import base64
from typing import Any, NamedTuple

from heartbeet.lib import headers
from monitors.ingest.arrival import Arrival, Outcome

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
METHODS = ("GET", "POST", "HEAD")
WINDOW_SEC = 10
RETRY_SEC = 5

_ALLOW = b"GET, POST, HEAD, OPTIONS"
_COMMON = [
    headers.SERVER,
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),  # a page that embeds only what agrees may embed the beacon
    (b"x-content-type-options", b"nosniff"),
]
_PREFLIGHT = [
    (b"access-control-allow-methods", _ALLOW),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
    (b"allow", _ALLOW),
]


class Reply(NamedTuple):
    """The two ASGI messages of an answer."""

    start: dict[str, Any]
    body: dict[str, Any]


class Family:
    """The answers of one kind of ping URL, by outcome."""

    def __init__(self, replies: dict[Outcome, Reply], limited: list[Reply], others: list[Reply]) -> None:
        self._replies = replies
        self._limited = limited
        self.preflight, self.no_such_path, self.method_not_allowed = others
        self.stored = replies[Outcome.STORED]
        self.unknown, self.refused = replies[Outcome.UNKNOWN], replies[Outcome.REFUSED]

    def of(self, arrival: Arrival) -> Reply:
        """The answer to an arrival whose outcome is final."""
        if arrival.outcome is Outcome.LIMITED:
            return self.limited(arrival.wait_sec)
        return self._replies[arrival.outcome]

    def limited(self, wait_sec: int) -> Reply:
        """Too many: try again in so many seconds."""
        return self._limited[min(wait_sec, WINDOW_SEC)]


def _heartbeat(status: int, *more: tuple[bytes, bytes]) -> Reply:
    return _reply(status, [*_COMMON, *more], b"")


def _beacon(status: int, *more: tuple[bytes, bytes], recorded: bool = False) -> Reply:
    always = (b"x-heartbeet-recorded", b"true" if recorded else b"false")
    return _reply(status, [(b"content-type", b"image/gif"), *_COMMON, always, *more], GIF)


def _reply(status: int, given: list[tuple[bytes, bytes]], body: bytes) -> Reply:
    if status != 204:
        given = [*given, (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": status, "headers": given}
    return Reply(start, {"type": "http.response.body", "body": body})


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return (b"retry-after", str(seconds).encode())


HEARTBEAT = Family(
    {
        Outcome.STORED: _heartbeat(204),
        Outcome.UNKNOWN: _heartbeat(404),
        Outcome.REFUSED: _heartbeat(503, _retry_after(RETRY_SEC)),
    },
    limited=[_heartbeat(429, _retry_after(max(1, seconds))) for seconds in range(WINDOW_SEC + 1)],
    others=[_heartbeat(204, *_PREFLIGHT), _heartbeat(404), _heartbeat(405, (b"allow", _ALLOW))],
)
BEACON = Family(
    {
        Outcome.STORED: _beacon(200, recorded=True),
        Outcome.UNKNOWN: _beacon(200),
        Outcome.REFUSED: _beacon(200),
    },
    limited=[_beacon(429, _retry_after(max(1, seconds))) for seconds in range(WINDOW_SEC + 1)],
    others=[
        _reply(204, [*_COMMON, (b"x-heartbeet-recorded", b"false"), *_PREFLIGHT], b""),
        _beacon(404),
        _beacon(405, (b"allow", _ALLOW)),
    ],
)
