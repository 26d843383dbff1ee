"""How many events beets had, hour by hour, and their best hour: of any number of beets in three queries.

What is rolled up comes from a row of 24 numbers for each day; what came since then is counted by the database."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from monitors import chart_sql, rhythms
from monitors.domain import hours
from monitors.domain.hours import HOUR
from monitors.domain.uptime import Window
from monitors.models import HourlyCount, Incident, Rhythm


@dataclass(frozen=True, slots=True)
class Hours:
    """The events of a beet in each UTC hour from `start`, a whole hour, up to now: the last hour is as far as it goes.
    The hours from number `fresh` on are not rolled up yet. `floors` are the numbers of the hours in which more came
    than were counted, for the limiter turned some away."""

    start: datetime
    counts: tuple[int, ...]
    fresh: int
    floors: frozenset[int] = frozenset()

    def at(self, number: int) -> datetime:
        """When an hour begins."""
        return self.start + number * HOUR

    @property
    def began(self) -> datetime:
        """When the first of them begins that had events; after the last if none had."""
        return self.at(next((number for number, count in enumerate(self.counts) if count), len(self.counts)))

    def total(self, window: Window) -> int:
        """How many came in the hours that begin in a window."""
        first, end = (-((self.start - at) // HOUR) for at in (window.start, window.end))  # rounded up
        return sum(self.counts[max(0, first) : max(0, end)])

    def last(self, count: int) -> "Hours":
        """Only the last so many hours."""
        skipped = max(0, len(self.counts) - count)
        floors = frozenset(number - skipped for number in self.floors if number >= skipped)
        return Hours(self.at(skipped), self.counts[skipped:], max(0, self.fresh - skipped), floors)


@dataclass(frozen=True, slots=True)
class Record:
    """The hour in which most events came."""

    count: int
    at: datetime

    def is_new(self, now: datetime) -> bool:
        """Whether that hour goes on, or ended within the last one."""
        return now < self.at + 2 * HOUR


def read(monitor_ids: Sequence[int], since: datetime, now: datetime) -> dict[int, Hours]:
    """The hours of these beets from the one of `since` up to that of `now`, by id, in three queries."""
    start, end = hours.floor(since), hours.floor(now) + HOUR
    rolled = min(max(start, rhythms.rolled_until() or start), end)
    counts = {id_: [0] * ((end - start) // HOUR) for id_ in monitor_ids}
    floors: dict[int, set[int]] = {id_: set() for id_ in monitor_ids}
    for id_, at, count, is_floor in _rolled_up(monitor_ids, start, rolled):
        counts[id_][(at - start) // HOUR] = count
        floors[id_] |= {(at - start) // HOUR} if is_floor else set()
    for id_, at, count in chart_sql.events_by_hour(monitor_ids, rolled, end):
        counts[id_][(at - start) // HOUR] = count
    fresh = (rolled - start) // HOUR
    return {id_: Hours(start, tuple(counts[id_]), fresh, frozenset(floors[id_])) for id_ in monitor_ids}


def record(known: Hours, rhythm: Rhythm | None) -> Record | None:
    """The best hour of all time: the one that was learned, unless an hour since then, or this one already, beats it."""
    best = Record(rhythm.best_count, rhythm.best_at) if rhythm and rhythm.best_at else None
    for number in range(known.fresh, len(known.counts)):
        if known.counts[number] > (best.count if best else 0):
            best = Record(known.counts[number], known.at(number))
    return best


def alarms(monitor_ids: Iterable[int], since: datetime) -> dict[int, list[Incident]]:
    """The incidents of these beets that were open at some time since then, the oldest first, by id, in one query."""
    found: dict[int, list[Incident]] = {}
    touching = Incident.objects.filter(monitor__in=list(monitor_ids)).filter(
        Q(resolved_at=None) | Q(resolved_at__gte=since)
    )
    for incident in touching.order_by("opened_at"):
        found.setdefault(incident.monitor_id, []).append(incident)
    return found


def _rolled_up(monitor_ids: Sequence[int], start: datetime, end: datetime) -> Iterator[tuple[int, datetime, int, bool]]:
    """Each hour of a window that had events, as (monitor, start of the hour, how many, whether more came)."""
    days = HourlyCount.objects.filter(monitor__in=monitor_ids, day__gte=start.date(), day__lte=end.date())
    for id_, day, packed, mask in days.values_list("monitor_id", "day", "counts", "floors"):
        (counts,), (floors,) = hours.unpack([bytes(packed)]).tolist(), hours.bits([mask]).tolist()
        for number, (count, is_floor) in enumerate(zip(counts, floors, strict=True), hours.first_hour(day)):
            if count and start <= (at := hours.start(number)) < end:
                yield id_, at, count, is_floor
