"""No endless bodies: Django's ASGI handler writes whatever comes to disk before any view can look at it."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

MAX_BYTES = 2_621_440
_REFUSAL = json.dumps({"error": f"The body must be at most {MAX_BYTES:,} bytes.", "code": "BODY_TOO_LARGE"}).encode()


def limited(app: App) -> App:
    """The same ASGI app for bodies up to MAX_BYTES; a longer one is answered 413, as soon as that is known."""

    async def limit(scope: Scope, receive: Receive, send: Send) -> None:
        if _announced(scope) > MAX_BYTES:
            await _refuse(send)
            return
        body = _Body(receive)
        await app(scope, body.receive, send)
        if body.is_too_long:
            await _refuse(send)

    return limit


class _Body:
    """A body as it comes. Where it gets too long the app is told that the client is gone, and answers nothing."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._seen = 0

    @property
    def is_too_long(self) -> bool:
        return self._seen > MAX_BYTES

    async def receive(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_long else message


def _announced(scope: Scope) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
