"""Bytes that no client library sends, against the real server: every answer has the shape of errors."""

import contextlib
import http.client
import socket
from typing import Any

import orjson
import pytest

from tests.chaos.installation import Installation

TEN_MEGABYTES = 10_000_000
POST = b"POST /api/v1/monitors HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("target", "status", "code", "why"),
    [
        (
            b"/monitors?q=%FF",
            400,
            "VALIDATION_FAILED",
            "a query that is not UTF-8; unescaped, granian refuses it itself",
        ),
        (b"/monitors?q=%00", 400, "VALIDATION_FAILED", "a NUL"),
        (b"/monitors?" + b"a=1&" * 2000, 400, "BAD_REQUEST", "more parameters than anybody has"),
        (b"/monitors/%ff%00", 404, "NOT_FOUND", "a path that is not UTF-8"),
        (b"/../monitors", 404, "NOT_FOUND", "a way out"),
        (b"/" + b"x" * 20_000, 404, "NOT_FOUND", "a path without end"),
    ],
)
def test_a_target_of_any_bytes_gets_an_answer(
    target: bytes, status: int, code: str, why: str, heartbeet: Installation
) -> None:
    found, said = _send(heartbeet, b"GET /api/v1" + target + b" HTTP/1.1\r\n")

    assert (found, said["code"]) == (status, code), why


def test_a_query_that_nobody_escaped_is_understood(heartbeet: Installation) -> None:
    status, said = _send(heartbeet, "GET /api/v1/monitors?q=caf\u00e9 HTTP/1.1\r\n".encode())

    assert (status, said["results"]) == (200, [])


def test_ten_megabytes_are_refused_before_they_are_read(heartbeet: Installation) -> None:
    announced = {"Content-Type": "application/json", "Content-Length": str(TEN_MEGABYTES)}

    status, said = _send(heartbeet, POST, b'{"name": "', **announced)

    assert (status, said["code"]) == (413, "BODY_TOO_LARGE")


def test_ten_megabytes_that_nobody_announced_are_refused_too(heartbeet: Installation) -> None:
    chunk = b"%x\r\n%s\r\n" % (TEN_MEGABYTES, b"x" * TEN_MEGABYTES)

    status, said = _send(heartbeet, POST, chunk, **{"Content-Type": "application/json", "Transfer-Encoding": "chunked"})

    assert (status, said["code"]) == (413, "BODY_TOO_LARGE")


def _send(heartbeet: Installation, line: bytes, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    """The status and the JSON of the answer to a request that is written as it is."""
    fields = {
        "Host": f"127.0.0.1:{heartbeet.port}",
        "Authorization": f"Bearer {heartbeet.token}",
        "Connection": "close",
        **headers,
    }
    head = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in fields.items())
    with socket.create_connection(("127.0.0.1", heartbeet.port), timeout=20) as connection:
        with contextlib.suppress(OSError):  # the answer comes before the end of what it refuses
            connection.sendall(line + head + b"\r\n" + body)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, orjson.loads(answer.read())
