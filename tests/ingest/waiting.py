"""Waiting for another thread, with a deadline instead of a guess."""

import time
from collections.abc import Callable


def until(happened: Callable[[], object], *, within_sec: float = 10.0) -> None:
    """Return as soon as `happened()` is true. Raises AssertionError if it does not come true in time."""
    give_up_at = time.monotonic() + within_sec
    while not happened():
        assert time.monotonic() < give_up_at, f"did not happen within {within_sec} s"
        time.sleep(0.02)
