"""Cron expressions: when they fire, in UTC, in microseconds; whether they are valid; and how they read in English."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MAX_LENGTH = 255
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_WEEK = timedelta(days=8)
_LOOKBACK = timedelta(minutes=20)
"""How far a window reaches back: enough to measure any period that can limit a tolerance of 5 minutes = ¼ period."""

_SHORTCUTS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_RANGES = {
    "minute": "0-59, such as `*/5` or `0,30`",
    "hour": "0-23, such as `3` or `9-17`",
    "day-of-month": "1-31 or L for the last day, such as `1` or `1,15`",
    "month": "1-12 or JAN-DEC, such as `1` or `1-6`",
    "day-of-week": "0-7 (0 and 7 are Sunday) or SUN-SAT, such as `1-5`",
}
_NEVER = "This never fires, like 30 February: choose a day that exists, such as `0 9 28 2 *` or `0 9 L 2 *`."


class BadCron(ValueError):
    """The expression cannot be used; the message says what would be right."""


def after(expression: str, zone: str, reference: datetime) -> datetime:
    """The first time strictly after `reference` at which the cron fires, in UTC.

    Times are kept in small windows, so that asking again nearby costs two microseconds, not fifty."""
    times = _window(expression, zone, (reference - _EPOCH) // _width(expression))
    return times[bisect_right(times, reference)]


def all_after(expression: str, zone: str, reference: datetime) -> Iterator[datetime]:
    """All times after `reference` at which the cron fires."""
    while True:
        reference = after(expression, zone, reference)
        yield reference


def period_at(expression: str, zone: str, due: datetime) -> timedelta:
    """The shorter distance from `due`, a time at which the cron fires, to its neighbours. A neighbour over 20 minutes
    before it is not looked for: a longer period limits nothing."""
    times = _window(expression, zone, (due - _EPOCH) // _width(expression))
    position = bisect_left(times, due)
    following = after(expression, zone, due) - due
    return min(following, due - times[position - 1]) if position else following


def between(expression: str, zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """The times in (start, end] at which the cron fires."""
    return takewhile(lambda time: time <= end, all_after(expression, zone, start))


def shortest_period(expression: str) -> timedelta:
    """The shortest distance between two firings, looking at a week of them: a cron's pattern repeats within that."""
    firings = _firings(expression, UTC, _EPOCH - timedelta(seconds=1))
    times = [next(firings), next(firings)]
    times += takewhile(lambda time: time <= times[0] + _WEEK, islice(firings, 500))
    return min(later - earlier for earlier, later in pairwise(times))


def check(expression: str) -> None:
    """Raise BadCron unless the expression has five valid fields and fires now and then."""
    _check_shape(expression)
    try:
        fires = any(_firings(expression, UTC, _EPOCH))
    except CronSimError as error:
        raise BadCron(_reason(expression, str(error))) from None
    if not fires:
        raise BadCron(_NEVER)


def explain(expression: str) -> str:
    """The expression in plain English, such as `at 03:30 every day`; the expression itself where words fail."""
    step = re.fullmatch(r"\*/(\d+) \* \* \* \*", expression)
    if step and 60 % int(step[1]) == 0:
        return "every minute" if step[1] == "1" else f"every {step[1]} minutes"
    try:
        words = CronSim(expression, _EPOCH).explain()
    except Exception:
        return f"cron `{expression}`"
    return words[0].lower() + words[1:]


def _check_shape(expression: str) -> None:
    """Refuse what is not five fields, with the sentence that helps those who come from another dialect."""
    if len(expression) > MAX_LENGTH:
        raise BadCron(f"A cron line has {MAX_LENGTH} characters at most; this has {len(expression):,}.")
    fields = expression.split()
    if expression.startswith("@"):
        instead = _SHORTCUTS.get(expression.strip().lower(), "30 3 * * *")
        raise BadCron(f"Words such as `{expression[:20]}` are not supported: write five fields, such as `{instead}`.")
    if len(fields) == 6:
        raise BadCron("Seconds are not supported: five fields, such as `30 3 * * *`.")
    if len(fields) != 5:
        names = "minute, hour, day of month, month, day of week"
        raise BadCron(f"A cron has five fields ({names}), such as `30 3 * * *`; this has {len(fields)}.")


def _reason(expression: str, complaint: str) -> str:
    """What is wrong with an expression that cronsim refuses."""
    name = complaint.removeprefix("Bad ")
    fields = dict(zip(_RANGES, expression.split(), strict=True))
    if name == "day-of-month" and _is_valid_day(fields[name]):
        return _NEVER
    return f"The {name.replace('-', ' ')} `{fields[name][:40]}` is not valid: {_RANGES[name]}."


def _is_valid_day(day: str) -> bool:
    """Whether a day that cronsim calls bad exists, but not in these months: it has one word for both."""
    try:
        CronSim(f"0 0 {day} * *", _EPOCH)
    except CronSimError:
        return False
    return True


@lru_cache(maxsize=32_768)
def _window(expression: str, zone: str, index: int) -> tuple[datetime, ...]:
    """The firings of the window number `index`, of the 20 minutes before it, and the first one after it."""
    width = _width(expression)
    start = _EPOCH + index * width
    times = []
    for time in _firings(expression, ZoneInfo(zone), start - _LOOKBACK):
        times.append(time)
        if time >= start + width:
            break
    return tuple(times)


@lru_cache(maxsize=16_384)
def _width(expression: str) -> timedelta:
    """A window's width, guessed from the fields: wide enough to be of use to many, filled in few steps of cronsim."""
    minute, hour, _, _, day_of_week = expression.split()
    if not minute.isdigit():
        return timedelta(hours=1)
    if not hour.isdigit():
        return timedelta(hours=6)
    return timedelta(days=2) if day_of_week == "*" else timedelta(days=8)


def _firings(expression: str, zone: ZoneInfo | timezone, reference: datetime) -> Iterator[datetime]:
    """All times strictly after `reference`, ascending, in UTC.

    cronsim speaks local time: asked inside the hour that is repeated when the clock goes back it may answer with a
    time before the reference, and in the hour that is skipped it may answer the same instant twice."""
    last = reference
    for local in CronSim(expression, reference.astimezone(zone)):
        time = local.astimezone(UTC)
        if time > last:
            yield time
            last = time
