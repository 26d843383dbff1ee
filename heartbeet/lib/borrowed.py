"""`requests` as a borrowed library may see it that does its own HTTP: it can POST, by our client, and nothing else.

`lend` puts it in place of the name `requests` in a module of the library. What that posts goes through
`heartbeet.lib.http` then: the address is checked when we connect and pinned; redirects, proxies, cookies and
`verify=False` count for nothing. Everything posted in one `conversation` shares one deadline, and the last answer is
kept. Outside of a conversation nothing is sent at all, and any other use of `requests` is an AttributeError.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import requests
from django.conf import settings

from heartbeet.lib import http


@dataclass
class Conversation:
    """What was posted for one message: the last answer, or why there was none."""

    ends_at: float
    answer: http.Response | None = None
    trouble: Exception | None = None


_current: ContextVar[Conversation | None] = ContextVar("conversation", default=None)


@contextmanager
def conversation(seconds: float) -> Iterator[Conversation]:
    """Let the library post in this thread, for `seconds` in all."""
    begun = Conversation(ends_at=time.monotonic() + seconds)
    token = _current.set(begun)
    try:
        yield begun
    finally:
        _current.reset(token)


def lend(module: ModuleType) -> None:
    """Give a module of the library this instead of `requests`. Doing it again changes nothing."""
    vars(module)["requests"] = _LENT


class _Requests:
    """What a library may know of `requests`: its errors, its names of codes, and `post`."""

    RequestException = requests.RequestException
    exceptions = requests.exceptions
    codes = requests.codes

    def post(self, url: str, data: Any = None, json: Any = None, **given: Any) -> requests.Response:
        """POST as `requests.post` does. What concerns the connection (`verify`, `timeout`, `proxies`,
        `allow_redirects`) is left out: that is ours to say."""
        said = _current.get()
        if said is None:
            raise requests.exceptions.InvalidURL("Nothing is sent outside of a conversation.")
        body = {name: given[name] for name in ("params", "headers", "auth", "files") if given.get(name)}
        prepared = requests.Request("POST", url, data=data, json=json, **body).prepare()
        try:
            answer = said.answer = _post(prepared, said)
        except (http.BlockedTarget, http.InvalidTarget) as error:
            said.trouble = error
            raise requests.exceptions.InvalidURL(str(error)) from error
        except http.Unreachable as error:
            said.trouble = error
            raise requests.exceptions.ConnectionError(str(error)) from error
        return _as_requests(answer, prepared)


_LENT = _Requests()


def _post(prepared: requests.PreparedRequest, said: Conversation) -> http.Response:
    left = said.ends_at - time.monotonic()
    if left <= 0:
        raise http.Unreachable(http.Trouble.TIMEOUT, "The time for this message was over before all of it was sent.")
    body = prepared.body or b""
    if not isinstance(body, str | bytes):
        raise http.InvalidTarget("Only a text or bytes can be sent.")
    client = http.Client(allowed=tuple(settings.HEARTBEET_ALLOW_PRIVATE_TARGETS), timeout_sec=left)
    data = body.encode() if isinstance(body, str) else body
    return client.post(str(prepared.url), body=data, headers={**prepared.headers})


def _as_requests(answer: http.Response, asked: requests.PreparedRequest) -> requests.Response:
    found = requests.Response()
    found.status_code, found.reason, found.url = answer.status, answer.reason, str(asked.url)
    found.headers.update(answer.headers)
    found._content, found.encoding = answer.body, "utf-8"
    found.request = asked
    return found
