"""What charts show: states, durations and values over time, put together by the database so that few rows come back
however many pings there are."""

import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from monitors import chart_sql, history, queries
from monitors.domain import calendar, uptime
from monitors.domain.calendar import Range
from monitors.domain.gaps import Gaps
from monitors.domain.status import Kind, Status
from monitors.domain.uptime import Stretch, Tally, Window
from monitors.models import Incident, Monitor, StatusChange

RECENT = 12
POINTS = 100
"""Up to so many pings are shown one by one."""
_PINGS_PER_RUN = 3
"""A run is a start and an end, and perhaps a line of its log."""
_NEWEST = 100
_ENOUGH = 20
_Carried = tuple[datetime, str, float | None, float | None]
"""When a ping came, its kind, duration and value."""
_NO_VALUE = 1e100
_DURATION = Q(duration_sec__isnull=False) | Q(kind=Kind.FAIL)
_VALUE = Q(value__gt=-_NO_VALUE, value__lt=_NO_VALUE)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the reader: how it was spent, and the incidents that were open in it."""

    window: Window
    tally: Tally
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Availability:
    """The last days, the oldest first, and how the last so many times 24 hours were spent."""

    days: list[Day]
    totals: dict[Range, Tally]


@dataclass(frozen=True, slots=True)
class Part:
    """What the pings of a part of a window carried: how many amounts, the least, their mean and the most, and how many
    pings said that something failed."""

    window: Window
    count: int
    low: float
    mean: float
    high: float
    failures: int


@dataclass(frozen=True, slots=True)
class Point:
    """What one ping carried; `is_failure` if it said that something failed, with or without an amount."""

    at: datetime
    amount: float | None
    is_failure: bool


@dataclass(frozen=True, slots=True)
class Series:
    """Amounts over a window in parts, of which only those are here that hold something; if they are few, also each."""

    window: Window
    parts: list[Part]
    points: list[Point]

    @property
    def count(self) -> int:
        return sum(part.count for part in self.parts)


@dataclass(frozen=True, slots=True)
class Measures:
    """What the pings of a window carried: durations in seconds, and values."""

    durations: Series
    values: Series


@dataclass(frozen=True, slots=True)
class Habits:
    """What a monitor's newest pings are like: since when there were enough of them for a chart, and what they carry."""

    since: datetime | None
    has_durations: bool
    has_values: bool


def strips(monitors: Iterable[Monitor], window: Window, gaps: Gaps) -> dict[int, list[Stretch]]:
    """The states of many monitors in a window that ends now, by id, in one query; their pulses must be loaded. `gaps`
    are the times in it in which nobody listened."""
    many = list(monitors)
    within = StatusChange.objects.filter(monitor__in=many, at__gte=window.start, at__lt=window.end)
    changes: defaultdict[int, list[tuple[uptime.Change, Status]]] = defaultdict(list)
    for id_, at, before, to in within.order_by("monitor_id", "at", "id").values_list(
        "monitor_id", "at", "from_status", "to_status"
    ):
        changes[id_].append((uptime.Change(at, Status(to)), Status(before)))
    return {
        each.id: uptime.stretches(_history(each, changes.get(each.id, ()), gaps), window, window.end) for each in many
    }


def recent_durations(monitor_ids: Sequence[int], limit: int = RECENT) -> dict[int, list[float]]:
    """The last durations of runs in seconds, the newest last, of each monitor that has some, in one query. Of a monitor
    that writes many log lines fewer are found."""
    return chart_sql.recent_durations(monitor_ids, limit, pings=_PINGS_PER_RUN * limit)


def availability(monitor: Monitor, days: Sequence[Window], now: datetime) -> Availability:
    """How the given days, which follow each other up to `now`, went by, in three queries; no ping is counted."""
    window = Window(days[0].start, now)
    not_heard = queries.gaps_between(window.start, window.end)
    gaps = Gaps.of((gap.started_at, gap.ended_at) for gap in not_heard)
    times = strips([monitor], window, gaps)[monitor.id]
    opened = _incidents(monitor, days, now)
    found = [Day(*each) for each in zip(days, uptime.tallies(times, days), opened, strict=True)]
    starts = {each: max(window.start, now - timedelta(days=each.days)) for each in Range}
    totals = {each: uptime.tallies(times, [Window(start, now)])[0] for each, start in starts.items()}
    return Availability(found, totals)


