"""Names that people gave, fit for places where they stand alone: a picture, an entry of a feed."""

import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, and yet part of what is written: without them some scripts fall apart, and so do emoji of several."""


def one_line(text: str, limit: int = 0) -> str:
    """A text in one line, of `limit` characters if that is not 0, its end cut with an ellipsis.

    What nobody sees becomes a space: control characters, marks that turn the direction of the text beside them, and
    all that XML may not hold.
    """
    visible = "".join(char if char.isprintable() or char in _JOINERS else " " for char in text)
    line = " ".join(visible.split())
    return line if not limit or len(line) <= limit else _cut(line, limit - 1) + "…"


def is_drawn_into_the_one_before(text: str, place: int) -> bool:
    """Whether what stands at `place` takes no room of its own: a joiner, an accent, the tone of a skin, or a picture
    that a joiner puts together with the one before."""
    char = text[place]
    if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me") or "\U0001f3fb" <= char <= "\U0001f3ff":
        return True
    return place > 0 and text[place - 1] == _JOINERS[1] and unicodedata.category(char) == "So"


def _cut(line: str, length: int) -> str:
    """Not in the middle of a character that is made of several."""
    while length and is_drawn_into_the_one_before(line, length):
        length -= 1
    return line[:length].rstrip()
