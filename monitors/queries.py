"""Reads of monitors, for the dashboard, the API and the rules."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
)
from django.db.models.functions import Cast

from accounts.models import Organization
from monitors import rhythms
from monitors.domain import beet, facts, judge, schedule, status
from monitors.domain.beet import BeetFacts
from monitors.domain.policy import Snooze
from monitors.domain.status import Cause, Kind, RunOutcome, Status
from monitors.domain.values import Bands
from monitors.models import (
    AlertPolicy,
    Gap,
    GapNotice,
    Incident,
    IncidentEvent,
    Monitor,
    Ping,
    Pulse,
    Rhythm,
    Run,
    StatusChange,
)

WORTH_A_WORD = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a monitor looks like at one moment: its state as people see it, and what is expected when."""

    status: Status
    next_due_at: datetime | None
    deadline_at: datetime | None
    open_incident_id: int | None
    promise: schedule.Schedule | None = None

    @property
    def schedule(self) -> str:
        """What is promised, in words."""
        return self.promise.describe() if self.promise else "learns its rhythm"


def live(organization: Organization) -> QuerySet[Monitor]:
    """The monitors of an organisation that are not deleted, each with its pulse and project."""
    return Monitor.objects.filter(organization=organization, deleted_at=None).select_related("pulse", "project")


def versioned(organization: Organization) -> QuerySet[Monitor]:
    """`live`, each also with the last `event_id` of its incidents and the end of the last gap, `gap_until`: together
    all that the living part of its page is made of."""
    events = IncidentEvent.objects.filter(incident__monitor=OuterRef("pk")).order_by("-id").values("id")[:1]
    gaps = Gap.objects.order_by("-ended_at").values("ended_at")[:1]
    return live(organization).annotate(event_id=Subquery(events), gap_until=Subquery(gaps))


def tagged(found: QuerySet[Any], tags: Iterable[str], column: str = "tags") -> QuerySet[Any]:
    """Those of the rows that have all of these tags, which stand in `column`. Tags are slugs, so each is in its JSON as
    it is, in quotes; SQLite has no containment of JSON."""
    found = found.alias(tags_text=Cast(column, TextField()))
    for tag in tags:
        found = found.filter(tags_text__contains=f'"{tag}"')
    return found


def incidents(organization: Organization) -> QuerySet[Incident]:
    """All incidents of an organisation, also of deleted monitors, each with its monitor and project."""
    found = Incident.objects.filter(monitor__organization=organization)
    return found.select_related("monitor__project", "acknowledged_by")


def versioned_incidents(organization: Organization) -> QuerySet[Incident]:
    """`incidents`, each also with how many entries its timeline has, how many of them wait to be told, and how many
    pings its monitor has had: together with its ledger all that the living part of its page is made of."""
    entries = IncidentEvent.objects.filter(incident=OuterRef("pk")).order_by().values("incident")
    waiting = entries.filter(dispatched_at=None).annotate(count=Count("id")).values("count")
    return incidents(organization).annotate(
        entries=Subquery(entries.annotate(count=Count("id")).values("count")),
        waiting=Subquery(waiting),
        pings=F("monitor__pulse__ping_count"),
    )


def failure_behind(change: StatusChange | None) -> Ping | None:
    """The ping that said `fail` and so changed the state, if that is why it changed."""
    if change is None or change.cause != Cause.FAILED:
        return None
    its = Ping.objects.filter(monitor=change.monitor_id, received_at=change.at, kind=Kind.FAIL)
    return its.order_by("-id").first()


def recent_incidents(monitor: Monitor, limit: int) -> list[Incident]:
    """The last incidents of a monitor, the newest first."""
    return list(monitor.incidents.select_related("acknowledged_by").order_by("-opened_at")[:limit])


def outlook(monitor: Monitor, now: datetime, rows: Mapping[int, Rhythm] | None = None) -> Outlook:
    """The outlook of one monitor."""
    return outlooks([monitor], now, rows)[monitor.id]


