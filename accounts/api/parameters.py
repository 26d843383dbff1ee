"""Query parameters, read strictly: what is wrong with one is said, never guessed."""

import math
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ErrorDetail, ValidationError

LARGEST_ID = 2**63 - 1
"""The largest that the database keeps."""


def check(query: str, *, once: Collection[str], filled: Collection[str] = ()) -> None:
    """Refuse what no parameter can be: bytes that are not UTF-8, a NUL, a second value for one of those that are
    wanted `once`, and none for one that has to be `filled`. A parameter that nobody knows is left alone, for clients
    send their own. Raises ValidationError."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError as error:
        raise bad("", "The query must be UTF-8.") from error
    counts = Counter(name for name, _ in pairs)
    for name, value in pairs:
        if "\x00" in name + value:
            raise bad(name.replace("\x00", ""), "Null characters are not allowed.")
        if name in once and counts[name] > 1:
            raise bad(name, "Give it once.")
        if name in filled and not value:
            raise bad(name, "Give it a value, or leave it out.")


def given(asked: QueryDict, name: str) -> str:
    """A parameter as text; '' if it is not there."""
    return str(asked.get(name) or "")


def one_of(name: str, value: str, allowed: list[str]) -> str:
    """A parameter that is one of a few words. Raises ValidationError."""
    if value not in allowed:
        raise bad(name, f"One of {', '.join(allowed)}.")
    return value


def number(name: str, value: str) -> int:
    """A parameter that is an id. Raises ValidationError."""
    if not (value.isascii() and value.isdigit() and value.strip("0")):
        raise bad(name, "Give an id, a whole number.")
    return min(int(value[:20]), LARGEST_ID)


def whole(asked: QueryDict, name: str, least: int, most: int) -> int:
    """A parameter that is a whole number within bounds. Raises ValidationError."""
    text = given(asked, name)
    if text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most:
        return int(text)
    raise bad(name, f"Give a whole number from {least} to {most}.")


def real(asked: QueryDict, name: str, least: float, most: float) -> float:
    """A parameter that is a number within bounds. Raises ValidationError."""
    try:
        number = float(given(asked, name))
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise bad(name, f"Give a number from {least} to {most}.")
    return number


def instant(name: str, value: str) -> datetime:
    """A parameter that is an RFC 3339 instant that calendars can count with. A `+` that came unescaped arrives as a
    space and is taken for what it was. Raises ValidationError."""
    try:
        found = parse_datetime(value.replace(" ", "+") if "T" in value else value)
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year < 3000:
        raise bad(name, "Give an instant such as 2026-01-31T12:00:00Z.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def bad(name: str, message: str) -> ValidationError:
    """A parameter cannot be; the message says what would be right."""
    return ValidationError({name: [ErrorDetail(message, code="invalid")]})
