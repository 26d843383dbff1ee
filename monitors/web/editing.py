"""Making a monitor, changing one, and making another like it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import Project
from alerts import queries as alerts_queries
from alerts import subscriptions
from alerts.models import Channel
from heartbeet.lib import clock, words, zones
from monitors import policies, queries
from monitors.domain import fields
from monitors.domain.fields import MonitorFields
from monitors.domain.policy import Policy
from monitors.models import Monitor
from monitors.operations import Created
from monitors.web import forms, present_replay, present_schedule, replaying, views
from monitors.web.timing import TimingForm

_page = require_http_methods(["GET", "HEAD", "POST"])


@_page
def create(request: HttpRequest) -> HttpResponse:
    """The form of a new monitor; then its page, which shows the ping URL once."""
    who = access.require(request, Scope.MONITORS_WRITE)
    channels = list(alerts_queries.channels(who.organization))
    usual = [channel.id for channel in channels if channel.is_default]
    form = _form(request, who, channels, {"channels": usual, "beet_zone": who.zone})
    if form.is_valid():
        with form.refusals():
            now = clock.now()
            created = subscriptions.create_monitor(
                organization=who.organization,
                project=_home(who, form, who.organization.projects.order_by("id")[0]),
                fields=MonitorFields(type=form.kind_chosen, **form.changes()),
                channel_ids=form.cleaned_data["channels"],
                contacts={},
                by=who.actor,
                now=now,
            )
            return _ready(request, created, now)
    return _show(request, who, form, {})


@_page
def edit(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """The form of a monitor that exists."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_WRITE)
    channels = list(alerts_queries.channels(who.organization))
    form = _form(request, who, channels, forms.initial(monitor, alerts_queries.channel_ids(monitor)), monitor.type)
    if form.is_valid():
        with form.refusals():
            subscriptions.edit_monitor(
                monitor=monitor,
                changes={**form.changes(), "project": _home(who, form, monitor.project)},
                channel_ids=form.cleaned_data["channels"],
                contacts={},
                by=who.actor,
                now=clock.now(),
            )
            messages.success(request, "Saved.")
            return redirect(monitor)
    about = {"monitor": monitor, "but": present_schedule.stillness(monitor, clock.now())}
    return _show(request, who, form, {**about, "replay": _replay(who, monitor, form)})


@_page
def clone(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """The form of a new monitor that is like another one, but for its name and its ping URL."""
    who, source = views.find(request, monitor_id, Scope.MONITORS_WRITE)
    channels = list(alerts_queries.channels(who.organization))
    shown = forms.initial(source, alerts_queries.channel_ids(source)) | {"name": queries.name_of_copy(source)}
    form = _form(request, who, channels, shown, source.type)
    if form.is_valid():
        with form.refusals():
            now = clock.now()
            created = subscriptions.copy_monitor(
                source=source,
                project=_home(who, form, source.project),
                fields=replace(fields.from_row(source), **form.changes()),
                channel_ids=form.cleaned_data["channels"],
                by=who.actor,
                now=now,
            )
            return _ready(request, created, now)
    return _show(request, who, form, {"source": source})


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """What a monitor would do, while its form is being filled in."""
    who = access.require(request, Scope.MONITORS_READ)
    panel = _panel(who, policies.of(who.organization), request.GET.dict())
    return render(request, "monitors/form/preview.html", {"panel": panel, "is_update": True})


def _form(
    request: HttpRequest, who: Access, channels: list[Channel], initial: dict[str, Any], kind: str = ""
) -> forms.MonitorForm:
    """The form as it was sent; one that is only to be looked at again comes back without complaints."""
    projects = [(project.id, project.name) for project in who.organization.projects.order_by("id")]
    given: dict[str, Any] = {"channels": _choices(channels), "projects": projects, "kind": kind}
    form = forms.MonitorForm(request.POST or None, initial=initial, **given)
    if "preview" in request.POST:
        return forms.MonitorForm(initial=form.typed_so_far(), **given)
    return form


def _choices(channels: list[Channel]) -> list[tuple[int, str]]:
    return [(each.id, each.name if each.is_enabled else f"{each.name} (switched off)") for each in channels]


def _home(who: Access, form: forms.MonitorForm, usual: Project) -> Project:
    """The project that was chosen, or the usual one where there is nothing to choose."""
    chosen = form.cleaned_data.get("project")
    return who.organization.projects.get(id=chosen) if chosen else usual


def _ready(request: HttpRequest, created: Created, now: datetime) -> HttpResponse:
    messages.success(request, "The monitor is ready. It waits for its first ping.")
    return views.show_once(request, created.monitor, created.secrets, now=now)


def _panel(who: Access, usual: Policy, typed: Mapping[str, Any]) -> present_schedule.Panel:
    """What a monitor would do with what was typed so far."""
    tell, floor = words.Teller.for_zone(clock.now(), who.zone), who.organization.plan.interval_floor_sec
    form, is_told = TimingForm.typed(typed), bool(typed.get("channels"))
    return present_schedule.panel(form, usual, floor, tell, is_told=is_told)


def _replay(who: Access, monitor: Monitor, form: forms.MonitorForm) -> present_replay.Panel | None:
    """What a beet would have alerted of with what was typed so far."""
    if monitor.type != Monitor.BEET:
        return None
    tell = words.Teller.for_zone(clock.now(), who.zone)
    return replaying.panel(monitor, form.typed_so_far(), tell)


def _show(request: HttpRequest, who: Access, form: forms.MonitorForm, about: dict[str, Any]) -> HttpResponse:
    """The form; `about` is the monitor that it changes, or the one that it copies."""
    usual = policies.of(who.organization)
    form.show_usual(usual)
    shown = {
        "form": form,
        "panel": _panel(who, usual, form.typed_so_far()),
        "zones": zones.names(),
        "tags": queries.tags_in_use(who.organization),
    }
    return render(request, "monitors/form.html", {**shown, **about})
