"""Every route of the URLconf, so that a new one cannot be forgotten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver

from heartbeet import urls

API = "api/v1/"
ADMIN = "admin/"

_CONVERTER = re.compile(r"<\w+:(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True)
class Route:
    """A route by its text, with `<name>` where it takes something, and the view behind it."""

    path: str
    view: Any

    @property
    def methods(self) -> set[str]:
        """What an endpoint of the API defines; HEAD and OPTIONS come with every view."""
        endpoint = self.view.cls
        return {name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(endpoint, name)}


def every() -> list[Route]:
    """All of them."""
    return list(_walk(urls.urlpatterns))


def endpoints() -> dict[str, Route]:
    """The API's, by their text without a slash at the end. Documents are not endpoints."""
    found = [route for route in every() if route.path.startswith(API) and hasattr(route.view, "cls")]
    return {route.path.removesuffix("/"): route for route in found}


def operators() -> list[str]:
    """The operators' pages."""
    return [route.path for route in every() if route.path.startswith(ADMIN)]


def pages() -> set[str]:
    """Everything else: what browsers open, and what anybody may."""
    return {route.path for route in every()} - {route.path for route in every() if _is_elsewhere(route)}


def _is_elsewhere(route: Route) -> bool:
    return route.path.startswith(ADMIN) or hasattr(route.view, "cls")


def _walk(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[Route]:
    for each in patterns:
        here = before + _text(str(each.pattern))
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, here)
        else:
            yield Route(here, each.callback)


def _text(pattern: str) -> str:
    """`^x/(?P<key>[-:\\w]+)$` and `x/<str:key>` are both `x/<key>`."""
    return _CONVERTER.sub(r"<\1>", _GROUP.sub(r"<\1>", pattern.removeprefix("^").removesuffix("$")))
