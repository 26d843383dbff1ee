"""Leaving people in peace: how long a monitor is snoozed, and the end of it."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.roles import Scope
from heartbeet.lib import clock
from monitors import operations
from monitors.domain import fields
from monitors.web import views

MORNING = time(8)
_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])


class SnoozeForm(forms.Form):
    """Until when. Times are those of the viewer's zone."""

    how = forms.ChoiceField(
        label="Until when?",
        choices=[
            ("hour", "For 1 hour"),
            ("morning", "Until tomorrow, 8:00"),
            ("ping", "Until its next healthy ping"),
            ("time", "Until another time"),
        ],
        widget=forms.RadioSelect,
        initial="hour",
    )
    at = forms.DateTimeField(
        label="Until",
        required=False,
        widget=forms.DateTimeInput({"class": "input", "type": "datetime-local"}),
        error_messages={"invalid": "Give a date and a time, such as 2026-11-23 08:00."},
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(zone)
        self.fields["at"].help_text = f"By the clock of {zone}."

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("how") == "time" and not given.get("at") and "at" not in self.errors:
            self.add_error("at", "Give a date and a time, such as 2026-11-23 08:00.")
        return given

    def until(self, now: datetime) -> datetime | None:
        """The time that was chosen; None is until its next healthy ping."""
        match self.cleaned_data["how"]:
            case "hour":
                return now + timedelta(hours=1)
            case "morning":
                tomorrow = now.astimezone(self._zone).date() + timedelta(days=1)
                return datetime.combine(tomorrow, MORNING, self._zone)
            case "time":
                chosen: datetime = self.cleaned_data["at"]
                return chosen.replace(tzinfo=self._zone)
        return None


@_ask_then_do
def snooze(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """Asks until when, then tells nobody that incidents open."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_WRITE)
    form = SnoozeForm(request.POST or None, zone=who.zone)
    if form.is_valid():
        try:
            now = clock.now()
            operations.snooze(monitor=monitor, until=form.until(now), by=who.actor, now=now)
            messages.success(request, f"“{monitor.name}” is snoozed.")
            return redirect(monitor)
        except fields.Invalid as invalid:
            form.add_error("at", str(invalid))
    return render(request, "monitors/snooze.html", {"form": form, "monitor": monitor})


@require_POST
def unsnooze(request: HttpRequest, monitor_id: int) -> HttpResponse:
    """What is open is told at once."""
    who, monitor = views.find(request, monitor_id, Scope.MONITORS_WRITE)
    operations.unsnooze(monitor=monitor, by=who.actor, now=clock.now())
    messages.success(request, f"“{monitor.name}” alerts again.")
    return redirect(monitor)
