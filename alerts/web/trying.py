"""Test alerts to several channels at once, and the page that says what came of each.

The results wait in the session for the page after the POST, so that reloading it sends nothing again."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access
from accounts.domain.roles import Scope
from alerts import trials
from alerts.web import present
from heartbeet.lib import clock, durations, ratelimit
from monitors import queries as monitors_queries

_KEY = "trials"
_page = require_http_methods(["GET", "HEAD", "POST"])


@_page
def everything(request: HttpRequest) -> HttpResponse:
    """Every channel of the organisation that is switched on."""
    who = access.require(request, Scope.CHANNELS_WRITE)
    about = f"organization:{who.organization.id}"
    if request.method == "POST":
        if _may_send(request, who.organization.id):
            now = clock.now()
            results = trials.of_organization(organization=who.organization, by=who.actor, now=now)
            _keep(request, about, results)
        return redirect("alerts:test-all")
    return render(request, "alerts/trials.html", {"results": _kept(request, about), "monitor": None})


@_page
def monitor(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Every channel that is told about a monitor and switched on."""
    who = access.of(request)
    found = get_object_or_404(monitors_queries.live(who.organization), id=monitor_id)
    who.demand(Scope.MONITORS_WRITE)
    about = f"monitor:{found.id}"
    if request.method == "POST":
        if _may_send(request, who.organization.id):
            _keep(request, about, trials.of_monitor(monitor=found, by=who.actor, now=clock.now()))
        return redirect("alerts:test-monitor", monitor_id=found.id)
    return render(request, "alerts/trials.html", {"results": _kept(request, about), "monitor": found})


def _may_send(request: HttpRequest, organization_id: int) -> bool:
    try:
        ratelimit.check_test(request, organization_id=organization_id)
    except ratelimit.TooManyRequests as refusal:
        messages.error(request, f"Too many tests: wait {durations.short(refusal.retry_after_sec)}, then try again.")
        return False
    return True


def _keep(request: HttpRequest, about: str, results: Iterable[trials.Result]) -> None:
    rows = [[one.channel.id, one.channel.name, one.channel.kind, one.ok, one.error, one.duration_ms] for one in results]
    request.session[_KEY] = {"about": about, "results": rows}


def _kept(request: HttpRequest, about: str) -> list[present.Trial] | None:
    """The last results that this person got here; None if there are none."""
    kept: dict[str, Any] = request.session.get(_KEY) or {}
    return [present.trial(*row) for row in kept["results"]] if kept.get("about") == about else None
