"""The least a server can do: an empty 204 from a bare ASGI callable. What ingest is measured against."""

from typing import Any

START = {"type": "http.response.start", "status": 204, "headers": [(b"cache-control", b"no-store")]}
BODY = {"type": "http.response.body", "body": b""}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer 204, whatever is asked."""
    if scope["type"] == "http":
        await send(START)
        await send(BODY)
    elif scope["type"] == "lifespan":
        for _ in ("startup", "shutdown"):
            message = await receive()
            await send({"type": message["type"] + ".complete"})
