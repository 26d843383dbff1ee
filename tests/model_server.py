"""A model behind an OpenAI-compatible API on this machine: it says what it is told to, as slowly as it is told to."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

END = b"data: [DONE]\n\n"


def event(text: str, **more: Any) -> bytes:
    """A piece of text as such APIs send it."""
    said = {"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}, **more}]}
    return b"data: " + json.dumps(said).encode() + b"\n\n"


class ModelServer:
    """Answers every request with `parts`, one every `every_sec`; the last one again and again if it is `endless`."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.parts: list[bytes] = [event("All is well."), END]
        self.every_sec, self.is_endless, self.status, self.is_cut = 0.0, False, 200, False
        self.content_type = "text/event-stream"
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(model: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            model.requests.append(json.loads(body))
            model.headers.append({name.lower(): value for name, value in self.headers.items()})
            model.paths.append(self.path)
            self.send_response(model.status)
            self.send_header("Content-Type", model.content_type)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            with contextlib.suppress(ConnectionError):  # whoever asked has heard enough
                self._say()

        def _say(self) -> None:
            for part in model.parts:
                self._chunk(part)
            while model.is_endless and not model.closing.is_set():
                self._chunk(model.parts[-1])
            if not model.is_cut:
                self.wfile.write(b"0\r\n\r\n")

        def _chunk(self, part: bytes) -> None:
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.flush()
            model.closing.wait(model.every_sec)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tests read `requests`."""

    return Handler
