"""What charts show: states, durations and values over time, put together by the database so that few rows come back
however many pings there are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from monitors import chart_sql
from monitors.domain import uptime
from monitors.domain.gaps import Gaps
from monitors.domain.status import Status
from monitors.domain.uptime import Stretch, Window
from monitors.models import Monitor, StatusChange

RECENT = 12
_PINGS_PER_RUN = 3
"""A run is a start and an end, and perhaps a line of its log."""


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


def _history(monitor: Monitor, changes: Sequence[tuple[uptime.Change, Status]], gaps: Gaps) -> uptime.History:
    """Without a change in a window a monitor is now what it was before it."""
    before = changes[0][1] if changes else Status(monitor.pulse.status)
    return uptime.History(monitor.created_at, before, [change for change, _ in changes], gaps)


def recent_durations(monitor_ids: Sequence[int], limit: int = RECENT) -> dict[int, list[float]]:
    """The last durations of runs in seconds, the newest last, of each monitor that has some, in one query. Of a monitor
    that writes many log lines fewer are found."""
    return chart_sql.recent_durations(monitor_ids, limit, pings=_PINGS_PER_RUN * limit)
