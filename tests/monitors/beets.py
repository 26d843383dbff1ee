"""Beets with a past, as the roll-up leaves it."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.domain import hours
from monitors.models import HourlyCount, Monitor, Pulse, Rhythm, RollupMark
from tests import factories

NOON = factories.NOON
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


def beet(*, made_at: datetime = NOON - 52 * WEEK, **given: Any) -> Monitor:
    """A beet that has learned nothing yet."""
    row = factories.monitor(type="beet", interval_sec=None, now=made_at, **given)
    Rhythm.objects.get_or_create(monitor=row)
    return row


def counted(monitor: Monitor, counts: NDArray[np.int64] | list[int], *, until: datetime = NOON) -> None:
    """Give a beet these events in the hours up to a moment; an hour without any leaves no row."""
    RollupMark.objects.update_or_create(id=1, defaults={"rolled_until": until})
    given = np.asarray(counts, np.int64)
    first = hours.number(until) - len(given)
    skipped, days = first % 24, -(-(first % 24 + len(given)) // 24)
    table = np.zeros(days * 24, np.int64)
    table[skipped : skipped + len(given)] = given
    HourlyCount.objects.bulk_create(
        HourlyCount(monitor=monitor, day=hours.day(first - skipped + 24 * number), counts=hours.pack(row))
        for number, row in enumerate(table.reshape(-1, 24))
        if row.any()
    )


def constant(rate: int, length: timedelta) -> NDArray[np.int64]:
    """As many events in each hour."""
    return np.full(length // HOUR, rate, np.int64)


def rhythm_of(monitor: Monitor) -> Rhythm:
    return Rhythm.objects.get(monitor=monitor)


def rates_of(monitor: Monitor) -> NDArray[np.float64]:
    """The learned events an hour of each local hour of the week, as they are of late."""
    row = rhythm_of(monitor)
    assert row.rates is not None, "it has not learned"
    return np.frombuffer(bytes(row.rates), "<f4").astype(np.float64) * row.level


def is_ready(monitor: Monitor) -> bool:
    """Whether it has learned."""
    return rhythm_of(monitor).rates is not None


def up(monitor: Monitor, *, at: datetime) -> None:
    """It is judged, and its last event came at this time."""
    Pulse.objects.filter(monitor=monitor).update(status="up", last_success_at=at, ping_count=1, deadline=at + DAY)
