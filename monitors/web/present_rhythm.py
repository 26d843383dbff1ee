"""The rhythm of a beet as finished values for the templates: its rate beside what is usual, its usual week, and how far
it has learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from heartbeet.lib import axes, durations, plot, week
from heartbeet.lib.axes import Scale
from heartbeet.lib.plot import Alarm, Block, Column, Mark, Plot, Spot
from heartbeet.lib.words import Teller
from monitors.beet_counts import Hours
from monitors.domain import explain, rhythm, usual
from monitors.domain.hours import HOUR
from monitors.domain.rhythm import Profile
from monitors.domain.status import Severity, Status
from monitors.models import Incident, Monitor, Rhythm
from monitors.web.present_series import Chart

DAY, WEEK = 24, 168
"""How many hours a chart of the rate shows, the one that goes on included."""
TABLES = (f"rate-{DAY}", f"rate-{WEEK}", "week")
"""The keys of the charts that have a table."""
_LABELS = {DAY: "the last 24 hours", WEEK: "the last 7 days"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STATES = {Severity.CRITICAL: Status.DOWN, Severity.WARNING: Status.WARNING}


@dataclass(frozen=True, slots=True)
class Week:
    """The usual week: its picture and legend, and the same as a table. Without a picture `summary` says why."""

    key: str
    summary: str
    days: SafeString | str = ""
    picture: SafeString | str = ""
    shades: SafeString | str = ""
    most: str = ""
    legend: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Learning:
    """How far a beet is that has no rhythm yet, and what it does until then and after."""

    days: int
    days_needed: int
    events: int
    events_needed: int
    until_then: str

    @property
    def so_far(self) -> str:
        """`9 of 14 days, 31 of 50 events`."""
        return f"{self.days} of {self.days_needed} days, {self.events} of {self.events_needed} events"


@dataclass(frozen=True, slots=True)
class _Hour:
    """An hour of a chart: how many came, and how many usually do; the last goes on."""

    at: datetime
    count: int
    is_floor: bool
    is_over: bool
    band: tuple[float, float, float] | None

    @property
    def most(self) -> float:
        return max(self.count, self.band[2] if self.band else 0)


def rate(known: Hours, profile: Profile | None, alarms: Sequence[Incident], count: int, tell: Teller) -> Chart:
    """The events of the last `count` hours, DAY or WEEK of them, beside what is usual once that is learned."""
    hours, start = _hours(known.last(count), profile), known.last(count).start
    end = start + len(hours) * HOUR
    scale = axes.numbers(0, max(5, *(each.most for each in hours)))  # no line between two whole events
    found = [each for each in alarms if each.resolved_at is None or each.resolved_at > start]
    summary = _summary(hours, found, count, tell.now)
    drawn = Plot(
        title=f"Events an hour in {summary}",
        scale=scale.ticks,
        marks=_marks(hours, count, tell),
        blocks=[_block(number, each, len(hours), scale) for number, each in enumerate(hours) if each.band],
        spots=[Spot(n / len(hours), (n + 1) / len(hours), _told(each, tell)) for n, each in enumerate(hours)],
        columns=[_column(number, each, len(hours), scale) for number, each in enumerate(hours)],
        alarms=[_alarm(each, start, end, tell) for each in found],
        name="rate" if count == DAY else "rate is-week",
    )
    return Chart(
        key=f"rate-{count}",
        title=f"{count} h" if count == DAY else "7 d",
        summary=summary,
        scale=plot.scale(drawn),
        picture=plot.picture(drawn),
        legend=_legend(profile, found, count, tell),
        columns=("Hour", "Events", "Usual", "Incident"),
        rows=tuple(_row(each, found, tell) for each in reversed(hours)),
    )


def usual_week(profile: Profile | None, tell: Teller, learning: str) -> Week:
    """The events an hour that were learned for each hour of the week; `learning` says how far it is until then."""
    if profile is None:
        return Week("week", learning)
    rates = [each * profile.level for each in profile.rates]
    most = max(rates)
    busiest = rates.index(most)
    local = tell.now.astimezone(ZoneInfo(profile.zone))
    summary = (
        f"about {explain.rounded(sum(rates))} events, most of them {_slot(busiest)}: {explain.rounded(most)} an hour"
    )
    told = [f"{_slot(number)}: {explain.rounded(each)} events" for number, each in enumerate(rates)]
    cells = [week.Cell(each / (most or 1), words) for each, words in zip(rates, told, strict=True)]
    return Week(
        "week",
        f"A usual week has {summary}.",
        days=week.days([day[:3] for day in _DAYS]),
        picture=week.picture(cells, f"A usual week: {summary}", local.weekday() * 24 + local.hour),
        shades=week.shades(),
        most=explain.rounded(most),
        legend=f"The frame is the hour that it is. Times are those of {profile.zone}.",
        columns=("Hour", *(day[:3] for day in _DAYS)),
        rows=tuple(
            (f"{hour:02}:00", *(explain.rounded(rates[day * 24 + hour]) for day in range(7))) for hour in range(24)
        ),
    )


def learning(monitor: Monitor, row: Rhythm | None, tell: Teller) -> Learning | None:
    """How far it has learned; None once it knows its rhythm, and for what has none."""
    if monitor.type != Monitor.BEET or (row and row.rates):
        return None
    days = (tell.now - row.learned_from).days if row and row.learned_from else 0
    events = max(row.events if row else 0, monitor.pulse.ping_count)
    plain = monitor.learning_silence_sec
    only = f"only a silence of {durations.short(plain)} alerts" if plain else "it alerts nobody"
    needed = rhythm.READY_AFTER.days
    return Learning(min(days, needed), needed, min(events, rhythm.READY_EVENTS), rhythm.READY_EVENTS, only)


def _hours(known: Hours, profile: Profile | None) -> list[_Hour]:
    last = len(known.counts) - 1
    return [
        _Hour(known.at(number), count, number in known.floors, number < last, _band(known.at(number), profile))
        for number, count in enumerate(known.counts)
    ]


def _band(at: datetime, profile: Profile | None) -> tuple[float, float, float] | None:
    """The least, the mean and the most of this hour as it usually is."""
    if profile is None:
        return None
    expected = profile.rate_at(at)
    low, high = usual.band(expected, profile.burst, profile.wobble)
    return low, expected, high


def _block(number: int, hour: _Hour, count: int, scale: Scale) -> Block:
    assert hour.band is not None
    low, mean, high = (scale.share(each) for each in hour.band)
    return Block(number / count, (number + 1) / count, low, mean, high)


def _column(number: int, hour: _Hour, count: int, scale: Scale) -> Column:
    return Column(number / count, (number + 1) / count, scale.share(hour.count), is_partial=not hour.is_over)


def _alarm(incident: Incident, start: datetime, end: datetime, tell: Teller) -> Alarm:
    first, last = ((at - start) / (end - start) for at in (incident.opened_at, incident.resolved_at or tell.now))
    state = _STATES[Severity(incident.severity)]
    return Alarm(max(0.0, first), min(1.0, last), state, f"{incident.title}, {_lasted(incident, tell)}")


def _lasted(incident: Incident, tell: Teller) -> str:
    if incident.resolved_at is None:
        return f"open since {tell.clock(incident.opened_at).text}"
    return tell.span(incident.opened_at, incident.resolved_at)


def _told(hour: _Hour, tell: Teller) -> str:
    """`Tue 24 Nov, 14:00 to 15:00: 45 events, usually 38 to 61`."""
    so_far = "" if hour.is_over else " so far"
    usually = f", usually {_usual(hour)}" if hour.band else ""
    events = "event" if hour.count == 1 and not hour.is_floor else "events"
    return f"{_when(hour.at, tell)}: {_count(hour)} {events}{so_far}{usually}"


def _count(hour: _Hour) -> str:
    return f"at least {hour.count:,}" if hour.is_floor else f"{hour.count:,}"


def _usual(hour: _Hour) -> str:
    assert hour.band is not None
    return f"{explain.rounded(hour.band[0])} to {explain.rounded(hour.band[2])}"


def _when(at: datetime, tell: Teller) -> str:
    local = at.astimezone(tell.zone)
    return f"{local:%a %-d %b, %H:%M} to {local + timedelta(hours=1):%H:%M}"


def _row(hour: _Hour, alarms: Sequence[Incident], tell: Teller) -> tuple[str, ...]:
    opened = [each.title for each in alarms if hour.at <= each.opened_at < hour.at + HOUR]
    usually = _usual(hour) if hour.band else ""
    return _when(hour.at, tell), _count(hour) + ("" if hour.is_over else " so far"), usually, "; ".join(opened)


def _summary(hours: Sequence[_Hour], alarms: Sequence[Incident], count: int, now: datetime) -> str:
    """`the last 24 hours: 1,234 events, about 1,180 expected; 2 incidents`; of the hour that goes on as much is
    expected as is over."""
    total = sum(each.count for each in hours)
    expected = sum(each.band[1] * min(1.0, (now - each.at) / HOUR) for each in hours if each.band)
    usually = f", about {explain.rounded(expected)} expected" if hours[0].band else ""
    opened = f"; {len(alarms)} incident{'s' if len(alarms) > 1 else ''}" if alarms else ""
    return f"{_LABELS[count]}: {total:,} event{'' if total == 1 else 's'}{usually}{opened}"


def _legend(profile: Profile | None, alarms: Sequence[Incident], count: int, tell: Teller) -> str:
    line = ", the line what is expected" if count == DAY else ""
    band = f" The area is where most such hours lie{line}." if profile else ""
    marks = " A square is a critical incident, a triangle a warning." if alarms else ""
    return f"Events of each hour; the last goes on.{band}{marks} Times are {tell.now.astimezone(tell.zone):%Z}."


def _marks(hours: Sequence[_Hour], count: int, tell: Teller) -> list[Mark]:
    """The hours or days of the reader; none so close to the end that its words would not fit."""
    found = []
    for number, hour in enumerate(hours):
        local = hour.at.astimezone(tell.zone)
        at = number / len(hours)
        if at >= 0.97 or at <= 0.01 or local.hour % (3 if count == DAY else 24):
            continue
        minor = local.hour % 6 != 0 if count == DAY else local.toordinal() % 2 == 0
        found.append(Mark(at, f"{local:%H:%M}" if count == DAY else f"{local:%a %-d}", minor))
    return found


def _slot(number: int) -> str:
    return f"{_DAYS[number // 24]} {number % 24:02}:00"
