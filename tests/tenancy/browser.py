"""What a browser gets, in the words of the tables of pages."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any
from urllib.parse import unquote

from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import Client

from tests.tenancy import houses
from tests.tenancy.houses import House
from tests.tenancy.table import Row


@dataclass(frozen=True)
class Answer:
    """What came back; `location` is where a redirect leads."""

    status: int
    text: str
    location: str


def ask(method: str, path: str, session: str, body: Mapping[str, Any] | None = None) -> Answer:
    """One request of a browser that has nothing but this session."""
    client = _client()
    client.cookies.clear()
    if session:
        client.cookies[settings.SESSION_COOKIE_NAME] = session
    given = {"data": dict(body or {})} if method == "POST" else {}
    answer: Any = getattr(client, method.lower())(path, **given)
    return Answer(answer.status_code, text_of(answer), answer.headers.get("Location", ""))


def text_of(answer: Any) -> str:
    """All of an answer, also of a file that is written while it is read."""
    content: bytes = async_to_sync(_joined)(answer.streaming_content) if answer.streaming else answer.content
    return content.decode()


async def _joined(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


def word(answer: Answer, row: Row, house: House, before: str = "") -> str:
    """The word of the tables for this answer, or where it leads. `before` is the prefix of an organisation."""
    if answer.status != 302:
        return str(answer.status)
    places = {
        "done": before + houses.filled(row.then, house),
        "sign-in": _sign_in(row, before + houses.filled(row.path, house)),
        "prove": f"{before}/account/confirm[?]next={before}/*",
        "home": "/",
        "back": "/account/two-factor",
    }
    leads_to = unquote(answer.location)
    return next((name for name, place in places.items() if fnmatchcase(leads_to, place)), leads_to)


def _sign_in(row: Row, path: str) -> str:
    """A page is come back to; what was posted is not."""
    return f"/sign-in[?]next={path}" if row.method == "GET" else "/sign-in"


@cache
def _client() -> Client:
    """One for all, for a new one reads every static file's name again."""
    return Client()
