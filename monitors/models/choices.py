"""Our words as choices of a column."""

from collections.abc import Iterable


def choices(values: Iterable[str]) -> list[tuple[str, str]]:
    """Plain text, so that migrations do not hold our classes."""
    return [(str(value), str(value)) for value in values]
