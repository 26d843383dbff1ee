"""An organisation's feed of incidents: its key, what it tells, and what owners and admins do with it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Coalesce, Greatest

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization
from heartbeet.lib import crypto
from monitors import queries
from monitors.domain import links
from monitors.domain.status import EventKind
from monitors.models import Feed, Incident, IncidentEvent

ENTRIES = 50
_CHANGES = (EventKind.OPENED, EventKind.ESCALATED, EventKind.ACKNOWLEDGED, EventKind.RESOLVED)


@dataclass(frozen=True, slots=True)
class Told:
    """An incident, with its monitor, and when what a feed says of it changed last."""

    incident: Incident
    changed_at: datetime


def of(organization: Organization) -> Feed | None:
    """The feed of an organisation, if it is switched on."""
    return Feed.objects.filter(organization=organization).select_related("organization").first()


def find(key: str) -> Feed | None:
    """The feed that this key opens, with its organisation; None for a wrong key, and for an old one."""
    if not links.looks_like_key(key):
        return None
    return Feed.objects.filter(digest=links.digest(key)).select_related("organization").first()


def latest(feed: Feed) -> list[Told]:
    """The incidents that a feed tells of, the one that changed last first; two queries.

    The times of an incident are those of what happened. A ping that arrives late ends one in the past, and only the
    timeline knows that we learnt of it just now.
    """
    touched = Greatest(
        "opened_at", Coalesce("acknowledged_at", F("opened_at")), Coalesce("resolved_at", F("opened_at"))
    )
    found = list(queries.incidents(feed.organization).order_by(touched.desc(), "-id")[:ENTRIES])
    events = IncidentEvent.objects.filter(incident__in=found, kind__in=_CHANGES).values_list("incident")
    changed = dict(events.annotate(last=Max("created_at")).order_by())
    told = [Told(incident, changed.get(incident.id, incident.opened_at)) for incident in found]
    return sorted(told, key=lambda each: (each.changed_at, each.incident.id), reverse=True)


@transaction.atomic
def switch_on(*, organization: Organization, by: Actor, now: datetime) -> str:
    """Make the feed, and return its key. Of a feed that is there already, this reads the key."""
    key = links.new_key()
    feed, is_new = Feed.objects.get_or_create(organization=organization, defaults={**_sealed(key), "created_at": now})
    if not is_new:
        return reveal(feed=feed, by=by, now=now)
    _record("CREATE_FEED", organization, by, now)
    return key


@transaction.atomic
def reveal(*, feed: Feed, by: Actor, now: datetime) -> str:
    """Read the key back; every reading is audited. Raises crypto.CannotOpen."""
    key = crypto.unseal(feed.envelope, bound_to=binding(bytes(feed.digest)))
    _record("READ_FEED_KEY", feed.organization, by, now)
    return key


@transaction.atomic
def replace(*, feed: Feed, by: Actor, now: datetime) -> str:
    """Replace the key, and return the new one. The old one is dead when this commits."""
    key = links.new_key()
    if Feed.objects.filter(id=feed.id).update(**_sealed(key)):
        _record("ROTATE_FEED_KEY", feed.organization, by, now)
    return key


@transaction.atomic
def switch_off(*, feed: Feed, by: Actor, now: datetime) -> None:
    """Take the feed away. Its key is dead when this commits."""
    if Feed.objects.filter(id=feed.id).delete()[0]:
        _record("DELETE_FEED", feed.organization, by, now, snapshot={"createdAt": feed.created_at.isoformat()})


def binding(digest: bytes) -> str:
    """What a key's envelope is bound to, so that it opens in no other row."""
    return f"feed:{digest.hex()}"


def _sealed(key: str) -> dict[str, object]:
    digest = links.digest(key)
    return {"digest": digest, "envelope": crypto.seal(key, bound_to=binding(digest))}


def _record(action: str, organization: Organization, by: Actor, now: datetime, **meta: object) -> None:
    resource = f"organization:{organization.id}"
    audit.record(organization=organization, by=by, action=action, resource=resource, meta=meta, now=now)
