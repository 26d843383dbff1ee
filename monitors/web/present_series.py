"""Durations and values over time as finished values for the templates: the picture, and the same as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.safestring import SafeString

from heartbeet.lib import axes, durations, plot
from heartbeet.lib.axes import Scale
from heartbeet.lib.plot import Block, Dot, Limit, Mark, Plot, Spot
from heartbeet.lib.words import Teller
from monitors.charts import Part, Point, Series
from monitors.domain import calendar, uptime, values
from monitors.domain.calendar import Range
from monitors.domain.uptime import Window

LABELS = {
    Range.DAY: "the last 24 hours",
    Range.WEEK: "the last 7 days",
    Range.MONTH: "the last 30 days",
    Range.QUARTER: "the last 90 days",
}
_EACH = {
    Range.DAY: "each half-hour",
    Range.WEEK: "every 3 hours",
    Range.MONTH: "each half of a day",
    Range.QUARTER: "each day",
}
_FAR = 3
"""A limit so many times above all that was measured would press it to the ground, and is only named."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its words: what it says, how to read it, and its table. Without a picture `summary` says why."""

    key: str
    title: str
    summary: str
    scale: SafeString | str = ""
    picture: SafeString | str = ""
    legend: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A range to choose."""

    key: str
    label: str
    meaning: str
    is_current: bool


def ranges(how_far: Range) -> list[Choice]:
    """How far back charts can look."""
    return [Choice(str(each), f"{str(each)[:-1]} {str(each)[-1]}", LABELS[each], each == how_far) for each in Range]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is drawn: its names, and how an amount of it is told."""

    key: str
    title: str
    one: str
    many: str
    columns: tuple[str, str, str]
    none: str
    say: Callable[[float], str]

    def counted(self, count: int) -> str:
        return f"{count:,} {self.one if count == 1 else self.many}"


def _time(seconds: float) -> str:
    return durations.short(seconds, units=2)


_DURATIONS = _Kind(
    "durations", "Durations", "run", "runs", ("Shortest", "Average", "Longest"),
    "No run that ended in {} had said when it began.", _time,
)  # fmt: skip
_VALUES = _Kind(
    "values", "Values", "value", "values", ("Lowest", "Average", "Highest"),
    "No ping of {} carried a value.", values.number,
)  # fmt: skip


def of_durations(series: Series, how_far: Range, max_runtime_sec: int | None, tell: Teller) -> Chart:
    """How long runs took, from `charts.measures`, with the line that they may not pass."""
    if not series.count:
        return _nothing(_DURATIONS, how_far)
    highest, longest = _highest(series), max_runtime_sec or 0
    if 0 < longest <= highest * _FAR:
        scale = axes.durations(max(highest, longest))
        limit = Limit(scale.share(longest), f"longest allowed: {_time(longest)}")
        return _chart(_DURATIONS, series, how_far, scale, tell, limit)
    chart = _chart(_DURATIONS, series, how_far, axes.durations(highest), tell)
    far = f" The longest allowed run, {_time(longest)}, would be far above." if longest else ""
    return replace(chart, legend=chart.legend + far)


def of_values(series: Series, how_far: Range, tell: Teller) -> Chart:
    """The values that pings carried, from `charts.measures`."""
    if not series.count:
        return _nothing(_VALUES, how_far)
    scale = axes.numbers(min(part.low for part in series.parts), _highest(series))
    return _chart(_VALUES, series, how_far, scale, tell)


def _highest(series: Series) -> float:
    return max(part.high for part in series.parts if part.count)


def _nothing(kind: _Kind, how_far: Range) -> Chart:
    return Chart(kind.key, kind.title, kind.none.format(LABELS[how_far]))


def _chart(
    kind: _Kind, series: Series, how_far: Range, scale: Scale, tell: Teller, limit: Limit | None = None
) -> Chart:
    summary, is_each = _summary(kind, series, how_far), bool(series.points)
    drawn = Plot(
        title=f"{kind.title} of {summary}",
        scale=scale.ticks,
        marks=_marks(series.window, how_far, tell),
        blocks=() if is_each else [_block(part, series.window, scale) for part in series.parts if part.count],
        spots=() if is_each else [_spot(kind, part, series.window, how_far, tell) for part in series.parts],
        dots=[_dot(kind, point, series.window, scale, tell) for point in series.points],
        limit=limit,
    )
    return Chart(
        kind.key,
        kind.title,
        summary,
        plot.scale(drawn),
        plot.picture(drawn),
        _legend(kind, series, how_far, tell),
        ("When", kind.title.removesuffix("s"), "Result")
        if is_each
        else ("From", kind.many.capitalize(), *kind.columns, "Failed"),
        tuple(_point_row(kind, point, tell) for point in reversed(series.points))
        if is_each
        else tuple(_part_row(kind, part, how_far, tell) for part in reversed(series.parts)),
    )


