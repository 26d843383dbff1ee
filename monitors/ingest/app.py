"""The ping URLs as a raw ASGI callable: parse, limit, enqueue, answer when it is durable. No middleware, no ORM."""

import asyncio
import contextlib
import gc
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from django.conf import settings

from monitors.domain import token
from monitors.ingest import canary, guard, replies, request
from monitors.ingest.arrival import Arrival, Body
from monitors.ingest.limiter import MemoryLimiter, RedisLimiter
from monitors.ingest.listener import Listener
from monitors.ingest.queue import Queue
from monitors.ingest.writer import Writer

log = structlog.get_logger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

BEAT_SEC = 0.5
PROOF_SEC = 5.0
STOP_SEC = 8.0
SWITCH_SEC = 0.0005
GC_THRESHOLD = 50_000, 20, 50
BODY_BYTES = 1024 * 1024
BODY_SEC = 5.0
UNREAD = "heartbeet.unread"
"""In a scope: more of the body may follow than we kept."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether pings can be made durable here, and why not."""

    is_ready: bool
    reason: str = ""


class Ingest:
    """One process that receives pings. Call `start` before the first request and `stop` after the last."""

    def __init__(self, slot: guard.Slot) -> None:
        loop = asyncio.get_running_loop()
        self._slot = slot
        self._trusted_proxies = settings.ENV.trusted_proxies
        self._listener = Listener()
        self._now_us, self._steady_us = self._listener.now_us, self._listener.steady_us
        self._queue = Queue(loop, limit=settings.ENV.ingest_queue_max)
        self._canary_digest = token.digest(canary.own_token())
        url = canary.public_url()
        self._canary = canary.Canary(url, self._listener, every_sec=canary.EVERY_SEC) if url else None
        name = f"{socket.gethostname()}:{os.getpid()}"
        shared = RedisLimiter(settings.ENV.redis_url, name=name) if settings.ENV.redis_url else None
        self._limiter = None if shared else MemoryLimiter()
        self._writer = Writer(
            self._queue,
            slot,
            self._listener,
            name=name,
            is_only=settings.HEARTBEET_EMBEDDED,
            spool_max_mb=settings.ENV.spool_max_mb,
            limiter=shared,
            canary_place=self._canary.place if self._canary else "",
        )
        self._beating: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start to write, and say that we listen before we do."""
        self._writer.start()
        await self._queue.ask_for_beat(self._listener.beat(0))
        self._beating = asyncio.create_task(self._beat())
        if self._canary is not None:
            self._canary.start()

    async def stop(self) -> None:
        """Write everything that was accepted, then say goodbye."""
        if self._beating is not None:
            self._beating.cancel()
        if self._canary is not None:
            self._canary.stop()
        self._writer.close()
        if not await asyncio.to_thread(self._writer.join, STOP_SEC):
            log.error("stopped_while_writing", waiting=len(self._queue))
        self._slot.release()

    def readiness(self) -> Readiness:
        if not self._writer.is_alive():
            return Readiness(False, "the thread that writes pings has died")
        if self._writer.outage.is_on and self._writer.is_spool_full:
            return Readiness(False, "the database is away and the spool is full")
        return Readiness(True)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request below `request.PREFIXES`."""
        family = replies.BEACON if scope["path"].startswith(request.BEET) else replies.HEARTBEAT
        try:
            reply = await self._reply(family, scope, receive)
        except Exception:
            log.exception("ping_failed")
            self._listener.refused()
            reply = family.refused
        await send(reply.start)
        await send(reply.body)
        if UNREAD in scope:
            await skip_body(receive)

    async def _reply(self, family: replies.Family, scope: Scope, receive: Receive) -> replies.Reply:
        method = scope["method"]
        try:
            asked = request.parse_path(scope["path"])
        except request.NoSuchPath:
            return family.no_such_path
        if method not in replies.METHODS:
            return family.preflight if method == "OPTIONS" else family.method_not_allowed
        if not asked.token:
            return family.unknown
        digest = token.digest(asked.token)
        if digest == self._canary_digest:
            return family.stored if await self._can_store() else family.refused
        if self._limiter is not None and (wait_sec := self._limiter.admit(digest, self._steady_us())):
            self._queue.count_limited(digest)
            return family.limited(wait_sec)
        arrival = await self._gather(digest, asked, scope, receive)
        arrival.received_us = self._now_us()
        settled = self._queue.submit(arrival)
        if settled is None:
            self._listener.refused(arrival.received_us)
            return family.refused
        await settled
        return family.of(arrival)

    async def _can_store(self) -> bool:
        """Whether pings can be made durable here right now, which the writer proves by passing."""
        if self._queue.is_closed:
            return False
        done, _ = await asyncio.wait([self._queue.ask_for_proof()], timeout=PROOF_SEC)
        return bool(done) and not self._listener.is_refusing and self.readiness().is_ready

    async def _gather(self, digest: bytes, asked: request.Asked, scope: Scope, receive: Receive) -> Arrival:
        """Everything a request says, as far as it is valid."""
        headers, method, query = scope["headers"], scope["method"], scope["query_string"]
        client = scope.get("client")
        source = request.client_address(client[0] if client else "", headers, self._trusted_proxies)
        arrival = Arrival(digest, 0, asked.kind, method, source, "", asked.exit_code)
        if query:
            arrival.run_id = request.parse_run_id(query)
        if method == "POST" and request.has_body(scope["http_version"], headers):
            data = await read_body(receive)
            if len(data) == BODY_BYTES:
                scope[UNREAD] = True
            arrival.value = request.parse_value(data)
            if data and (arrival.value is None or not request.is_only_value(data)):
                arrival.body = Body.keep(data)
        return arrival

    async def _beat(self) -> None:
        """Twice a second, also when idle: only a living event loop can say that it listens. It does not wait for the
        writer, or a slow database would look like a loop that stood still."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(BEAT_SEC)
            late_sec = time.monotonic() - began - BEAT_SEC
            self._queue.ask_for_beat(self._listener.beat(late_sec))
            if not self._writer.is_alive():
                self._queue.abandon()


async def read_body(receive: Receive) -> bytes:
    """What comes of a body within its limits of size and time; a client that hangs up has said what it said."""
    data = bytearray()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BODY_SEC):
            while len(data) < BODY_BYTES:
                message = await receive()
                data += message.get("body", b"")
                if not message.get("more_body"):
                    break
    return bytes(data[:BODY_BYTES])


async def skip_body(receive: Receive) -> None:
    """Let a client that has its answer finish what it sends: most read no answer before, and if we closed the
    connection they would report a broken pipe instead of a success."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BODY_SEC):
            while (await receive()).get("more_body"):
                pass


