"""The board of monitors: how each of an organisation is, what a filter leaves, and in which order; two queries for any
number of them, and one to ask whether anything has changed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Count, Max, Q, Subquery, Sum

from accounts.models import Organization, Project
from monitors import queries
from monitors.domain import facts
from monitors.domain.status import Status
from monitors.models import Gap, Monitor, Pulse, Run
from monitors.queries import Outlook

ORDERS = ("trouble", "name", "ping", "due")
"""Trouble first; by name; the last ping first; what is due next first."""
WORST_FIRST = (
    Status.DOWN, Status.WARNING, Status.UNKNOWN, Status.LATE, Status.LEARNING, Status.NEW, Status.UP, Status.PAUSED,
)  # fmt: skip


class Line(NamedTuple):
    """A monitor as the board needs it. The names are those of the columns, `__` leads into another table."""

    id: int
    name: str
    type: str
    interval_sec: int | None
    cron: str
    timezone: str
    grace_sec: int
    max_runtime_sec: int | None
    tags: list[str]
    locked: bool
    created_at: datetime
    snoozed_at: datetime | None
    snoozed_until: datetime | None
    project__slug: str
    project__name: str
    pulse__status: str
    pulse__status_since: datetime
    pulse__last_ping_at: datetime | None
    pulse__last_success_at: datetime | None
    pulse__last_fail_at: datetime | None
    pulse__waiting_from: datetime | None
    pulse__misses: int
    pulse__good_pings: int
    pulse__ping_count: int
    pulse__deadline: datetime | None

    @property
    def nearest(self) -> datetime | None:
        """The moment before which it cannot become late, without a look at its schedule: the stored deadline is never
        later than the true one."""
        if self.pulse__status != Status.UP or self.pulse__deadline is None:
            return None
        return self.pulse__deadline - timedelta(seconds=max(self.grace_sec, self.max_runtime_sec or 0))

    def monitor(self) -> Monitor:
        """The monitor, its pulse and its project, with what the board knows of them."""
        values = self._asdict()
        pulse = {name.removeprefix("pulse__"): values.pop(name) for name in self._fields if name.startswith("pulse__")}
        project = Project(slug=values.pop("project__slug"), name=values.pop("project__name"))
        found = Monitor(**values, project=project)
        found.pulse = Pulse(monitor=found, **pulse)
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the board is asked for; empty values ask for nothing in particular."""

    search: str = ""
    status: str = ""
    project: str = ""
    type: str = ""
    tags: Sequence[str] = ()
    order: str = ORDERS[0]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.status or self.project or self.type or self.tags)


@dataclass(frozen=True)
class Board:
    """The live monitors of an organisation at one moment."""

    lines: Sequence[Line]
    runs: Mapping[int, tuple[facts.OpenRun, ...]]
    now: datetime
    _outlooks: dict[int, Outlook] = field(default_factory=dict)

    def outlook(self, line: Line) -> Outlook:
        """What is expected of a monitor, and when; its open incident is not looked up."""
        if line.id not in self._outlooks:
            monitor = line.monitor()
            found = queries.gather(monitor, monitor.pulse, self.runs.get(line.id, ()))
            self._outlooks[line.id] = queries.outlook_of(found, None, Status(line.pulse__status), self.now)
        return self._outlooks[line.id]

    def status(self, line: Line) -> Status:
        """A monitor's state as people see it. Only one that may be late is looked at closely."""
        is_near = line.nearest is not None and line.nearest <= self.now
        is_beet = line.type == Monitor.BEET
        return self.outlook(line).status if is_near or is_beet else Status(line.pulse__status)

    def narrowed(self, asked: Asked) -> list[Line]:
        """The monitors that a filter leaves, whatever their state."""
        text, tags = asked.search.casefold(), set(asked.tags)
        return [
            line
            for line in self.lines
            if text in line.name.casefold()
            and tags <= set(line.tags)
            and asked.project in ("", line.project__slug)
            and asked.type in ("", line.type)
        ]

    def of_status(self, lines: Iterable[Line], status: str) -> list[Line]:
        """Those of one state; all of them if none is given."""
        return [line for line in lines if status in ("", self.status(line))]

    def ordered(self, lines: Iterable[Line], order: str) -> list[Line]:
        """In one of ORDERS; what is alike stands by name."""
        return sorted(lines, key=self._keys.get(order, self._keys[ORDERS[0]]))

    def counts(self, lines: Iterable[Line]) -> Counter[Status]:
        """How many are in which state."""
        return Counter(self.status(line) for line in lines)

    def changes_at(self) -> datetime | None:
        """When the first of them may look different though nothing happens: it becomes late, or its snooze ends."""
        late = [self._late_at(line) for line in self.lines if line.nearest is not None]
        snoozes = [line.snoozed_until for line in self.lines]
        return min((at for at in (*late, *snoozes) if at is not None and at > self.now), default=None)

    @cached_property
    def _keys(self) -> dict[str, Callable[[Line], tuple[Any, ...]]]:
        rank = {status: place for place, status in enumerate(WORST_FIRST)}
        return {
            "trouble": lambda line: (rank[self.status(line)], line.name.casefold(), line.id),
            "name": lambda line: (line.name.casefold(), line.id),
            "ping": lambda line: (-_seconds(line.pulse__last_ping_at), line.name.casefold(), line.id),
            "due": lambda line: (_seconds(self.outlook(line).next_due_at, missing=1e18), line.name.casefold(), line.id),
        }

    def _late_at(self, line: Line) -> datetime | None:
        """The exact moment if it is near, else one that is surely not later."""
        assert line.nearest is not None
        if line.nearest > self.now:
            return line.nearest
        outlook = self.outlook(line)
        moments = [at for at in (outlook.next_due_at, outlook.deadline_at) if at is not None and at > self.now]
        return min(moments, default=None)


def read(organization: Organization, now: datetime) -> Board:
    """The board of an organisation, in two queries."""
    live = Monitor.objects.filter(organization=organization, deleted_at=None)
    lines = [Line(*row) for row in live.values_list(*Line._fields)]
    return Board(lines, queries.runs_by_monitor(Run.objects.filter(monitor__in=live.order_by())), now)


def stored_counts(organization: Organization) -> dict[Status, int]:
    """How many of its live monitors are in which stored state, in one query: what is late counts as up."""
    live = Monitor.objects.filter(organization=organization, deleted_at=None)
    counted = live.order_by().values_list("pulse__status").annotate(Count("id"))
    return {Status(status): count for status, count in counted}


def version(organization: Organization) -> tuple[Any, ...]:
    """What is different as soon as anything on the board is, in one query by the index of the live monitors. Every ping
    counts, so does every change of a state, of a monitor, and a time in which nobody listened."""
    live = Monitor.objects.filter(organization=organization, deleted_at=None)
    found = live.aggregate(
        monitors=Count("id"),
        pings=Sum("pulse__ping_count"),
        misses=Sum("pulse__misses"),
        down=Count("id", filter=Q(pulse__status=Status.DOWN)),
        warning=Count("id", filter=Q(pulse__status=Status.WARNING)),
        unknown=Count("id", filter=Q(pulse__status=Status.UNKNOWN)),
        learning=Count("id", filter=Q(pulse__status=Status.LEARNING)),
        since=Max("pulse__status_since"),
        changed=Max("updated_at"),
        snoozed=Count("snoozed_at"),
        snooze=Max("snoozed_at"),
        gap=Max(Subquery(Gap.objects.order_by("-ended_at").values("ended_at")[:1])),
    )
    return tuple(found.values())


def _seconds(at: datetime | None, missing: float = 0.0) -> float:
    return at.timestamp() if at else missing