def outlooks(
    monitors: Iterable[Monitor], now: datetime, rows: Mapping[int, Rhythm] | None = None
) -> dict[int, Outlook]:
    """The outlooks of many monitors by id, in two queries, and two or three more if there are beets, one less if the
    `rows` of what they learned are given; their pulses must be loaded."""
    many = list(monitors)
    ids = [monitor.id for monitor in many]
    runs, incident = open_runs(ids), open_incidents(ids)
    beets = rhythms.facts_of([each for each in many if each.type == Monitor.BEET], incident, rows)
    return {
        monitor.id: outlook_of(
            gather(monitor, monitor.pulse, runs.get(monitor.id, ()), incident.get(monitor.id)) or beets.get(monitor.id),
            incident.get(monitor.id),
            Status(monitor.pulse.status),
            now,
        )
        for monitor in many
    }


def outlook_of(
    found: facts.Facts | BeetFacts | None, incident: Incident | None, stored: Status, now: datetime
) -> Outlook:
    """What these facts look like; without those of a beet its `stored` state is shown."""
    incident_id = incident.id if incident else None
    if found is None:
        return Outlook(status.of_beet(stored), None, None, incident_id)
    if isinstance(found, BeetFacts):
        return Outlook(status.of_beet(stored), None, beet.silent_at(found), incident_id)
    return Outlook(
        status=judge.view_status(found, now),
        next_due_at=judge.due_at(found),
        deadline_at=judge.deadline(found),
        open_incident_id=incident_id,
        promise=found.schedule,
    )


def gather(
    monitor: Monitor,
    pulse: Pulse,
    runs: Iterable[facts.OpenRun] = (),
    incident: Incident | None = None,
    recovery_threshold: int = 1,
    bands: Bands | None = None,
) -> facts.Facts | None:
    """The facts that the rules judge by; None for a beet, which has no schedule. Only pings and hours look at the
    threshold, and at the bands of values."""
    if monitor.type == Monitor.BEET:
        return None
    return facts.Facts(
        schedule=schedule.build(interval_sec=monitor.interval_sec, cron=monitor.cron, zone=monitor.timezone),
        grace=timedelta(seconds=monitor.grace_sec),
        max_runtime=None if monitor.max_runtime_sec is None else timedelta(seconds=monitor.max_runtime_sec),
        alert_threshold=monitor.alert_threshold,
        status=Status(pulse.status),
        status_since=pulse.status_since,
        last_ping_at=pulse.last_ping_at,
        last_success_at=pulse.last_success_at,
        last_fail_at=pulse.last_fail_at,
        waiting_from=pulse.waiting_from,
        misses=pulse.misses,
        recovery_threshold=recovery_threshold,
        good_pings=pulse.good_pings,
        open_runs=tuple(runs),
        incident=facts.OpenIncident(incident.opened_at, Cause(incident.cause)) if incident else None,
        locked=monitor.locked,
        rule=rhythms.rule(monitor),
        bands=bands,
    )


def recovery_thresholds(monitors: Iterable[Monitor]) -> dict[int, int]:
    """How many good pings in a row bring each of these up again: its own number, or its organisation's, where that is
    not one."""
    many = list(monitors)
    asked = {monitor.organization_id for monitor in many if monitor.recovery_threshold is None}
    policies = AlertPolicy.objects.filter(organization_id__in=asked) if asked else AlertPolicy.objects.none()
    usual = dict(policies.values_list("organization_id", "recovery_threshold"))
    return {each.id: each.recovery_threshold or usual.get(each.organization_id, 1) for each in many}


def snooze(monitor: Monitor) -> Snooze | None:
    """The snooze that somebody asked for, whether or not it is over."""
    return Snooze(monitor.snoozed_at, monitor.snoozed_until) if monitor.snoozed_at else None


def is_snoozed(monitor: Monitor, now: datetime) -> bool:
    """Whether nobody is told of what happens to it; its pulse must be loaded."""
    asked = snooze(monitor)
    return asked is not None and asked.is_on(now, healthy_at(monitor))


def healthy_at(monitor: Monitor) -> datetime | None:
    """When a ping last said that it is well; its pulse must be loaded. An event of a beet that is low or silent does
    not: few are what is wrong with it."""
    pulse = monitor.pulse
    is_low = monitor.type == Monitor.BEET and pulse.status in (Status.WARNING, Status.DOWN)
    heard = pulse.last_success_at
    return heard if heard is None or not is_low else min(heard, pulse.status_since)


