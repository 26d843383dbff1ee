"""What every page shows around its content: who is signed in, where, and the way to the other pages."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import access

_SECTIONS = (("/", "Monitors"), ("/incidents", "Incidents"), ("/channels", "Channels"))


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the main navigation."""

    url: str
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page for someone who is signed in."""

    organization: str
    email: str
    role: str
    nav: tuple[Link, ...]


def context(request: HttpRequest) -> dict[str, Any]:
    """The template context processor. `shell` is looked up when a page shows it, so that an error page asks nothing;
    it is None for a stranger."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> Shell | None:
    try:
        who = access.of(request)
    except access.NotAuthenticated:
        return None
    nav = tuple(Link(url, label, url == _section(request.path)) for url, label in _SECTIONS)
    return Shell(who.organization.name, who.user.email, who.role, nav)


def _section(path: str) -> str:
    return next((url for url, _ in _SECTIONS[1:] if path.startswith(url)), "/")
