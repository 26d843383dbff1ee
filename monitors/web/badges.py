"""The badges of an organisation, and the buttons that make them, give them another address, and take them away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain import roles
from accounts.domain.roles import Scope
from accounts.web import reveal as once
from accounts.web.components import Ask
from accounts.web.organization import tabs
from heartbeet.lib import clock
from monitors import badges, feeds, queries
from monitors.models import Badge
from monitors.web import feed, views
from monitors.web import present_badges as present

_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All badges, a form for those of tags, and the feed."""
    who = access.require(request, Scope.MONITORS_READ)
    found = list(badges.of(who.organization))
    taken = {badge.tag for badge in found}
    key = once.take(request, feed.resource(who.organization), now=clock.now()) if request.method == "GET" else ""
    shown = {
        "badges": [present.card(badge) for badge in found],
        "tags": [tag for tag in queries.tags_in_use(who.organization) if tag not in taken],
        "can_edit": who.allows(Scope.MONITORS_WRITE),
        "is_fed": feeds.of(who.organization) is not None,
        "feed_url": feed.address(key) if key else "",
        "can_feed": roles.manages(who.role),
    }
    return render(request, "organization/badges.html", {**shown, "tabs": tabs.of(who, "monitors:badges")})


@require_POST
def create(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Makes the badge of a monitor."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_WRITE)
    badges.switch_on(monitor=monitor, by=who.actor, now=clock.now())
    messages.success(request, "The badge is ready. Copy its link to where it should be seen.")
    return redirect(monitor)


@require_POST
def create_for_tag(request: HttpRequest) -> HttpResponse:
    """Makes the badge of a tag."""
    who = access.require(request, Scope.MONITORS_WRITE)
    try:
        tag = request.POST.get("tag", "")
        badges.switch_on_for_tag(organization=who.organization, tag=tag, by=who.actor, now=clock.now())
        messages.success(request, "The badge is ready. Copy its link to where it should be seen.")
    except badges.UnknownTag as refusal:
        messages.error(request, str(refusal))
    return redirect("monitors:badges")


@_ask_then_do
def replace(request: HttpRequest, badge_id: int) -> HttpResponse:
    """Asks, then gives a badge another address."""
    who, badge = _find(request, badge_id)
    if request.method != "POST":
        return _confirm(request, badge, _REPLACE)
    badges.replace(badge=badge, by=who.actor, now=clock.now())
    messages.success(request, "The badge has a new link. The old one is dead.")
    return redirect(_page(badge))


@_ask_then_do
def delete(request: HttpRequest, badge_id: int) -> HttpResponse:
    """Asks, then takes a badge away."""
    who, badge = _find(request, badge_id)
    if request.method != "POST":
        return _confirm(request, badge, _DELETE)
    badges.switch_off(badge=badge, by=who.actor, now=clock.now())
    messages.success(request, "The badge is switched off.")
    return redirect(_page(badge))


def _find(request: HttpRequest, badge_id: int) -> tuple[Access, Badge]:
    """Who asks, and the badge; a foreign one is as good as none, whatever the role."""
    who = access.of(request)
    badge = get_object_or_404(badges.of(who.organization), id=badge_id)
    who.demand(Scope.MONITORS_WRITE)
    return who, badge


def _page(badge: Badge) -> str:
    return badge.monitor.get_absolute_url() if badge.monitor else reverse("monitors:badges")


_REPLACE = Ask(
    "Replace the link of the badge of “{}”?",
    "The badge gets a new link. Do this when the old one is where it should not be.",
    ("The old link is dead at once: pages that still use it show “not found”, copies in caches within a minute.",),
    "Replace the link",
)
_DELETE = Ask(
    "Switch off the badge of “{}”?",
    "You can make another one at any time; it will have another link.",
    ("Its link is dead at once and does not come back: pages that use it show “not found”.",),
    "Switch off",
)


def _confirm(request: HttpRequest, badge: Badge, question: Ask) -> HttpResponse:
    ask = question.about(present.name(badge), _page(badge))
    return render(request, "components/confirm.html", {"ask": ask})
