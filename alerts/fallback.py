"""The fallback channel: it is told at once what another channel could not be told, and late what is late.

A "down" that cannot be delivered makes one delivery more, of step 1, whatever number of channels fail with it. Whoever
was told of a beginning by it is told of the end too: by the dispatcher (`afterwards`), or here if that was dispatched
before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts import receivers, storms
from alerts.channels import registry
from alerts.domain.message import TYPE_OF_EVENT
from alerts.domain.retry import WAITING, DeliveryStatus
from alerts.models import Channel, Delivery, Notice
from monitors.domain.status import EventKind
from monitors.models import IncidentEvent

BATCH = 200
BEGINNINGS = (EventKind.OPENED, EventKind.ESCALATED)
AFTERWARDS = (EventKind.ACKNOWLEDGED, EventKind.RESOLVED)
STEP = 1
_NEEDS = ("channel", "notice")


def late(*, now: datetime) -> int:
    """Tell what has not been delivered in time. Returns how many deliveries were made."""
    channels = _channels()
    found = _late(channels, now)
    if not channels or not found.exists():  # a look first: SQLite would take its one write lock for nothing
        return 0
    with transaction.atomic():
        locked = found.select_for_update(skip_locked=True, of=("self",), no_key=True).select_related(*_NEEDS)
        return _fall_back(list(locked.order_by("id")[:BATCH]), channels, now)


def at_once(dead: Iterable[Delivery], *, now: datetime) -> int:
    """Tell what is dead; the caller holds these rows. Returns how many deliveries were made."""
    found = list(_wanted().filter(id__in=[each.id for each in dead]).select_related(*_NEEDS))
    return _fall_back(found, _channels({row.channel.organization_id for row in found}), now) if found else 0


def afterwards(events: Iterable[IncidentEvent], made: Iterable[Delivery], *, now: datetime) -> list[Delivery]:
    """What the dispatcher tells beside what it has `made`: whom the fallback told that an incident opened is told what
    came after. The caller is in the transaction that dispatches these events."""
    after = [event for event in events if event.kind in AFTERWARDS]
    known = {(each.event_id, each.channel_id) for each in made}
    told = _told_of({event.incident_id for event in after}) if after else {}
    return [
        Delivery(event=event, incident_id=event.incident_id, channel=channel, **_fresh(now))
        for event in after
        for channel in told.get(event.incident_id, ())
        if event.kind in _tells(channel) and (event.id, channel.id) not in known
    ]


def _told_of(incident_ids: Collection[int]) -> dict[int, set[Channel]]:
    """Whom the fallback told that these incidents opened."""
    # Who is about to fall back holds these rows until its deliveries can be seen. Without waiting for them, an end
    # would be told to everybody but the fallback.
    unsure = Delivery.objects.filter(incident_id__in=incident_ids, step=0, event__kind__in=BEGINNINGS)
    unsure = unsure.exclude(status=DeliveryStatus.DELIVERED)
    list(unsure.select_for_update(of=("self",), no_key=True).order_by("id").values_list("id", flat=True))
    told = Delivery.objects.filter(incident_id__in=incident_ids, step=STEP, event__kind__in=BEGINNINGS)
    found: defaultdict[int, set[Channel]] = defaultdict(set)
    for row in told.filter(channel__is_enabled=True, channel__deleted_at=None).select_related("channel"):
        found[row.incident_id or 0].add(row.channel)
    return found


def _tells(channel: Channel) -> list[EventKind]:
    """The events that a kind of channel tells."""
    return [kind for kind, told in TYPE_OF_EVENT.items() if told in registry.CHANNELS[channel.kind].tells]


def _wanted() -> QuerySet[Delivery]:
    """Beginnings that the fallback was not told yet, to channels that are used, and lists of storms."""
    tells = Q(event__kind__in=BEGINNINGS, storm=None) | Q(notice__kind=Notice.STORM)
    subscribed = Delivery.objects.filter(event_id=OuterRef("event_id"), step=0, channel__is_fallback=True)
    wanted = Delivery.objects.filter(
        tells, step=0, fell_back_at=None, channel__is_enabled=True, channel__deleted_at=None, channel__is_fallback=False
    )
    return wanted.exclude(Exists(subscribed.filter(channel__deleted_at=None)))


def _channels(organizations: Collection[int] | None = None) -> dict[int, Channel]:
    """The fallback channels that are used, by organisation."""
    found = Channel.objects.filter(is_fallback=True, is_enabled=True, deleted_at=None, kind__in=registry.CHANNELS)
    if organizations is not None:
        found = found.filter(organization_id__in=organizations)
    return {each.organization_id: each for each in found}


def _late(organizations: Collection[int], now: datetime) -> QuerySet[Delivery]:
    """What waits for too long at a channel that fails. What was never tried, at one that works, waits for us: after an
    outage of our own it goes out in this moment, and need not be told twice."""
    since = now - timedelta(seconds=settings.HEARTBEET_FALLBACK_AFTER_SEC)
    waiting = Delivery.objects.filter(next_try_at__isnull=False, status__in=WAITING)
    failing = waiting.filter(channel_id=OuterRef("channel_id"), first_tried_at__lte=since)
    shut = receivers.shut(now, host="channel__host")
    untried = Q(first_tried_at=None) & (Exists(shut) | Q(Exists(failing), next_try_at__lte=since))
    return _wanted().filter(
        Q(first_tried_at__lte=since) | untried,
        next_try_at__isnull=False,
        status__in=WAITING,
        created_at__lte=since,
        channel__organization_id__in=organizations,
    )


def _fall_back(rows: list[Delivery], channels: Mapping[int, Channel], now: datetime) -> int:
    """Tell the fallback of each row's organisation, where there is one; the caller holds the rows."""
    by_organization: defaultdict[int, list[Delivery]] = defaultdict(list)
    for row in rows:
        if row.channel.organization_id in channels:
            by_organization[row.channel.organization_id].append(row)
    made = [each for key, found in by_organization.items() for each in _instead(found, channels[key], now)]
    # In one order everywhere: two that tell of the same events at once must not wait for each other.
    made.sort(key=lambda each: (each.event_id or 0, each.notice_id or 0))
    storms.group(made, now=now)
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    done = [row.id for found in by_organization.values() for row in found]
    Delivery.objects.filter(id__in=done).update(fell_back_at=now)
    return len(made)


