"""How many monitors are, taken together."""

from collections.abc import Collection

from monitors.domain.status import Status

_WORST_FIRST = (
    Status.DOWN,
    Status.WARNING,
    Status.UNKNOWN,
    Status.LATE,
    Status.UP,
    Status.LEARNING,
    Status.NEW,
    Status.PAUSED,
)
"""What is not judged yet, or not now, says less than one that is up."""


def worst(found: Collection[Status]) -> Status | None:
    """The state that counts for all; None for none."""
    return min(found, key=_WORST_FIRST.index, default=None)


def describe(found: Collection[Status]) -> str:
    """That state, and how many have it: `2 of 7 down`, `all 7 up`; of a single one, the state alone."""
    status = worst(found)
    if status is None:
        return "no monitors"
    count, total = sum(1 for each in found if each is status), len(found)
    if total == 1:
        return status.value
    return f"all {total} {status}" if count == total else f"{count} of {total} {status}"
