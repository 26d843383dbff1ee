"""What follows when a message does not arrive, or arrives again: the fallback channel is told, and a channel that fails
again and again is flagged. Everything here may be repeated, by any number of processes."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from alerts import fallback, flags
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Notice


def conclude(ended: Sequence[Delivery], *, now: datetime) -> None:
    """Draw the conclusions of deliveries that have just ended, `delivered` or `dead`, in that order. Call it in the
    transaction that records this, after their rows were updated; channel and notice should be loaded."""
    dead = [each for each in ended if each.status == DeliveryStatus.DEAD]
    if dead:
        _lock(ended)
    flags.count(ended, now=now)
    if dead:
        fallback.at_once(dead, now=now)
    for each in dead:
        if each.notice and each.notice.kind == Notice.FLAGGED:
            flags.untold(each.notice, now=now)


def look(*, now: datetime) -> int:
    """Tell the fallback channels what is late by now. Returns how many deliveries were made."""
    return fallback.late(now=now)


def _lock(ended: Sequence[Delivery]) -> None:
    """Lock the channels that may be flagged and those that may be told instead, in the one order that all follow who
    lock several."""
    own = {each.channel_id for each in ended}
    fallbacks = Q(is_fallback=True, organization__in={each.channel.organization_id for each in ended})
    found = Channel.objects.filter(Q(id__in=own) | fallbacks).order_by("id")
    list(found.select_for_update(no_key=True).values_list("id", flat=True))
