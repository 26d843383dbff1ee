"""A model behind an OpenAI-compatible API that an operator has configured: one text for one question, piece by piece.

Bounded in time, in size and in how many ask at once. It goes out by `heartbeet.lib.http`, with all that protects there;
only the address may be any but cloud metadata's, for it is the operator's own.
"""

import contextlib
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import orjson
import structlog
from django.conf import settings

from heartbeet.lib import http

log = structlog.get_logger(__name__)

TIMEOUT_SEC = 30.0
MOST_CHARACTERS = 4000
MOST_BYTES = 2_000_000
"""Every few characters come with some 200 bytes around them."""
MOST_LINE = 100_000
AT_ONCE = 4
"""So many texts one process asks for at the same time: each takes a thread for as long as it lasts."""

_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_free = threading.BoundedSemaphore(AT_ONCE)


class Stopped(Exception):
    """The text ends here, or has not begun; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Model:
    """Which model, and where. `url` is what stands before `/chat/completions`."""

    url: str
    name: str
    key: str = ""
    timeout_sec: float = TIMEOUT_SEC

    def tell(self, instructions: str, text: str) -> Iterator[str]:
        """What the model says of a text, piece by piece, `MOST_CHARACTERS` in all. Raises Stopped where it does not
        come to its own end."""
        if not _free.acquire(blocking=False):
            raise Stopped("Others are asking the model just now: try again in a minute.")
        try:
            yield from _cut(self._pieces(instructions, text))
        except (http.Unreachable, http.InvalidTarget, http.BlockedTarget) as error:
            log.warning("model.unreachable", error=str(error))
            raise Stopped(_why(error, self.timeout_sec)) from error
        finally:
            _free.release()

    def _pieces(self, instructions: str, text: str) -> Generator[str, None, None]:
        asked = {
            "model": self.name,
            "stream": True,
            "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": text}],
        }
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        client = http.Client(allowed=_EVERYWHERE, timeout_sec=self.timeout_sec)
        address = f"{self.url}/chat/completions"
        with client.stream(address, body=orjson.dumps(asked), headers=headers, most=MOST_BYTES) as answer:
            if answer.status != 200:
                log.warning("model.refused", status=answer.status)
                raise Stopped(f"The model's server answered {answer.status}.")
            yield from _texts(_lines(answer.pieces))


def configured() -> Model | None:
    """The operator's model; None without one."""
    if not settings.HEARTBEET_LLM_URL:
        return None
    return Model(settings.HEARTBEET_LLM_URL, settings.HEARTBEET_LLM_MODEL, settings.HEARTBEET_LLM_KEY)


def _cut(pieces: Generator[str, None, None]) -> Iterator[str]:
    left, anything = MOST_CHARACTERS, False
    with contextlib.closing(pieces):
        for piece in pieces:
            anything = anything or bool(piece.strip())
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                raise Stopped(f"Cut off here, after {MOST_CHARACTERS:,} characters.")
    if not anything:
        raise Stopped("The model said nothing.")


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The lines of a stream, the last one also without its end."""
    rest, size = b"", 0
    for piece in pieces:
        size += len(piece)
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > MOST_LINE:
            raise _not_understood()
    if size >= MOST_BYTES:
        raise Stopped("Cut off here: the model's server sent too much.")
    yield rest


def _texts(lines: Iterator[bytes]) -> Iterator[str]:
    """The texts in the events of a stream (`data: {…}`, ended by `data: [DONE]`), or in the one object of a server that
    does not stream."""
    is_over = False
    for line in (each.strip() for each in lines):
        if not line or line.startswith((b":", b"event:", b"id:", b"retry:")):
            continue
        said = line.removeprefix(b"data:").strip()
        if said == b"[DONE]":
            return
        text, ends = _read(said)
        is_over = is_over if ends is None else ends
        yield "".join(map(_shown, text))
        if not line.startswith(b"data:"):
            return
    if not is_over:
        raise Stopped("The model's server ended before the text did.")


def _shown(char: str) -> str:
    if char.isprintable() or char in "\n\t":
        return char
    return " " if char.isspace() else ""


def _read(said: bytes) -> tuple[str, bool | None]:
    """The text of an event, and whether it is the last one with any; None if it says nothing of that."""
    try:
        event: Any = orjson.loads(said)
        if "error" in event:
            raise Stopped("The model's server reported an error.")
        choices = event["choices"]
        if not choices:  # some servers say first what they filter, and last what it cost
            return "", None
        told = choices[0].get("delta") or choices[0].get("message") or {}
        return str(told.get("content") or ""), bool(choices[0].get("finish_reason"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise _not_understood() from error


def _not_understood() -> Stopped:
    return Stopped(
        "What the model's server answered is not understood: HEARTBEET_LLM_URL should lead to an OpenAI API."
    )


def _why(error: Exception, timeout_sec: float) -> str:
    if isinstance(error, http.Unreachable) and error.trouble is http.Trouble.TIMEOUT:
        return f"Cut off here: the model took longer than {timeout_sec:g} seconds."
    return "The model's server could not be reached; what failed is in Heartbeet's log."
