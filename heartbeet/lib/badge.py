"""Badges in the flat style of shields.io: what it is about on the left, how it is on the right. Pure: text to SVG.

Nothing in the picture can run or load anything, and no text reaches into the other half.
"""

import math
import unicodedata
from html import escape

from heartbeet.lib import plaintext

MAX_LABEL = 60
"""Characters of a label that are shown; all of it is in the title."""
LABEL_COLOR = "#5d5257"
SHEEN, SHEEN_OPACITY = "#bbb", 0.1
"""What lies over the upper edge of both halves, so text must be readable on a ground that is this much lighter."""
_HEIGHT, _PADDING, _FONT_SIZE, _EM = 20, 5, 11, 2048
_FONT = "Verdana,Geneva,DejaVu Sans,sans-serif"

_VERDANA: dict[str, int] = {
    char: units
    for chars, units in {
        "il": 562, "'": 550, "j": 705, " f": 720, ",.": 745, "!": 806, "t": 807, "I": 862, "r": 874, "()-/:;[\\]|": 930,
        "J": 931, '"': 940, "cs": 1067, "z": 1076, "?": 1117, "L": 1140, "F": 1177, "kvxy": 1212, "e": 1220,
        "a": 1230, "P": 1235, "o": 1243, "Y": 1260, "T": 1262, "bdgpq": 1276, "E": 1295, "hnu": 1296, "{}": 1300,
        "$*_`0123456789": 1302, "ASV": 1400, "XZ": 1403, "B": 1404, "K": 1419, "R": 1424, "C": 1430, "&": 1488,
        "U": 1499, "N": 1532, "H": 1539, "D": 1578, "G": 1588, "OQ": 1612, "#+<=>^~w": 1676, "…": 1676, "M": 1726,
        "m": 1992, "W": 2025, "@": 2048, "%": 2204,
    }.items()
    for char in chars
}  # fmt: skip
"""The advance widths of Verdana in units of which an em has 2,048, for all of ASCII."""
_OTHER, _RIGHT_TO_LEFT, _WIDE, _PICTURE = 1400, 1120, 2048, 2607
"""Elsewhere: letters (rather wide ones), ideographs, emoji."""


def width(text: str) -> float:
    """How wide a text is in Verdana of 11 px, in pixels: exact for Latin letters, rather too much for all others."""
    return sum(_units(text, place) for place in range(len(text))) * _FONT_SIZE / _EM


def svg(label: str, message: str, color: str) -> str:
    """The picture. `color` is the ground of the message: `#rrggbb`, dark enough for white text."""
    name, shown = plaintext.one_line(label), plaintext.one_line(message)
    left, right = _Half(plaintext.one_line(name, MAX_LABEL)), _Half(shown)
    whole, title = left.width + right.width, escape(f"{name}: {shown}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<linearGradient id="sheen" x2="0" y2="100%"><stop offset="0" stop-color="{SHEEN}" stop-opacity="'
        f'{SHEEN_OPACITY}"/><stop offset="1" stop-opacity="{SHEEN_OPACITY}"/></linearGradient>'
        f'<path fill="{LABEL_COLOR}" d="M3 0H{left.width}V20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3Z"/>'
        f'<path fill="{escape(color)}" d="M{left.width} 0H{whole - 3}a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H{left.width}Z"/>'
        f'<rect width="{whole}" height="{_HEIGHT}" rx="3" fill="url(#sheen)"/>'
        f'<g fill="#fff" text-anchor="middle" font-family="{_FONT}" font-size="{_FONT_SIZE}" '
        f'text-rendering="geometricPrecision">{left.at(0)}{right.at(left.width)}</g></svg>'
    )


class _Half:
    """One side of a badge, as wide as its text needs."""

    def __init__(self, text: str) -> None:
        natural = width(text)
        self.text, self.width = escape(text), math.ceil(natural) + 2 * _PADDING
        self._fit = f' textLength="{natural:.1f}"' if text and all(_base(char) in _VERDANA for char in text) else ""

    def at(self, x: int) -> str:
        """Its text with a shadow, in a frame of its own, which cuts off what is wider than we thought. Where we know
        the width, the browser makes the text fill it, whatever font it has."""
        middle = f'x="{self.width / 2:g}"'
        return (
            f'<svg x="{x}" width="{self.width}" height="{_HEIGHT}">'
            f'<text aria-hidden="true" {middle} y="15" fill="#010101" fill-opacity=".3"{self._fit}>{self.text}</text>'
            f'<text {middle} y="14"{self._fit}>{self.text}</text></svg>'
        )


def _units(text: str, place: int) -> int:
    char = text[place]
    if known := _VERDANA.get(_base(char)):
        return known
    if plaintext.is_drawn_into_the_one_before(text, place):
        return 0
    if unicodedata.east_asian_width(char) in "WF":
        return _PICTURE if unicodedata.category(char) == "So" else _WIDE
    return _RIGHT_TO_LEFT if unicodedata.bidirectional(char) in ("R", "AL") else _OTHER


def _base(char: str) -> str:
    """The letter below its accents, which make it no wider."""
    return unicodedata.normalize("NFD", char)[0]
