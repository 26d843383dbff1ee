"""The log of a monitor's pings, and the page of one ping."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.domain.roles import Scope
from heartbeet.lib import clock, words
from monitors import ping_log
from monitors.domain.status import Kind
from monitors.ping_log import Place
from monitors.web import present_pings, views

PAGE_SIZE = 25
KINDS = [("", "All"), (Kind.SUCCESS, "Success"), (Kind.FAIL, "Failed"), (Kind.START, "Started"), (Kind.LOG, "Log")]


@require_safe
def index(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """A page of the log, the newest first: of one `kind`, from `before` a place on. htmx, which adds older pings below
    those that a monitor's page shows, gets them alone."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    kind, asked = request.GET.get("kind", ""), request.GET.get("before", "")
    before = Place.read(asked)
    found = ping_log.page(monitor, size=PAGE_SIZE, kind=Kind(kind) if kind in list(Kind) else None, before=before)
    can_edit = who.allows(Scope.MONITORS_WRITE)
    shown = {
        "monitor": monitor,
        "pings": [present_pings.ping(each, tell, with_source=can_edit) for each in found.pings],
        "older": found.older,
        "before": before,
        "is_lost": bool(asked) and before is None,
        "kinds": [(key, word, key == kind) for key, word in KINDS],
    }
    template = "monitors/ping_log.html#more" if request.headers.get("HX-Request") else "monitors/ping_log.html"
    return render(request, template, shown)


@require_safe
def detail(request: HttpRequest, monitor_id: int, ping_id: int) -> HttpResponse:
    """One ping with all that is kept of its output."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_READ)
    ping = get_object_or_404(monitor.pings, id=ping_id)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    can_edit = who.allows(Scope.MONITORS_WRITE)
    row = present_pings.ping(ping, tell, with_source=can_edit, most=present_pings.ALL)
    return render(request, "monitors/ping.html", {"monitor": monitor, "ping": row})
