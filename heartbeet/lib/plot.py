"""A chart of amounts over time as SVG text: pure like `svg`, whose rules for colours and words it follows.

It has no viewBox, so that words keep their size at any width: across, everything is placed in percent, and in height in
px. Only lines and areas lie in a picture of their own inside it, which is stretched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString

from heartbeet.lib.axes import Tick

HEIGHT, _LABELS = 160, 24
_TOP = 8
"""Room for the upper half of the highest label."""
_BOTTOM = _TOP + HEIGHT
_ACROSS = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick of the time axis, 0 to 1; one that `is_minor` is left out where there is little room."""

    at: float
    label: str
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the time axis from `start` to `end` with what lay in it: all are shares, 0 to 1."""

    start: float
    end: float
    low: float
    mean: float
    high: float

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Dot:
    """One amount; a failure is a square, and without an amount stands at the bottom."""

    at: float
    amount: float | None
    is_failure: bool
    title: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of the time axis that says something when someone points at it; `is_failed` if something failed in it."""

    start: float
    end: float
    title: str
    is_failed: bool = False

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


@dataclass(frozen=True, slots=True)
class Column:
    """How high something was from `start` to `end`, all shares; one that is not over yet `is_partial`."""

    start: float
    end: float
    amount: float
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """A time in which something was wrong: a shade over the whole height, with a mark of the `state` where it began."""

    start: float
    end: float
    state: str
    title: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A line that should not be passed, at `share` of the height."""

    share: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A chart: its scales, and what is drawn. Blocks that touch are joined; dots are joined in their order. `name` is
    its class, where it looks other than the usual chart."""

    title: str
    scale: tuple[Tick, ...]
    marks: Sequence[Mark]
    blocks: Sequence[Block] = ()
    dots: Sequence[Dot] = ()
    spots: Sequence[Spot] = ()
    limit: Limit | None = None
    columns: Sequence[Column] = ()
    alarms: Sequence[Alarm] = ()
    name: str = ""


def scale(plot: Plot) -> SafeString:
    """The labels beside a chart, which have a width of their own."""
    labels = "".join(f'<text x="100%" y="{_y(tick.share) + 4}">{escape(tick.label)}</text>' for tick in plot.scale)
    return SafeString(f'<svg class="plot-scale" height="{_BOTTOM + _LABELS}" aria-hidden="true">{labels}</svg>')


def picture(plot: Plot) -> SafeString:
    """The chart itself, as wide as there is room."""
    return SafeString(
        f'<svg class="{" ".join(filter(None, ["plot", plot.name]))}" width="100%" height="{_BOTTOM + _LABELS}" '
        f'role="img" aria-label="{escape(plot.title)}">{_grid(plot)}{_shades(plot.alarms)}{_lines(plot)}'
        f"{_limit(plot.limit)}{_spots(plot.spots)}{_dots(plot.dots)}{_alarms(plot.alarms)}</svg>"
    )


def _grid(plot: Plot) -> str:
    d = "".join(f"M0 {_y(tick.share)}h{_ACROSS}" for tick in plot.scale)
    labels = "".join(_mark(mark) for mark in plot.marks)
    return f'{_stretched("plot-grid", d)}<g class="plot-marks">{labels}</g>'


def _mark(mark: Mark) -> str:
    minor = ' class="is-minor"' if mark.is_minor else ""
    at = _percent(mark.at)
    tick = f'<line{minor} x1="{at}" x2="{at}" y1="{_BOTTOM}" y2="{_BOTTOM + 4}"/>'
    return f'{tick}<text{minor} x="{at}" y="{_BOTTOM + 18}">{escape(mark.label)}</text>'


def _lines(plot: Plot) -> str:
    band = "".join(_band(block) for block in plot.blocks)
    mean = "".join(_path([(block.middle, block.mean) for block in group]) for group in _joined(plot.blocks))
    through = _path([(dot.at, dot.amount) for dot in plot.dots if dot.amount is not None])
    columns = _columns([each for each in plot.columns if not each.is_partial])
    partial = _columns([each for each in plot.columns if each.is_partial])
    return (
        _stretched("plot-band", band)
        + _stretched("plot-columns", columns)
        + _stretched("plot-columns is-partial", partial)
        + _stretched("plot-line", mean)
        + _stretched("plot-through", through)
    )


