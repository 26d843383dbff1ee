"""The values that pings carry, where somebody asked for them to be judged: which of them are news.

A good one of a monitor that is well is an ordinary ping: watching values costs one more read for a batch, and nothing
for each ping."""

import operator
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import structlog

from heartbeet.lib import clock
from monitors import rhythms, sql
from monitors.domain import values
from monitors.domain.status import Kind
from monitors.ingest.arrival import Placed
from monitors.models import Monitor

log = structlog.get_logger(__name__)

Given = list[tuple[float, datetime]]
"""Values with when they were received, in that order."""
_received_at = operator.itemgetter(1)


class News(NamedTuple):
    """The heartbeats of which a value is wrong, and what the beets carried for which values may be news: their pings
    are plain whatever they carry."""

    jobs: set[int]
    beets: dict[int, Given]


NO_NEWS = News(set(), {})


def news(placed: Iterable[Placed], known: dict[bytes, sql.Known]) -> News:
    """What of these pings, whose monitors were looked up, is to be judged for its value."""
    asked = {its.monitor_id: its for its in known.values() if its.judges_values}
    given = _given(placed, asked) if asked else {}
    if not given:
        return NO_NEWS
    monitors = Monitor.objects.filter(id__in=list(given)).select_related("rhythm")
    wrong = {each.id for each in monitors if _is_any_wrong(each, given[each.id])}
    jobs = {id_ for id_ in wrong if not asked[id_].is_beet}
    restless = {id_ for id_ in given if asked[id_].is_beet and not asked[id_].is_plain}
    return News(jobs, {id_: given[id_] for id_ in sorted((wrong - jobs) | restless)})


def _given(placed: Iterable[Placed], asked: Collection[int]) -> dict[int, Given]:
    found: dict[int, Given] = {}
    for arrival, monitor_id, kind in placed:
        if monitor_id in asked and arrival.value is not None and kind is Kind.SUCCESS:
            at = clock.from_microseconds(arrival.received_us)
            found.setdefault(monitor_id, []).append((arrival.value, at))
    for each in found.values():
        each.sort(key=_received_at)
    return found


def _is_any_wrong(monitor: Monitor, given: Given) -> bool:
    """Whether one of the values is outside. If that cannot be told the monitor is judged, which may fail alone."""
    try:
        rule, bands = rhythms.rule(monitor), rhythms.bands(monitor, getattr(monitor, "rhythm", None))
        return any(not values.judge(rule, bands, value, at).is_good for value, at in given)
    except Exception:
        log.exception("values_not_weighed", monitor_id=monitor.id)
        return True
