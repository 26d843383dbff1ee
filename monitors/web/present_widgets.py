"""Widgets as finished values for their templates, one kind each: `monitors/widgets/<kind>.html`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.web.components import State
from heartbeet.lib import axes, svg
from heartbeet.lib.words import Moment, Teller
from monitors import beet_counts
from monitors.beet_counts import Hours
from monitors.domain import calendar
from monitors.domain.hours import HOUR
from monitors.domain.rhythm import Profile
from monitors.domain.uptime import Window
from monitors.models import Incident, Monitor, Rhythm
from monitors.models.boards import COUNTER, LAST_SEEN, RATE, RECORD, STATUS, WEEK
from monitors.queries import Outlook
from monitors.web import present_rhythm
from monitors.web.present_rhythm import Learning
from monitors.web.present_series import Chart

BARS = 12
KINDS = {
    COUNTER: "Events",
    STATUS: "Status",
    LAST_SEEN: "Last seen",
    RECORD: "Record",
    RATE: "Rate",
    WEEK: "Usual week",
}
"""What each kind is called."""
ABOUT = {
    COUNTER: "how many came today, in 7 and in 30 days",
    STATUS: "how it is, and since when",
    LAST_SEEN: "when the last ping or event came",
    RECORD: "the best hour of all time",
    RATE: "each hour beside what is usual, with alarms",
    WEEK: "what is usual at each hour of the week",
}
"""What each kind shows."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a monitor for its widgets; of a heartbeat only what it is and its `outlook`."""

    monitor: Monitor
    outlook: Outlook | None = None
    hours: Hours | None = None
    rhythm: Rhythm | None = None
    profile: Profile | None = None
    alarms: Sequence[Incident] = ()


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget: its `kind` chooses the template, `key` tells it from all others of its page, `shown` is its content;
    `id` is its row, if it stands on a board."""

    id: int
    key: str
    kind: str
    name: str
    about: str
    url: str
    charts_url: str
    width: int
    shown: Any

    @property
    def template(self) -> str:
        return f"monitors/widgets/{self.kind}.html"


@dataclass(frozen=True, slots=True)
class Figure:
    """A count and what it is of; `remark` sets it against what is usual."""

    name: str
    count: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """How many events came, and a bar for each of the last hours."""

    figures: list[Figure]
    bars: SafeString


@dataclass(frozen=True, slots=True)
class Standing:
    """How a monitor is, since when, its open incident, if there is one, and how far it has learned, if it does."""

    state: State
    since: Moment
    incident_url: str
    learning: Learning | None


@dataclass(frozen=True, slots=True)
class Record:
    """The best hour of all time; an empty `count` where no event ever came."""

    count: str
    when: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """The last 24 hours and the last 7 days, of which one is shown at a time."""

    charts: list[Chart] = field(default_factory=list)


def content(kind: str, known: Known, tell: Teller) -> Any:
    """What a widget of this kind shows of this monitor."""
    return _CONTENTS[kind](known, tell)


def counter(known: Known, tell: Teller) -> Counter:
    """Today and the last 7 and 30 days by the reader's clock; `known` has the hours of 30 days."""
    assert known.hours is not None
    days = calendar.days(tell.now, tell.zone, 30)
    spans = {"Today": days[-1].start, "7 days": days[-7].start, "30 days": days[0].start}
    figures = [
        Figure(name, f"{known.hours.total(Window(start, tell.now)):,}", _expected(known, start, tell.now))
        for name, start in spans.items()
    ]
    return Counter(figures, _bars(known.hours, tell))


def standing(known: Known, tell: Teller) -> Standing:
    """How it is, as the list of monitors says it."""
    assert known.outlook is not None
    outlook = known.outlook
    is_late = outlook.status == "late" and outlook.next_due_at
    incident = outlook.open_incident_id
    return Standing(
        State.of(outlook.status),
        tell.moment(outlook.next_due_at if is_late and outlook.next_due_at else known.monitor.pulse.status_since),
        reverse("monitors:incident", args=[incident]) if incident else "",
        present_rhythm.learning(known.monitor, known.rhythm, tell),
    )


def last_seen(known: Known, tell: Teller) -> Moment | None:
    """When its last ping or event came."""
    return tell.maybe(known.monitor.pulse.last_ping_at)


def record(known: Known, tell: Teller) -> Record:
    """Its best hour."""
    assert known.hours is not None
    best = beet_counts.record(known.hours, known.rhythm)
    if best is None:
        return Record("", "", is_new=False)
    local, is_new = best.at.astimezone(tell.zone), best.is_new(tell.now)
    return Record(f"{best.count:,}", f"{local:%a %-d %b %Y, %H:%M}", is_new)


def rate(known: Known, tell: Teller) -> Rate:
    """Its rate of late."""
    assert known.hours is not None
    spans = (present_rhythm.DAY, present_rhythm.WEEK)
    return Rate([present_rhythm.rate(known.hours, known.profile, known.alarms, count, tell) for count in spans])


def week(known: Known, tell: Teller) -> present_rhythm.Week:
    """Its usual week."""
    its = present_rhythm.learning(known.monitor, known.rhythm, tell)
    so_far = f": {its.so_far} so far" if its else ""
    return present_rhythm.usual_week(known.profile, tell, f"Its week is shown here once it has learned it{so_far}.")


_CONTENTS = {COUNTER: counter, STATUS: standing, LAST_SEEN: last_seen, RECORD: record, RATE: rate, WEEK: week}


def _expected(known: Known, start: datetime, now: datetime) -> str:
    """`usual 1,180`, in three digits: since the first event, and of the hour that goes on as much as is over."""
    profile = known.profile
    if profile is None or known.hours is None:
        return ""
    total, at = 0.0, max(start, known.hours.began)
    while at < now:
        total += profile.rate_at(at) * (min(HOUR, now - at) / HOUR)
        at += HOUR
    return f"usual {axes.short(float(f'{total:.3g}'))}"


def _bars(hours: Hours, tell: Teller) -> SafeString:
    last = hours.last(BARS)
    most = max(last.counts, default=0)
    told = ", ".join(f"{count:,}" for count in last.counts)
    title = f"Events of the last {len(last.counts)} hours, the last one as far as it goes: {told}"
    return svg.sparkbars([svg.Bar(count / most if most else 0) for count in last.counts], BARS, title)