def _instead(rows: list[Delivery], channel: Channel, now: datetime) -> list[Delivery]:
    """What the fallback is told for these: a beginning together with what came after it; the list of a storm as it is,
    if people read it, or else each of its incidents."""
    begun = [row.event_id for row in rows if row.event_id]
    storms = {row.notice_id: row.notice.storm_id for row in rows if row.notice}
    lists: list[Delivery] = []
    if storms and channel.kind in registry.READ_BY_PEOPLE:
        lists = [Delivery(notice_id=notice, channel=channel, **_fresh(now)) for notice in storms]
    elif storms:
        grouped = Delivery.objects.filter(storm__in=storms.values(), step=0, event__kind__in=BEGINNINGS)
        begun += filter(None, grouped.values_list("event_id", flat=True))
    told = [
        Delivery(event=event, incident_id=event.incident_id, channel=channel, **_fresh(now))
        for event in _story(begun, channel)
    ]
    return told + lists


def _story(begun: list[int], channel: Channel) -> list[IncidentEvent]:
    """These events, and what followed in their incidents and went to the others already."""
    after = IncidentEvent.objects.filter(
        incident__events__in=begun, seq__gt=F("incident__events__seq"), kind__in=AFTERWARDS, dispatched_at__isnull=False
    )
    ids = [*begun, *after.values_list("id", flat=True)]
    known = Delivery.objects.filter(event_id=OuterRef("id"), channel=channel)
    return list(IncidentEvent.objects.filter(id__in=ids, kind__in=_tells(channel)).exclude(Exists(known)))


def _fresh(now: datetime) -> dict[str, Any]:
    return {"step": STEP, "status": DeliveryStatus.QUEUED, "next_try_at": now, "created_at": now}
