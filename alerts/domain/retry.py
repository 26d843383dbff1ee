"""When a failed delivery is tried again, and when it is dead."""

from enum import StrEnum


class DeliveryStatus(StrEnum):
    """Where a delivery stands. `collapsed` was told inside another message."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    COLLAPSED = "collapsed"