def _columns(columns: Sequence[Column]) -> str:
    """With an eighth of their width between them; what is not nothing is at least 1 px high."""
    drawn = []
    for each in columns:
        room = (each.end - each.start) / 16
        top = min(_y(each.amount), _BOTTOM - 1) if each.amount else _BOTTOM
        first, last = (f"{share * _ACROSS:.1f}" for share in (each.start + room, each.end - room))
        drawn.append(f"M{first} {_BOTTOM}V{top}H{last}V{_BOTTOM}z" if top < _BOTTOM else "")
    return "".join(drawn)


def _shades(alarms: Sequence[Alarm]) -> str:
    drawn = "".join(
        f'<path data-state="{escape(each.state)}" d="M{_x(each.start)} {_TOP}H{_x(_far(each))}V{_BOTTOM}'
        f'H{_x(each.start)}z"/>'
        for each in alarms
    )
    return _inside(f'<g class="plot-shades">{drawn}</g>') if drawn else ""


def _far(alarm: Alarm) -> float:
    """Where an alarm ends: never so soon that it is not seen."""
    return min(1.0, max(alarm.end, alarm.start + 0.006))


def _alarms(alarms: Sequence[Alarm]) -> str:
    """A square for what is bad, a triangle for what is not yet."""
    shapes = {"down": "M-5-5H5V5H-5z"}
    return "".join(
        f'<svg class="plot-alarm" x="{_percent(each.start)}" y="{_TOP}" data-state="{escape(each.state)}">'
        f'<path d="{shapes.get(each.state, "M0-6 6 5H-6z")}"><title>{escape(each.title, quote=False)}</title></path>'
        "</svg>"
        for each in alarms
    )


def _band(block: Block) -> str:
    """At least 2 px high, so that it is seen where all amounts are alike."""
    top = min(_y(block.high), _BOTTOM - 2)
    height = max(2, _y(block.low) - top)
    return f"M{_x(block.start)} {top}H{_x(block.end)}v{height}H{_x(block.start)}z"


def _joined(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks in rows of those that follow each other without a hole."""
    rows: list[list[Block]] = []
    for block in blocks:
        if rows and abs(rows[-1][-1].end - block.start) < 1e-6:
            rows[-1].append(block)
        else:
            rows.append([block])
    return rows


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A line through the points; one point alone is a dot, by the round ends of lines."""
    if not points:
        return ""
    (at, amount), *rest = points
    return f"M{_x(at)} {_y(amount)}" + ("".join(f"L{_x(at)} {_y(amount)}" for at, amount in rest) or "h0")


def _stretched(name: str, d: str) -> str:
    return _inside(f'<path class="{name}" d="{d}"/>') if d else ""


def _inside(drawn: str) -> str:
    """A picture that is stretched to the width of the chart."""
    box = f'viewBox="0 0 {_ACROSS} {_BOTTOM}" width="100%" height="{_BOTTOM}"'
    return f'<svg {box} preserveAspectRatio="none">{drawn}</svg>'


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return ""
    y = _y(limit.share)
    line = f'<line x1="0" x2="100%" y1="{y}" y2="{y}"/>'
    beside = y - 4 if y > _TOP + 12 else y + 13
    return f'<g class="plot-limit">{line}<text x="100%" y="{beside}">{escape(limit.label)}</text></g>'


def _spots(spots: Sequence[Spot]) -> str:
    """What is pointed at, over the whole height, each as wide as the first; where something failed, a bar stands on the
    axis."""
    if not spots:
        return ""
    bars = "".join(f"M{_x(spot.middle)} {_BOTTOM}v-8" for spot in spots if spot.is_failed)
    areas = "".join(
        f'<path d="M{_x(spot.middle)} {_TOP}v{HEIGHT}"><title>{escape(spot.title, quote=False)}</title></path>'
        for spot in spots
    )
    width = _x(spots[0].end - spots[0].start)
    return _stretched("plot-failures", bars) + _inside(f'<g class="plot-spots" stroke-width="{width}">{areas}</g>')


def _dots(dots: Sequence[Dot]) -> str:
    drawn = "".join(_dot(dot) for dot in dots)
    return f'<g class="plot-dots">{drawn}</g>' if drawn else ""


def _dot(dot: Dot) -> str:
    x, y, title = _percent(dot.at), _y(dot.amount or 0.0), f"<title>{escape(dot.title, quote=False)}</title>"
    if dot.is_failure:
        return f'<line data-state="fail" x1="{x}" x2="{x}" y1="{y - 4}" y2="{y + 4}">{title}</line>'
    return f'<circle cx="{x}" cy="{y}" r="3">{title}</circle>'


def _x(share: float) -> int:
    return round(share * _ACROSS)


def _y(share: float) -> int:
    return round(_BOTTOM - share * HEIGHT)


def _percent(share: float) -> str:
    return f"{share * 100:.4g}%"
