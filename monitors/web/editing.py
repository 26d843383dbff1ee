"""Making a monitor and changing one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import Project
from accounts.web import components
from alerts import queries as alerts_queries
from alerts import subscriptions
from alerts.models import Channel
from heartbeet.lib import clock, words, zones
from monitors.domain import schedule
from monitors.domain.fields import MonitorFields
from monitors.models import Monitor
from monitors.web import forms, views

_page = require_http_methods(["GET", "HEAD", "POST"])


@_page
def create(request: HttpRequest) -> HttpResponse:
    """The form of a new monitor; then its page, which shows the ping URL once."""
    who = access.require(request, Scope.MONITORS_WRITE)
    channels = list(alerts_queries.channels(who.organization))
    chosen = [channel.id for channel in channels if channel.is_default]
    form = forms.MonitorForm(
        request.POST or None, initial={"channels": chosen}, channels=_choices(channels), projects=_projects(who)
    )
    if form.is_valid():
        with form.refusals():
            return _create(request, who, form)
    return _show(request, form, monitor=None)


@_page
def edit(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """The form of a monitor that exists."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_WRITE)
    subscribed = [channel.id for channel in alerts_queries.subscribed(monitor)]
    form = forms.MonitorForm(
        request.POST or None,
        initial=forms.initial(monitor, subscribed),
        channels=_choices(list(alerts_queries.channels(who.organization))),
        projects=_projects(who),
    )
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
    return _show(request, form, monitor=monitor)


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """What a cron line means and when it fires next, while it is being typed."""
    access.require(request, Scope.MONITORS_READ)
    cron, zone = " ".join(request.GET.get("cron", "").split()), request.GET.get("timezone", "").strip() or "UTC"
    try:
        schedule.check_cron(cron)
        schedule.check_zone(zone)
    except schedule.BadSchedule as bad:
        return render(request, "monitors/form.html#preview", {"problem": components.marked(str(bad)) if cron else ""})
    meant = schedule.Cron(cron, zone)
    tell = words.Teller.for_zone(clock.now(), zone)
    fires = [tell.precise(at) for at in meant.upcoming(tell.now, 3)]
    return render(request, "monitors/form.html#preview", {"meaning": meant.describe(), "fires": fires})


def _create(request: HttpRequest, who: Access, form: forms.MonitorForm) -> HttpResponse:
    now = clock.now()
    created = subscriptions.create_monitor(
        organization=who.organization,
        project=_home(who, form, who.organization.projects.order_by("id")[0]),
        fields=MonitorFields(**form.changes()),
        channel_ids=form.cleaned_data["channels"],
        contacts={},
        by=who.actor,
        now=now,
    )
    messages.success(request, "The monitor is ready. It waits for its first ping.")
    return views.show_once(request, created.monitor, created.secrets, now=now)


def _choices(channels: list[Channel]) -> list[tuple[int, str]]:
    return [(channel.id, channel.name) for channel in channels]


def _projects(who: Access) -> list[tuple[int, str]]:
    return [(project.id, project.name) for project in who.organization.projects.order_by("id")]


def _home(who: Access, form: forms.MonitorForm, usual: Project) -> Project:
    """The project that was chosen, or the usual one where there is nothing to choose."""
    chosen = form.cleaned_data.get("project")
    return who.organization.projects.get(id=chosen) if chosen else usual


def _show(request: HttpRequest, form: forms.MonitorForm, monitor: Monitor | None) -> HttpResponse:
    return render(request, "monitors/form.html", {"form": form, "monitor": monitor, "zones": zones.names()})
