"""The wall clock of an installation, which can be set while it runs: libfaketime in each of its processes.

    clock = WallClock(folder / "clock")
    Installation(..., **clock.environ())
    clock.set(-3600)                        from now on it is an hour earlier, for all of them at once

The monotonic clock goes on, as it does when a host's clock is set. The database server and the test keep their own.
"""

from pathlib import Path

import libfaketime

LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"


class WallClock:
    """How far the clock of an installation is from the right time; `file` keeps it."""

    def __init__(self, file: Path, *, off_by_sec: int = 0) -> None:
        self._file = file
        self.set(off_by_sec)

    def set(self, off_by_sec: int) -> None:
        """Be so far ahead of the right time, or behind. Nobody sees half of it."""
        self.off_by_sec = off_by_sec
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{off_by_sec:+d}", encoding="utf-8")
        draft.rename(self._file)

    def environ(self) -> dict[str, str]:
        """What gives a process this clock, and all that it starts."""
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
