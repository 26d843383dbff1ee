"""The hours of a week as SVG text, seven rows of 24, each as dark as it is busy: pure like `svg`, whose rules it
follows.

It is stretched to the room there is; words stand beside it in pictures of their own, so that they keep their size."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString

LEVELS = 9
"""Shades, besides that of nothing."""
_ROW, _LABELS = 18, 20
_HEIGHT = 7 * _ROW


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of the week: how busy it is, 0 to 1, and what is said when someone points at it."""

    share: float
    title: str


def picture(hours: Sequence[Cell], title: str, now: int | None = None) -> SafeString:
    """The 168 hours from Monday on; the hour number `now` has a frame."""
    cells = "".join(_cell(number, each) for number, each in enumerate(hours))
    frame = f'<path class="is-now" d="{_box(now)}"/>' if now is not None else ""
    labels = "".join(
        f'<text x="{(hour + 0.5) / 24 * 100:.4g}%" y="{_HEIGHT + 15}">{hour:02}</text>' for hour in range(0, 24, 3)
    )
    return SafeString(
        f'<svg class="week" width="100%" height="{_HEIGHT + _LABELS}" role="img" aria-label="{escape(title)}">'
        f'<svg viewBox="0 0 24 7" width="100%" height="{_HEIGHT}" preserveAspectRatio="none">{cells}{frame}</svg>'
        f"{labels}</svg>"
    )


def days(names: Sequence[str]) -> SafeString:
    """The names of the seven days, to stand beside the rows."""
    words = "".join(f'<text x="0" y="{number * _ROW + 13}">{escape(name)}</text>' for number, name in enumerate(names))
    return SafeString(f'<svg class="week-days" height="{_HEIGHT + _LABELS}" aria-hidden="true">{words}</svg>')


def shades() -> SafeString:
    """From nothing to the busiest, for the legend."""
    drawn = "".join(f'<path data-level="{level}" d="M{level} 0h1v1h-1z"/>' for level in range(LEVELS + 1))
    return SafeString(
        f'<svg class="week-shades" viewBox="0 0 {LEVELS + 1} 1" preserveAspectRatio="none" aria-hidden="true">'
        f"{drawn}</svg>"
    )


def _cell(number: int, cell: Cell) -> str:
    level = min(LEVELS, -int(-cell.share * LEVELS // 1))  # rounded up: only nothing looks like nothing
    return f'<path data-level="{level}" d="{_box(number)}"><title>{escape(cell.title, quote=False)}</title></path>'


def _box(number: int) -> str:
    return f"M{number % 24} {number // 24}h1v1h-1z"
