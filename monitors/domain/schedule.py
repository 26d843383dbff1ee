"""When a ping is expected: every so often, or by a five-field cron in a time zone. All answers are in UTC."""

import difflib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import available_timezones

from heartbeet.lib import durations
from monitors.domain import cron as crons

MIN_INTERVAL_SEC = 5
MAX_INTERVAL_SEC = 31_622_400
MAX_TOLERANCE = timedelta(minutes=5)


class BadSchedule(ValueError):
    """A schedule that cannot be used; the message says what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Interval:
    """A ping is expected `every` so long after the last one: the clock starts anew at each success."""

    every: timedelta

    def due_after(self, reference: datetime) -> datetime:
        """The first expected time after `reference`."""
        return reference + self.every

    def reference_of(self, arrival: datetime, grace: timedelta) -> datetime:
        """The time from which an arrival waits for the next: the arrival itself."""
        return arrival

    def tolerance(self, due: datetime, grace: timedelta) -> timedelta:
        """How long before `due` an arrival still meets it."""
        return min(grace, MAX_TOLERANCE, self.every / 4)

    def skip(self, start: datetime, end: datetime, at_most: int | None = None) -> tuple[int, datetime]:
        """How many expected times lie in (start, end], counted from `start`, and the last of them (or `start`)."""
        count = max(0, (end - start) // self.every)
        count = count if at_most is None else min(count, max(0, at_most))
        return count, start + self.every * count

    def upcoming(self, after: datetime, count: int) -> list[datetime]:
        """The next `count` expected times."""
        return [after + self.every * step for step in range(1, count + 1)]

    def describe(self) -> str:
        """In plain English: `every 5 minutes`, `every 1 hour 30 minutes`; of one unit `every day`."""
        span = durations.full(self.every.total_seconds())
        is_one = span.count(" ") == 1
        return f"every {span.removeprefix('1 ') if is_one else span}"


@dataclass(frozen=True, slots=True)
class Cron:
    """A ping is expected whenever the cron fires in the zone, whatever time the last one came."""

    expression: str
    zone: str = "UTC"

    def due_after(self, reference: datetime) -> datetime:
        """The first expected time strictly after `reference`."""
        return crons.after(self.expression, self.zone, reference)

    def reference_of(self, arrival: datetime, grace: timedelta) -> datetime:
        """The time from which an arrival waits for the next: the due that it met early, else the arrival itself."""
        due = crons.after(self.expression, self.zone, arrival)
        early = due - arrival
        if early <= grace and early <= MAX_TOLERANCE and early <= self.tolerance(due, grace):
            return due
        return arrival

    def tolerance(self, due: datetime, grace: timedelta) -> timedelta:
        """How long before `due` an arrival still meets it."""
        return min(grace, MAX_TOLERANCE, crons.period_at(self.expression, self.zone, due) / 4)

    def skip(self, start: datetime, end: datetime, at_most: int | None = None) -> tuple[int, datetime]:
        """How many expected times lie in (start, end], and the last of them (or `start`)."""
        limit = None if at_most is None else max(0, at_most)
        count, last = 0, start
        for time in islice(crons.between(self.expression, self.zone, start, end), limit):
            count, last = count + 1, time
        return count, last

    def upcoming(self, after: datetime, count: int) -> list[datetime]:
        """The next `count` expected times."""
        return list(islice(crons.all_after(self.expression, self.zone, after), count))

    def describe(self) -> str:
        """In plain English: `at 03:30 every day, Europe/Berlin`."""
        return f"{crons.explain(self.expression)}, {self.zone}"


Schedule = Interval | Cron


@lru_cache(maxsize=65_536)
def build(*, interval_sec: int | None, cron: str, zone: str) -> Schedule:
    """The schedule of a stored monitor, whose fields were checked when they were written."""
    if interval_sec is not None:
        return Interval(timedelta(seconds=interval_sec))
    return Cron(cron, zone)


def check_interval(seconds: int, floor: int = MIN_INTERVAL_SEC) -> None:
    """Raise BadSchedule unless pings may be expected every `seconds`."""
    if not floor <= seconds <= MAX_INTERVAL_SEC:
        message = f"An interval is {floor:,} to {MAX_INTERVAL_SEC:,} seconds (366 days); this is {seconds:,}."
        raise BadSchedule("interval_sec", message)


def check_cron(text: str) -> None:
    """Raise BadSchedule unless `text` is a cron expression of five fields that fires now and then."""
    try:
        crons.check(text)
    except crons.BadCron as bad:
        raise BadSchedule("cron", str(bad)) from None


def check_zone(name: str) -> None:
    """Raise BadSchedule unless `name` is an IANA time zone, spelled exactly."""
    if name in _zones():
        return
    near = _similar(name)
    hint = f"did you mean {' or '.join(f'`{zone}`' for zone in near)}?" if near else "such as `Europe/Berlin` or `UTC`."
    raise BadSchedule("timezone", f"`{name[:64]}` is not a time zone: {hint}")


def shortest_period_sec(interval_sec: int | None, cron: str) -> int:
    """The shortest time between two expected pings, for a plan's floor."""
    if interval_sec is not None:
        return interval_sec
    return int(crons.shortest_period(cron).total_seconds())


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _similar(name: str) -> list[str]:
    """Zones that `name` may have meant, by whole name (`europe/berlin`, `Europe/Berlni`) or by city (`Berlin`)."""
    by_spelling: dict[str, str] = {}
    for zone in sorted(_zones(), key=lambda zone: (zone.count("/") != 1, zone)):
        for spelling in (zone.casefold(), zone.rpartition("/")[2].casefold()):
            by_spelling.setdefault(spelling, zone)
    wanted = name.strip().replace(" ", "_").casefold()
    if wanted in by_spelling:
        return [by_spelling[wanted]]
    near = difflib.get_close_matches(wanted, by_spelling, n=2, cutoff=0.75)
    return list(dict.fromkeys(by_spelling[match] for match in near))
