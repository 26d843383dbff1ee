"""Incidents as an Atom feed (RFC 4287)."""

import hashlib
import io
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from accounts.models import Organization
from heartbeet.lib import durations, plaintext, words
from monitors.domain.status import IncidentStatus
from monitors.feeds import Told
from monitors.models import Feed, Incident
from monitors.web import present_incidents

AUTHOR = "Heartbeet"


@dataclass(frozen=True, slots=True)
class Entry:
    """An incident. `id` stays, whatever becomes of it."""

    id: str
    title: str
    summary: str
    url: str
    published: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """All that a feed says. It stands in no need of the clock, so it changes only with the incidents."""

    id: str
    title: str
    url: str
    updated: datetime
    entries: tuple[Entry, ...]

    @property
    def etag(self) -> str:
        """Another one for whatever else is said."""
        return f'"{hashlib.sha256(repr(self).encode()).hexdigest()[:32]}"'


def content(feed: Feed, latest: Iterable[Told]) -> Content:
    """What a feed says of these incidents."""
    organization = feed.organization
    entries = tuple(_entry(organization, told.incident, told.changed_at) for told in latest)
    return Content(
        id=_urn(organization, "feed"),
        title=plaintext.one_line(f"Incidents of {organization.name}"),
        url=_link(organization, "incidents"),
        updated=entries[0].updated if entries else feed.created_at.astimezone(UTC),
        entries=entries,
    )


def written(given: Content) -> bytes:
    """The same as XML. Its own address is left out: whoever passes an entry on would pass on the key."""
    feed = _Atom(
        title=given.title, link=given.url, description="", feed_guid=given.id, author_name=AUTHOR, updated=given.updated
    )
    for entry in given.entries:
        feed.add_item(
            title=entry.title,
            link=entry.url,
            description=escape(entry.summary),  # Django says that it is HTML
            unique_id=entry.id,
            pubdate=entry.published,
            updateddate=entry.updated,
        )
    out = io.BytesIO()
    feed.write(out, "utf-8")
    return out.getvalue()


class _Atom(Atom1Feed):
    def latest_post_date(self) -> datetime:
        """An empty feed has changed when it was made, and not, as Django has it, just now."""
        updated: datetime = self.feed["updated"]
        return updated


def _entry(organization: Organization, incident: Incident, changed_at: datetime) -> Entry:
    return Entry(
        id=_urn(organization, f"incident {incident.id}"),
        title=plaintext.one_line(f"{incident.status.capitalize()}: {incident.title}"),
        summary=plaintext.one_line(_summary(incident)),
        url=_link(organization, incident.page),
        published=incident.opened_at.astimezone(UTC),
        updated=changed_at.astimezone(UTC),
    )


def _summary(incident: Incident) -> str:
    """One sentence: why, since when, and how it went on."""
    cause, since = present_incidents.cause(incident), words.Teller(incident.opened_at).exact(incident.opened_at)
    if incident.resolved_at:
        lasted = durations.full((incident.resolved_at - incident.opened_at).total_seconds(), units=2)
        how = f": {ending}" if (ending := present_incidents.ending(incident)) else ""
        return f"{cause} ({since}), and it was over after {lasted or 'less than a second'}{how}."
    if incident.status == IncidentStatus.ACKNOWLEDGED:
        who = present_incidents.who_acknowledged(incident)
        return f"{cause} ({since}), it goes on, and it was acknowledged by {who}."
    return f"{cause} ({since}), it goes on, and nobody has acknowledged it."


def _link(organization: Organization, page: str) -> str:
    """A link for whoever reads the feed: it says the organisation, for they may belong to several."""
    return f"{settings.HEARTBEET_SITE_URL}{organization.home}{page}"


def _urn(organization: Organization, what: str) -> str:
    """The same for ever, even if Heartbeet moves to another address. Readers may follow several installations, each of
    which counts from 1: two of them do not make an organisation of the same number in the same microsecond."""
    born = f"{organization.id} {organization.created_at.astimezone(UTC).isoformat()}"
    return uuid.uuid5(uuid.NAMESPACE_OID, f"heartbeet {born} {what}").urn
