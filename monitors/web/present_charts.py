"""Charts as finished values for the templates: the pictures, and what they say in words."""

import itertools
import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString

from heartbeet.lib import durations, svg
from heartbeet.lib.svg import COLUMN_HEIGHT, Column, Segment, Shape
from heartbeet.lib.words import Teller
from monitors import charts
from monitors.domain import uptime
from monitors.domain.calendar import Range
from monitors.domain.status import Status
from monitors.domain.uptime import Stretch, Tally, Window

COLUMNS = 96
"""Of a strip: a quarter of an hour each in a day."""

_SHAPES: dict[Status | None, Shape] = {
    Status.DOWN: Shape.FULL,
    Status.WARNING: Shape.HIGH,
    Status.UNKNOWN: Shape.HATCHED,
    Status.LATE: Shape.HIGH,
    Status.UP: Shape.RAIL,
    Status.PAUSED: Shape.THIN,
}
_NAMES = {Range.DAY: "24 hours", Range.WEEK: "7 days", Range.MONTH: "30 days", Range.QUARTER: "90 days"}
_TOPS: dict[Status | None, int] = {
    Status.DOWN: 0, Status.WARNING: 4, Status.UNKNOWN: 8, Status.UP: 8, Status.PAUSED: 26,
}  # fmt: skip
_STUB_TOP, _LEAST = 30, 10
"""Where the columns of days begin, in px from the top, and how high trouble is at least. An outage stands out."""
_TOLD = 3
"""So many kinds of incidents of a day are named when someone points at it."""
_WORST_LAST: tuple[Status | None, ...] = (None, *reversed(uptime.WORST_FIRST))


@dataclass(frozen=True, slots=True)
class Figure:
    """A share of time and what it is of."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day on which something was wrong, for the table."""

    day: str
    uptime: str
    down: str
    unknown: str
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Availability:
    """The last 90 days: a bar for each, the shares of up, the days on which something was wrong (the newest first), and
    how many were without a fault."""

    bars: SafeString
    figures: tuple[Figure, ...]
    first: str
    first_of_month: str
    rows: tuple[DayRow, ...]
    flawless: int


