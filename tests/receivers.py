"""Real servers that stand in for the ones we send to: they keep what they get and answer as they are told."""

import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import orjson
from aiosmtpd.controller import Controller

from tests import servers


@dataclass(frozen=True)
class Received:
    """A request as it arrived; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What to say. `hang_sec` is how long the server is silent first."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hang_sec: float = 0.0


class HTTPReceiver:
    """A threaded HTTP server. `answer(...)` says how it answers from now on, `then(...)` queues answers for once."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Received] = []
        self._always = Answer()
        self._once: deque[Answer] = deque()
        self._arrived = threading.Condition()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def answer(self, status: int = 200, body: bytes = b"ok", *, hang_sec: float = 0.0, **headers: str) -> None:
        """Answer everything like this; `Retry_After="7"` becomes the header `Retry-After`."""
        self._always = Answer(status, body, _header_names(headers), hang_sec)

    def then(self, status: int = 200, body: bytes = b"ok", *, hang_sec: float = 0.0, **headers: str) -> None:
        """Answer one request like this, in the order of the calls, before what `answer` says."""
        self._once.append(Answer(status, body, _header_names(headers), hang_sec))

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """Be an HTTPS server from the next connection on; the handshake is made by the thread that reads."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    def wait_for(self, count: int, *, seconds: float = 10) -> list[Received]:
        """The requests, as soon as there are `count`. Raises TimeoutError."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= count, timeout=seconds):
                raise TimeoutError(f"{len(self.requests)} of {count} requests after {seconds} s.")
            return list(self.requests)

    def take(self, request: Received) -> Answer:
        """Keep a request; called by the server's threads."""
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            answer = self._once.popleft() if self._once else self._always
        self._closing.wait(answer.hang_sec)
        return answer

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _header_names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _handler(receiver: HTTPReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, ValueError):
                self.close_connection = True  # the sender gave up while we were silent

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(Received(self.command, self.path, headers, body, time.time()))
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_HEAD = _answer

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tests read `requests`."""

    return Handler


@dataclass(frozen=True)
class Mail:
    """A message as it arrived, with the envelope it came in."""

    sender: str
    recipients: list[str]
    message: EmailMessage


class SMTPReceiver:
    """An SMTP server. `refuse("550 no such user")` makes it answer every message with that, `accept()` ends it."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self._refusal = ""
        self._arrived = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=servers.free_port())

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    def refuse(self, answer: str) -> None:
        self._refusal = answer

    def accept(self) -> None:
        self._refusal = ""

    def wait_for(self, count: int, *, seconds: float = 10) -> list[Mail]:
        """The messages, as soon as there are `count`. Raises TimeoutError."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.mails) >= count, timeout=seconds):
                raise TimeoutError(f"{len(self.mails)} of {count} messages after {seconds} s.")
            return list(self.mails)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        """What aiosmtpd calls with each message."""
        if self._refusal:
            return self._refusal
        message = message_from_bytes(envelope.content, policy=policy.default)
        with self._arrived:
            self.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos), message))
            self._arrived.notify_all()
        return "250 OK"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()
