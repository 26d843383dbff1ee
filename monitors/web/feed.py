"""The buttons of an organisation's feed of incidents. They stand among the badges (`monitors.web.badges`)."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import Access
from accounts.domain import roles
from accounts.models import Organization
from accounts.web import recent, reveal
from accounts.web.components import Ask
from heartbeet.lib import clock
from monitors import feeds
from monitors.models import Feed

_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])


def address(key: str) -> str:
    """Where the feed with this key is read."""
    return f"{settings.HEARTBEET_SITE_URL}/feed/{key}.atom"


def resource(organization: Organization) -> str:
    """What the key is kept under until the next page shows it."""
    return f"feed:{organization.id}"


@require_POST
@recent.required(back="monitors:badges")
def create(request: HttpRequest) -> HttpResponse:
    """Makes the feed, and shows its address on the page that follows, once."""
    who, now = _who(request), clock.now()
    return _show_once(request, who, feeds.switch_on(organization=who.organization, by=who.actor, now=now), now)


@require_POST
@recent.required(back="monitors:badges")
def show(request: HttpRequest) -> HttpResponse:
    """Shows the address on the page that follows, once; audited."""
    (who, feed), now = _find(request), clock.now()
    return _show_once(request, who, feeds.reveal(feed=feed, by=who.actor, now=now), now)


@_ask_then_do
@recent.required
def replace(request: HttpRequest) -> HttpResponse:
    """Asks, then replaces the address."""
    (who, feed), now = _find(request), clock.now()
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(_REPLACE)})
    messages.success(request, "This is the new address. The old one is dead.")
    return _show_once(request, who, feeds.replace(feed=feed, by=who.actor, now=now), now)


@_ask_then_do
def delete(request: HttpRequest) -> HttpResponse:
    """Asks, then takes the feed away."""
    who, feed = _find(request)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(_DELETE)})
    feeds.switch_off(feed=feed, by=who.actor, now=clock.now())
    messages.success(request, "The feed is switched off.")
    return redirect("monitors:badges")


def _who(request: HttpRequest) -> Access:
    """Who asks, if they may: owners and admins."""
    who = access.of(request)
    if not roles.manages(who.role):
        raise access.RoleInsufficient(access.RoleInsufficient.__doc__)
    return who


def _find(request: HttpRequest) -> tuple[Access, Feed]:
    who = _who(request)
    feed = feeds.of(who.organization)
    if feed is None:
        raise Http404
    return who, feed


def _show_once(request: HttpRequest, who: Access, key: str, now: datetime) -> HttpResponse:
    reveal.keep(request, resource(who.organization), key, now=now)
    return redirect("monitors:badges")


_REPLACE = Ask(
    "Replace the address of the feed?",
    "A new address is made and shown once. Do this when the old one has leaked, or when somebody who knows it leaves.",
    ("The old address is dead at once: every reader that uses it gets 404 until you give it the new one.",),
    "Replace the address",
)
_DELETE = Ask(
    "Switch off the feed of incidents?",
    "You can switch it on again at any time; it will have another address.",
    ("Its address is dead at once and does not come back: readers that use it get 404.",),
    "Switch off",
)


def _question(question: Ask) -> Ask:
    return question.about("Badges & feed", reverse("monitors:badges"))
