"""What people do with projects, the folders of an organisation's monitors."""

from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization, Project
from heartbeet.lib import slugs
from monitors.models import Monitor

MAX_NAME = 100


class BadName(ValueError):
    """Give the project a name of up to 100 characters."""


class NameTaken(BadName):
    """Another project has this name already. Give this one another."""


class NotEmpty(Exception):
    """The project still has monitors. Move or delete them first."""


class LastProject(Exception):
    """An organisation keeps at least one project, for monitors need one."""


def of(organization: Organization) -> QuerySet[Project]:
    """The projects of an organisation, the oldest first, each with the number of its monitors as `monitor_count`."""
    live = Count("monitors", filter=Q(monitors__deleted_at=None))
    return organization.projects.annotate(monitor_count=live).order_by("id")


@transaction.atomic
def create(*, organization: Organization, name: str, by: Actor, now: datetime) -> Project:
    """Make a project; its slug is the first free one. Raises BadName or NameTaken."""
    clean = _checked(name)
    _refuse_twins(organization.projects.filter(name__iexact=clean))
    project = slugs.first_free(
        clean,
        lambda slug: Project.objects.create(organization=organization, name=clean, slug=slug, created_at=now),
        nameless="project",
    )
    _record("CREATE_PROJECT", project, by, now, snapshot={"name": clean, "slug": project.slug})
    return project


@transaction.atomic
def rename(*, project: Project, name: str, by: Actor, now: datetime) -> None:
    """Give a project another name. The slug stays, for scripts name it. Raises BadName or NameTaken."""
    before, clean = project.name, _checked(name)
    if before == clean:
        return
    _refuse_twins(project.organization.projects.filter(name__iexact=clean).exclude(id=project.id))
    Project.objects.filter(id=project.id).update(name=clean)
    project.name = clean
    _record("UPDATE_PROJECT", project, by, now, **audit.difference({"name": before}, {"name": clean}))


@transaction.atomic
def delete(*, project: Project, by: Actor, now: datetime) -> None:
    """Delete a project without monitors. Raises NotEmpty or LastProject."""
    organization = project.organization
    rows = {row.id: row for row in organization.projects.select_for_update().order_by("id")}
    if rows.pop(project.id, None) is None:
        return
    if not rows:
        raise LastProject(LastProject.__doc__)
    if Monitor.objects.filter(project=project, deleted_at=None).exists():
        raise NotEmpty(NotEmpty.__doc__)
    home = next(iter(rows.values()))  # deleted monitors wait for their last deliveries somewhere
    Monitor.objects.filter(project=project).update(project=home)
    _record("DELETE_PROJECT", project, by, now, snapshot={"name": project.name, "slug": project.slug})
    project.delete()


def _refuse_twins(twins: QuerySet[Project]) -> None:
    """Raises NameTaken: nobody can tell two of one name apart. Scripts name slugs, so losing a race breaks nothing."""
    if twins.exists():
        raise NameTaken(NameTaken.__doc__)


def _checked(name: str) -> str:
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= MAX_NAME or not clean.isprintable():
        raise BadName(BadName.__doc__)
    return clean


def _record(action: str, project: Project, by: Actor, now: datetime, **meta: object) -> None:
    audit.record(
        organization=project.organization,
        by=by,
        action=action,
        resource=f"project:{project.id}",
        meta=meta,
        now=now,
    )
