"""The one place that asks the operating system for the time. Everything below the interfaces takes `now`."""

import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


_STARTED = now(), time.monotonic()


def steady() -> datetime:
    """An instant that only ever goes on, whatever is done to the wall clock: for distances between instants of this
    process, not for what is stored."""
    at, since = _STARTED
    return at + timedelta(seconds=time.monotonic() - since)


def to_microseconds(at: datetime) -> int:
    """An aware instant as microseconds since 1970, exactly."""
    return (at - EPOCH) // _MICROSECOND


def from_microseconds(at_us: int) -> datetime:
    """Microseconds since 1970 as an aware instant in UTC, exactly."""
    return EPOCH + timedelta(microseconds=at_us)
