"""Bodies that never end do not fill the disk."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from heartbeet.lib import bodies

CHUNK = b"x" * 65_536


async def _read_all(scope: Any, receive: Any, send: Any) -> None:
    """An app that reads to the end, as Django does, and answers nobody who is gone."""
    taken = 0
    while True:
        message = await receive()
        taken += len(message.get("body", b""))
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            await send({"type": "app", "taken": taken})
            return


def _request(chunks: int, *headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
    """What the app sends back, run on a thread of its own: the browser's tests leave a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _exchange(chunks, headers)).result()


async def _exchange(chunks: int, headers: tuple[tuple[bytes, bytes], ...]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    left = chunks

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": CHUNK, "more_body": left > 0}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await bodies.limited(_read_all)({"type": "http", "headers": headers}, receive, send)
    return sent


def test_an_ordinary_body_arrives_whole() -> None:
    assert _request(3) == [{"type": "app", "taken": 3 * len(CHUNK)}]


def test_an_announced_giant_is_refused_before_it_is_read() -> None:
    sent = _request(1, (b"content-length", b"10000000000"))

    assert (sent[0]["status"], b"BODY_TOO_LARGE" in sent[1]["body"]) == (413, True)


def test_an_unannounced_giant_is_refused_as_soon_as_it_is_too_long() -> None:
    sent = _request(1_000_000)

    assert [message.get("status") for message in sent] == [413, None]


@pytest.mark.parametrize("length", [b"", b"-1", b"abc", b"\xb2"])
def test_a_senseless_length_is_not_believed(length: bytes) -> None:
    assert _request(1, (b"content-length", length))[0]["type"] == "app"
