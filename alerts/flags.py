"""The flag of a channel that fails again and again: its people are told by another way, once, until it works again."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, F, Max, OuterRef, Q

from accounts import letters
from accounts import queries as accounts_queries
from alerts import bulletins
from alerts.channels import registry
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Notice

DEAD_IN_A_ROW = 5


def count(ended: Sequence[Delivery], *, now: datetime) -> None:
    """Count the messages that were given up in a row, and flag a channel at the fifth; one that arrives lifts the flag.
    `ended` are in the order in which they ended."""
    dead = {each.channel_id for each in ended if each.status == DeliveryStatus.DEAD}
    failing = Q(dead_in_a_row__gt=0) | Q(flagged_at__isnull=False)
    concerned = Channel.objects.filter(Q(id__in=dead) | failing, id__in={each.channel_id for each in ended})
    for channel in concerned.order_by("id").select_for_update(no_key=True):
        is_new = _take([each.status for each in ended if each.channel_id == channel.id], channel, now)
        channel.save(update_fields=["dead_in_a_row", "flagged_at"])
        if is_new:
            _tell(channel, now)


def lift(channels: Iterable[Channel]) -> None:
    """A test has arrived at these: whatever was wrong is over."""
    ids = [each.id for each in channels if each.dead_in_a_row]
    if ids:
        Channel.objects.filter(id__in=ids).update(dead_in_a_row=0, flagged_at=None)


def untold(notice: Notice, *, now: datetime) -> None:
    """Nobody can be told by another channel: the owners get the notice of a flag as a letter."""
    told = bulletins.of(notice)
    lines = [told.summary, *(f"{label}: {text}" for label, text in told.facts), told.url]
    for owner in accounts_queries.owners(notice.organization):
        letters.write(to=owner.email, subject=told.headline, text="\n\n".join(lines) + "\n", now=now)


def _take(statuses: Sequence[str], channel: Channel, now: datetime) -> bool:
    """Count into the row, which is locked. Returns whether it is flagged by this."""
    was_flagged = channel.flagged_at is not None
    for status in statuses:
        if status == DeliveryStatus.DELIVERED:
            channel.dead_in_a_row, channel.flagged_at = 0, None
        elif channel.is_enabled and channel.deleted_at is None:  # what is not used is not to blame
            channel.dead_in_a_row += 1
            if channel.dead_in_a_row >= DEAD_IN_A_ROW:
                channel.flagged_at = channel.flagged_at or now
    return channel.flagged_at is not None and not was_flagged


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
