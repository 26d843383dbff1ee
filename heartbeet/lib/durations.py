"""Durations as people write and read them: `1 h 30 min` in a table, `1 hour 30 minutes` in a sentence. Pure, so that
rules may use them too."""

import re

_SIZES = (86_400, 3_600, 60, 1)
_SHORT = ("day", "h", "min", "s")
_FULL = ("day", "hour", "minute", "second")
_SECONDS = {
    **dict.fromkeys(["w", "wk", "week", "weeks"], 604_800),
    **dict.fromkeys(["d", "day", "days"], 86_400),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], 3_600),
    **dict.fromkeys(["m", "min", "mins", "minute", "minutes"], 60),
    **dict.fromkeys(["", "s", "sec", "secs", "second", "seconds"], 1),
}
_PART = re.compile(r"(\d{1,12}(?:[.,]\d{1,6})?)\s*([a-z]*)")


class BadDuration(ValueError):
    """Write a duration such as `30 s`, `5 min`, `1 h 30 min` or `2 days`."""


def parse(text: str) -> int:
    """The whole seconds that `text` means; a bare number is seconds. Raises BadDuration."""
    words = text.strip().lower()
    parts = _PART.findall(words)
    rest = _PART.sub("", words).replace("and", "")
    if not parts or rest.strip(" ,") or any(unit not in _SECONDS for _, unit in parts):
        raise BadDuration(BadDuration.__doc__)
    return round(sum(float(number.replace(",", ".")) * _SECONDS[unit] for number, unit in parts))


def short(seconds: float, *, units: int = 4) -> str:
    """`5 min`, `1 h 30 min`, `4.2 s`, `180 ms`: the largest unit and the next ones, `units` in all, the rest cut."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms" if seconds > 0 else "0 s"
    if seconds < 60 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    found = _split(int(seconds), units)
    return " ".join(f"{count:,} {_SHORT[place]}{'s' if place == 0 and count > 1 else ''}" for count, place in found)


def full(seconds: float, *, units: int = 4) -> str:
    """The same in whole words: `1 hour 30 minutes`; '' for less than a second."""
    found = _split(int(seconds), units)
    return " ".join(f"{count} {_FULL[place]}{'s' if count > 1 else ''}" for count, place in found)


def _split(left: int, units: int) -> list[tuple[int, int]]:
    """How many of which unit, as (count, place in _SIZES); none that is zero. 2 h 0 min 5 s in two units is 2 h."""
    counts = []
    for place, size in enumerate(_SIZES):
        count, left = divmod(max(0, left), size)
        counts.append((count, place))
    largest = next((place for count, place in counts if count), 0)
    return [(count, place) for count, place in counts[largest : largest + units] if count]
