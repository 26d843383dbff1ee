"""What follows when a message does not arrive: the fallback channel is told, and a channel that fails again and again is
flagged and its people told by another way."""

from collections.abc import Collection
from datetime import datetime

from alerts.domain.retry import DeliveryStatus
from alerts.models import Delivery


def after(delivery: Delivery, status: DeliveryStatus, *, now: datetime) -> None:
    """Draw the conclusions of a delivery that has just ended, `delivered` or `dead`. Call it in the transaction that
    records the end, after the delivery's row was updated."""


def look(*, now: datetime) -> int:
    """Tell the fallback channels what is late by now. Returns how many deliveries were made."""
    return 0


def also_told(incident_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """Whom the fallback told that these incidents opened, as (incident id, channel id, channel's kind): they are told
    what comes after, as step 1. The caller is in the transaction that dispatches it."""
    return []
