"""From a delivery to its receiver: claimed with a lease, sent, recorded.

Every step is a transaction of its own and may be repeated. A sender that dies in the middle leaves a lease behind;
when that has run out, another one sends again under the same id.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Window
from django.db.models.functions import Coalesce, RowNumber

from accounts.models import WebhookSecret
from alerts import aftermath, queries
from alerts.channels import base, registry
from alerts.domain import retry, turns
from alerts.domain.message import Telling
from alerts.domain.retry import DeliveryStatus
from alerts.models import Attempt, Delivery
from heartbeet.lib import crypto
from monitors.domain.status import EventKind
from monitors.models import IncidentEvent

CANDIDATES = 500
LEASE = timedelta(seconds=30)
"""Longer than any send may take (20 s), so that a lease runs out only when its sender is gone."""
TROUBLE_LASTS = timedelta(minutes=10)
"""A failed delivery that waits longer for its next try says nothing about its channel any more."""

_TOLD = ("event__incident__monitor__organization", "event__incident__acknowledged_by", "notice")
"""What a message tells of."""
_dice = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send a delivery until `lease_until`."""

    delivery_id: int
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that sending needs, so that no database is held meanwhile. `also` is the delivery that this one tells too."""

    claim: Claim
    delivery: Delivery
    message: Telling
    signing: Sequence[WebhookSecret] = ()
    also: int | None = None


def claim(*, now: datetime, limit: int, retries: int | None = None) -> list[Claim]:
    """Take up to `limit` due deliveries, at most `retries` of them failed before. They are the caller's for `LEASE`."""
    chosen = _choose(now, limit, limit if retries is None else retries)
    if not chosen:
        return []
    with transaction.atomic():
        rows = _due(now).filter(id__in=chosen).select_for_update(skip_locked=True, of=("self",), no_key=True)
        ids = [row.id for row in rows if not _is_used_up(row)]
        lease = now + LEASE
        Delivery.objects.filter(id__in=ids).update(
            status=DeliveryStatus.SENDING,
            lease_until=lease,
            next_try_at=lease,
            tries=F("tries") + 1,
            first_tried_at=Coalesce("first_tried_at", now),
        )
    return [Claim(delivery_id, lease) for delivery_id in chosen if delivery_id in ids]


def prepare(claimed: Claim, *, now: datetime) -> Parcel | None:
    """Read what is to be sent; None if there is nothing to send any more."""
    found = _held(claimed).select_related("channel__organization", *_TOLD).first()
    if found is None:
        return None
    if found.channel.deleted_at or not found.channel.is_enabled:
        _end(claimed, DeliveryStatus.DEAD, error="The channel was switched off before this could be sent.")
        return None
    ending = _ending_to_tell_too(found)
    message = queries.telling(ending or found, tells_both=ending is not None)
    signing = queries.signers(found.channel, now)
    return Parcel(claimed, found, message, signing, also=ending.id if ending else None)


def hand_over(parcel: Parcel, *, now: datetime) -> tuple[base.Receipt, timedelta]:
    """Send; nothing here touches the database, and nothing a receiver does raises."""
    try:
        channel = queries.ready(parcel.delivery.channel, parcel.signing)
    except (crypto.CannotOpen, base.BadConfig) as error:
        return base.failed(f"The channel's settings cannot be used: {error}"), timedelta(0)
    return base.timed(channel, parcel.message, str(parcel.delivery.uid), now=now)


@transaction.atomic
def record(parcel: Parcel, receipt: base.Receipt, took: timedelta, *, now: datetime) -> None:
    """Write the attempt down, and the new state if the lease still holds (else another sender is at it)."""
    finished = now + took
    outcome = _delivered(finished) if receipt.is_ok else _failed(parcel.delivery, receipt, finished)
    is_held = _held(parcel.claim).update(lease_until=None, **outcome)
    Attempt.objects.create(
        delivery_id=parcel.delivery.id,
        at=now,
        is_ok=receipt.is_ok,
        duration_ms=int(took.total_seconds() * 1000),
        status_code=receipt.status_code,
        error=receipt.error,
        excerpt=receipt.excerpt,
    )
    if is_held and receipt.is_ok and parcel.also:
        told = Delivery.objects.filter(id=parcel.also, status=DeliveryStatus.QUEUED)
        told.update(status=DeliveryStatus.COLLAPSED, next_try_at=None, delivered_at=finished)
    if is_held and outcome["status"] != DeliveryStatus.QUEUED:
        aftermath.after(parcel.delivery, outcome["status"], now=finished)


