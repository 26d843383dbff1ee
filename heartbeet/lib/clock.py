"""The one place that asks the operating system for the time. Everything below the interfaces takes `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)
