"""The banner on every page while silence is not noticed: a dashboard that looks healthy because nothing runs would be
worse than none."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from accounts import access
from heartbeet import health
from heartbeet.lib import clock, durations
from monitors import watermark
from monitors.models import SweepMark

EVERY_SEC = 15
"""How often an open page asks anew."""


def context(request: HttpRequest) -> dict[str, Any]:
    """The template context processor; looked up only where a page shows it."""
    return {
        "banner": SimpleLazyObject(lambda: trouble(clock.now())),
        "banner_every_sec": EVERY_SEC,
        "served_at": SimpleLazyObject(lambda: int(clock.now().timestamp() * 1000)),
    }


@require_safe
def fragment(request: HttpRequest) -> HttpResponse:
    """The banner alone, for open pages, with the worst state of the organisation and what time it is."""
    access.of(request)
    return render(request, "components/banner.html")


def trouble(now: datetime) -> str:
    """Why silence is not noticed at the moment, in one sentence; empty if it is."""
    mark = SweepMark.objects.order_by("-finished_at").first()
    if mark is None:
        return "The miss detector has never run: is a worker running?"
    longest = health.longest_lag_sec()
    since_sweep, behind = ((now - at).total_seconds() for at in (mark.finished_at, mark.watermark))
    if since_sweep > longest:
        return _standing_still(since_sweep, now)
    if behind > longest:
        return f"Pings of the last {_words(behind)} may not be stored yet, so they are judged later."
    return ""


def _standing_still(seconds: float, now: datetime) -> str:
    if watermark.sweep_clock(now) is None:
        return f"No process has been listening to pings for {_words(seconds)}."
    return f"The miss detector last ran {_words(seconds)} ago."


def _words(seconds: float) -> str:
    return durations.full(int(seconds), units=2)
