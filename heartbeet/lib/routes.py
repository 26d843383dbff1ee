"""URL patterns of the API."""

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern, path


def either(route: str, view: Callable[..., HttpResponseBase], **kwargs: Any) -> list[URLPattern]:
    """A route that answers with and without a trailing slash: a redirect would lose the body of a POST."""
    return [path(route, view, kwargs), path(f"{route}/", view, kwargs)]
