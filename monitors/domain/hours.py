"""Counts of a UTC day as `HourlyCount` keeps them: 24 little-endian 32-bit integers, and a bit for each hour of which
we know only that there were more."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

DAY_HOURS = 24
HOUR = timedelta(hours=1)
KEPT = timedelta(days=2 * 366)
"""Two years of counts: charts and the best hour look back, learning needs eight weeks."""
PACKED = np.dtype("<i4")
EMPTY = bytes(DAY_HOURS * PACKED.itemsize)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1)


def number(at: datetime) -> int:
    """The hour since 1970 in which an instant lies."""
    return (at - EPOCH) // HOUR


def start(hour: int) -> datetime:
    """When an hour since 1970 begins."""
    return EPOCH + hour * HOUR


def floor(at: datetime) -> datetime:
    """The beginning of the UTC hour in which an instant lies."""
    return start(number(at))


def day(hour: int) -> date:
    """The UTC day of an hour since 1970."""
    return _EPOCH_DAY + timedelta(days=hour // DAY_HOURS)


def first_hour(of: date) -> int:
    """The first hour since 1970 of a UTC day."""
    return (of - _EPOCH_DAY).days * DAY_HOURS


def pack(counts: NDArray[np.int64]) -> bytes:
    """The counts of days, (…, 24), as bytes."""
    return counts.astype(PACKED).tobytes()


def unpack(packed: Iterable[bytes]) -> NDArray[np.int64]:
    """The counts of days, (days, 24)."""
    joined = b"".join(packed)
    return np.frombuffer(joined, PACKED).reshape(-1, DAY_HOURS).astype(np.int64)


def bits(floors: Sequence[int] | NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which hours of days are lower bounds, (days, 24)."""
    masks = np.asarray(floors, np.int64)[:, None]
    found: NDArray[np.bool_] = (masks >> np.arange(DAY_HOURS)) & 1 == 1
    return found


def mask(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The bits of days, (days, 24), as one number for each."""
    found: NDArray[np.int64] = (marked << np.arange(DAY_HOURS)).sum(axis=1)
    return found
