"""The values of whole hours: what they came to is judged when they are over; and which values are usual is learned."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import structlog
from django.db import transaction
from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet, Sum, Window
from django.db.models.functions import Mod, RowNumber, TruncHour

from monitors import rhythms, transitions
from monitors.domain import bands, hours, policy, rhythm, values
from monitors.domain.bands import Floats
from monitors.domain.fields import HOUR_MEAN, HOUR_SUM, PING
from monitors.domain.hours import HOUR
from monitors.domain.status import Cause, Kind, Status
from monitors.domain.values import Bands
from monitors.models import Gap, Incident, Monitor, Ping, Rhythm, StatusChange

log = structlog.get_logger(__name__)

RECENT = timedelta(days=1)
"""What hours came to that are over for longer is no news."""
MOST = 5_000
"""So many values of a monitor are looked at, spread evenly over the weeks."""
LEARNS_EVERY = timedelta(days=1)
"""So often it is learned what is usual of a monitor, its values and the rhythm of a beet."""
BATCH = 500
"""So many are judged at once, and learned in one knock: of beets they take less than a second, so 10,000 of them are
through in twenty minutes."""
_BOUND = 1e100
"""Larger ones are kept, and reckoned with nowhere: a few of them have no sum."""
_CARRIED = Q(kind=Kind.SUCCESS, value__gt=-_BOUND, value__lt=_BOUND)
_RULED = Q(value_band=True) | Q(value_below__isnull=False) | Q(value_above__isnull=False)


def judge_counted(starts: Iterable[datetime], *, now: datetime) -> int:
    """Judge the hours that were just counted, and the one before each again: a worker that died between counting and
    judging leaves nothing unjudged. Returns how many incidents opened."""
    counted = set(starts)
    return sum(judge(start, now=now) for start in sorted(counted | {start - HOUR for start in counted}))


def judge(hour_start: datetime, *, now: datetime) -> int:
    """Judge what the values of the hour from `hour_start` came to, of all monitors that ask for it. Returns how many
    incidents opened; judging an hour again changes nothing.

    The caller knows that all that was received in the hour is stored. An hour in which nobody listened for a while is
    not judged, nor one that is over for more than a day, nor for a monitor that was not watched all the time or has
    been changed since."""
    end = hour_start + HOUR
    if now - end > RECENT or Gap.objects.filter(started_at__lt=end, ended_at__gt=hour_start).exists():
        return 0
    monitors = {each.id: each for each in _watched(hour_start)}
    came_to = _came_to(monitors, hour_start)
    opened = 0
    ids = sorted(_of_interest(monitors, came_to, hour_start))
    for start in range(0, len(ids), BATCH):
        opened += _judge({id_: came_to[id_] for id_ in ids[start : start + BATCH]}, hour_start, now)
    return opened


def learn(monitor_ids: Iterable[int], now: datetime) -> None:
    """Learn which values of these monitors are usual, from the last eight weeks; of those that want no band nothing."""
    monitors = list(Monitor.objects.filter(id__in=list(monitor_ids), value_band=True, deleted_at=None))
    if not monitors:
        return
    weeks = rhythms.budgets([each for each in monitors if each.type == Monitor.BEET])
    for monitor in monitors:
        try:
            found = _learned(monitor, weeks.get(monitor.id, policy.BUDGET_WEEKS), now)
        except Exception:  # it keeps what it has, and nobody else waiting
            log.exception("band_not_learned", monitor_id=monitor.id)
            continue
        Rhythm.objects.filter(monitor=monitor).update(bands=found and found.pack())


def learn_due(*, now: datetime, limit: int = BATCH) -> int:
    """Learn the bands of heartbeats whose turn it is, each once a day; those of beets are learned with their rhythm.
    Returns how many were looked at."""
    due = Q(learned_at=None) | Q(learned_at__lt=now - LEARNS_EVERY)
    jobs = Q(monitor__type=Monitor.HEARTBEAT, monitor__value_band=True, monitor__deleted_at=None)
    ids = list(Rhythm.objects.filter(due, jobs).order_by("monitor_id").values_list("monitor_id", flat=True)[:limit])
    if ids:
        Rhythm.objects.filter(monitor_id__in=ids).update(learned_at=now)
        learn(ids, now)
    return len(ids)


# Judging


def _judge(came_to: dict[int, float], hour_start: datetime, now: datetime) -> int:
    """Judge these together; if that fails each alone, so that one that is broken stops no other."""
    try:
        with transaction.atomic():
            return transitions.hour(came_to, start=hour_start, now=now)
    except Exception:
        log.warning("hours_not_judged", monitors=list(came_to), hour=str(hour_start), exc_info=True)
    alone = came_to.items() if len(came_to) > 1 else ()
    return sum(_judge({id_: value}, hour_start, now) for id_, value in alone)


def _watched(hour_start: datetime) -> QuerySet[Monitor]:
    """Monitors that ask for their hours, and were watched in all of this one: their first ping came before it, nobody
    paused them, and what they ask for was asked then."""
    monitor = OuterRef("pk")
    was_pinged = Exists(Ping.objects.filter(monitor=monitor, received_at__lt=hour_start))
    was_paused = Exists(StatusChange.objects.filter(monitor=monitor, from_status=Status.PAUSED, at__gt=hour_start))
    ruled = Monitor.objects.filter(_RULED, value_per__in=[HOUR_SUM, HOUR_MEAN], deleted_at=None, locked=False)
    asked = ruled.filter(updated_at__lte=hour_start + HOUR)
    return asked.exclude(pulse__status=Status.PAUSED).filter(was_pinged).exclude(was_paused)


def _came_to(monitors: dict[int, Monitor], hour_start: datetime) -> dict[int, float]:
    """The sum or the mean of each; of no values the sum is 0, and there is no mean."""
    pings = Ping.objects.filter(
        _CARRIED, monitor__in=list(monitors), received_at__gte=hour_start, received_at__lt=hour_start + HOUR
    )
    rows = pings.values_list("monitor_id").annotate(Sum("value"), Avg("value")).order_by()
    found = {id_: (total, mean) for id_, total, mean in rows}
    sums = {id_: found.get(id_, (0.0, 0.0))[0] for id_, each in monitors.items() if each.value_per == HOUR_SUM}
    means = {id_: found[id_][1] for id_, each in monitors.items() if each.value_per == HOUR_MEAN and id_ in found}
    return sums | means


def _of_interest(monitors: dict[int, Monitor], came_to: dict[int, float], hour_start: datetime) -> set[int]:
    """Those whose hour is bad or may end an incident. What happened at its end, or later, is newer than it."""
    usual = rhythms.bands_of(monitors[id_] for id_ in came_to)
    bad = {id_ for id_, value in came_to.items() if _may_be_bad(monitors[id_], usual.get(id_), value, hour_start)}
    later = Q(opened_at__gte=hour_start + HOUR) | Q(resolved_at__gte=hour_start + HOUR)
    known = set(Incident.objects.filter(later, monitor__in=bad).values_list("monitor_id", flat=True)) if bad else set()
    wrong = Incident.objects.filter(resolved_at=None, cause=Cause.VALUE, monitor__in=list(came_to))
    return (bad - known) | (set(wrong.values_list("monitor_id", flat=True)) - bad)


def _may_be_bad(monitor: Monitor, usual: Bands | None, value: float, hour_start: datetime) -> bool:
    """Whether an hour is outside. If that cannot be told the monitor is judged, which may fail alone."""
    try:
        return not values.judge(rhythms.rule(monitor), usual, value, hour_start).is_good
    except Exception:
        return True


# Learning


def _learned(monitor: Monitor, budget_weeks: float, now: datetime) -> Bands | None:
    since = now - timedelta(weeks=rhythm.WEEKS)
    pings = Ping.objects.filter(_CARRIED, monitor=monitor, received_at__gte=since, received_at__lt=now)
    if monitor.value_per == PING:
        times, numbers, count = _sample(pings)
    else:
        times, numbers = _hours(pings, monitor.value_per, now)
        count = len(times)
    if not count:
        return None
    weeks = max(1.0, float(np.ptp(times)) / timedelta(weeks=1).total_seconds())
    return bands.learn_bands(times, numbers, monitor.timezone, per_week=count / weeks, budget_weeks=budget_weeks)


def _sample(pings: QuerySet[Ping]) -> tuple[Floats, Floats, int]:
    """Times and values, every so-manieth if there are many; and how many there are."""
    count = pings.count()
    step = math.ceil(count / MOST)
    if step > 1:
        numbered = pings.annotate(number=Window(RowNumber(), order_by=[F("received_at").asc()]))
        pings = numbered.annotate(rest=Mod(F("number"), step)).filter(rest=0)
    return *_columns(pings.order_by("received_at").values_list("received_at", "value")), count


def _hours(pings: QuerySet[Ping], per: str, now: datetime) -> tuple[Floats, Floats]:
    """The sums or means of the hours that are over and were listened to; an hour without pings has the sum 0."""
    until = hours.floor(now)
    by_hour = pings.filter(received_at__lt=until).annotate(hour=TruncHour("received_at", tzinfo=UTC))
    came_to = Sum("value") if per == HOUR_SUM else Avg("value")
    rows = by_hour.values_list("hour").annotate(came_to, Count("id")).order_by("hour")
    found = {hour: value for hour, value, _ in rows}
    if not found:
        return np.empty(0), np.empty(0)
    first = min(found)
    every = [first + number * HOUR for number in range((until - first) // HOUR)] if per == HOUR_SUM else list(found)
    deaf = _deaf_hours(first)
    return _columns([(hour, found.get(hour, 0.0)) for hour in every if hour not in deaf])


def _deaf_hours(since: datetime) -> set[datetime]:
    """The hours that a gap of ours touched."""
    deaf = set()
    for started_at, ended_at in Gap.objects.filter(ended_at__gt=since).values_list("started_at", "ended_at"):
        hour = max(since, hours.floor(started_at))
        while hour < ended_at:
            deaf.add(hour)
            hour += HOUR
    return deaf


def _columns(rows: Iterable[Sequence[Any]]) -> tuple[Floats, Floats]:
    found = np.array([(rhythm.seconds(at), value) for at, value in rows], dtype=np.float64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
