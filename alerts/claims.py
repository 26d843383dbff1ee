"""From a delivery to its receiver: claimed with a lease, sent, recorded. Each step takes many at once.

Every step is a transaction of its own and may be repeated. A sender that dies in the middle leaves a lease behind;
when that has run out, another one sends again under the same id.
"""

import functools
import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber

from accounts.models import WebhookSecret
from alerts import aftermath, queries, receivers, storms
from alerts.channels import base, registry
from alerts.domain import breaker, retry, turns
from alerts.domain.message import Telling
from alerts.domain.retry import DeliveryStatus, Failure
from alerts.models import Attempt, Channel, Delivery
from heartbeet.lib import crypto
from monitors.domain.status import EventKind
from monitors.models import IncidentEvent

log = structlog.get_logger(__name__)

CANDIDATES = 1000
LEASE = timedelta(seconds=30)
"""Longer than an errand may take, which is five seconds of quick sends and then one of 20 s: it runs out only when its
sender is gone."""
TROUBLE_LASTS = timedelta(minutes=10)
"""A failed delivery that waits longer for its next try says nothing about its channel any more."""

_TOLD = ("event__incident__monitor__organization", "event__incident__acknowledged_by", "notice__storm")
"""What a message tells of."""
_FAILED = ("status", "next_try_at", "lease_until", "last_error")
_dice = random.SystemRandom()

Endings = dict[int, IncidentEvent]
Signers = Callable[[Channel], Sequence[WebhookSecret]]


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one try of a delivery, its `tries`-th. Those of one `errand` are sent one after the other."""

    delivery_id: int
    tries: int
    channel_id: int
    host: str
    errand: int
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that sending needs, so that no database is held meanwhile. `also` are the deliveries that this one tells
    too."""

    claim: Claim
    delivery: Delivery
    message: Telling
    signing: Sequence[WebhookSecret] = ()
    also: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try that began `at`."""

    parcel: Parcel
    receipt: base.Receipt
    at: datetime
    took: timedelta

    @property
    def ended_at(self) -> datetime:
        return self.at + self.took

    def known_at(self, now: datetime) -> "Outcome":
        """The same, if the clock was set back while it was under way: nothing can have ended later than `now`. Else its
        next try would be reckoned from the old time, after all that waits was brought back from there."""
        return replace(self, at=min(self.at, now - self.took))


def claim(*, now: datetime, room: turns.Room) -> list[Claim]:
    """Take due deliveries for as many errands as there is room for. They are the caller's for `LEASE`."""
    errands, probed = _choose(now, room)
    if not errands:
        return []
    with transaction.atomic():
        chosen = [each for each in errands if _may_go(each, probed, now)]
        ids = [delivery_id for errand in chosen for delivery_id in errand.ids]
        tries = _lease(ids, now)
    return [
        Claim(delivery_id, tries[delivery_id], errand.channel_id, errand.host, number, errand.channel_id in probed)
        for number, errand in enumerate(chosen)
        for delivery_id in errand.ids
        if delivery_id in tries
    ]


def release(claimed: Iterable[Claim], *, now: datetime) -> None:
    """Give back what was not sent after all; it has lost no try, and may be claimed again at once."""
    by_tries: defaultdict[int, list[int]] = defaultdict(list)
    for each in claimed:
        by_tries[each.tries].append(each.delivery_id)
    for tries, ids in by_tries.items():
        Delivery.objects.filter(id__in=ids, status=DeliveryStatus.SENDING, tries=tries).update(
            status=DeliveryStatus.QUEUED,
            lease_until=None,
            next_try_at=now,
            tries=tries - 1,
            first_tried_at=Case(When(tries=1, then=Value(None)), default=F("first_tried_at")),
        )


