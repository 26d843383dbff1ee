"""Cursor pages: `{results, next, previous}`, steady while rows come and go.

A cursor is the place of a row in the order, not a number of rows to skip: what is added or deleted elsewhere moves
nothing. It is signed together with the question it belongs to, so that it leads nowhere else.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import parameters

LIMIT, CURSOR = "limit", "cursor"

Row = TypeVar("Row", bound=Model)


class Pages:
    """Pages of 50, or of `?limit=` up to 200. `ordering` names columns that are never null, `-` before a falling one,
    and ends in a unique one."""

    page_size = 50
    max_page_size = 200

    def __init__(self, *, ordering: Sequence[str]) -> None:
        self.ordering = tuple(ordering)
        self._next: str | None = None
        self._previous: str | None = None

    def rows(self, queryset: QuerySet[Row], request: Request) -> list[Row]:
        """The rows of the page that the request asks for. Raises ValidationError for a `limit` that cannot be, and for
        a cursor that is not ours or answers another question."""
        limit, place = self._limit(request), self._place(request)
        is_backward = place is not None and place["backward"]
        found = queryset.order_by(*(map(_turned, self.ordering) if is_backward else self.ordering))
        if place:
            found = found.filter(self._beyond(place["after"], is_backward))
        rows = list(found[: limit + 1])
        has_more, rows = len(rows) > limit, rows[:limit]
        if is_backward:
            rows.reverse()
        if rows:
            self._next = self._link(request, rows[-1], False) if has_more or is_backward else None
            self._previous = self._link(request, rows[0], True) if (has_more if is_backward else place) else None
        return rows

    def answer(self, results: Any) -> Response:
        """The page around its rendered rows."""
        return Response({"results": results, "next": self._next, "previous": self._previous})

    def _limit(self, request: Request) -> int:
        text = parameters.given(request.query_params, LIMIT)
        if not text:
            return self.page_size
        if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= self.max_page_size:
            return int(text)
        raise parameters.bad(LIMIT, f"Give a whole number from 1 to {self.max_page_size}.")

    def _place(self, request: Request) -> dict[str, Any] | None:
        text = parameters.given(request.query_params, CURSOR)
        try:
            place: dict[str, Any] | None = self._signer(request).unsign_object(text) if text else None
        except BadSignature as error:
            raise parameters.bad(
                CURSOR, "Take it from `next` or `previous` of an answer to the same question."
            ) from error
        return place

    def _link(self, request: Request, row: Model, is_backward: bool) -> str:
        """The page beyond a row. It is never built from the Host header, which is the client's word."""
        values = [getattr(row, name.lstrip("-")) for name in self.ordering]
        after = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        query = request.query_params.copy()
        query[CURSOR] = self._signer(request).sign_object({"after": after, "backward": is_backward})
        return f"{settings.HEARTBEET_SITE_URL}{request.path}?{query.urlencode()}"

    def _signer(self, request: Request) -> Signer:
        """Signs for the path, the filters and the order; the size of a page may change on the way."""
        filters = sorted((name, values) for name, values in request.query_params.lists() if name not in (LIMIT, CURSOR))
        return Signer(salt=f"cursor {request.path.rstrip('/')} {filters} {self.ordering}")

    def _beyond(self, after: Sequence[Any], is_backward: bool) -> Q:
        """What comes after a place: a later first column, or the same one and a later second column, and so on."""
        beyond, same = Q(), Q()
        for column, value in zip(self.ordering, after, strict=True):
            name = column.lstrip("-")
            comparison = "lt" if column.startswith("-") is not is_backward else "gt"
            beyond |= same & Q(**{f"{name}__{comparison}": value})
            same &= Q(**{name: value})
        first = self.ordering[0]
        bound = "lte" if first.startswith("-") is not is_backward else "gte"  # one range, for an index to begin with
        return beyond & Q(**{f"{first.lstrip('-')}__{bound}": after[0]})


def _turned(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"
