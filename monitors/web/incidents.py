"""The list of incidents, an incident's page, and what people do with one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from alerts import ledger
from alerts.web import present_ledger
from heartbeet.lib import clock, words
from monitors import operations, queries, transitions
from monitors.domain import fields
from monitors.models import Incident
from monitors.web import forms
from monitors.web import present_incidents as present

PAGE_SIZE = 50


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All incidents, the newest first; `?status=open` shows those that are not over."""
    who = access.require(request, Scope.INCIDENTS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    only_open = request.GET.get("status") == "open"
    found = queries.incidents(who.organization).order_by("-opened_at", "-id")
    found = found.filter(resolved_at=None) if only_open else found
    shown = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [present.incident(each, tell) for each in shown.object_list]
    template = "monitors/incidents.html#rows" if request.headers.get("HX-Request") else "monitors/incidents.html"
    return render(request, template, {"rows": rows, "page": shown, "only_open": only_open})


@require_safe
def detail(request: HttpRequest, incident_id: int) -> HttpResponse:
    """An incident: what happened, who was told, and how that went."""
    who, incident = _find(request, incident_id, Scope.INCIDENTS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    events = [present.event(each, tell) for each in incident.events.select_related("actor").order_by("seq")]
    shown = {
        "incident": present.incident(incident, tell),
        "evidence": present.evidence(incident, tell),
        "monitor": incident.monitor,
        "events": events,
        "is_kept_back": bool(events and events[0].message),
        "deliveries": [present_ledger.delivery(each, tell) for each in ledger.of_incident(incident)],
        "can_act": who.allows(Scope.INCIDENTS_WRITE),
        "can_replay": who.allows(Scope.CHANNELS_WRITE),
    }
    template = "monitors/incident.html#live" if request.headers.get("HX-Request") else "monitors/incident.html"
    return render(request, template, shown)


@require_POST
def acknowledge(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Someone is on it."""
    who, incident = _find(request, incident_id, Scope.INCIDENTS_WRITE)
    try:
        operations.acknowledge(incident=incident, by=who.actor, now=clock.now())
    except transitions.NotOpen as refusal:
        messages.warning(request, str(refusal))
    return redirect(incident)


@require_POST
def resolve(request: HttpRequest, incident_id: int) -> HttpResponse:
    """It is over, says a person."""
    who, incident = _find(request, incident_id, Scope.INCIDENTS_WRITE)
    try:
        operations.resolve(incident=incident, by=who.actor, now=clock.now())
        messages.success(request, "Resolved. The monitor waits anew; if it stays silent, it alerts again.")
    except transitions.NotOpen as refusal:
        messages.warning(request, str(refusal))
    return redirect(incident)


@require_POST
def note(request: HttpRequest, incident_id: int) -> HttpResponse:
    """A line for the timeline."""
    who, incident = _find(request, incident_id, Scope.INCIDENTS_WRITE)
    form = forms.Note(request.POST)
    if form.is_valid():
        operations.note(incident=incident, message=form.cleaned_data["message"], by=who.actor, now=clock.now())
    else:
        messages.error(request, f"Write a note of 1 to {fields.MAX_NOTE:,} characters.")
    return redirect(incident)


def _find(request: HttpRequest, incident_id: int, scope: Scope) -> tuple[Access, Incident]:
    who = access.of(request)
    incident = get_object_or_404(queries.incidents(who.organization), id=incident_id)
    who.demand(scope)
    return who, incident
