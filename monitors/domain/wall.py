"""What a wall clock said, as instants: times without an offset, in a zone whose clocks are set twice a year."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from monitors.domain.hours import EPOCH

_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_SHORTEST = len("2026-01-31T12:00")
_WANTED = "write a time such as 2026-01-31T12:00:00Z, or 2026-01-31 12:00:00 with --timezone"
_DAY = timedelta(days=1)


class Wall:
    """Reads times of one zone. It remembers where each stream stood in the hour that the clocks repeat: times that go
    back or stay in it are of the second round."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._name = zone
        self._offsets: dict[str, float | None] = {}
        self._last: dict[int, tuple[datetime, int]] = {}

    def instants(self, texts: Sequence[str], streams: NDArray[np.int64]) -> NDArray[np.float64]:
        """Seconds since 1970 of RFC 3339 times, whose offset may be missing, and which may have no seconds. `streams`
        says to which stream each belongs. Raises ValueError with a message for people."""
        found = np.empty(len(texts))
        offsets, day_offset = self._offsets, self._day_offset
        parse, epoch, naive_epoch = datetime.fromisoformat, EPOCH, _NAIVE_EPOCH
        for number, text in enumerate(texts):
            try:
                at = parse(text)
            except ValueError:
                raise ValueError(f"{text[:50]!r} is not a time; {_WANTED}.") from None
            if len(text) < _SHORTEST or text[10] not in "T t" or at.year < 1970:
                raise ValueError(_refusal(text, at))
            if at.tzinfo is not None:
                found[number] = (at - epoch).total_seconds()
                continue
            day = text[:10]
            offset = offsets[day] if day in offsets else day_offset(day, at)
            if offset is None:
                found[number] = self._on_day_of_change(at, int(streams[number]))
            else:
                found[number] = (at - naive_epoch).total_seconds() - offset
        return found

    def _day_offset(self, day: str, at: datetime) -> float | None:
        """By how many seconds the zone is ahead of UTC on a day; None if its clocks are set in it."""
        start = at.replace(hour=0, minute=0, second=0, microsecond=0)
        offset, then = self._offset(start), self._offset(start + _DAY)
        self._offsets[day] = offset.total_seconds() if offset == then else None
        return self._offsets[day]

    def _on_day_of_change(self, at: datetime, stream: int) -> float:
        first, second = self._offset(at), self._offset(at.replace(fold=1))
        if first < second:
            raise ValueError(f"{at} does not exist in {self._name}, whose clocks went forward over it.")
        offset = second if first > second and self._is_second_round(at, stream) else first
        return (at - _NAIVE_EPOCH - offset).total_seconds()

    def _is_second_round(self, at: datetime, stream: int) -> bool:
        """Whether a time that comes twice comes for the second time."""
        before, fold = self._last.get(stream, (None, 0))
        is_same_night = before is not None and abs(at - before) < _DAY
        fold = 1 if before is not None and is_same_night and (fold or at <= before) else 0
        self._last[stream] = at, fold
        return bool(fold)

    def _offset(self, at: datetime) -> timedelta:
        return at.replace(tzinfo=self._zone).utcoffset() or timedelta()


def _refusal(text: str, at: datetime) -> str:
    if at.year < 1970:
        return f"{text[:50]!r} lies before 1970."
    return f"{text[:50]!r} has no time of day; {_WANTED}."
