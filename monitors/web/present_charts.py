"""Charts as finished values for the templates: the pictures, and what they say in words."""

import itertools
import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.utils.safestring import SafeString

from heartbeet.lib import durations, svg
from heartbeet.lib.svg import Shape
from heartbeet.lib.words import Teller
from monitors import charts
from monitors.domain import uptime
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
_WORST_LAST: tuple[Status | None, ...] = (None, *reversed(uptime.WORST_FIRST))


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


def in_words(stretches: Sequence[Stretch]) -> str:
    """What happened, in a few words: `99.31 % up, down 10 min`."""
    if len(stretches) == 1:
        return f"{_word(stretches[0].status).lower()} all the time"
    return tally_words(uptime.tally(stretches))


def tally_words(tally: Tally) -> str:
    """How a time was spent: `99.31 % up, down 10 min, unknown 2 min`."""
    shares = [] if tally.uptime is None else [f"{percent(tally.uptime)} up"]
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
