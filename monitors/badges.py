"""Badges: which there are, what they say, and what people do with them."""

from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization
from monitors import queries
from monitors.domain import facts, judge, links, status
from monitors.domain.status import Status
from monitors.models import Badge, Monitor, Run


class UnknownTag(ValueError):
    """No monitor has this tag. Give one the tag first, then make its badge."""


def of(organization: Organization) -> QuerySet[Badge]:
    """The badges of an organisation, each with its monitor: those of monitors first, then those of tags."""
    return _live().filter(organization=organization).order_by("tag", "monitor__name", "id")


def of_monitor(monitor: Monitor) -> Badge | None:
    """The badge of a monitor, if somebody has made one."""
    badge = Badge.objects.filter(monitor=monitor).first()
    if badge:
        badge.monitor = monitor
    return badge


def find(public_id: str) -> Badge | None:
    """The badge at this address, with its monitor; None if there is none, or no more."""
    return _live().filter(public_id=public_id).first() if links.looks_like_public_id(public_id) else None


def states(badge: Badge, now: datetime) -> list[Status]:
    """The states that a badge tells of, `late` included, in one query: of one monitor, or of those with the tag."""
    begun = Run.objects.filter(monitor=OuterRef("pk"), finished_at=None, started_at__isnull=False)
    oldest = begun.order_by("started_at").values("started_at")[:1]
    found = _told_of(badge).filter(deleted_at=None).select_related("pulse").annotate(run_since=Subquery(oldest))
    return [_state(monitor, now) for monitor in found]


@transaction.atomic
def switch_on(*, monitor: Monitor, by: Actor, now: datetime) -> Badge:
    """Make the badge of a monitor; the one that is there stays."""
    return _make(Badge(organization=monitor.organization, monitor=monitor), by, now)


@transaction.atomic
def switch_on_for_tag(*, organization: Organization, tag: str, by: Actor, now: datetime) -> Badge:
    """Make the badge of a tag; the one that is there stays. Raises UnknownTag."""
    if tag not in queries.tags_in_use(organization):
        raise UnknownTag(UnknownTag.__doc__)
    return _make(Badge(organization=organization, tag=tag), by, now)


@transaction.atomic
def replace(*, badge: Badge, by: Actor, now: datetime) -> None:
    """Give a badge another address. The old one is dead at once."""
    badge.public_id = links.new_public_id()
    if Badge.objects.filter(id=badge.id).update(public_id=badge.public_id):
        _record("REPLACE_BADGE", badge, by, now)


@transaction.atomic
def switch_off(*, badge: Badge, by: Actor, now: datetime) -> None:
    """Take a badge away. Its address is dead at once, and does not come back."""
    if Badge.objects.filter(id=badge.id).delete()[0]:
        _record("DELETE_BADGE", badge, by, now, snapshot=_subject(badge))


def _live() -> QuerySet[Badge]:
    return Badge.objects.filter(monitor__deleted_at=None).select_related("organization", "monitor")


def _told_of(badge: Badge) -> QuerySet[Monitor]:
    if badge.monitor_id:
        return Monitor.objects.filter(id=badge.monitor_id)
    return queries.tagged(Monitor.objects.filter(organization=badge.organization_id), [badge.tag])


def _state(monitor: Monitor, now: datetime) -> Status:
    """What the dashboard shows. Of the open runs only the oldest can make it late, so the others are left out."""
    since: datetime | None = getattr(monitor, "run_since", None)
    runs = [facts.OpenRun(None, "", since)] if since else []
    found = queries.gather(monitor, monitor.pulse, runs)
    return judge.view_status(found, now) if found else status.of_beet(Status(monitor.pulse.status))


def _make(wanted: Badge, by: Actor, now: datetime) -> Badge:
    made = {"public_id": links.new_public_id(), "created_at": now}
    badge, is_new = Badge.objects.get_or_create(
        organization=wanted.organization, monitor=wanted.monitor, tag=wanted.tag, defaults=made
    )
    if is_new:
        _record("CREATE_BADGE", badge, by, now, snapshot=_subject(badge))
    return badge


def _record(action: str, badge: Badge, by: Actor, now: datetime, **meta: object) -> None:
    resource = f"badge:{badge.id}"
    audit.record(organization=badge.organization, by=by, action=action, resource=resource, meta=meta, now=now)


def _subject(badge: Badge) -> dict[str, object]:
    return {"tag": badge.tag} if badge.tag else {"monitorId": badge.monitor_id}