def strip(stretches: Sequence[Stretch], tell: Teller) -> SafeString:
    """The strip of a monitor's last day, from `charts.strips`: what lasted less than a column still fills one, and
    where there were several states the worst is shown. Under 300 bytes where nothing happened."""
    whole = Window(stretches[0].window.start, stretches[-1].window.end)
    of_state: defaultdict[Status | None, list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        of_state[stretch.status].append(stretch)
    runs = [_run(status, part, of_state[status], whole, tell) for status, part in _parts(of_state, whole)]
    return svg.strip(runs, COLUMNS, f"Last 24 hours: {in_words(stretches)}")


def durations_bar(recent: Sequence[float], max_runtime_sec: int | None) -> SafeString:
    """The bars of a monitor's last durations in seconds, the newest at the right, from `charts.recent_durations`;
    nothing if there are none. What took longer than it may is marked."""
    if not recent:
        return SafeString("")
    limit, highest = max_runtime_sec or math.inf, max(recent)
    bars = [svg.Bar(each / highest if highest else 0, is_over=each > limit) for each in recent]
    told = ", ".join(durations.short(each, units=2) for each in recent)
    over = sum(bar.is_over for bar in bars)
    more = f"; {over} longer than {durations.short(limit, units=2)}" if over else ""
    return svg.sparkbars(bars, charts.RECENT, f"Last runs, newest last: {told}{more}")


def availability(found: charts.Availability, tell: Teller) -> Availability:
    """The last days of a monitor, from `charts.availability`."""
    days, whole = found.days, found.totals[Range.QUARTER]
    rows = [_day_row(day, tell) for day in reversed(days) if day.tally.down or day.tally.unknown or day.incidents]
    return Availability(
        bars=svg.columns(
            [_day(day, tell) for day in days], Status.UP, f"The last {len(days)} days: {tally_words(whole)}"
        ),
        figures=tuple(Figure(name, _share(found.totals[each])) for each, name in _NAMES.items()),
        first=date(days[0].window.start, tell),
        first_of_month=date(days[-Range.MONTH.days :][0].window.start, tell),
        rows=tuple(rows),
        flawless=sum(day.tally.uptime == 100 and not day.tally.unknown and not day.incidents for day in days),
    )


def date(at: datetime, tell: Teller) -> str:
    """`Tue 24 Nov` by the reader's clock."""
    return f"{at.astimezone(tell.zone):%a %-d %b}"


def in_words(stretches: Sequence[Stretch]) -> str:
    """What happened, in a few words: `99.31 % up, down 10 min`."""
    if len(stretches) == 1:
        return f"{_word(stretches[0].status).lower()} all the time"
    return tally_words(uptime.tally(stretches))


def tally_words(tally: Tally) -> str:
    """How a time was spent: `99.31 % up, down 10 min, unknown 2 min`."""
    share = tally.uptime
    shares = [] if share is None else [f"{percent(share)} up"]
    times = {"down": tally.down, "unknown": tally.unknown, "paused": tally.paused}
    told = [f"{name} {length(lasted)}" for name, lasted in times.items() if lasted]
    return ", ".join(shares + told) or "not watched"


def percent(share: float) -> str:
    """`99.31 %`, never rounded up: only what was without a fault is `100 %`."""
    return "100 %" if share == 100 else f"{math.floor(share * 100) / 100:.2f} %"


def length(lasted: timedelta) -> str:
    """`10 min`, `1 h 5 min`, `40 s`."""
    return durations.short(math.ceil(lasted.total_seconds()), units=2)


def _parts(
    of_state: dict[Status | None, list[Stretch]], whole: Window
) -> Iterator[tuple[Status | None, tuple[int, int]]]:
    """The states of a strip with their columns: what is worse is painted over what is not."""
    cells: list[Status | None] = [None] * COLUMNS
    size = whole.length / COLUMNS
    for status in _WORST_LAST:
        for stretch in of_state.get(status, ()):
            first, end = _columns(stretch.window, whole, size)
            cells[first:end] = [status] * (end - first)
    for status, group in itertools.groupby(range(COLUMNS), key=cells.__getitem__):
        places = list(group)
        yield status, (places[0], places[-1] + 1)


def _columns(window: Window, whole: Window, size: timedelta) -> tuple[int, int]:
    first = min(COLUMNS - 1, (window.start - whole.start) // size)
    return first, min(COLUMNS, max(first + 1, -((whole.start - window.end) // size)))


def _run(
    status: Status | None, part: tuple[int, int], alike: Sequence[Stretch], whole: Window, tell: Teller
) -> svg.Run:
    """A part of a strip, and when it really was: `Down, 02:58 to 03:04`."""
    size = whole.length / COLUMNS
    start = whole.start + part[0] * size
    end = whole.end if part[1] == COLUMNS else whole.start + part[1] * size
    first = bisect_right(alike, start, key=lambda each: each.window.end)
    last = bisect_left(alike, end, key=lambda each: each.window.start) - 1
    times = f", {last - first + 1} times" if last > first else ""
    span = tell.span(max(start, alike[first].window.start), min(end, alike[last].window.end))
    return svg.Run(*part, status or "", _SHAPES.get(status, Shape.DOTTED), f"{_word(status)}{times}, {span}")


def _word(status: Status | None) -> str:
    return "Not watched" if status in {None, Status.NEW} else str(status).capitalize()


def _share(tally: Tally) -> str:
    share = tally.uptime
    return "none" if share is None else percent(share)


def _day_row(day: charts.Day, tell: Teller) -> DayRow:
    down, unknown = (length(lasted) if lasted else "" for lasted in (day.tally.down, day.tally.unknown))
    return DayRow(date(day.window.start, tell), _share(day.tally), down, unknown, _names(day.incidents))


def _names(titles: Sequence[str]) -> tuple[str, ...]:
    """Each title once, and how often it stood there: a job that fails all day has but one."""
    counted = Counter(titles)
    return tuple(title if count == 1 else f"{title} ({count} times)" for title, count in counted.items())


def _day(day: charts.Day, tell: Teller) -> Column:
    """`Tue 24 Nov: 99.31 % up, down 10 min. 1 incident: nightly backup missed its ping`."""
    count, names = len(day.incidents), _names(day.incidents)
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    named = "; ".join(names[:_TOLD]) + more
    told = f". {count} incident{'s' if count > 1 else ''}: {named}" if count else ""
    return Column(_pieces(day.tally), f"{date(day.window.start, tell)}: {tally_words(day.tally)}{told}")


def _pieces(tally: Tally) -> tuple[Segment, ...]:
    """The worst of a day at the top of its column, as high as its share and never too small to be seen; below it what
    the rest of the day was."""
    bottom, worst = COLUMN_HEIGHT, tally.worst
    if worst not in {Status.DOWN, Status.WARNING, Status.UNKNOWN}:
        return (Segment(worst or "", _top(worst), bottom),)
    top, lasted = _top(worst), tally.lasted[worst]
    rest = {status: time for status, time in tally.lasted.items() if status not in {worst, None} and time}
    share = lasted / (lasted + sum(rest.values(), timedelta()))
    height = max(_LEAST, round(share * (bottom - top)))
    first = Segment(worst, top, min(bottom, top + height), is_hatched=worst == Status.UNKNOWN)
    usual = max(rest, key=lambda status: rest[status], default=None)
    begins = max(first.bottom + 2, _top(usual))
    return (first, Segment(usual or "", begins, bottom)) if rest and begins < bottom else (first,)


def _top(status: Status | None) -> int:
    return _TOPS.get(status, _STUB_TOP)
