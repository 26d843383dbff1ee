"""`GET /monitors?…`, `GET /incidents?…` and others: query parameters to querysets."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.api import parameters
from monitors import queries
from monitors.domain import fields
from monitors.domain.status import IncidentStatus, Kind, Status
from monitors.incidents import Asked, narrowed
from monitors.models import Gap, Incident, Monitor, Ping

MAX_SEARCH = 255
"""SQLite fails on a pattern of 50,000 bytes, and nobody types one."""


def monitors(found: QuerySet[Monitor], asked: QueryDict, now: datetime) -> QuerySet[Monitor]:
    """The monitors that `tag` (all of them), `status`, `type`, `q` and `project` leave. Raises ValidationError."""
    if tags := asked.getlist("tag"):
        found = _by_tags(found, tags)
    if status := parameters.given(asked, "status"):
        found = _by_status(found, parameters.one_of("status", status, list(Status)), now)
    if kind := parameters.given(asked, "type"):
        found = found.filter(type=parameters.one_of("type", kind, [Monitor.HEARTBEAT, Monitor.BEET]))
    if project := parameters.given(asked, "project"):
        found = found.filter(project__slug=project)
    if text := parameters.given(asked, "q"):
        if len(text) > MAX_SEARCH:
            raise parameters.bad("q", f"At most {MAX_SEARCH} characters.")
        found = found.filter(Q(name__icontains=text) | Q(description__icontains=text))
    return found


def incidents(found: QuerySet[Incident], asked: QueryDict) -> QuerySet[Incident]:
    """The incidents that `status`, `monitor`, `from` and `to` leave: `from` and `to` are instants, and an incident is
    in if it was open at any time between them. Raises ValidationError."""
    status, monitor = parameters.given(asked, "status"), parameters.given(asked, "monitor")
    since, until = parameters.given(asked, "from"), parameters.given(asked, "to")
    wanted = Asked(
        status=parameters.one_of("status", status, list(IncidentStatus)) if status else "",
        monitor_id=parameters.number("monitor", monitor) if monitor else None,
        since=parameters.instant("from", since) if since else None,
        until=parameters.instant("to", until) if until else None,
    )
    return narrowed(found, wanted)


def pings(found: QuerySet[Ping], asked: QueryDict) -> QuerySet[Ping]:
    """The pings that `kind`, `from` and `to` leave: received from the one instant on, before the other. Raises
    ValidationError."""
    if kind := parameters.given(asked, "kind"):
        found = found.filter(kind=parameters.one_of("kind", kind, list(Kind)))
    if since := parameters.given(asked, "from"):
        found = found.filter(received_at__gte=parameters.instant("from", since))
    if until := parameters.given(asked, "to"):
        found = found.filter(received_at__lt=parameters.instant("to", until))
    return found


def _by_tags(found: QuerySet[Monitor], tags: list[str]) -> QuerySet[Monitor]:
    if len(set(tags)) > fields.MAX_TAGS or not all(fields.is_tag(tag) for tag in tags):
        return found.none()
    return queries.tagged(found, tags)


def _by_status(found: QuerySet[Monitor], status: str, now: datetime) -> QuerySet[Monitor]:
    """`late` is derived, not stored: it is looked for among those that are up and near their deadline. A beet that
    nobody has judged yet is learning."""
    unjudged = Q(type=Monitor.BEET, pulse__status=Status.NEW)
    if status == Status.LEARNING:
        return found.filter(unjudged | Q(pulse__status=status))
    if status == Status.NEW:
        return found.filter(pulse__status=status).exclude(unjudged)
    if status not in (Status.UP, Status.LATE):
        return found.filter(pulse__status=status)
    up = found.filter(pulse__status=Status.UP)
    late = _late_ids(up, now)
    return up.filter(id__in=late) if status == Status.LATE else up.exclude(id__in=late)


def _late_ids(up: QuerySet[Monitor], now: datetime) -> list[int]:
    facts = up.exclude(pulse__deadline=None).values_list("id", "pulse__deadline", "grace_sec", "max_runtime_sec")
    near = [
        monitor_id
        for monitor_id, deadline, grace, runtime in facts.iterator()
        if deadline and deadline - timedelta(seconds=max(grace, runtime or 0)) <= now
    ]
    outlooks = queries.outlooks(up.filter(id__in=near), now) if near else {}
    return [monitor_id for monitor_id, outlook in outlooks.items() if outlook.status is Status.LATE]


def gaps(found: QuerySet[Gap], asked: QueryDict) -> QuerySet[Gap]:
    """The gaps that `from` and `to` leave: those that have a part between them. Raises ValidationError."""
    if since := parameters.given(asked, "from"):
        found = found.filter(ended_at__gte=parameters.instant("from", since))
    if until := parameters.given(asked, "to"):
        found = found.filter(started_at__lte=parameters.instant("to", until))
    return found
