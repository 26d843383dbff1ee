"""Adding a channel and changing one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from alerts import operations
from alerts.channels import registry
from alerts.web import forms, present, views
from heartbeet.lib import clock

_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """Which kind of channel shall it be?"""
    access.require(request, Scope.CHANNELS_WRITE)
    return render(request, "alerts/choose.html", {"kinds": present.kinds()})


@_page
def create(request: HttpRequest, kind: str) -> HttpResponse:
    """The form of a new channel; then its page, which shows a secret that we made, once."""
    who = access.require(request, Scope.CHANNELS_WRITE)
    known = registry.CHANNELS.get(kind)
    if known is None or known.unavailable():
        raise Http404
    form = forms.ChannelForm(request.POST or None, kind=known, is_new=True)
    if form.is_valid():
        with form.refusals():
            return _create(request, who, kind, form)
    return render(request, "alerts/form.html", {"form": form, "label": known.label, "channel": None})


@_page
def edit(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The form of a channel that exists."""
    who, channel = views.find(request, channel_id, Scope.CHANNELS_WRITE)
    known = registry.find(channel.kind)
    form = forms.ChannelForm(request.POST or None, initial=forms.initial(channel), kind=known, is_new=False)
    if form.is_valid():
        changes = {**_common(form), "config": form.config()}
        with form.refusals():
            operations.edit_channel(channel=channel, changes=changes, by=who.actor, now=clock.now())
            messages.success(request, "Saved. Send a test to be sure that it arrives.")
            return redirect(channel)
    return render(request, "alerts/form.html", {"form": form, "label": known.label, "channel": channel})


def _create(request: HttpRequest, who: Access, kind: str, form: forms.ChannelForm) -> HttpResponse:
    now = clock.now()
    channel = operations.create_channel(
        organization=who.organization, kind=kind, config=form.config(), **_common(form), by=who.actor, now=now
    )
    messages.success(request, "The channel is ready. Send a test to be sure that it arrives.")
    return redirect(channel)


def _common(form: forms.ChannelForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("name", "is_default", "is_fallback")}
