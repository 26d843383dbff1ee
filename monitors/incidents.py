"""Reads of incidents: those that a filter leaves, and how those of an organisation stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Max, Min, Q, QuerySet

from accounts.models import Organization
from monitors import queries
from monitors.domain import fields
from monitors.domain.status import IncidentStatus
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
    """How the incidents of an organisation stand: how many are open, and how many of those are acknowledged; how many
    that opened LATELY are resolved, and how long they had lasted on average; of which severities all of these are.
    `mark` is another as soon as anything happens to one of them."""

    open: int
    acknowledged: int
    resolved_lately: int
    mean_time_to_resolve: timedelta | None
    severities: frozenset[str]
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
    """How those of an organisation stand, in two queries by index, however many there were before."""
    its = Incident.objects.filter(monitor__organization=organization)
    still_open = its.filter(resolved_at=None).aggregate(acknowledged=Count("acknowledged_at"), **_COUNTED)
    lasted = ExpressionWrapper(F("resolved_at") - F("opened_at"), DurationField())
    lately = its.filter(opened_at__gte=now - LATELY, resolved_at__isnull=False).aggregate(mean=Avg(lasted), **_COUNTED)
    return Standing(
        open=still_open["count"],
        acknowledged=still_open["acknowledged"],
        resolved_lately=lately["count"],
        mean_time_to_resolve=lately["mean"],
        severities=frozenset(filter(None, (each[name] for each in (still_open, lately) for name in ("least", "most")))),
        mark=(*still_open.values(), *lately.values()),
    )


_COUNTED = {
    "count": Count("id"),
    "least": Min("severity"),
    "most": Max("severity"),
    "last": Max("id"),
    "resolved": Max("resolved_at"),
    "changed": Max("monitor__updated_at"),
}
"""There are two severities: the least and the most by the alphabet are all."""


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
    if not tag:
        return found
    return queries.tagged(found, [tag], "monitor__tags") if fields.is_tag(tag) else found.none()
