"""Request bodies as what the operations take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Organization, Project
from alerts import subscriptions
from monitors.domain import fields
from monitors.models import Monitor

_DEFAULTS = fields.MonitorFields(name="")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a body asks for: `values` by the names of MonitorFields, the project if it names one, the channels if it
    lists them, and the contacts (`alert_email` …) to find or make channels for."""

    values: dict[str, Any]
    project: Project | None = None
    channel_ids: list[int] | None = None
    contacts: dict[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> fields.MonitorFields:
        """The configuration of a new monitor."""
        return fields.MonitorFields(**self.values)

    @property
    def changes(self) -> dict[str, Any]:
        """What `monitors.operations.edit` takes."""
        return {**self.values, "project": self.project} if self.project else self.values


def creation(body: Mapping[str, Any], organization: Organization) -> Wanted:
    """What POST /monitors asks for. Raises fields.Invalid for a project that is not there."""
    return _read(body, organization)


def home(wanted: Wanted, organization: Organization) -> Project:
    """The project of a new monitor: the one asked for, or the organisation's first."""
    found = wanted.project or organization.projects.order_by("id").first()
    if found is None:
        raise _invalid("project", "This organisation has no project yet: make one first.")
    return found


def change(body: Mapping[str, Any], monitor: Monitor) -> Wanted:
    """What PATCH /monitors/{id} asks for. A cron line alone replaces the interval, and the other way round."""
    wanted = _read(body, monitor.organization)
    if wanted.values.get("type", monitor.type) != monitor.type:
        raise _invalid("type", "A monitor keeps its type: make another monitor.")
    if wanted.values.get("cron") and "interval_sec" not in wanted.values:
        wanted.values["interval_sec"] = None
    if wanted.values.get("interval_sec") and "cron" not in wanted.values:
        wanted.values["cron"] = ""
    return wanted


def _read(body: Mapping[str, Any], organization: Organization) -> Wanted:
    """null stands for the default."""
    return Wanted(
        values={
            name: getattr(_DEFAULTS, name) if value is None else value
            for name, value in body.items()
            if name in fields.NAMES
        },
        project=_project(organization, body["project"]) if body.get("project") else None,
        channel_ids=body.get("channel_ids"),
        contacts={name: body[name] for name in subscriptions.CONTACTS if body.get(name)},
    )


def _project(organization: Organization, slug: str) -> Project:
    found = organization.projects.filter(slug=slug).first()
    if found is None:
        raise _invalid("project", f"There is no project `{slug[:100]}`; give the slug of one of yours.")
    return found


def _invalid(path: str, message: str) -> fields.Invalid:
    return fields.Invalid([fields.Problem(path, "invalid", message)])
