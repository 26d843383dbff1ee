"""Is this process alive, can it serve, and does the whole system do its work?

`/health/live` and `/health/ready` are for whoever restarts or routes to one process; `/health/system` is for whoever
watches the product, and says every reason why it is not well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from accounts import letters
from alerts import queries
from heartbeet.lib import clock, metrics
from monitors import queries as queries_of_monitors
from monitors import watermark
from monitors.models import Incident, IngestNode, Pulse, RollupMark, SweepMark

SWEEP_MAY_LAG = timedelta(seconds=30)
ALERT_MAY_WAIT = timedelta(minutes=2)
HOURS_MAY_LAG = timedelta(hours=3)
"""The hours of beets are counted as they end. What is learned of them goes stale only slowly."""
REMEMBERED = timedelta(hours=24)
"""For how long a dead node is a reason to worry; afterwards it is history."""
FIGURES_HOLD_SEC = 5
_PROBED = ("/health/", "/metrics")


class ProbesByAddress:
    """Load balancers and Prometheus ask a process by its address, which is no name that this site answers to."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(_PROBED):
            request.META["HTTP_HOST"] = "localhost"
        return self.get_response(request)


@dataclass(frozen=True, slots=True)
class System:
    """What the database knows about our own work. Lags are None when the thing has never happened."""

    sweep_lag_sec: float | None
    watermark_lag_sec: float | None
    oldest_undelivered_sec: float
    undelivered: int
    dead_letters: int
    flagged_channels: int
    dead_nodes: int
    put_off: int
    letters_stuck: bool
    hours_lag_sec: float | None = None

    def reasons(self) -> list[str]:
        """One sentence for each thing that is wrong."""
        found = []
        if self.watermark_lag_sec is None:
            found.append("No ingest process is listening, so silence means nothing and nobody is judged.")
        elif self.watermark_lag_sec > longest_lag_sec():
            found.append(f"Pings of the last {self.watermark_lag_sec:.0f} s may not be stored yet, so judging waits.")
        if self.sweep_lag_sec is None:
            found.append("The miss detector has never run.")
        elif self.sweep_lag_sec > longest_lag_sec():
            found.append(f"The miss detector last ran {self.sweep_lag_sec:.0f} s ago.")
        if self.oldest_undelivered_sec > ALERT_MAY_WAIT.total_seconds():
            found.append(f"{self.undelivered} alerts wait, the oldest for {self.oldest_undelivered_sec:.0f} s.")
        if self.dead_letters:
            found.append(f"{self.dead_letters} alerts could not be delivered in the last week.")
        if self.flagged_channels:
            found.append(f"{self.flagged_channels} alert channels lose every message.")
        if self.dead_nodes:
            found.append(f"{self.dead_nodes} ingest processes went without goodbye in the last day.")
        if self.put_off:
            found.append(f"{self.put_off} monitors cannot be judged.")
        if self.hours_lag_sec is not None and self.hours_lag_sec > HOURS_MAY_LAG.total_seconds():
            found.append(f"Events were last counted {self.hours_lag_sec / 3600:.0f} hours ago, so beets do not learn.")
        if self.letters_stuck:
            found.append("The mail server takes no letters of accounts: nobody can sign up or reset a password.")
        return found


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return _json({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """This process can serve pages and the API, for which it needs the database."""
    try:
        connection.ensure_connection()
        is_ready = connection.is_usable()
    except DatabaseError:
        is_ready = False
    if not is_ready:
        return _json({"status": "unavailable", "reasons": ["The database does not answer."]}, status=503)
    return _json({"status": "ok", "reasons": []})


@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """Sweep, watermark, undelivered alerts, dead nodes: 503 with the reasons if anything is wrong."""
    try:
        found = look(now=clock.now())
    except DatabaseError:
        return _json({"status": "failing", "reasons": ["The database does not answer."]}, status=503)
    reasons = found.reasons()
    body = {
        "status": "failing" if reasons else "ok",
        "reasons": reasons,
        "sweepLagSec": found.sweep_lag_sec,
        "watermarkLagSec": found.watermark_lag_sec,
        "oldestUndeliveredSec": found.oldest_undelivered_sec,
        "undelivered": found.undelivered,
        "deadLetters": found.dead_letters,
        "flaggedChannels": found.flagged_channels,
        "deadNodes": found.dead_nodes,
        "monitorsPutOff": found.put_off,
        "lettersStuck": found.letters_stuck,
        "hoursLagSec": found.hours_lag_sec,
    }
    return _json(body, status=503 if reasons else 200)


@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """The same facts and the states of all monitors, in Prometheus' text format."""
    return HttpResponse(_figures(int(clock.now().timestamp() // FIGURES_HOLD_SEC)), content_type=metrics.CONTENT_TYPE)


def look(*, now: datetime) -> System:
    """Ask the database how our own work is going. Raises DatabaseError if it does not answer."""
    mark = SweepMark.objects.order_by("-finished_at").first()
    undelivered = queries.undelivered(now)
    rolled = RollupMark.objects.order_by("-rolled_until").first()
    lost = IngestNode.objects.filter(stopped_at=None, died_at__gt=now - REMEMBERED)
    return System(
        sweep_lag_sec=_age(mark.finished_at if mark else None, now),
        watermark_lag_sec=_age(watermark.sweep_clock(now), now),
        oldest_undelivered_sec=_age(undelivered.oldest_at, now) or 0.0,
        undelivered=undelivered.waiting,
        dead_letters=undelivered.dead,
        flagged_channels=undelivered.flagged,
        dead_nodes=lost.count(),
        letters_stuck=letters.is_stuck(now),
        put_off=Pulse.objects.exclude(judge_error="").filter(monitor__deleted_at=None).count(),
        hours_lag_sec=_age(rolled.rolled_until if rolled else None, now),
    )


@lru_cache(maxsize=1)
def _figures(tick: int) -> bytes:
    """Counting a million monitors takes a while and needs no sign-in: once in `FIGURES_HOLD_SEC` is enough."""
    return metrics.render(_figures_of(look(now=clock.now())))


def _figures_of(found: System) -> list[metrics.Figure]:
    states = Pulse.objects.filter(monitor__deleted_at=None).values_list("status").annotate(Count("monitor_id"))
    return [
        metrics.Gauge("monitors", "Monitors by stored state.", {("status", name): count for name, count in states}),
        metrics.Gauge("open_incidents", "Incidents that are open.", Incident.objects.filter(resolved_at=None).count()),
        metrics.Gauge("sweep_lag_seconds", "Since the miss detector last ran.", _or_nan(found.sweep_lag_sec)),
        metrics.Counter("listening_gap_seconds", "Time in which nobody listened.", queries_of_monitors.gap_seconds()),
        metrics.Gauge("watermark_lag_seconds", "How far stored pings lag.", _or_nan(found.watermark_lag_sec)),
        metrics.Gauge("undelivered_alerts", "Alerts that wait.", found.undelivered),
        metrics.Gauge("oldest_undelivered_seconds", "How long the oldest waits.", found.oldest_undelivered_sec),
        metrics.Gauge("dead_letters", "Alerts given up in the last week.", found.dead_letters),
        metrics.Gauge("flagged_channels", "Alert channels that lose every message.", found.flagged_channels),
        metrics.Gauge("dead_nodes", "Ingest processes lost in the last day.", found.dead_nodes),
        metrics.Gauge("letters_stuck", "1 if the mail server takes no letters.", int(found.letters_stuck)),
        metrics.Gauge("hours_lag_seconds", "Since the last hour with counted events.", _or_nan(found.hours_lag_sec)),
        metrics.Gauge("monitors_put_off", "Monitors that cannot be judged.", found.put_off),
    ]


def _or_nan(figure: float | None) -> float:
    return float("nan") if figure is None else figure


def longest_lag_sec() -> float:
    """How far the sweep may lag before it is worth a word."""
    return max(SWEEP_MAY_LAG.total_seconds(), 10 * float(settings.HEARTBEET_SWEEP_INTERVAL_SEC))


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, round((now - at).total_seconds(), 3))


def _json(body: dict[str, Any], *, status: int = 200) -> JsonResponse:
    response = JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
    response._has_been_logged = True  # type: ignore[attr-defined]  # probes ask every second; Django would log each 503
    return response
