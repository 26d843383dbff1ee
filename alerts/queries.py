"""Reads of channels and deliveries, and rows turned into the values that channels send."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts import webhooks
from accounts.models import Organization, WebhookSecret
from alerts import bulletins
from alerts.channels import base, registry
from alerts.domain.message import TYPE_OF_EVENT, AboutIncident, AboutMonitor, Message, Telling
from alerts.domain.retry import WAITING, DeliveryStatus
from alerts.models import Channel, Delivery, Storm, Subscription
from heartbeet.lib import crypto
from monitors import verdicts
from monitors.domain import evidence, schedule
from monitors.domain.status import EventKind
from monitors.models import Incident, IncidentEvent, Monitor

DEAD_LETTERS_COUNT_FOR = timedelta(days=7)
"""Counted from the delivery's beginning; it takes a day of tries until it is dead."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What has not arrived: messages that wait or are retried, and recent dead letters; and how many channels lose
    every message."""

    waiting: int
    oldest_at: datetime | None
    dead: int
    flagged: int = 0


def channels(organization: Organization) -> QuerySet[Channel]:
    """The channels of an organisation that are not deleted."""
    return Channel.objects.filter(organization=organization, deleted_at=None).order_by("name", "id")


def monitor_counts(organization: Organization) -> dict[int, int]:
    """How many monitors tell each channel of an organisation, by its id; one that nobody tells is left out."""
    told = Subscription.objects.filter(channel__organization=organization, monitor__deleted_at=None)
    return dict(told.order_by().values_list("channel_id").annotate(Count("id")))


def channel_ids(monitor: Monitor) -> list[int]:
    """The channels that are told about a monitor."""
    live = monitor.subscriptions.filter(channel__deleted_at=None)
    return list(live.order_by("channel_id").values_list("channel_id", flat=True))


def subscribed(monitor: Monitor) -> list[Channel]:
    """The same as rows."""
    found = Channel.objects.filter(subscriptions__monitor=monitor, deleted_at=None)
    return list(found.order_by("name", "id"))


def undelivered(now: datetime) -> Undelivered:
    """What operators must see: alerts that did not reach anybody yet, or never will. One that a policy holds back is
    not late; what a storm's list has to tell is, once the list should have gone out."""
    used = Channel.objects.filter(deleted_at=None, is_enabled=True)
    dead = Delivery.objects.filter(
        status=DeliveryStatus.DEAD, created_at__gt=now - DEAD_LETTERS_COUNT_FOR, channel__in=used
    )
    waiting = _waiting(now)
    return Undelivered(
        waiting=sum(count for count, _ in waiting),
        oldest_at=min((oldest for _, oldest in waiting if oldest), default=None),
        dead=dead.count(),
        flagged=used.filter(flagged_at__isnull=False).count(),
    )


def _waiting(now: datetime) -> list[tuple[int, datetime | None]]:
    """How much waits in the queue, in the outbox and in the lists of storms, and since when the oldest does."""
    queue = Delivery.objects.filter(next_try_at__isnull=False, status__in=WAITING)
    outbox = IncidentEvent.objects.filter(dispatched_at=None, kind__in=TYPE_OF_EVENT).exclude(hold_until__gt=now)
    storms = Storm.objects.filter(Q(told_at=None) | Q(grew_at__gt=F("told_at")), ended_at=None)
    counted = [
        queue.aggregate(count=Count("id"), oldest=Min("created_at")),
        outbox.aggregate(count=Count("id"), oldest=Min(Coalesce("hold_until", "created_at"))),
        storms.aggregate(count=Count("id"), oldest=Min("grew_at")),
    ]
    return [(each["count"], each["oldest"]) for each in counted]


def binding(channel: Channel) -> str:
    """What the sealed secrets of a channel are bound to: they open in no other row."""
    return f"channel:{channel.uid}"


def secrets_of(channel: Channel) -> dict[str, str]:
    """The secret fields of a channel in plain text. Raises crypto.CannotOpen."""
    if not channel.secrets:
        return {}
    opened: dict[str, str] = json.loads(crypto.unseal(channel.secrets, bound_to=binding(channel)))
    return opened


def signs_for_organization(channel: Channel) -> bool:
    """Whether the organisation's secret signs what is sent here, for want of one of the channel's own."""
    return registry.find(channel.kind).is_signed and not channel.secrets