def prepare(claimed: Sequence[Claim], *, now: datetime) -> list[Parcel]:
    """Read what is to be sent, in the order of the claims; what there is nothing to send of any more is left out."""
    rows = Delivery.objects.filter(id__in=[each.delivery_id for each in claimed], status=DeliveryStatus.SENDING)
    by_id = {row.id: row for row in rows.select_related("channel__organization", *_TOLD)}
    held = [(each, by_id[each.delivery_id]) for each in claimed if _is_held(each, by_id)]
    off = [each for each, row in held if row.channel.deleted_at or not row.channel.is_enabled]
    _end(off, error="The channel was switched off before this could be sent.")
    endings = _endings_to_tell([row for _, row in held])
    signers = functools.cache(lambda channel: queries.signers(channel, now))
    found = [_parcel(each, row, endings, signers) for each, row in held if each not in off]
    return [parcel for parcel in found if parcel]


def hand_over(parcel: Parcel, *, now: datetime) -> tuple[base.Receipt, timedelta]:
    """Send; nothing here touches the database, and nothing a receiver does raises."""
    try:
        channel = queries.ready(parcel.delivery.channel, parcel.signing)
    except (crypto.CannotOpen, base.BadConfig) as error:
        return base.failed(f"The channel's settings cannot be used: {error}", Failure.OURS), timedelta(0)
    uid, older = str(parcel.delivery.uid), storms.reference(parcel.delivery)
    return base.timed(channel, parcel.message, uid, now=now, reference=older)


@transaction.atomic
def record(outcomes: Sequence[Outcome]) -> None:
    """Write the attempts down, and the new states where the claims still hold (else another sender is at it)."""
    locked = Delivery.objects.filter(id__in=[each.parcel.claim.delivery_id for each in outcomes])
    tries = dict(
        locked.filter(status=DeliveryStatus.SENDING).order_by("id").select_for_update(no_key=True)
        .values_list("id", "tries")
    )  # fmt: skip
    held = [each for each in outcomes if tries.get(each.parcel.claim.delivery_id) == each.parcel.claim.tries]
    for each in held:
        _take(each)
    _write([each.parcel.delivery for each in held])
    Attempt.objects.bulk_create([_attempt(each) for each in outcomes])
    receivers.note(_try(each) for each in outcomes)
    storms.arrived((each.parcel.delivery, each.receipt.reference) for each in held if each.receipt.is_ok)
    _conclude(held)


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


def _choose(now: datetime, room: turns.Room) -> tuple[list[turns.Errand], dict[int, breaker.Health]]:
    """Look without a lock: the errands to start, and by channel the health of the hosts that only a probe may ask. A
    channel offers no more than it may have under way, and its first before another's second, or one storm would hide
    the others."""
    place = Window(RowNumber(), partition_by="channel_id", order_by=["tries", "next_try_at", "id"])
    due = receivers.without_open(receivers.named(_due(now)), now).annotate(place=place)
    offered = due.filter(place__lte=turns.PER_CHANNEL * turns.ERRAND).order_by("place", "next_try_at", "id")
    rows = offered.values_list("id", "channel_id", "host", "tries")[:CANDIDATES]
    candidates = [turns.Candidate(*row) for row in rows]
    if not candidates:
        return [], {}
    health = receivers.ill({each.host for each in candidates})
    failing, sending = _under_way({each.channel_id for each in candidates}, now)
    free = [each for each in candidates if each.channel_id not in failing & sending]
    probed = {each.channel_id: health[each.host] for each in free if _needs_probe(each, health)}
    room = replace(room, slow={*room.slow, *health})
    return turns.choose(_one_probe_each(free, probed), room=room, troubled=failing), probed


def _under_way(channel_ids: Collection[int], now: datetime) -> tuple[set[int], set[int]]:
    """Of some channels, those whose last sends failed, and those that somebody sends to."""
    waiting = Delivery.objects.filter(next_try_at__isnull=False, channel_id__in=channel_ids).order_by()
    failed = waiting.filter(status=DeliveryStatus.QUEUED, tries__gt=0, next_try_at__lte=now + TROUBLE_LASTS)
    sending = waiting.filter(status=DeliveryStatus.SENDING, lease_until__gt=now)
    return (
        set(failed.values_list("channel_id", flat=True).distinct()),
        set(sending.values_list("channel_id", flat=True).distinct()),
    )