def open_runs(monitor_ids: list[int]) -> dict[int, tuple[facts.OpenRun, ...]]:
    """The runs of these monitors that have started and not ended, by monitor, the oldest first."""
    return runs_by_monitor(Run.objects.filter(monitor_id__in=monitor_ids))


def runs_by_monitor(rows: QuerySet[Run]) -> dict[int, tuple[facts.OpenRun, ...]]:
    """Those of the runs that have started and not ended, by monitor, the oldest first."""
    rows = rows.filter(finished_at=None, started_at__isnull=False)
    found: defaultdict[int, list[facts.OpenRun]] = defaultdict(list)
    for row in rows.order_by("started_at", "id"):
        if row.started_at is not None:
            found[row.monitor_id].append(facts.OpenRun(row.id, row.run_id, row.started_at))
    return {monitor_id: tuple(runs) for monitor_id, runs in found.items()}


def known_run(monitor_id: int, run_id: str) -> facts.KnownRun | None:
    """The stored run of this id, open or ended."""
    row = Run.objects.filter(monitor_id=monitor_id, run_id=run_id).first()
    if row is None:
        return None
    outcome = RunOutcome(row.outcome) if row.outcome else None
    return facts.KnownRun(row.id, row.run_id, row.started_at, row.finished_at, outcome)


def gaps_since(start: datetime) -> list[Gap]:
    """The times in which nobody listened that had not ended before `start`, the oldest first."""
    return list(Gap.objects.filter(ended_at__gte=start).order_by("started_at"))


def gaps_between(start: datetime, end: datetime) -> list[Gap]:
    """The times in which nobody listened that have a part in [start, end], the oldest first."""
    return list(Gap.objects.filter(ended_at__gte=start, started_at__lte=end).order_by("started_at"))


def recent_gaps(organization: Organization, now: datetime, within: timedelta = timedelta(days=1)) -> list[Gap]:
    """The times of late in which nobody listened, the newest first, and of each whether it `is_worth_a_word`: a restart
    of a few seconds is not, unless it left a monitor of this organisation unknown."""
    told = GapNotice.objects.filter(gap=OuterRef("pk"), organization=organization)
    found = Gap.objects.filter(ended_at__gte=now - within).annotate(is_told=Exists(told))
    worth = ExpressionWrapper(
        Q(is_told=True) | Q(ended_at__gte=F("started_at") + WORTH_A_WORD), output_field=BooleanField()
    )
    return list(found.annotate(is_worth_a_word=worth).order_by("-started_at"))


def gap_seconds() -> float:
    """How long nobody listened, in all the time that is remembered."""
    length = ExpressionWrapper(F("ended_at") - F("started_at"), DurationField())
    total: timedelta | None = Gap.objects.aggregate(total=Sum(length))["total"]
    return total.total_seconds() if total else 0.0


def open_incidents(monitor_ids: list[int]) -> dict[int, Incident]:
    """The open incident of each monitor that has one."""
    rows = Incident.objects.filter(monitor_id__in=monitor_ids, resolved_at=None)
    return {incident.monitor_id: incident for incident in rows}


def tags_in_use(organization: Organization) -> list[str]:
    """All tags of an organisation's monitors, in the order of the alphabet."""
    found = Monitor.objects.filter(organization=organization, deleted_at=None).exclude(tags=[])
    return sorted({tag for tags in found.values_list("tags", flat=True) for tag in tags})


def name_of_copy(source: Monitor) -> str:
    """The first free of `x copy`, `x copy 2` … in the project of a monitor named `x`, or itself a copy of it."""
    base = re.sub(r" copy( \d+)?$", "", source.name)[:240]
    others = Monitor.objects.filter(project=source.project_id, deleted_at=None, name__istartswith=f"{base} copy")
    taken = {name.casefold() for name in others.values_list("name", flat=True)}
    numbered = (f"{base} copy {number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([f"{base} copy"], numbered) if name.casefold() not in taken)
