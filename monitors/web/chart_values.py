"""What the charts of a monitor show, read at once and handed over as finished values."""

from dataclasses import replace
from typing import Any

from heartbeet.lib.words import Teller
from monitors import charts
from monitors.domain import calendar
from monitors.domain.calendar import Range
from monitors.domain.status import Status
from monitors.models import Monitor
from monitors.web import present_charts, present_series


def every(monitor: Monitor, asked: str, tell: Teller) -> dict[str, Any]:
    """All charts of a monitor but those of its rhythm, for `monitors/charts/all.html`: none before its first ping."""
    if not monitor.pulse.ping_count:
        return {"has_charts": False}
    is_judged = monitor.type != Monitor.BEET or monitor.pulse.status not in (Status.NEW, Status.LEARNING)
    days = {"availability": availability(monitor, tell)} if is_judged else {}
    return {"has_charts": True, **days, **measures(monitor, asked, tell)}


def availability(monitor: Monitor, tell: Teller) -> present_charts.Availability:
    """The last 90 days."""
    days = calendar.days(tell.now, tell.zone, Range.QUARTER.days)
    return present_charts.availability(charts.availability(monitor, days, tell.now), tell)


def measures(monitor: Monitor, asked: str, tell: Teller) -> dict[str, Any]:
    """The charts of durations and of values, each only if pings have carried them of late, and how far back they look:
    as far as `asked`, or else as far as it takes to see some pings."""
    habits = charts.habits(monitor)
    if monitor.type == Monitor.BEET:  # an event takes no time
        habits = replace(habits, has_durations=False)
    usual = calendar.fitting(tell.now, habits.since) if habits.since else Range.DAY
    how_far = Range(asked) if asked in set(Range) else usual
    found = charts.measures(monitor, calendar.parts(how_far, tell.now, tell.zone), habits)
    shown = []
    if habits.has_durations:
        shown.append(present_series.of_durations(found.durations, how_far, monitor.max_runtime_sec, tell))
    if habits.has_values:
        shown.append(present_series.of_values(found.values, how_far, tell))
    return {"measures": shown, "range": how_far, "ranges": present_series.ranges(how_far)}
