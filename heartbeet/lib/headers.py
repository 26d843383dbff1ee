"""What every answer tells the browser to forbid, whoever wrote it: a page, the API, a style, an error, a refusal that
never reached Django."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

App = Callable[[Any, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

HSTS_SEC = 31_536_000

_DENIED = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media"),
    *("fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer"),
    *("microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "storage-access", "usb"),
    *("xr-spatial-tracking",),
)
_ALLOWED = ("publickey-credentials-create", "publickey-credentials-get")
"""Passkeys; nothing else of a browser's powers is ours to use."""

PERMISSIONS_POLICY = ", ".join([*(f"{name}=()" for name in _DENIED), *(f"{name}=(self)" for name in _ALLOWED)])

SERVER = (b"server", b"Heartbeet")  # else granian says its own name

_ALWAYS: Headers = [
    SERVER,
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS_POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


def secured(app: App, *, is_https: bool) -> App:
    """The same ASGI app; its answers carry each of these headers that they did not set themselves. With `is_https`
    browsers are told to come back over TLS only."""
    always = [*_ALWAYS, (b"strict-transport-security", f"max-age={HSTS_SEC}".encode())] if is_https else _ALWAYS

    async def secure(scope: Any, receive: Any, send: Any) -> None:
        async def send_secured(message: MutableMapping[str, Any]) -> None:
            await send(_completed(message, always) if message["type"] == "http.response.start" else message)

        await app(scope, receive, send_secured)

    return secure


def _completed(start: MutableMapping[str, Any], always: Headers) -> dict[str, Any]:
    given = {name.lower() for name, _ in start["headers"]}
    return {**start, "headers": [*start["headers"], *(header for header in always if header[0] not in given)]}
