"""A monitor's schedule in the words of what runs jobs: crontab and its relatives, and systemd. What a cron expression
means is asked of cronsim, which also judges it: nothing is read in two ways."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from cronsim import CronSim

MINUTE, HOUR, DAY = 60, 3_600, 86_400
_EVERY = (
    (MINUTE, "* * * * *"),
    *((step * MINUTE, f"*/{step} * * * *") for step in (2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
    (HOUR, "0 * * * *"),
    *((step * HOUR, f"0 */{step} * * *") for step in (2, 3, 4, 6, 8, 12)),
    (DAY, "0 0 * * *"),
    (7 * DAY, "0 0 * * 0"),
    (31 * DAY, "0 0 1 * *"),
    (366 * DAY, "0 0 1 1 *"),
)
"""Crons by the longest time between two of their firings, in seconds."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PLAIN = re.compile(r"(?:\*|\d+-\d+)(?:/\d+)?|\d+")
"""A term that every cron understands: no name, no `5/15`, no L and no #."""
_PLAIN_WEEKDAY = re.compile(r"(?:\*|[0-6]-[0-6])(?:/\d+)?|[0-6]")
"""The same for a weekday: some do not know that 7 is a Sunday."""

Dates = tuple[str, str]
"""Some days as systemd writes them: the weekdays or '', and the day of the month after its `-` or `~`."""
_DAILY = ("", "-*")


def cron_every(interval_sec: int) -> str:
    """The cron that fires as seldom as it may, but never leaves more than the interval between two firings; every
    minute where even that is too seldom."""
    return next((line for longest, line in reversed(_EVERY) if longest <= interval_sec), _EVERY[0][1])


def nearest_cron(cron: str, interval_sec: int | None) -> str:
    """A schedule as a cron that others understand, as far as one can be written."""
    return (plain_cron(cron) or cron) if cron else cron_every(interval_sec or MINUTE)


def doubt(cron: str, interval_sec: int | None, who: str) -> str:
    """What `nearest_cron` cannot say for this schedule, as a sentence that follows another; '' if all is well."""
    if cron:
        return "" if plain_cron(cron) else f" {who} knows neither L nor #: choose days that it knows, or use systemd."
    if (interval_sec or MINUTE) < MINUTE:
        return f" {who} runs once a minute at most: for this interval, use systemd."
    is_exact = interval_sec in {None, *(longest for longest, _ in _EVERY if longest <= 7 * DAY)}
    return "" if is_exact else f" {who} has no such interval: this is the next shorter one."


def plain_cron(expression: str) -> str | None:
    """The expression as every cron understands it: weekdays 0 to 6, no names, no `5/15`. None if it has days that only
    some of them know, such as `L` and `2#1`."""
    sim = _read(expression)
    weekdays = {each % 7 for each in sim.weekdays if isinstance(each, int)}
    if min(sim.days) < 0 or any(isinstance(each, tuple) for each in sim.weekdays):
        return None
    values = (sim.minutes, sim.hours, sim.days, sim.months, weekdays)
    fields = zip(expression.split(), values, (*[_PLAIN] * 4, _PLAIN_WEEKDAY), strict=True)
    return " ".join(text if _is_all(plain, text) else _list(meant) for text, meant, plain in fields)


def on_calendar(expression: str, zone: str) -> tuple[str, ...]:
    """The same times for systemd: a value for each `OnCalendar=`, or none if systemd has no words for them."""
    sim = _read(expression)
    hours, minutes = _systemd(sim.hours, range(24)), _systemd(sim.minutes, range(60))
    month = _systemd(sim.months, range(1, 13))
    return tuple(f"{weekdays}*-{month}{day} {hours}:{minutes}:00 {zone}" for weekdays, day in _dates(sim))


def _read(expression: str) -> CronSim:
    return CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))


def _is_all(term: re.Pattern[str], field: str) -> bool:
    return all(term.fullmatch(each) for each in field.split(","))


def _dates(sim: CronSim) -> list[Dates]:
    """The days on which a cron fires; either of the two fields is enough where both name days."""
    if CronSim.LAST_WEEKDAY in sim.days:
        return []
    monthly, weekly = list(_monthly(sim.days)), list(_weekly(sim))
    if not sim.day_and:
        return [*monthly, *weekly]
    both = [_both(day, weekday) for day in monthly for weekday in weekly]
    return [] if None in both else [each for each in both if each]


def _both(day: Dates, weekday: Dates) -> Dates | None:
    """The days that are both; None if that would need two days of the month."""
    if weekday[1] == _DAILY[1]:
        return weekday[0], day[1]
    return weekday if day == _DAILY else None


def _monthly(days: set[int]) -> Iterator[Dates]:
    if ordinary := days - {CronSim.LAST}:
        yield "", f"-{_systemd(ordinary, range(1, 32))}"
    if CronSim.LAST in days:
        yield "", "~01"


def _weekly(sim: CronSim) -> Iterator[Dates]:
    """Weekdays, counted from Monday as systemd does; cron counts from Sunday, which is 7 as well."""
    if ordinary := {(each - 1) % 7 for each in sim.weekdays if isinstance(each, int)}:
        runs = (_WEEKDAYS[start : end + 1] for start, end in _runs(ordinary))
        names = ",".join(f"{days[0]}..{days[-1]}" if len(days) > 1 else days[0] for days in runs)
        yield "" if len(ordinary) == 7 else f"{names} ", _DAILY[1]
    for weekday, nth in sorted(each for each in sim.weekdays if isinstance(each, tuple)):
        week = "~07/1" if nth == CronSim.LAST else f"-{nth * 7 - 6:02}..{min(nth * 7, 31):02}"
        yield f"{_WEEKDAYS[(weekday - 1) % 7]} ", week


def _list(values: set[int]) -> str:
    """Numbers as a cron lists them: `1-5`, `0,15,30`."""
    return ",".join(f"{start}-{end}" if start < end else f"{start}" for start, end in _runs(values))


def _systemd(values: set[int], every: range) -> str:
    """Numbers as systemd lists them: `*`, `00/5`, `09..17`, `03,15`."""
    ordered = sorted(values)
    steps = {later - earlier for earlier, later in pairwise(ordered)}
    if values == set(every):
        return "*"
    if len(ordered) > 2 and len(steps) == 1 and 1 not in steps and ordered[-1] + min(steps) not in every:
        return f"{ordered[0]:02}/{min(steps)}"
    return ",".join(f"{start:02}..{end:02}" if start < end else f"{start:02}" for start, end in _runs(values))


def _runs(values: set[int]) -> Iterator[tuple[int, int]]:
    """The first and last of each run of numbers; a run of two is two of one."""
    left = sorted(values)
    while left:
        length = next((at for at, each in enumerate(left) if each != left[0] + at), len(left))
        length = 1 if length == 2 else length
        yield left[0], left[length - 1]
        left = left[length:]
