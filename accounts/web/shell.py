"""What every page shows around its content: who is signed in, where, and the way to the other pages."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils.functional import SimpleLazyObject

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope

_SECTIONS = (
    ("", "Monitors"),
    ("incidents", "Incidents"),
    ("boards", "Boards"),
    ("channels", "Channels"),
    ("settings", "Settings"),
)
"""Each section's first page, and what it is called. The monitors begin at the root."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another part of the site."""

    url: str
    label: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page for someone who is signed in."""

    organization: str
    email: str
    role: str
    can_edit: bool
    nav: tuple[Link, ...]
    organizations: tuple[Link, ...]


def context(request: HttpRequest) -> dict[str, Any]:
    """The template context processor. `shell` is looked up when a page shows it, so that an error page asks nothing;
    it is None for a stranger."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> Shell | None:
    try:
        who = access.of(request)
    except access.NotAuthenticated:
        return None
    here = _section(request.path_info)
    nav = tuple(Link(get_script_prefix() + page, label, page == here) for page, label in _SECTIONS)
    return Shell(
        who.organization.name,
        who.user.email,
        who.role,
        who.allows(Scope.MONITORS_WRITE),
        nav,
        _organizations(request, who),
    )


def _section(path: str) -> str:
    """Where a page belongs, by the first part of its address."""
    first = path.strip("/").partition("/")[0]
    return "" if first == "monitors" else first


def _organizations(request: HttpRequest, who: Access) -> tuple[Link, ...]:
    """What one can switch to; nothing if there is only one."""
    mine = [membership.organization for membership in access.memberships(request)]
    return tuple(Link(each.home, each.name, each == who.organization) for each in mine if len(mine) > 1)
