"""Builders of the rows that tests start from, made through the operations: tests start from what people have."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.domain.actor import SYSTEM
from accounts.models import Membership, Organization, Plan, Project, User
from monitors import operations
from monitors.domain import fields
from monitors.models import Incident, IncidentEvent, IngestNode, Monitor, Ping, Pulse

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""A quiet Monday noon."""

_numbers = itertools.count(1)


def organization(name: str = "Acme", **plan: Any) -> Organization:
    """An organisation with a plan and a default project."""
    number = next(_numbers)
    row = Organization.objects.create(
        name=name, slug=f"org-{number}", plan=Plan.objects.create(name=f"plan {number}", **plan), created_at=NOON
    )
    Project.objects.create(organization=row, name="Default", slug="default", created_at=NOON)
    return row


def member(of: Organization, role: str = "owner", name: str = "") -> User:
    """A user with a role in an organisation."""
    user = User.objects.create_user(f"{name or role}-{next(_numbers)}@example.com", "correct horse battery")
    Membership.objects.create(user=user, organization=of, role=role, created_at=NOON)
    return user


def created(of: Organization | None = None, *, now: datetime = NOON, **given: Any) -> operations.Created:
    """A monitor with its secrets; every hour with a grace of five minutes unless told otherwise."""
    of = of or organization()
    if "cron" not in given:
        given.setdefault("interval_sec", 3600)
    given.setdefault("grace_sec", 300)
    given.setdefault("name", f"job {next(_numbers)}")
    project = of.projects.get(slug="default")
    return operations.create(organization=of, project=project, given=fields.MonitorFields(**given), by=SYSTEM, now=now)


def monitor(of: Organization | None = None, *, now: datetime = NOON, **given: Any) -> Monitor:
    """A monitor that was never pinged."""
    return created(of, now=now, **given).monitor


def healthy(of: Organization | None = None, *, at: datetime = NOON, **given: Any) -> Monitor:
    """A monitor that was pinged at `at`, as ingest leaves it: up, with a deadline one due and grace later."""
    row = monitor(of, now=at - timedelta(days=1), **given)
    Ping.objects.create(monitor=row, received_at=at, kind="success", method="GET")
    pulse = Pulse.objects.filter(monitor=row)
    pulse.update(status="up", status_since=at, last_ping_at=at, last_success_at=at, ping_count=1, deadline=at)
    return row


def node(*, at: datetime, **fields: Any) -> IngestNode:
    """An ingest process that began at `at`, and has said nothing since."""
    row = {"id": uuid.uuid4(), "name": "one", "listening_since": at, "flushed_through": at, "beat_at": at, **fields}
    return IngestNode.objects.create(**row)


def incident(of: Monitor, *, ago: timedelta = timedelta(minutes=5), resolved: bool = False) -> Incident:
    """An incident that opened `ago`, as the sweep leaves a monitor that missed its ping; everybody was told."""
    at = datetime.now(UTC).replace(microsecond=0) - ago
    Pulse.objects.filter(monitor=of).update(status="down", status_since=at, last_ping_at=at, misses=1)
    row = Incident.objects.create(
        monitor=of, cause="missed", title=f"{of.name} missed its ping", opened_at=at,
        resolved_at=at + timedelta(minutes=1) if resolved else None, resolution="recovered" if resolved else "",
    )  # fmt: skip
    IncidentEvent.objects.create(incident=row, seq=1, kind="opened", at=at, created_at=at, dispatched_at=at)
    return row


def beet_incident(of: Monitor, *, at: datetime, **given: Any) -> Incident:
    """An open silence of a beet, whose last event came an hour before `at`; `given` changes what its evidence says."""
    since = at - timedelta(hours=1)
    evidence = {
        "arm": "silence", "since": since.isoformat(), "expected": 23.4, "seen": 0, "logOdds": 9.2, "budgetWeeks": 26,
        "ratePerHour": 23.4, **given,
    }  # fmt: skip
    severity = given.get("severity", "critical")
    Pulse.objects.filter(monitor=of).update(status="down", status_since=at, last_ping_at=since)
    row = Incident.objects.create(
        monitor=of, cause=evidence["arm"], severity=severity, title=f"{of.name} went silent", opened_at=at,
        last_ping_at=since, evidence=evidence,
    )  # fmt: skip
    IncidentEvent.objects.create(incident=row, seq=1, kind="opened", at=at, created_at=at)
    return row
