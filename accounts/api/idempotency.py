"""`Idempotency-Key`: a change that is asked for twice is made once, and both get the same answer.

Kept is what the work ended in, 4xx included: the same request would end in it again. Not kept is what says nothing
about the request: 5xx and 429.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import answers
from accounts.api import parameters

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
MAX_LENGTH = 255


class KeyTooLong(ValueError):
    """An Idempotency-Key has at most 255 characters."""


def key_of(request: Request) -> str:
    """The request's key; '' if it came without one. Raises KeyTooLong, or ValidationError for what is no key."""
    key = request.headers.get(HEADER)
    if key is None:
        return ""
    if len(key) > MAX_LENGTH:
        raise KeyTooLong(KeyTooLong.__doc__)
    if not key.strip() or not (key.isascii() and key.isprintable()):
        raise parameters.bad(HEADER, "Give 1 to 255 printable ASCII characters.")
    return key


def digest_of(request: Request) -> str:
    """What makes a request the same request: method, path, query and body."""
    head = f"{request.method} {request.get_full_path()}\n"
    return hashlib.sha256(head.encode() + request.body).hexdigest()


def replay(answer: answers.Answer) -> HttpResponse:
    """A kept answer, byte for byte."""
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    if not answer.body:
        del response["Content-Type"]
    for name, value in {**answer.headers, REPLAYED: "true"}.items():
        response[name] = value
    return response


def run(
    claim: answers.Claim,
    handler: Callable[[], Response],
    on_error: Callable[[Exception], Response],
    *,
    is_atomic: bool,
) -> HttpResponseBase:
    """Do the work of a claim, and keep its answer in the transaction of the change.

    `on_error` makes an answer of an exception, or raises it. Without `is_atomic` there is no transaction around the
    handler: for handlers that wait for somebody else's server.
    """
    try:
        with _transaction(is_atomic):
            response = _attempt(handler, on_error, is_atomic)
            is_kept = response.status_code < 500 and response.status_code != 429
            if is_kept:
                answers.keep(claim=claim, answer=_answer(response))
    except Exception:
        answers.release(claim=claim)
        raise
    if not is_kept:
        answers.release(claim=claim)
    return response


def _attempt(handler: Callable[[], Response], on_error: Callable[[Exception], Response], is_atomic: bool) -> Response:
    """The handler's answer. An error undoes what it did up to then, and only that: its answer is kept as well."""
    try:
        with _transaction(is_atomic):
            return handler()
    except Exception as error:
        return on_error(error)


def _transaction(is_atomic: bool) -> AbstractContextManager[Any]:
    return transaction.atomic() if is_atomic else nullcontext()


def _answer(response: Response) -> answers.Answer:
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    return answers.Answer(response.status_code, JSONRenderer().render(response.data).decode(), headers)
