"""The one place that asks the operating system for the time. Everything below the interfaces takes `now`."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def to_microseconds(at: datetime) -> int:
    """An aware instant as microseconds since 1970, exactly."""
    return (at - EPOCH) // _MICROSECOND


def from_microseconds(at_us: int) -> datetime:
    """Microseconds since 1970 as an aware instant in UTC, exactly."""
    return EPOCH + timedelta(microseconds=at_us)