def _summary(kind: _Kind, series: Series, how_far: Range) -> str:
    """`the last 7 days: 120 runs, 3.2 s to 5 min, 4.1 s on average, 2 failed`."""
    parts, failures = [part for part in series.parts if part.count], sum(part.failures for part in series.parts)
    count = series.count
    mean = sum(part.mean * (part.count / count) for part in parts)
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    failed = f", {failures:,} failed" if failures else ""
    return f"{LABELS[how_far]}: {kind.counted(count)}, {_spread(kind, low, mean, high)}{failed}"


def _spread(kind: _Kind, low: float, mean: float, high: float) -> str:
    least, middle, most = (kind.say(amount) for amount in (low, mean, high))
    return least if least == most else f"{least} to {most}, {middle} on average"


def _legend(kind: _Kind, series: Series, how_far: Range, tell: Teller) -> str:
    zone = f"Times are {tell.now.astimezone(tell.zone):%Z}."
    failed = any(part.failures for part in series.parts)
    if series.points:
        return f"Each {kind.one}{', squares are failures' if failed else ''}. {zone}"
    low, _, high = (name.lower() for name in kind.columns)
    bars = "; a bar on the axis where something failed" if failed else ""
    return f"The average of {_EACH[how_far]} as a line, from {low} to {high} as an area{bars}. {zone}"


def _block(part: Part, window: Window, scale: Scale) -> Block:
    start, end = _at(window, part.window.start), _at(window, part.window.end)
    return Block(start, end, scale.share(part.low), scale.share(part.mean), scale.share(part.high))


def _spot(kind: _Kind, part: Part, window: Window, how_far: Range, tell: Teller) -> Spot:
    told = [kind.counted(part.count), *([_spread(kind, part.low, part.mean, part.high)] if part.count else [])]
    told += [f"{part.failures:,} failed"] if part.failures else []
    title = f"{_when(part.window, how_far, tell)}: {', '.join(told)}"
    return Spot(_at(window, part.window.start), _at(window, part.window.end), title, is_failed=part.failures > 0)


def _dot(kind: _Kind, point: Point, window: Window, scale: Scale, tell: Teller) -> Dot:
    told = [] if point.amount is None else [kind.say(point.amount)]
    title = f"{tell.precise(point.at).text}: {', '.join([*told, *(['failed'] if point.is_failure else [])])}"
    amount = None if point.amount is None else scale.share(point.amount)
    return Dot(_at(window, point.at), amount, point.is_failure, title)


def _point_row(kind: _Kind, point: Point, tell: Teller) -> tuple[str, ...]:
    amount = "" if point.amount is None else kind.say(point.amount)
    return tell.precise(point.at).text, amount, "failed" if point.is_failure else ""


def _part_row(kind: _Kind, part: Part, how_far: Range, tell: Teller) -> tuple[str, ...]:
    amounts = [kind.say(amount) for amount in (part.low, part.mean, part.high)] if part.count else [""] * 3
    begins = part.window.start.astimezone(tell.zone)
    when = f"{begins:%a %-d %b}" if how_far == Range.QUARTER else f"{begins:%a %-d %b, %H:%M}"
    return when, f"{part.count:,}", *amounts, f"{part.failures:,}" if part.failures else ""


def _when(window: Window, how_far: Range, tell: Teller) -> str:
    start, end = window.start.astimezone(tell.zone), window.end.astimezone(tell.zone)
    day = "" if how_far == Range.DAY else f"{start:%a %-d %b}"
    hours = "" if how_far == Range.QUARTER else f"{start:%H:%M} to {end:%H:%M}"
    return ", ".join(filter(None, [day, hours]))


def _at(window: Window, at: datetime) -> float:
    return (at - window.start) / window.length


def _marks(window: Window, how_far: Range, tell: Teller) -> Sequence[Mark]:
    """The hours, days or weeks of the reader; none so close to the end that its words would not fit."""
    if how_far == Range.DAY:
        moments = [part.start for part in uptime.split(window, timedelta(minutes=15))]
        label = _hour
    else:
        moments = [day.start for day in calendar.days(tell.now, tell.zone, how_far.days)]
        label = _day if how_far == Range.WEEK else _month if how_far == Range.MONTH else _quarter
    told = [(_at(window, at), *label(at.astimezone(tell.zone))) for at in moments]
    return [Mark(*mark) for mark in told if mark[1] and mark[0] < 0.97]


def _hour(local: datetime) -> tuple[str, bool]:
    """What stands below this moment, if anything, and whether it is left out where there is little room."""
    return ("", False) if local.hour % 3 or local.minute else (f"{local:%H:%M}", local.hour % 6 != 0)


def _day(local: datetime) -> tuple[str, bool]:
    return f"{local:%a %-d}", local.toordinal() % 2 == 0


def _month(local: datetime) -> tuple[str, bool]:
    """Mondays."""
    return ("", False) if local.weekday() else (f"{local:%-d %b}", False)


def _quarter(local: datetime) -> tuple[str, bool]:
    """Every second Monday."""
    week = local.toordinal() // 7
    return ("", False) if local.weekday() or week % 2 else (f"{local:%-d %b}", week % 4 == 0)
