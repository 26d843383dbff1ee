"""Times and durations as a person says them."""

from datetime import UTC, datetime, timedelta

from heartbeet.lib import durations


def instant(at: datetime | None) -> str:
    """An exact moment, as in `22 Nov 2026, 15:04:05 UTC`; `never` without one."""
    if at is None:
        return "never"
    exact = at.astimezone(UTC)
    return f"{exact.day} {exact:%b %Y, %H:%M:%S} UTC"


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