def signers(channel: Channel, now: datetime) -> list[WebhookSecret]:
    """What `ready` needs beside the channel: the organisation's signing secrets, if it has none of its own."""
    if not signs_for_organization(channel):
        return []
    return webhooks.sealed(organization=channel.organization, now=now)


def masked(channel: Channel) -> dict[str, str]:
    """What may be shown of a channel to those who may not change it, and kept in the audit log."""
    known = registry.CHANNELS.get(channel.kind)
    return known.masked(channel.config) if known else dict(channel.config)


def ready(channel: Channel, signing: Iterable[WebhookSecret] = ()) -> base.Channel:
    """A channel that can send; `signing` is what `signers` found. Touches no database. Raises crypto.CannotOpen or
    base.BadConfig."""
    shared = [secret.text for secret in webhooks.opened(signing)]
    signature = {"secret": " ".join(shared)} if shared else {}
    return registry.build(channel.kind, {**channel.config, **signature, **secrets_of(channel)})


def about(monitor: Monitor) -> AboutMonitor:
    """A monitor as messages speak of it."""
    promise = ""
    if monitor.type == Monitor.HEARTBEAT:
        promise = schedule.build(interval_sec=monitor.interval_sec, cron=monitor.cron, zone=monitor.timezone).describe()
    return AboutMonitor(
        id=monitor.id,
        name=monitor.name,
        type=monitor.type,
        url=_link(monitor.organization, monitor.page),
        schedule=promise,
        grace=timedelta(seconds=monitor.grace_sec),
    )


def telling(delivery: Delivery, *, tells_both: bool = False) -> Telling:
    """What a delivery tells; its event with incident and monitor, or its notice, must be loaded."""
    if delivery.event is not None:
        return message_of(delivery.event, tells_both=tells_both)
    assert delivery.notice is not None, "a delivery tells an event or a notice"
    return bulletins.of(delivery.notice)


def message_of(event: IncidentEvent, *, tells_both: bool = False) -> Message:
    """What an event tells. What came after it is left out, so that every try sends the same."""
    return Message(
        type=TYPE_OF_EVENT[EventKind(event.kind)],
        at=event.at,
        monitor=about(event.incident.monitor),
        incident=_as_of(event),
        tells_both=tells_both,
    )


def _link(organization: Organization, page: str) -> str:
    """A link for whoever reads the message: it says the organisation, for they may belong to several."""
    return settings.HEARTBEET_SITE_URL + organization.home + page


def _as_of(event: IncidentEvent) -> AboutIncident:
    incident = event.incident
    is_over = event.kind == EventKind.RESOLVED
    is_acknowledged = incident.acknowledged_at is not None and incident.acknowledged_at <= event.at
    who = incident.acknowledged_by
    then = evidence.thaw(event.as_of)
    title = verdicts.TITLES[then.cause].format(name=incident.monitor.name) if then else incident.title
    return AboutIncident(
        id=incident.id,
        url=_link(incident.monitor.organization, incident.page),
        cause=then.cause if then else incident.cause,
        severity=then.severity if then else incident.severity,
        title=title,
        opened_at=incident.opened_at,
        expected_at=incident.expected_at,
        last_ping_at=incident.last_ping_at,
        acknowledged_at=incident.acknowledged_at if is_acknowledged else None,
        acknowledged_by=who.email if who and is_acknowledged else "",
        resolved_at=incident.resolved_at if is_over else None,
        resolution=incident.resolution if is_over else "",
        key=_key(incident),
        evidence=then.evidence if then else None,
        was=_was(event) if then else "",
    )


def _was(event: IncidentEvent) -> str:
    """The cause that an incident which got worse had before; '' for what is no such event."""
    if event.kind != EventKind.ESCALATED:
        return ""
    before = IncidentEvent.objects.filter(incident=event.incident_id, seq__lt=event.seq, as_of__isnull=False)
    then = evidence.thaw(before.order_by("-seq").values_list("as_of", flat=True).first())
    return then.cause if then else ""


def _key(incident: Incident) -> str:
    """Many installations may tell one PagerDuty account, and each counts its incidents from 1: two of them do not make
    an organisation of the same number in the same microsecond."""
    organization = incident.monitor.organization
    born = f"{organization.id} {organization.created_at.astimezone(UTC).isoformat()}"
    return f"heartbeet-{hashlib.sha256(born.encode()).hexdigest()[:16]}-incident-{incident.id}"
