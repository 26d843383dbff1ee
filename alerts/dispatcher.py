"""From the outbox to deliveries: each event becomes one delivery per channel that is told of it, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from alerts import fallback
from alerts.channels import registry
from alerts.domain.message import TYPE_OF_EVENT
from alerts.domain.retry import DeliveryStatus
from alerts.models import Delivery, Subscription
from monitors.domain.status import EventKind
from monitors.models import IncidentEvent

BATCH = 200


def dispatch(*, now: datetime) -> int:
    """Turn every event of the outbox into one delivery per subscribed channel. Returns how many were made.

    Any number of processes may do this at once; each event is taken by one of them.
    """
    made = 0
    while _outbox().exists():  # a look first: SQLite would take its one write lock even when there is nothing to do
        taken, new = _dispatch_batch(now)
        made += new
        if taken < BATCH:
            break
    return made


def _outbox() -> QuerySet[IncidentEvent]:
    return IncidentEvent.objects.filter(dispatched_at=None)


@transaction.atomic
def _dispatch_batch(now: datetime) -> tuple[int, int]:
    locked = _outbox().select_for_update(skip_locked=True, of=("self",), no_key=True).select_related("incident")
    events = list(locked.order_by("id")[:BATCH])
    made = _deliveries(events, now)
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    IncidentEvent.objects.filter(id__in=[event.id for event in events]).update(dispatched_at=now)
    return len(events), len(made)


def _deliveries(events: list[IncidentEvent], now: datetime) -> list[Delivery]:
    told = [event for event in events if event.kind in TYPE_OF_EVENT]
    subscribers = _subscribers(event.incident.monitor_id for event in told)
    made = [
        Delivery(
            event=event,
            incident_id=event.incident_id,
            channel_id=channel_id,
            status=DeliveryStatus.QUEUED,
            next_try_at=now,
            created_at=now,
        )
        for event in told
        for channel_id, kind in subscribers[event.incident.monitor_id]
        if TYPE_OF_EVENT[EventKind(event.kind)] in registry.CHANNELS[kind].tells
    ]
    return made + fallback.afterwards(told, made, now=now)


def _subscribers(monitor_ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """The working channels of each monitor, as (id, kind)."""
    rows = Subscription.objects.filter(
        monitor_id__in=set(monitor_ids),
        channel__deleted_at=None,
        channel__is_enabled=True,
        channel__kind__in=registry.CHANNELS,
    )
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for monitor_id, channel_id, kind in rows.values_list("monitor_id", "channel_id", "channel__kind"):
        found[monitor_id].append((channel_id, kind))
    return found
