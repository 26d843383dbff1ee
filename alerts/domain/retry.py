"""When a failed delivery is tried again, and when it is dead."""

from datetime import datetime, timedelta
from enum import StrEnum


class DeliveryStatus(StrEnum):
    """Where a delivery stands. `collapsed` was told inside another message."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    COLLAPSED = "collapsed"


WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING)

SCHEDULE = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(seconds=20),
    timedelta(minutes=1),
    timedelta(minutes=3),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""How long after the first try each try is due."""

MAX_TRIES = len(SCHEDULE)
JITTER = 0.2
MISSING_COUNTS_AFTER = timedelta(minutes=10)
LONGEST_RETRY_AFTER = timedelta(hours=6)


class Failure(StrEnum):
    """What a failed try says about the next one."""

    TRANSIENT = "transient"
    MISSING = "missing"
    PERMANENT = "permanent"
    OURS = "ours"
    """It never came to the receiver: a bug of a channel, a secret that cannot be opened. It may be mended soon."""


def classify(status_code: int) -> Failure:
    """What an HTTP answer other than 2xx means. A receiver that is being deployed may answer 404 for a while."""
    if status_code in (401, 403, 410):
        return Failure.PERMANENT
    return Failure.MISSING if status_code == 404 else Failure.TRANSIENT


def next_try(
    *,
    tries: int,
    first_tried_at: datetime,
    now: datetime,
    failure: Failure,
    chance: float,
    retry_after: timedelta | None = None,
) -> datetime | None:
    """When to try again after `tries` failed tries; None: never, it is dead.

    `chance` in [0, 1) spreads the tries by ±20 %. A sender that was away for hours does not use up the tries it
    missed in one burst: half of the usual distance is kept. The receiver's own wish (`Retry-After`) only delays.
    """
    if failure is Failure.PERMANENT or tries >= MAX_TRIES:
        return None
    if failure is Failure.MISSING and now - first_tried_at >= MISSING_COUNTS_AFTER:
        return None
    spread = 1 + JITTER * (2 * chance - 1)
    planned = first_tried_at + SCHEDULE[tries] * spread
    soonest = now + (SCHEDULE[tries] - SCHEDULE[tries - 1]) * spread / 2
    wished = now + min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    return max(planned, soonest, wished)
