"""Times and durations as a person says them, and texts that keep to a limit."""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from heartbeet.lib import durations


def instant(at: datetime | None) -> str:
    """An exact moment, as in `22 Nov 2026, 15:04:05 UTC`; `never` without one."""
    if at is None:
        return "never"
    exact = at.astimezone(UTC)
    return f"{exact.day} {exact:%b %Y, %H:%M:%S} UTC"


def clock(at: datetime, beside: datetime) -> str:
    """A moment beside another one, as in `14:05`; with its day where that is another, with seconds where they are less
    than two minutes apart."""
    exact, other = at.astimezone(UTC), beside.astimezone(UTC)
    day = "" if exact.date() == other.date() else f"{exact.day} {exact:%b}, "
    return f"{day}{exact:%H:%M:%S}" if abs(other - exact).total_seconds() < 120 else f"{day}{exact:%H:%M}"


def span(length: timedelta) -> str:
    """A duration in its two largest units, as in `2 hours 5 minutes`."""
    return durations.full(length.total_seconds(), units=2) or "under a second"


def stamp(at: datetime | None) -> str | None:
    """A moment for programs: RFC 3339 in UTC with `Z`, milliseconds kept; None without one."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def one_line(text: str, limit: int) -> str:
    """Text fit for one line: control characters and line breaks become spaces, the end is cut with an ellipsis."""
    tidy = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return tidy if len(tidy) <= limit else tidy[: limit - 1].rstrip() + "…"


def utf16(text: str) -> int:
    """The length as services count it that were not written in Python: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(text: str, limit: int, *, written: Callable[[str], str] = str, size: Callable[[str], int] = utf16) -> str:
    """As much of a text as fits, in one line, as `written` writes it (nothing escaped is cut in half)."""
    line = one_line(text, len(text) + 1)
    whole = written(line)
    if size(whole) <= limit:
        return whole

    def cut(length: int) -> str:
        return written(line[:length].rstrip() + "…")

    return cut(max(bisect_right(range(len(line)), limit, key=lambda length: size(cut(length))) - 1, 0))


ROOM_FOR_THE_REST = 60


def as_many(
    rows: Sequence[tuple[str, str]], *, most: int, budget: int, size: Callable[[str], int] = utf16
) -> list[tuple[str, str]]:
    """The first rows that fit: `most` of them, `budget` in all. The last one says how many were left out, if any."""
    costs = [sum(map(size, row)) for row in rows]
    if len(rows) <= most and sum(costs) <= budget:
        return list(rows)
    ends = itertools.accumulate(costs[: most - 1])
    kept = sum(1 for end in ends if end <= budget - ROOM_FOR_THE_REST)
    return [*rows[:kept], ("And", f"{len(rows) - kept} more")]
