"""What the server calls: the ping URLs go to `monitors.ingest`, everything else to Django.

`application` serves both, `ingest` and `web` one of them (`heartbeet serve --only`).
"""

import signal
import warnings
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler

from heartbeet import startup
from heartbeet.lib import bodies, headers, lifeline

startup.choose_settings()
django.setup(set_prefix=False)

from monitors.ingest import app as pings  # noqa: E402
from monitors.ingest import request  # noqa: E402

# WhiteNoise hands its files over in blocks, which Django reads in one go here: fine for styles and scripts.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

_pages = headers.secured(bodies.limited(ASGIHandler()), is_https=settings.IS_HTTPS)
_health = headers.secured(pings.health, is_https=settings.IS_HTTPS)


def application(scope: Any, receive: Any, send: Any) -> Any:
    """Both parts in one process. Not a coroutine function: it would cost every ping one more step."""
    if scope["type"] == "http":
        handler = pings.application if scope["path"].startswith(request.PREFIXES) else _pages
        return handler(scope, receive, send)
    return _lifespan(receive, send)


def ingest(scope: Any, receive: Any, send: Any) -> Any:
    """Only the ping URLs, and whether this process is alive and ready."""
    if scope["type"] == "http":
        handler = pings.application if scope["path"].startswith(request.PREFIXES) else _health
        return handler(scope, receive, send)
    return _lifespan(receive, send)


async def web(scope: Any, receive: Any, send: Any) -> None:
    """Only the pages and the API."""
    if scope["type"] == "http":
        await _pages(scope, receive, send)
    elif scope["type"] == "lifespan":
        lifeline.hold(end_by=signal.SIGKILL)
        await _acknowledge(receive, send)
        await _acknowledge(receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    """Listen after start-up has succeeded; write what was accepted before shut-down is complete.

    If granian's main process is killed, we are too: left to stop by itself, a granian worker sometimes waits for ever
    for its own threads, with the data folder and a transaction in its hands. What was answered is stored."""
    lifeline.hold(end_by=signal.SIGKILL)
    try:
        await pings.start()
        pings.tune_interpreter()
    except Exception as error:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await _acknowledge(receive, send)
    message = await receive()
    await pings.stop()
    await send({"type": message["type"] + ".complete"})


async def _acknowledge(receive: Any, send: Any) -> None:
    message = await receive()
    await send({"type": message["type"] + ".complete"})
