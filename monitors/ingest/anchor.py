"""The time stamped on pings: wall-clock microseconds that advance with the monotonic clock."""

import time

DRIFT_US = 2_000_000


class AnchoredClock:
    """Reads the wall clock once, then counts on the monotonic one, so that a step of the wall clock between two
    pings cannot turn their order around."""

    def __init__(self) -> None:
        self._offset = time.time_ns() - time.monotonic_ns()

    def now_us(self) -> int:
        """Microseconds since 1970."""
        return (self._offset + time.monotonic_ns()) // 1000

    def re_anchor(self) -> bool:
        """Take the wall clock anew if the two have parted by over two seconds (a set clock, a suspended machine).
        True if they had."""
        drift_us = (time.time_ns() // 1000) - self.now_us()
        if abs(drift_us) <= DRIFT_US:
            return False
        self._offset = time.time_ns() - time.monotonic_ns()
        return True
