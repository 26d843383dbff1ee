"""Small pictures as SVG text: values in, markup out. Pure, and quick enough for a page with a hundred of them.

A colour is never written here: a shape says which state it stands for (`data-state`), and static/css gives that its
colour in light and in dark. No picture relies on it: what differs in state differs in shape too. Words are escaped
here, and numbers cut to what can be seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from django.utils.safestring import SafeString


class Shape(StrEnum):
    """How a state is drawn in a strip, as attributes of a line along its middle, which is 16 px high."""

    FULL = 'stroke-width="16"'
    HIGH = 'stroke-width="11"'
    RAIL = 'stroke-width="6"'
    HATCHED = 'stroke-width="10" stroke-dasharray="2 2"'
    THIN = 'stroke-width="2"'
    DOTTED = 'stroke-width="2" stroke-dasharray="2 4"'


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a strip, from one column up to another: its state, and what is said when someone points at it."""

    start: int
    end: int
    state: str
    shape: Shape
    title: str


def strip(runs: Sequence[Run], columns: int, title: str) -> SafeString:
    """States over time from left to right. It is as wide as there is room; `title` says all of it in words."""
    parts = "".join(_run(run, run.title if len(runs) > 1 else "") for run in runs)
    return SafeString(
        f'<svg class="strip" viewBox="0 0 {columns} 16" preserveAspectRatio="none" role="img">'
        f"{_title(title)}{parts}</svg>"
    )


def _run(run: Run, title: str) -> str:
    line = f'<path data-state="{escape(run.state)}" {run.shape} d="M{run.start} 8h{run.end - run.start}"'
    return f"{line}>{_title(title)}</path>" if title else f"{line}/>"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar as a share of the highest, 0 to 1; one that `is_over` a limit is broken near its top."""

    share: float
    is_over: bool = False


_BAR_STEP, _BAR_TOP = 4, 16


def sparkbars(bars: Sequence[Bar], places: int, title: str) -> SafeString:
    """Some bars, 3 px each and at the right end of `places`; `title` says them in words."""
    first = places - len(bars)
    usual = "".join(_bar(first + at, bar) for at, bar in enumerate(bars) if not bar.is_over)
    over = "".join(f"M{_middle(first + at)} 16V6m0-2V0" for at, bar in enumerate(bars) if bar.is_over)
    return SafeString(
        f'<svg class="sparkbars" viewBox="0 0 {places * _BAR_STEP} {_BAR_TOP}" role="img">{_title(title)}'
        + _lines(usual)
        + _lines(over, ' data-state="down"')
        + "</svg>"
    )


def _bar(place: int, bar: Bar) -> str:
    return f"M{_middle(place)} 16V{_BAR_TOP - max(1, round(bar.share * _BAR_TOP))}"


def _middle(place: int) -> int:
    return place * _BAR_STEP + _BAR_STEP // 2


def _lines(d: str, attributes: str = "") -> str:
    return f'<path{attributes} d="{d}"/>' if d else ""


def _title(text: str) -> str:
    return f"<title>{escape(text, quote=False)}</title>"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a column, from `top` to `bottom` in px from the top; one that is hatched is drawn as stripes."""

    state: str
    top: int
    bottom: int
    is_hatched: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of pieces, and what is said when someone points at it."""

    pieces: tuple[Segment, ...]
    title: str


COLUMN_HEIGHT = 32
_COLUMN_STEP = 4
"""Three px of column and one of room."""


def columns(given: Sequence[Column], usual: str, title: str) -> SafeString:
    """Columns side by side over the whole width; `title` says all of it in words. The state that is `usual` is said
    once for all, which makes the picture a fifth smaller."""
    drawn = "".join(_column(at * _COLUMN_STEP + 1.5, each, usual) for at, each in enumerate(given))
    width = len(given) * _COLUMN_STEP - 1
    return SafeString(
        f'<svg class="days" data-state="{escape(usual)}" viewBox="0 0 {width} {COLUMN_HEIGHT}" '
        f'preserveAspectRatio="none" role="img" aria-label="{escape(title)}">{drawn}</svg>'
    )


def _column(middle: float, column: Column, usual: str) -> str:
    if len(column.pieces) == 1:
        return _piece(middle, column.pieces[0], usual, _title(column.title))
    return f"<g>{_title(column.title)}{''.join(_piece(middle, piece, usual) for piece in column.pieces)}</g>"


def _piece(middle: float, piece: Segment, usual: str, title: str = "") -> str:
    state = f' data-state="{escape(piece.state)}"' if piece.state != usual else ""
    hatching = ' stroke-dasharray="2 2"' if piece.is_hatched else ""
    line = f'<path{state}{hatching} d="M{middle:g} {piece.top}v{piece.bottom - piece.top}"'
    return f"{line}>{title}</path>" if title else f"{line}/>"
