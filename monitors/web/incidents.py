"""The list of incidents, an incident's page, and what people do with one."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import Organization
from accounts.web import live
from alerts import ledger
from alerts.web import present_ledger
from heartbeet.lib import clock, words
from monitors import beet_evidence, evidence, operations, queries, transitions
from monitors import incidents as reads
from monitors.domain import fields
from monitors.domain.status import IncidentStatus
from monitors.incidents import Asked
from monitors.models import Incident
from monitors.web import explaining, forms, incident_filter, present_evidence, present_explanation
from monitors.web import present_incidents as present

PAGE_SIZE = 40
A_MINUTE = timedelta(minutes=1)
"""How long it is true how long an open incident has lasted."""
STATES = [("", "All"), *((status.value, status.capitalize()) for status in IncidentStatus)]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The incidents that the filter in the address leaves, the newest first; htmx asks for the living part alone."""
    who = access.require(request, Scope.INCIDENTS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    standing = reads.standing(who.organization, tell.now)
    version = live.digest(standing.mark)
    if live.is_current(request, version, tell.now):
        return live.unchanged()
    asked, left_out = incident_filter.read(request.GET, tell.zone)
    found = reads.narrowed(queries.incidents(who.organization), asked).order_by("-opened_at", "-id")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = {
        "rows": present.incidents(page.object_list, tell),
        "page": page,
        "summary": present.standing(standing),
        "is_first": not page.paginator.count and not queries.incidents(who.organization).exists(),
        "is_narrowed": asked != Asked(status=asked.status),
        "asked": asked,
        "version": live.stamp(version, tell.now, tell.now + A_MINUTE if standing.open else None),
        "served_at": int(tell.now.timestamp() * 1000),
    }
    if request.headers.get("HX-Request"):
        return render(request, "monitors/incidents.html#rows", shown)
    form = incident_filter.form(who.organization, asked, standing)
    return render(request, "monitors/incidents.html", {**shown, "form": form, "left_out": left_out, "states": STATES})


@require_safe
def detail(request: HttpRequest, incident_id: int) -> HttpResponse:
    """An incident: what happened, on what evidence, who was told, and how that went."""
    who, incident = _find(request, incident_id, Scope.INCIDENTS_READ, among=queries.versioned_incidents)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    if live.asks(request) and live.is_current(request, _version(incident, ledger.marks_of(incident)), tell.now):
        return live.unchanged()
    events = list(incident.events.select_related("actor").order_by("seq"))
    for event in events:
        event.incident = incident
    entries, found = ledger.of_incident(incident), evidence.of(incident)
    version = _version(incident, ledger.marks(entry.delivery for entry in entries))
    shown = {
        "incident": present.incident(incident, tell),
        "outcome": present.outcome(incident, events, tell),
        "explained": present_explanation.explained(beet_evidence.of(incident, zone=tell.zone, now=tell.now), tell),
        "evidence": present_evidence.told(incident, found, tell, with_source=who.allows(Scope.MONITORS_WRITE)),
        "facts": present.facts(incident, tell),
        "monitor": incident.monitor,
        "model": explaining.offer(request, incident, tell),
        "events": (rows := present.events(events, tell)),
        "is_kept_back": bool(rows and rows[0].message),
        "deliveries": [present_ledger.delivery(each, tell) for each in entries],
        "can_act": who.allows(Scope.INCIDENTS_WRITE),
        "can_replay": who.allows(Scope.CHANNELS_WRITE),
        "version": live.stamp(version, tell.now),
        "served_at": int(tell.now.timestamp() * 1000),
    }
    template = "monitors/incident_live.html" if request.headers.get("HX-Request") else "monitors/incident.html"
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


def _find(
    request: HttpRequest,
    incident_id: int,
    scope: Scope,
    among: Callable[[Organization], QuerySet[Incident]] = queries.incidents,
) -> tuple[Access, Incident]:
    who = access.of(request)
    incident = get_object_or_404(among(who.organization), id=incident_id)
    who.demand(scope)
    return who, incident


def _version(incident: Incident, told: ledger.Marks) -> str:
    """What the living part of its page is made of, in a word; `incident` is one of `queries.versioned_incidents`."""
    its = {name: value for name, value in vars(incident).items() if not name.startswith("_")}
    return live.digest(its, incident.monitor.updated_at, told)
