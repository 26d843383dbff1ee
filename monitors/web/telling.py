"""What each channel is told of a monitor: which events, and how severe they must be."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.domain.roles import Scope
from alerts import queries as alerts_queries
from alerts import subscriptions
from alerts.channels import registry
from alerts.domain import routing
from alerts.domain.message import TYPE_OF_EVENT
from alerts.models import Channel
from alerts.subscriptions import Choice
from heartbeet.lib import clock
from monitors.domain.status import EventKind, Severity
from monitors.web import views

_page = require_http_methods(["GET", "HEAD", "POST"])
_EVENTS = {
    EventKind.OPENED: "It went down",
    EventKind.ESCALATED: "It got worse",
    EventKind.REMINDED: "It is still down",
    EventKind.ACKNOWLEDGED: "Someone is on it",
    EventKind.RESOLVED: "It is over",
}


class TellingForm(forms.Form):
    """What one channel is told. The events of its kind are ticked until somebody chooses others."""

    is_told = forms.BooleanField(required=False)
    events = forms.MultipleChoiceField(
        label="It is told when",
        required=False,
        choices=[(kind.value, _EVENTS[kind]) for kind in routing.CHOICES],
        widget=forms.CheckboxSelectMultiple,
    )
    min_severity = forms.ChoiceField(
        label="How severe",
        required=False,
        choices=[(Severity.WARNING.value, "Everything"), (Severity.CRITICAL.value, "Only what is critical")],
        widget=forms.Select({"class": "input"}),
    )

    def __init__(self, data: QueryDict | None, *, channel: Channel, chosen: Choice | None) -> None:
        self.channel, self._usual = channel, _usual(channel)
        self.kind = registry.CHANNELS[channel.kind].label
        events = chosen.events if chosen and chosen.events is not None else self._usual
        initial = {
            "is_told": chosen is not None,
            "events": list(events),
            "min_severity": chosen.min_severity if chosen else Severity.WARNING.value,
        }
        super().__init__(data, prefix=f"channel-{channel.id}", initial=initial)
        self.fields["is_told"].label = channel.name

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("is_told") and not self.cleaned_data.get("events"):
            self.add_error("events", "Tick at least one, or leave the channel out.")
        return self.cleaned_data

    def choice(self) -> Choice | None:
        """What was chosen; None for a channel that is not told."""
        given = self.cleaned_data
        if not given["is_told"]:
            return None
        events = tuple(given["events"])
        return Choice(
            self.channel.id,
            None if set(events) == set(self._usual) else events,
            given["min_severity"] or Severity.WARNING.value,
        )


@_page
def choose(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Every channel of the organisation, and what it is told of this monitor."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_WRITE)
    chosen = {each.channel_id: each for each in subscriptions.choices(monitor)}
    data = request.POST if request.method == "POST" else None
    channels = alerts_queries.channels(who.organization).filter(kind__in=registry.CHANNELS)
    forms_ = [TellingForm(data, channel=channel, chosen=chosen.get(channel.id)) for channel in channels]
    are_valid = [form.is_valid() for form in forms_]  # each of them says what is wrong with it
    if data is not None and all(are_valid):
        wanted = [choice for form in forms_ if (choice := form.choice())]
        subscriptions.choose(monitor=monitor, wanted=wanted, by=who.actor, now=clock.now())
        messages.success(request, "Saved.")
        return redirect(monitor)
    return render(request, "monitors/telling.html", {"forms": forms_, "monitor": monitor})


def _usual(channel: Channel) -> list[str]:
    """What its kind tells where nobody chose."""
    tells = registry.CHANNELS[channel.kind].tells
    return [kind.value for kind in routing.CHOICES if TYPE_OF_EVENT[kind] in tells]