# The one of this process

_ingest: Ingest | None = None


async def start() -> None:
    """Take the data folder and listen. Raises guard.FolderInUse."""
    global _ingest
    slot = await asyncio.to_thread(guard.take_slot, settings.HEARTBEET_DATA, only_one=settings.HEARTBEET_EMBEDDED)
    _ingest = Ingest(slot)
    await _ingest.start()


def tune_interpreter() -> None:
    """For a process that does little else. The writer needs the interpreter a few times per batch, and by default would
    wait up to 5 ms for it each time; what is loaded by now stays, and need not be looked at again."""
    sys.setswitchinterval(SWITCH_SEC)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)


async def stop() -> None:
    """Store what was accepted, and end."""
    global _ingest
    if _ingest is not None:
        await _ingest.stop()
        _ingest = None


def readiness() -> Readiness:
    """Whether this process can make pings durable."""
    return _ingest.readiness() if _ingest is not None else Readiness(False, "this process does not receive pings")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request below `request.PREFIXES`."""
    if _ingest is None:
        family = replies.BEACON if scope["path"].startswith(request.BEET) else replies.HEARTBEAT
        await send(family.refused.start)
        await send(family.refused.body)
    else:
        await _ingest.answer(scope, receive, send)


async def health(scope: Scope, receive: Receive, send: Send) -> None:
    """`/health/live` and `/health/ready` of a process that has no pages."""
    if scope["path"] == "/health/live":
        await _send_json(send, 200, {"status": "ok"})
    elif scope["path"] == "/health/ready":
        found = readiness()
        answer = {
            "status": "ok" if found.is_ready else "unavailable",
            "reasons": [found.reason] if found.reason else [],
        }
        await _send_json(send, 200 if found.is_ready else 503, answer)
    else:
        await _send_json(send, 404, {"error": "There is nothing here.", "code": "NOT_FOUND"})


async def _send_json(send: Send, status: int, content: dict[str, Any]) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps(content)})
