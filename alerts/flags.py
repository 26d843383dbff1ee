"""The flag of a channel that fails again and again: its people are told by another way, once, until it works again."""

from datetime import datetime

from django.db.models import Exists, F, Max, OuterRef, Q

from accounts import letters
from accounts import queries as accounts_queries
from alerts import bulletins
from alerts.channels import registry
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Notice

DEAD_IN_A_ROW = 5


def arrived(channel: Channel) -> None:
    """A message has arrived: whatever was wrong is over."""
    failing = Channel.objects.filter(Q(dead_in_a_row__gt=0) | Q(flagged_at__isnull=False), id=channel.id)
    failing.update(dead_in_a_row=0, flagged_at=None)


def died(channel: Channel, *, now: datetime) -> None:
    """A message was given up. The update that sets the flag has one winner, who tells it; a channel that is not used is
    not to blame."""
    used = Channel.objects.filter(id=channel.id, is_enabled=True, deleted_at=None)
    used.update(dead_in_a_row=F("dead_in_a_row") + 1)
    if used.filter(dead_in_a_row__gte=DEAD_IN_A_ROW, flagged_at=None).update(flagged_at=now):
        _tell(channel, now)


def untold(notice: Notice, *, now: datetime) -> None:
    """The notice of a flag was given up itself: the owners get it as a letter."""
    told = bulletins.of(notice)
    lines = [told.summary, *(f"{label}: {text}" for label, text in told.facts), told.url]
    for owner in accounts_queries.owners(notice.organization):
        letters.write(to=owner.email, subject=told.headline, text="\n\n".join(lines) + "\n", now=now)


def _tell(channel: Channel, now: datetime) -> None:
    notice = Notice.objects.create(
        organization_id=channel.organization_id, kind=Notice.FLAGGED, about=channel, created_at=now
    )
    other = _other_way(channel)
    if other is None:
        untold(notice, now=now)
    else:
        Delivery.objects.create(
            notice=notice, channel=other, status=DeliveryStatus.QUEUED, next_try_at=now, created_at=now
        )


def _other_way(channel: Channel) -> Channel | None:
    """A channel that people read and that works: the fallback, a default one, or else the one that delivered last."""
    sent = Delivery.objects.filter(channel_id=OuterRef("id"), status=DeliveryStatus.DELIVERED)
    working = Channel.objects.filter(
        organization_id=channel.organization_id,
        is_enabled=True,
        deleted_at=None,
        flagged_at=None,
        kind__in=registry.READ_BY_PEOPLE,
    ).exclude(id=channel.id)
    found = working.filter(Q(is_fallback=True) | Q(is_default=True) | Exists(sent))
    newest = found.annotate(newest=Max("deliveries__delivered_at"))
    return newest.order_by("-is_fallback", "-is_default", F("newest").desc(nulls_last=True), "id").first()
