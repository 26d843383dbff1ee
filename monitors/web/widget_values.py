"""What widgets show, read at once however many there are, and handed over as finished values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from heartbeet.lib.words import Teller
from monitors import beet_counts, queries, rhythms
from monitors.domain import calendar
from monitors.models import Monitor, Rhythm
from monitors.models.boards import COUNTER, RATE, RECORD, STATUS, WEEK
from monitors.web import present_rhythm, present_widgets
from monitors.web.present_rhythm import Learning, Week
from monitors.web.present_series import Chart
from monitors.web.present_widgets import KINDS, Known, Widget

_COUNTED = {COUNTER, RECORD, RATE}
_OF_BEET = {COUNTER: 3, RECORD: 1, RATE: 4, WEEK: 4}
"""What the page of a beet shows, and how wide. Its head says the rest."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A widget that is to be shown: `key` tells it from all others of the page, `monitor` has its pulse loaded. `id` is
    its row, if it stands on a board."""

    key: str
    kind: str
    monitor: Monitor
    width: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """Widgets in their order, and until when they look like this if nothing happens; None is for long."""

    widgets: list[Widget]
    until: datetime | None


def read(wanted: Sequence[Wanted], tell: Teller) -> Shown:
    """The widgets, in at most seven queries."""
    known = _known(wanted, tell)
    return Shown(
        [_widget(each, known[each.monitor.id], tell) for each in wanted], _changes_at(known.values(), tell.now)
    )


@dataclass(frozen=True, slots=True)
class OfBeet:
    """What the page of a beet shows of its rhythm: the widgets, and how far it has learned."""

    widgets: list[Widget]
    learning: Learning | None


def of_beet(monitor: Monitor, tell: Teller, rows: Mapping[int, Rhythm] | None = None) -> OfBeet:
    """The widgets of a beet's own page, in five queries, one less if the `rows` of what it learned are given; none
    before its first event."""
    wanted = [Wanted(kind, kind, monitor, width) for kind, width in _OF_BEET.items()]
    known = _known(wanted, tell, rows)[monitor.id]
    has_events = monitor.pulse.ping_count or (known.hours and sum(known.hours.counts))
    return OfBeet(
        [_widget(each, known, tell) for each in wanted] if has_events else [],
        present_rhythm.learning(monitor, known.rhythm, tell),
    )


def table(monitor: Monitor, key: str, tell: Teller) -> Chart | Week | None:
    """One table of a beet's widgets, by the key of its chart."""
    wanted = [Wanted(kind, kind, monitor, 4) for kind in (RATE, WEEK)]
    rate, week = (each.shown for each in read(wanted, tell).widgets)
    return next((each for each in (*rate.charts, week) if each.key == key), None)


def _changes_at(known: Iterable[Known], now: datetime) -> datetime | None:
    """When the first of them may look different though nothing happens: it becomes late or goes down."""
    outlooks = [each.outlook for each in known if each.outlook]
    moments = [at for outlook in outlooks for at in (outlook.next_due_at, outlook.deadline_at)]
    return min((at for at in moments if at is not None and at > now), default=None)


def _known(wanted: Sequence[Wanted], tell: Teller, rows: Mapping[int, Rhythm] | None = None) -> dict[int, Known]:
    """What the widgets need of each monitor, and no more; `rows` are what the beets learned, if that is read."""
    monitors = {each.monitor.id: each.monitor for each in wanted}
    counted = sorted({each.monitor.id for each in wanted if each.kind in _COUNTED})
    beets = sorted({each.monitor.id for each in wanted if each.monitor.type == Monitor.BEET})
    alarming = {each.monitor.id for each in wanted if each.kind == RATE}
    standing = [monitors[id_] for id_ in sorted({each.monitor.id for each in wanted if each.kind == STATUS})]
    days = calendar.days(tell.now, tell.zone, 30 if any(each.kind == COUNTER for each in wanted) else 8)
    hours = beet_counts.read(counted, days[0].start, tell.now) if counted else {}
    learned = rows if rows is not None else rhythms.of(beets) if beets else {}
    alarms = beet_counts.alarms(alarming, days[-8].start) if alarming else {}
    outlooks = queries.outlooks(standing, tell.now, learned) if standing else {}
    return {
        id_: Known(
            monitor,
            outlooks.get(id_),
            hours.get(id_),
            learned.get(id_),
            rhythms.profile(learned.get(id_)),
            alarms.get(id_, ()),
        )
        for id_, monitor in monitors.items()
    }


def _widget(wanted: Wanted, known: Known, tell: Teller) -> Widget:
    monitor = wanted.monitor
    return Widget(
        id=wanted.id,
        key=wanted.key,
        kind=wanted.kind,
        name=KINDS[wanted.kind],
        about=monitor.name,
        url=monitor.get_absolute_url(),
        charts_url=reverse("monitors:charts", args=[monitor.id]),
        width=wanted.width,
        shown=present_widgets.content(wanted.kind, known, tell),
    )
