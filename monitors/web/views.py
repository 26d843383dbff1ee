"""A monitor's page, and the buttons on it."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import Organization
from accounts.web import live, recent
from accounts.web import reveal as once
from accounts.web.components import Ask
from heartbeet.lib import clock, words
from monitors import operations, ping_log, queries
from monitors.models import Monitor
from monitors.web import page

_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def detail(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """A monitor's page; htmx asks for the living part alone, which never holds the secret."""
    who, monitor = find(request, monitor_id, Scope.MONITORS_READ, among=queries.versioned)
    tell, version = words.Teller.for_zone(clock.now(), who.zone), page.version(monitor)
    if live.is_current(request, version, tell.now):
        return live.unchanged()
    if request.headers.get("HX-Request"):
        down_to = ping_log.Place.newest(request.GET.getlist("down_to"))
        return render(request, "monitors/detail_live.html", page.living(who, monitor, tell, down_to=down_to))
    token = once.take(request, operations.resource(monitor), now=tell.now) if request.method == "GET" else ""
    return render(request, "monitors/detail.html", page.whole(who, monitor, token, tell))


@require_POST
@recent.required(back="monitors:detail")
def reveal(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Shows the ping URL on the page that follows, once."""
    who, monitor = find(request, monitor_id, Scope.MONITORS_READ)
    who.demand_reveal()
    now = clock.now()
    return show_once(request, monitor, operations.reveal(monitor=monitor, by=who.actor, now=now), now=now)


@_ask_then_do
@recent.required
def rotate(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Asks, then replaces the ping URL."""
    who, monitor = find(request, monitor_id, Scope.MONITORS_WRITE)
    who.demand_reveal()
    if request.method != "POST":
        return _confirm(request, monitor, _ROTATE)
    now = clock.now()
    messages.success(request, "This is the new ping URL. The old one is dead.")
    return show_once(request, monitor, operations.rotate_token(monitor=monitor, by=who.actor, now=now), now=now)


@_ask_then_do
def pause(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Asks, then stops judging a monitor."""
    who, monitor = find(request, monitor_id, Scope.MONITORS_WRITE)
    if request.method != "POST":
        return _confirm(request, monitor, _PAUSE)
    operations.pause(monitor=monitor, by=who.actor, now=clock.now())
    messages.success(request, f"“{monitor.name}” is paused.")
    return redirect(monitor)


@require_POST
def resume(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Judges a monitor again; nothing is lost by it, so nothing is asked."""
    who, monitor = find(request, monitor_id, Scope.MONITORS_WRITE)
    operations.resume(monitor=monitor, by=who.actor, now=clock.now())
    messages.success(request, f"“{monitor.name}” is watched again.")
    return redirect(monitor)


@_ask_then_do
def delete(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Asks, then deletes a monitor."""
    who, monitor = find(request, monitor_id, Scope.MONITORS_WRITE)
    if request.method != "POST":
        return _confirm(request, monitor, _DELETE)
    operations.delete(monitor=monitor, by=who.actor, now=clock.now())
    messages.success(request, f"“{monitor.name}” is deleted.")
    return redirect("monitors:list")


def find(
    request: HttpRequest,
    monitor_id: int,
    scope: Scope,
    among: Callable[[Organization], QuerySet[Monitor]] = queries.live,
) -> tuple[Access, Monitor]:
    """Who asks, and the monitor; a foreign one is as good as none, whatever the role."""
    who = access.of(request)
    monitor = get_object_or_404(among(who.organization), id=monitor_id)
    who.demand(scope)
    return who, monitor


def show_once(request: HttpRequest, monitor: Monitor, secrets: operations.Secrets, *, now: datetime) -> HttpResponse:
    """On to the monitor's page, which shows the ping URL this one time."""
    once.keep(request, operations.resource(monitor), secrets.token, now=now)
    return redirect(monitor)


_ROTATE = Ask(
    "Replace the ping URL of “{}”?",
    "A new URL is made and shown once. Do this when the old one has leaked.",
    (
        "The old URL is dead at once: every job that still uses it gets 404, and its pings are lost.",
        "Until the new URL is in place everywhere, this monitor will miss its pings and alert.",
    ),
    "Replace the URL",
)
_PAUSE = Ask(
    "Pause “{}”?",
    "Pings are still stored, but nobody is told when they stop.",
    (
        "If an incident is open, it is closed as paused, and its channels are told.",
        "Silence goes unnoticed until someone resumes the monitor. It does not resume by itself.",
    ),
    "Pause",
    is_destructive=False,
)
_DELETE = Ask(
    "Delete “{}”?",
    "This cannot be undone. If it should only be quiet for a while, pause it instead.",
    (
        "Its ping URL is dead at once: jobs that use it get 404.",
        "Its pings, its history and its settings are removed.",
        "An open incident is closed, and its channels are told.",
    ),
    "Delete the monitor",
)


def _confirm(request: HttpRequest, monitor: Monitor, question: Ask) -> HttpResponse:
    ask = question.about(monitor.name, monitor.get_absolute_url())
    return render(request, "components/confirm.html", {"ask": ask})
