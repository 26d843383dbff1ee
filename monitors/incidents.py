"""Reads of incidents: those that a filter leaves, and how those of an organisation stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Max, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.models import Organization
from monitors.domain import fields
from monitors.domain.status import IncidentStatus, Severity
from monitors.models import Incident

LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which incidents are asked for; empty values ask for nothing in particular. `open` is every incident that is not
    resolved, acknowledged or not. With `since` or `until` those that were open at some time from the one to the
    other."""

    status: str = ""
    cause: str = ""
    severity: str = ""
    search: str = ""
    monitor_id: int | None = None
    project: str = ""
    tag: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the incidents of an organisation stand: how many there are, how many are open, how many of those are
    acknowledged, how many are mere warnings; how many ended LATELY, and how long those had lasted on average. `mark` is
    another as soon as anything is that a list of them shows."""

    total: int
    open: int
    acknowledged: int
    warnings: int
    resolved_lately: int
    mean_time_to_resolve: timedelta | None
    mark: tuple[Any, ...]


def narrowed(found: QuerySet[Incident], asked: Asked) -> QuerySet[Incident]:
    """Those of some incidents that are asked for."""
    wanted = {"cause": asked.cause, "severity": asked.severity, "monitor__project__slug": asked.project}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if asked.monitor_id is not None:
        found = found.filter(monitor_id=asked.monitor_id)
    if asked.search:
        found = found.filter(Q(title__icontains=asked.search) | Q(monitor__name__icontains=asked.search))
    if asked.since:
        found = found.filter(Q(resolved_at=None) | Q(resolved_at__gte=asked.since))
    if asked.until:
        found = found.filter(opened_at__lte=asked.until)
    return _of_status(_tagged(found, asked.tag), asked.status)


def standing(organization: Organization, now: datetime) -> Standing:
    """How those of an organisation stand, in one query."""
    is_open, ended_lately = Q(resolved_at=None), Q(resolved_at__gte=now - LATELY)
    lasted = ExpressionWrapper(F("resolved_at") - F("opened_at"), DurationField())
    found = Incident.objects.filter(monitor__organization=organization).aggregate(
        total=Count("id"),
        open=Count("id", filter=is_open),
        acknowledged=Count("id", filter=is_open & Q(acknowledged_at__isnull=False)),
        warnings=Count("id", filter=Q(severity=Severity.WARNING)),
        resolved_lately=Count("id", filter=ended_lately),
        mean_time_to_resolve=Avg(lasted, filter=ended_lately),
        last_opened=Max("opened_at"),
        last_resolved=Max("resolved_at"),
        last_acknowledged=Max("acknowledged_at"),
        last_changed=Max("monitor__updated_at"),
    )
    shown = {name: value for name, value in found.items() if not name.startswith("last_")}
    return Standing(**shown, mark=tuple(found.values()))


def _of_status(found: QuerySet[Incident], status: str) -> QuerySet[Incident]:
    match status:
        case IncidentStatus.RESOLVED:
            return found.filter(resolved_at__isnull=False)
        case IncidentStatus.ACKNOWLEDGED:
            return found.filter(resolved_at=None, acknowledged_at__isnull=False)
        case IncidentStatus.OPEN:
            return found.filter(resolved_at=None)
    return found


def _tagged(found: QuerySet[Incident], tag: str) -> QuerySet[Incident]:
    """Tags are slugs, so one stands in the JSON text as it is, in quotes; SQLite has no containment of JSON."""
    if not tag:
        return found
    if not fields.is_tag(tag):
        return found.none()
    return found.annotate(tags_text=Cast("monitor__tags", TextField())).filter(tags_text__contains=f'"{tag}"')
