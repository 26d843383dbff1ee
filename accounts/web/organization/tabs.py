"""The parts of an organisation's settings, as far as someone may see them."""

from django.urls import reverse

from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.web.shell import Link

_TABS = (
    ("organization:general", "General", None),
    ("organization:members", "Members", Scope.MEMBERS_READ),
    ("monitors:projects", "Projects", Scope.MONITORS_READ),
    ("monitors:alert-policy", "Alerts", Scope.MONITORS_READ),
    ("monitors:badges", "Badges & feed", Scope.MONITORS_READ),
    ("organization:tokens", "Access tokens", Scope.TOKENS_WRITE),
    ("organization:webhook-secret", "Webhook secret", Scope.WEBHOOKS_READ),
    ("organization:audit-log", "Audit log", Scope.AUDIT_READ),
)


def of(who: Access, here: str) -> tuple[Link, ...]:
    """The tabs; `here` is the name of the route that is shown."""
    shown = [(route, label) for route, label, scope in _TABS if scope is None or who.allows(scope)]
    return tuple(Link(reverse(route), label, route == here) for route, label in shown)
