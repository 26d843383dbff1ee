"""The time stamped on pings: wall-clock microseconds that advance with the monotonic clock."""

import time
from collections.abc import Callable

DRIFT_US = 2_000_000


class AnchoredClock:
    """Reads the wall clock once, then counts on the monotonic one, so that a step of the wall clock between two
    pings cannot turn their order around."""

    def __init__(
        self, *, wall_ns: Callable[[], int] = time.time_ns, steady_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns, self._steady_ns = wall_ns, steady_ns
        self._offset = wall_ns() - steady_ns()

    def now_us(self) -> int:
        """Microseconds since 1970."""
        return (self._offset + self._steady_ns()) // 1000

    def steady_us(self) -> int:
        """Microseconds since some moment, which only ever go on: for distances."""
        return self._steady_ns() // 1000

    def re_anchor(self) -> bool:
        """Take the wall clock anew if the two have parted by over two seconds (a set clock, a suspended machine).
        True if they had."""
        drift_us = self._wall_ns() // 1000 - self.now_us()
        if abs(drift_us) <= DRIFT_US:
            return False
        self._offset = self._wall_ns() - self._steady_ns()
        return True