def measures(monitor: Monitor, parts: Sequence[Window], usual: Habits) -> Measures:
    """What the pings of the parts, which follow each other, carried of what the monitor's pings usually carry: put
    together by the database in one query, and one more where they are few enough to be shown one by one."""
    names = (*[chart_sql.DURATION] * usual.has_durations, *[chart_sql.VALUE] * usual.has_values)
    found = _summaries(monitor, parts, names) if names else {}
    durations, values = found.get(chart_sql.DURATION, []), found.get(chart_sql.VALUE, [])
    window = Window(parts[0].start, parts[-1].end)
    pings = _few(monitor, window, {_DURATION: _are_few(durations), _VALUE: _are_few(values)})
    return Measures(
        Series(window, [part for part in durations if part.count or part.failures], _runs(pings, durations)),
        Series(window, [part for part in values if part.count], _values(pings, values)),
    )


def habits(monitor: Monitor) -> Habits:
    """What the newest pings are like, in one query."""
    newest = monitor.pings.order_by("-received_at", "-id").values_list("received_at", "duration_sec", "value")
    rows = list(newest[:_NEWEST])
    return Habits(
        since=rows[:_ENOUGH][-1][0] if rows else None,
        has_durations=any(duration is not None for _, duration, _ in rows),
        has_values=any(value is not None for *_, value in rows),
    )


def _history(monitor: Monitor, changes: Sequence[tuple[uptime.Change, Status]], gaps: Gaps) -> uptime.History:
    """Without a change in a window a monitor is now what it was before it."""
    before = changes[0][1] if changes else Status(monitor.pulse.status)
    return uptime.History(monitor.created_at, before, [change for change, _ in changes], gaps)


def _incidents(monitor: Monitor, days: Sequence[Window], now: datetime) -> list[tuple[str, ...]]:
    """The titles of the incidents that were open in each of the days."""
    found: list[list[str]] = [[] for _ in days]
    touching = Incident.objects.filter(monitor=monitor, opened_at__lt=min(now, days[-1].end)).filter(
        Q(resolved_at=None) | Q(resolved_at__gte=days[0].start)
    )
    for title, opened_at, resolved_at in touching.order_by("opened_at").values_list(
        "title", "opened_at", "resolved_at"
    ):
        for number in range(calendar.number(days, opened_at), calendar.number(days, resolved_at or now) + 1):
            found[number].append(title)
    return [tuple(titles) for titles in found]


def _summaries(monitor: Monitor, parts: Sequence[Window], names: tuple[str, ...]) -> dict[str, list[Part]]:
    """What was carried in each of the parts, by name. A run fails, a value does not."""
    rows = chart_sql.summaries(monitor.id, [(part.start, part.end) for part in parts], names)
    return {
        name: [
            _part(part, four[number * 4 : number * 4 + 4], failures if name == chart_sql.DURATION else 0)
            for part, (failures, *four) in zip(parts, rows, strict=True)
        ]
        for number, name in enumerate(names)
    }


def _part(window: Window, summary: Sequence[Any], failures: int) -> Part:
    count, low, mean, high = summary
    return Part(window, count, low or 0.0, mean or 0.0, high or 0.0, failures)


def _are_few(parts: Sequence[Part]) -> bool:
    count, failures = sum(part.count for part in parts), sum(part.failures for part in parts)
    return 0 < count <= POINTS and failures <= POINTS


def _few(monitor: Monitor, window: Window, are_few: dict[Q, bool]) -> list[_Carried]:
    """What is shown one by one, the oldest first; a few times POINTS at most."""
    wanted = [asked for asked, is_asked in are_few.items() if is_asked]
    if not wanted:
        return []
    found = history.pings(monitor, window).filter(functools.reduce(operator.or_, wanted))
    return list(found.order_by("received_at", "id").values_list("received_at", "kind", "duration_sec", "value"))


def _runs(pings: Sequence[_Carried], parts: Sequence[Part]) -> list[Point]:
    """The runs that took a time, and those that failed."""
    found = [Point(at, duration, kind == Kind.FAIL) for at, kind, duration, _ in pings]
    return [each for each in found if each.amount is not None or each.is_failure] if _are_few(parts) else []


def _values(pings: Sequence[_Carried], parts: Sequence[Part]) -> list[Point]:
    found = [Point(at, value, kind == Kind.FAIL) for at, kind, _, value in pings]
    return (
        [each for each in found if each.amount is not None and abs(each.amount) < _NO_VALUE] if _are_few(parts) else []
    )
