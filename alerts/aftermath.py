"""What follows when a message does not arrive, or arrives again: the fallback channel is told, and a channel that fails
again and again is flagged. Everything here may be repeated, by any number of processes."""

from datetime import datetime

from alerts import fallback, flags
from alerts.domain.retry import DeliveryStatus
from alerts.models import Delivery, Notice


def after(delivery: Delivery, status: DeliveryStatus, *, now: datetime) -> None:
    """Draw the conclusions of a delivery that has just ended, `delivered` or `dead`. Call it in the transaction that
    records the end, after the delivery's row was updated; its channel and notice should be loaded."""
    if status is DeliveryStatus.DELIVERED:
        flags.arrived(delivery.channel)
    elif status is DeliveryStatus.DEAD:
        fallback.at_once(delivery, now=now)
        flags.died(delivery.channel, now=now)
        if delivery.notice and delivery.notice.kind == Notice.FLAGGED:
            flags.untold(delivery.notice, now=now)


def look(*, now: datetime) -> int:
    """Tell the fallback channels what is late by now. Returns how many deliveries were made."""
    return fallback.late(now=now)
