"""Notices turned into what people read: a storm's list, a channel that does not work."""

from datetime import datetime

from django.conf import settings

from alerts.channels import registry
from alerts.domain import storm, words
from alerts.domain.message import Bulletin, MessageType, Tone
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Notice
from monitors.domain.status import EventKind
from monitors.models import Incident


def of(notice: Notice) -> Bulletin:
    """What a notice tells."""
    return _flagged(notice) if notice.about else _storm(notice)


def _storm(notice: Notice) -> Bulletin:
    """The list of a storm as it was when the notice was made, so that every try tells the same."""
    text = storm.text(_entries(notice))
    return Bulletin(
        type=MessageType.STORM,
        at=notice.created_at,
        tone=Tone.RECOVERY if text.is_over else Tone.ALARM,
        headline=text.headline,
        summary=text.summary,
        url=f"{settings.HEARTBEET_SITE_URL}{notice.organization.home}incidents",
        thread=f"storm-{notice.storm_id}",
        facts=text.facts,
    )


def _entries(notice: Notice) -> list[storm.Entry]:
    rows = Delivery.objects.filter(storm=notice.storm_id, created_at__lte=notice.created_at)
    opened = rows.filter(event__kind=EventKind.OPENED).select_related("incident__monitor").order_by("id")
    return [_entry(row.incident, notice.created_at) for row in opened if row.incident]


def _entry(incident: Incident, at: datetime) -> storm.Entry:
    is_over = incident.resolved_at is not None and incident.resolved_at <= at
    return storm.Entry(incident.monitor.name, incident.opened_at, incident.resolved_at if is_over else None)


def _flagged(notice: Notice) -> Bulletin:
    """A channel whose last messages were all given up: which, since when, the exact error, and what to do."""
    channel = notice.about
    assert channel is not None, "the constraint of notices"
    name = words.one_line(channel.name, 100)
    return Bulletin(
        type=MessageType.NOTICE,
        at=notice.created_at,
        tone=Tone.ALARM,
        headline=f"The alert channel “{name}” does not work",
        summary=f"The last messages to “{name}” could not be delivered, so nobody hears of incidents there.",
        url=f"{settings.HEARTBEET_SITE_URL}{notice.organization.home}{channel.page}",
        thread=f"notice-{notice.id}",
        facts=list(_about_flagged(channel, notice)),
    )


def _about_flagged(channel: Channel, notice: Notice) -> list[tuple[str, str]]:
    known = registry.CHANNELS.get(channel.kind)
    sent = Delivery.objects.filter(channel=channel, created_at__lte=notice.created_at)
    arrived = sent.filter(status=DeliveryStatus.DELIVERED).order_by("-delivered_at").first()
    given_up = sent.exclude(last_error="").filter(status=DeliveryStatus.DEAD).order_by("-id").first()
    return [
        ("Channel", f"{channel.name} ({known.label if known else channel.kind})"),
        ("Last message that arrived", words.instant(arrived.delivered_at if arrived else None)),
        ("Flagged", words.instant(notice.created_at)),
        ("Last error", given_up.last_error if given_up else "unknown"),
        (
            "What to do",
            "Open the channel's page, correct what the error says, send a test, then send the lost messages again.",
        ),
    ]
