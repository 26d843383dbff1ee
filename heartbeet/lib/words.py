"""Instants as people read them: `3 min ago`, exact on hover."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString

from heartbeet.lib import durations, zones

_MONTH_SEC = 30 * 86_400


def relative(at: datetime, now: datetime, units: int = 1) -> str:
    """`3 min ago`, `in 2 h`, `just now`; over a month away, the date."""
    seconds = (now - at).total_seconds()
    if abs(seconds) >= _MONTH_SEC:
        return f"{at:%-d %b %Y}"
    if abs(seconds) < 1:
        return "just now" if seconds >= 0 else "now"
    far = durations.short(int(abs(seconds)), units=units)
    return f"{far} ago" if seconds > 0 else f"in {far}"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as a page shows it: as text it is a `<time>`, safe to print, exact on hover and for programs. With
    `units` the text is relative to now in so many units, and a page keeps it so while it stands."""

    at: datetime
    text: str
    exact: str
    units: int = 0

    def __str__(self) -> SafeString:
        return self.__html__()

    def __html__(self) -> SafeString:
        ago = format_html(' data-ago="{}"', self.units) if self.units else ""
        return format_html(
            '<time datetime="{}" title="{}"{}>{}</time>', f"{self.at:%Y-%m-%dT%H:%M:%SZ}", self.exact, ago, self.text
        )


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells times to one reader: what `now` is, and the zone in which they read exact times."""

    now: datetime
    zone: tzinfo = UTC

    @classmethod
    def for_zone(cls, now: datetime, name: str) -> "Teller":
        """A teller for the zone of this name; UTC if it is not known here."""
        return cls(now, ZoneInfo(name)) if zones.is_known(name) else cls(now)

    def moment(self, at: datetime, units: int = 1) -> Moment:
        """`at` told relative to now, in so many units."""
        text = relative(at.astimezone(self.zone), self.now, units)
        return Moment(at.astimezone(UTC), text, self.exact(at), units)

    def countdown(self, at: datetime) -> Moment:
        """A time to come told to the second once it is less than an hour away: `in 4 min 32 s`."""
        return self.moment(at, units=2 if at - self.now < timedelta(hours=1) else 1)

    def maybe(self, at: datetime | None) -> Moment | None:
        """`at` told relative to now, if there is one."""
        return None if at is None else self.moment(at)

    def precise(self, at: datetime) -> Moment:
        """`at` told by its clock time: for rows whose order and distance matter."""
        return Moment(at.astimezone(UTC), f"{at.astimezone(self.zone):%-d %b, %H:%M:%S}", self.exact(at))

    def clock(self, at: datetime, beside: datetime | None = None) -> Moment:
        """`at` told by its clock time alone if it is today, or on the day of the time it stands `beside`; else with its
        day; with seconds where there are some."""
        local, known = at.astimezone(self.zone), (beside or self.now).astimezone(self.zone).date()
        day = "" if local.date() == known else f"{local:%a %-d %b}, "
        return Moment(at.astimezone(UTC), f"{day}{local:%H:%M:%S}".removesuffix(":00"), self.exact(at))

    def span(self, start: datetime, end: datetime) -> str:
        """From when to when by the reader's clock, as in `02:58 to 03:04`; with seconds if it is short, with the day if
        it was not today."""
        first, last, today = (at.astimezone(self.zone) for at in (start, end, self.now))
        clock = "%H:%M" if end - start >= timedelta(minutes=2) else "%H:%M:%S"
        day = "" if first.date() == today.date() else f"{first:%-d %b}, "
        end_day = "" if first.date() == last.date() else f"{last:%-d %b}, "
        return f"{day}{first:{clock}} to {end_day}{last:{clock}}"

    def exact(self, at: datetime) -> str:
        """`Sun 22 Nov 2026, 15:07:46 UTC` in the reader's zone."""
        return f"{at.astimezone(self.zone):%a %-d %b %Y, %H:%M:%S %Z}"