def _needs_probe(candidate: turns.Candidate, health: dict[str, breaker.Health]) -> bool:
    return candidate.host in health and health[candidate.host].needs_probe(candidate.channel_id)


def _one_probe_each(candidates: Iterable[turns.Candidate], probed: Collection[int]) -> list[turns.Candidate]:
    """Of the channels whose host only a probe may ask, only the most urgent candidate for each host: a first try, if
    there is one."""
    seen: set[str] = set()
    kept = []
    for each in sorted(candidates, key=lambda candidate: candidate.tries > 0):
        if each.channel_id not in probed:
            kept.append(each)
        elif each.host not in seen:
            kept.append(each)
            seen.add(each.host)
    return kept


def _may_go(errand: turns.Errand, probed: dict[int, breaker.Health], now: datetime) -> bool:
    """Whether nobody else has taken the probe, where the errand is one."""
    health = probed.get(errand.channel_id)
    return health is None or receivers.take_probe(errand.host, health, now=now)


def _lease(ids: Collection[int], now: datetime) -> dict[int, int]:
    """Take these deliveries, as far as they are still there to be taken; which try of each it is by now."""
    rows = _due(now).filter(id__in=ids).select_for_update(skip_locked=True, of=("self",), no_key=True)
    tries = {row.id: row.tries + 1 for row in rows if not _is_used_up(row, now)}
    Delivery.objects.filter(id__in=tries).update(
        status=DeliveryStatus.SENDING,
        lease_until=now + LEASE,
        next_try_at=now + LEASE,
        tries=F("tries") + 1,
        first_tried_at=Coalesce("first_tried_at", now),
    )
    return tries


def _is_used_up(row: Delivery, now: datetime) -> bool:
    """A delivery whose senders died each time, without a word, must not take them down for ever."""
    if row.tries < retry.MAX_TRIES:
        return False
    row.status, row.next_try_at, row.lease_until = DeliveryStatus.DEAD, None, None
    row.last_error = "Every sender was lost while it sent this."
    row.save(update_fields=["status", "next_try_at", "lease_until", "last_error"])
    aftermath.conclude([row], now=now)
    return True


def _is_held(claimed: Claim, found: dict[int, Delivery]) -> bool:
    row = found.get(claimed.delivery_id)
    return row is not None and row.tries == claimed.tries


def _end(claimed: Collection[Claim], *, error: str) -> None:
    if claimed:
        ids = [each.delivery_id for each in claimed]
        Delivery.objects.filter(id__in=ids, status=DeliveryStatus.SENDING).update(
            status=DeliveryStatus.DEAD, next_try_at=None, lease_until=None, last_error=error
        )


def _parcel(claimed: Claim, row: Delivery, endings: Endings, signers: Signers) -> Parcel | None:
    """The parcel; none if what it tells cannot be read: its lease will run out, and it stops nobody else."""
    ending = endings.get(row.id)
    try:
        if ending is None:
            return Parcel(claimed, row, queries.telling(row), signers(row.channel))
        also = list(_waiting_behind(row).values_list("id", flat=True))
        return Parcel(claimed, row, _with_its_end(row, ending), signers(row.channel), also)
    except DatabaseError:
        raise
    except Exception:
        log.exception("delivery.not_prepared", delivery_id=row.id)
        return None


def _endings_to_tell(deliveries: Iterable[Delivery]) -> Endings:
    """For channels that people read: the end of the incident that a delivery speaks of, by the delivery's id, if the
    end was dispatched. It waits behind this one, or was told before a dead letter is sent again: then too a beginning
    alone would call people out to what is over."""
    before = [row for row in deliveries if row.event and row.event.kind != EventKind.RESOLVED]
    read = [row for row in before if row.channel.kind in registry.READ_BY_PEOPLE]
    if not read:
        return {}
    ends = IncidentEvent.objects.filter(
        incident__in={row.incident_id for row in read if row.incident_id},
        kind=EventKind.RESOLVED,
        dispatched_at__isnull=False,
    )
    whole = ends.select_related("incident__monitor__organization", "incident__acknowledged_by")
    found = {event.incident_id: event for event in whole}
    return {row.id: found[row.incident_id] for row in read if row.incident_id in found}


