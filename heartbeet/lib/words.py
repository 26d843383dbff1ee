"""Durations and instants as people write and read them: `5 min`, `1 h 30 min`, `3 min ago`."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.html import format_html
from django.utils.safestring import SafeString

_UNITS = (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_NAMES = {
    **dict.fromkeys(["w", "wk", "week", "weeks"], 604_800),
    **dict.fromkeys(["d", "day", "days"], 86_400),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], 3_600),
    **dict.fromkeys(["m", "min", "mins", "minute", "minutes"], 60),
    **dict.fromkeys(["", "s", "sec", "secs", "second", "seconds"], 1),
}
_PART = re.compile(r"(\d{1,12}(?:[.,]\d{1,6})?)\s*([a-z]*)")
_MONTH_SEC = 30 * 86_400


class BadDuration(ValueError):
    """Write a duration such as `30 s`, `5 min`, `1 h 30 min` or `2 days`."""


def parse_duration(text: str) -> int:
    """The whole seconds that `text` means; a bare number is seconds. Raises BadDuration."""
    words = text.strip().lower()
    parts = _PART.findall(words)
    rest = _PART.sub("", words).replace("and", "")
    if not parts or rest.strip(" ,") or any(unit not in _NAMES for _, unit in parts):
        raise BadDuration(BadDuration.__doc__)
    return round(sum(float(number.replace(",", ".")) * _NAMES[unit] for number, unit in parts))


def duration(seconds: float, *, parts: int = 4) -> str:
    """`5 min`, `1 h 30 min`, `4.2 s`, `180 ms`: at most `parts` units, the rest cut off."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms" if seconds > 0 else "0 s"
    if seconds < 60 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    found, left = [], int(seconds)
    for unit, size in _UNITS:
        number, left = divmod(left, size)
        if number:
            found.append(f"{number:,} {unit}{'s' if unit == 'day' and number > 1 else ''}")
    return " ".join(found[:parts])


def relative(at: datetime, now: datetime) -> str:
    """`3 min ago`, `in 2 h`, `just now`; over a month away, the date."""
    seconds = (now - at).total_seconds()
    if abs(seconds) >= _MONTH_SEC:
        return f"{at:%-d %b %Y}"
    if abs(seconds) < 1:
        return "just now"
    far = duration(int(abs(seconds)), parts=1)
    return f"{far} ago" if seconds > 0 else f"in {far}"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as a page shows it: as text it is a `<time>`, safe to print, exact on hover and for programs."""

    at: datetime
    text: str
    exact: str

    def __str__(self) -> SafeString:
        return self.__html__()

    def __html__(self) -> SafeString:
        return format_html('<time datetime="{}" title="{}">{}</time>', self.at.isoformat(), self.exact, self.text)


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells times to one reader: what `now` is, and the zone in which they read exact times."""

    now: datetime
    zone: tzinfo = UTC

    @classmethod
    def for_zone(cls, now: datetime, name: str) -> "Teller":
        """A teller for the zone of this name; UTC if it is not known here."""
        try:
            return cls(now, ZoneInfo(name))
        except (ZoneInfoNotFoundError, ValueError):
            return cls(now)

    def moment(self, at: datetime) -> Moment:
        """`at` told relative to now."""
        return Moment(at.astimezone(UTC), relative(at.astimezone(self.zone), self.now), self.exact(at))

    def maybe(self, at: datetime | None) -> Moment | None:
        """`at` told relative to now, if there is one."""
        return None if at is None else self.moment(at)

    def precise(self, at: datetime) -> Moment:
        """`at` told by its clock time: for rows whose order and distance matter."""
        return Moment(at.astimezone(UTC), f"{at.astimezone(self.zone):%-d %b, %H:%M:%S}", self.exact(at))

    def exact(self, at: datetime) -> str:
        """`Sun 22 Nov 2026, 15:07:46 UTC` in the reader's zone."""
        return f"{at.astimezone(self.zone):%a %-d %b %Y, %H:%M:%S %Z}"