def _due(now: datetime) -> QuerySet[Delivery]:
    """Deliveries whose time has come, among them those whose lease ran out (a lease's end is its next try), except
    where an earlier event of the same incident still waits for the same channel, or for its dispatch: another
    dispatcher may have taken that one and not committed yet."""
    earlier = Delivery.objects.filter(
        incident_id=OuterRef("incident_id"),
        channel_id=OuterRef("channel_id"),
        event__seq__lt=OuterRef("event__seq"),
        status__in=retry.WAITING,
    )
    undispatched = IncidentEvent.objects.filter(
        incident_id=OuterRef("incident_id"), seq__lt=OuterRef("event__seq"), dispatched_at=None
    )
    due = Delivery.objects.filter(next_try_at__lte=now, status__in=retry.WAITING)
    return due.exclude(Exists(earlier)).exclude(Exists(undispatched))


def _choose(now: datetime, slots: int, retries: int) -> list[int]:
    """Look without a lock; a channel offers no more than it may have under way, or one storm would hide the others."""
    place = Window(RowNumber(), partition_by="channel_id", order_by=["tries", "next_try_at", "id"])
    due = _due(now).annotate(place=place).filter(place__lte=turns.PER_CHANNEL).order_by("next_try_at", "id")
    candidates = [turns.Candidate(*row) for row in due.values_list("id", "channel_id", "tries")[:CANDIDATES]]
    if not candidates:
        return []
    waiting = Delivery.objects.filter(
        next_try_at__isnull=False, channel_id__in={candidate.channel_id for candidate in candidates}
    )
    failed = waiting.filter(status=DeliveryStatus.QUEUED, tries__gt=0, next_try_at__lte=now + TROUBLE_LASTS)
    under_way = waiting.filter(status=DeliveryStatus.SENDING, lease_until__gt=now)
    return turns.choose(
        candidates,
        sending=dict(under_way.order_by().values_list("channel_id").annotate(Count("id"))),
        troubled=set(failed.values_list("channel_id", flat=True)),
        retries=retries,
        slots=slots,
    )


def _is_used_up(row: Delivery) -> bool:
    """A delivery whose senders died each time, without a word, must not take them down for ever."""
    if row.tries < retry.MAX_TRIES:
        return False
    held = Claim(row.id, row.lease_until) if row.lease_until else None
    if held:
        _end(held, DeliveryStatus.DEAD, error="Every sender was lost while it sent this.")
    return True


def _held(claimed: Claim) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        id=claimed.delivery_id, status=DeliveryStatus.SENDING, lease_until=claimed.lease_until
    )


def _end(claimed: Claim, status: DeliveryStatus, *, error: str) -> None:
    _held(claimed).update(status=status, next_try_at=None, lease_until=None, last_error=error)


def _ending_to_tell_too(delivery: Delivery) -> Delivery | None:
    """For a channel that people read: the delivery of the incident's end, if that waits behind this beginning."""
    event = delivery.event
    if event is None or event.kind == EventKind.RESOLVED or delivery.channel.kind not in registry.READ_BY_PEOPLE:
        return None
    waiting = Delivery.objects.filter(
        incident_id=event.incident_id,
        channel_id=delivery.channel_id,
        event__kind=EventKind.RESOLVED,
        status=DeliveryStatus.QUEUED,
    )
    return waiting.select_related(*_TOLD).first()


def _delivered(at: datetime) -> dict[str, Any]:
    return {"status": DeliveryStatus.DELIVERED, "delivered_at": at, "next_try_at": None, "last_error": ""}


def _failed(delivery: Delivery, receipt: base.Receipt, at: datetime) -> dict[str, Any]:
    again = retry.next_try(
        tries=delivery.tries,
        first_tried_at=delivery.first_tried_at or at,
        now=at,
        failure=receipt.failure,
        chance=_dice.random(),
        retry_after=receipt.retry_after,
    )
    status = DeliveryStatus.QUEUED if again else DeliveryStatus.DEAD
    return {"status": status, "next_try_at": again, "last_error": receipt.error}
