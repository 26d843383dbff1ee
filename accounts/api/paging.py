"""Cursor pages: `{results, next, previous}`, steady while rows are added."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError as BadValue
from django.db.models import Model, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

Row = TypeVar("Row", bound=Model)


class Pages(CursorPagination):
    """Pages of 50, or of `?limit=` up to 200."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def __init__(self, ordering: Sequence[str]) -> None:
        self.ordering = tuple(ordering)

    def rows(self, queryset: QuerySet[Row], request: Request) -> list[Row]:
        """The rows of the page that the request asks for. Raises ValidationError for a cursor that we did not make."""
        try:
            found: list[Row] = self.paginate_queryset(queryset, request) or []
        except (NotFound, ValueError, OverflowError, BadValue) as error:
            raise ValidationError({"cursor": ["Take the cursor from `next` or `previous` of an answer."]}) from error
        # Links are never built from the Host header, which is the client's word.
        self.base_url = settings.HEARTBEET_SITE_URL + request.get_full_path()
        return found

    def answer(self, results: Any) -> Response:
        """The page around its rendered rows."""
        return Response({"results": results, "next": self.get_next_link(), "previous": self.get_previous_link()})
