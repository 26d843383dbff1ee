"""Reads of what was: a monitor's states, pings and incidents in a window of time, each in one query by an index."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Func, IntegerField, Q, QuerySet

from monitors import queries
from monitors.domain import uptime
from monitors.domain.gaps import Gaps
from monitors.domain.status import Kind, Status
from monitors.domain.uptime import Window
from monitors.models import Incident, Monitor, Ping, StatusChange


@dataclass(frozen=True, slots=True)
class Incidents:
    """The incidents of a window: how many were open at some time in it, how many ended in it, and how long those had
    lasted on average."""

    count: int
    resolved: int
    mean_time_to_resolve: timedelta | None


@dataclass(frozen=True, slots=True)
class Report:
    """How a monitor did in a window."""

    monitor_id: int
    window: Window
    tally: uptime.Tally
    incidents: Incidents
    pings: dict[Kind, int]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A part of a window, and how many pings came in it."""

    window: Window
    tally: uptime.Tally
    pings: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """A window in parts of `bucket_sec`, of which the last may be shorter."""

    monitor_id: int
    window: Window
    bucket_sec: int
    buckets: list[Bucket]


def report(monitor: Monitor, window: Window, now: datetime) -> Report:
    """How a monitor did, in five queries."""
    return Report(
        monitor_id=monitor.id,
        window=window,
        tally=uptime.total(states(monitor, window), window, now),
        incidents=_incidents(monitor, window),
        pings=_pings(monitor, window),
    )


def timeline(monitor: Monitor, window: Window, size: timedelta, now: datetime) -> Timeline:
    """What a strip or a chart shows, in four queries. The window's ends and `size` are whole seconds."""
    counts = _pings_by_bucket(monitor, window, size)
    parts = uptime.buckets(states(monitor, window), window, size, now)
    found = [Bucket(part.window, part.tally, counts.get(number, 0)) for number, part in enumerate(parts)]
    return Timeline(monitor.id, window, int(size.total_seconds()), found)


def states(monitor: Monitor, window: Window) -> uptime.History:
    """What the rules need to know of a monitor to tell its states in a window."""
    changes = StatusChange.objects.filter(monitor=monitor)
    earlier = changes.filter(at__lt=window.start).order_by("-at", "-id").values_list("to_status", flat=True).first()
    within = changes.filter(at__gte=window.start, at__lt=window.end).order_by("at", "id")
    rows = list(within.values_list("at", "to_status"))
    return uptime.History(
        since=monitor.created_at,
        before=Status(earlier or Status.NEW),
        changes=[uptime.Change(at, Status(to)) for at, to in rows],
        gaps=Gaps.of((gap.started_at, gap.ended_at) for gap in queries.gaps_between(window.start, window.end)),
    )


def pings(monitor: Monitor, window: Window) -> QuerySet[Ping]:
    """The stored pings of a window."""
    return monitor.pings.filter(received_at__gte=window.start, received_at__lt=window.end)


class _Epoch(Func):
    """An instant as whole seconds since 1970, counted by the database: there may be half a million of them."""

    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        seconds = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint"
        return self.as_sql(compiler, connection, template=seconds, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        seconds = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=seconds, **extra)


def _pings(monitor: Monitor, window: Window) -> dict[Kind, int]:
    counted = pings(monitor, window).order_by().values_list("kind").annotate(Count("id"))
    return dict.fromkeys(Kind, 0) | {Kind(kind): count for kind, count in counted}


def _pings_by_bucket(monitor: Monitor, window: Window, size: timedelta) -> dict[int, int]:
    start, step = int(window.start.timestamp()), int(size.total_seconds())
    found = pings(monitor, window).annotate(bucket=(_Epoch(F("received_at")) - start) / step)
    return dict(found.order_by().values_list("bucket").annotate(Count("id")))


def _incidents(monitor: Monitor, window: Window) -> Incidents:
    found = Incident.objects.filter(monitor=monitor, opened_at__lt=window.end).filter(
        Q(resolved_at=None) | Q(resolved_at__gte=window.start)
    )
    is_over = Q(resolved_at__lt=window.end)
    lasted = ExpressionWrapper(F("resolved_at") - F("opened_at"), DurationField())
    counted = found.aggregate(count=Count("id"), resolved=Count("id", filter=is_over), mean=Avg(lasted, filter=is_over))
    return Incidents(counted["count"], counted["resolved"], counted["mean"])