def _with_its_end(row: Delivery, ending: IncidentEvent) -> Telling:
    """The end; it says that the beginning did not arrive, where this is the beginning."""
    return queries.message_of(ending, tells_both=row.event is not None and row.event.kind == EventKind.OPENED)


def _waiting_behind(row: Delivery) -> QuerySet[Delivery]:
    """What the end makes superfluous: everything later of the same incident for the same channel."""
    later = Delivery.objects.filter(incident=row.incident, channel=row.channel)
    return later.filter(event__seq__gt=row.event.seq if row.event else 0, status=DeliveryStatus.QUEUED)


def _take(outcome: Outcome) -> None:
    """Put the outcome into the row."""
    delivery, receipt = outcome.parcel.delivery, outcome.receipt
    delivery.lease_until = delivery.next_try_at = None
    delivery.last_error = receipt.error
    if receipt.is_ok:
        delivery.status, delivery.delivered_at = DeliveryStatus.DELIVERED, outcome.ended_at
        return
    delivery.next_try_at = retry.next_try(
        tries=delivery.tries,
        first_tried_at=min(delivery.first_tried_at or outcome.at, outcome.at),
        now=outcome.ended_at,
        failure=receipt.failure,
        chance=_dice.random(),
        retry_after=receipt.retry_after,
    )
    delivery.status = DeliveryStatus.QUEUED if delivery.next_try_at else DeliveryStatus.DEAD


def _write(rows: Sequence[Delivery]) -> None:
    """Write the outcomes: what arrived all at once, as a storm mostly does, and each of the others by itself."""
    arrived = [row for row in rows if row.status == DeliveryStatus.DELIVERED]
    if arrived:
        Delivery.objects.filter(id__in=[row.id for row in arrived]).update(
            status=DeliveryStatus.DELIVERED,
            next_try_at=None,
            lease_until=None,
            last_error="",
            delivered_at=max(row.delivered_at for row in arrived if row.delivered_at),
        )
    for row in rows:
        if row.status != DeliveryStatus.DELIVERED:
            row.save(update_fields=_FAILED)


def _attempt(outcome: Outcome) -> Attempt:
    receipt = outcome.receipt
    return Attempt(
        delivery_id=outcome.parcel.delivery.id,
        at=outcome.at,
        is_ok=receipt.is_ok,
        duration_ms=int(outcome.took.total_seconds() * 1000),
        status_code=receipt.status_code,
        error=receipt.error,
        excerpt=receipt.excerpt,
    )


def _try(outcome: Outcome) -> receivers.Try:
    claimed, receipt = outcome.parcel.claim, outcome.receipt
    said = breaker.sign(is_ok=receipt.is_ok, failure=receipt.failure, status_code=receipt.status_code)
    return receivers.Try(claimed.host, claimed.channel_id, said, claimed.is_probe, outcome.ended_at)


def _conclude(outcomes: Sequence[Outcome]) -> None:
    """What follows from the deliveries that have ended."""
    ended = [each for each in outcomes if each.parcel.delivery.status != DeliveryStatus.QUEUED]
    for each in ended:
        if each.parcel.also and each.receipt.is_ok:
            told = Delivery.objects.filter(id__in=each.parcel.also, status=DeliveryStatus.QUEUED)
            told.update(status=DeliveryStatus.COLLAPSED, next_try_at=None, delivered_at=each.ended_at)
    if ended:
        aftermath.conclude([each.parcel.delivery for each in ended], now=max(each.ended_at for each in ended))
