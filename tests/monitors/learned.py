"""What pages show of a beet: hours that were counted one by one, and a rhythm that it knows without learning."""

import struct
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from monitors import rhythms
from monitors.models import HourlyCount, Monitor, Ping, Rhythm, RollupMark

HOUR = timedelta(hours=1)


def rolled_until(at: datetime) -> None:
    """Everything before this hour is rolled up."""
    RollupMark.objects.all().delete()
    RollupMark.objects.create(rolled_until=at)


def counted(monitor: Monitor, hours: Mapping[datetime, int], floors: frozenset[datetime] = frozenset()) -> None:
    """These rolled-up hours had so many events; in those of `floors` more came."""
    days: defaultdict[date, list[int]] = defaultdict(lambda: [0] * 24)
    bits: defaultdict[date, int] = defaultdict(int)
    for at, count in hours.items():
        days[at.date()][at.hour] = count
        bits[at.date()] |= (1 << at.hour) if at in floors else 0
    for day, counts in days.items():
        HourlyCount.objects.create(monitor=monitor, day=day, counts=struct.pack("<24i", *counts), floors=bits[day])


def pinged(monitor: Monitor, *times: datetime, kind: str = "success") -> None:
    """Pings that nobody has rolled up yet."""
    Ping.objects.bulk_create(Ping(monitor=monitor, received_at=at, kind=kind) for at in times)


def learn(monitor: Monitor, *, now: datetime, rate: float = 60.0, **given: Any) -> Rhythm:
    """It has learned that so many events an hour are usual, all the week, and had as many in each of the last 30
    days."""
    whole = now.replace(minute=0, second=0, microsecond=0)
    rolled_until(whole)
    counted(monitor, {whole - number * HOUR: int(rate) for number in range(1, 30 * 24)})
    row = {
        "learned_at": now,
        "learned_from": now - timedelta(days=30),
        "learned_to": now,
        "events": int(rate) * 720,
        "rates": rhythms.pack_rates([rate] * 168),
        "best_count": int(rate),
        "best_at": whole - timedelta(days=9),
        **given,
    }
    return Rhythm.objects.update_or_create(monitor=monitor, defaults=row)[0]
