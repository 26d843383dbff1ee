"""Histories of events from a CSV: `stream,timestamp[,count]`, one row per event or per time with a count of events.

Rows of one stream are in order of time, and each time stands there once; streams may stand one after the other or
mixed. The first mistake is said with its line, and nothing is taken then.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from monitors.domain.hours import EPOCH
from monitors.domain.wall import Wall

COLUMNS = ("stream", "timestamp", "count")
CHUNK = 4096
"""Rows at a time: many more at once, and Python spends half its time looking for garbage among them."""
MOST = 2**31 - 1
"""Events in one hour, which is what a row of `HourlyCount` can hold."""
LONGEST_FIELD = 1000
_HOUR_SEC = 3600


class Refused(ValueError):
    """A file that cannot be a history of events. The message names the line and says what would be right."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"Line {line}: {why}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Stream:
    """The events of one stream: `sizes[i]` of them at `times[i]`, seconds since 1970, which only ever grow. A size of 0
    says that somebody looked and there was none."""

    name: str
    times: NDArray[np.float64]
    sizes: NDArray[np.int64]

    @property
    def events(self) -> int:
        return int(self.sizes.sum())

    def by_hour(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Hours since 1970 that have rows, in order, and how many events each had."""
        hours = (self.times // _HOUR_SEC).astype(np.int64)
        known, first = np.unique(hours, return_index=True)
        return known, np.add.reduceat(self.sizes, first) if len(known) else self.sizes


@dataclass(slots=True)
class _Columns:
    """What was read so far: for each row its line, its stream's number, its time and its count."""

    lines: list[NDArray[np.int64]]
    streams: list[NDArray[np.int64]]
    times: list[NDArray[np.float64]]
    sizes: list[NDArray[np.int64]]


def parse(lines: Iterable[str], *, zone: str, now: datetime) -> list[Stream]:
    """The streams of a file, in the order in which they first appear. Times without an offset are of `zone`, an IANA
    name; none may lie after `now`. Raises Refused."""
    reader = csv.reader(lines, strict=True)
    width = _width(reader)
    names: dict[str, int] = {}
    read = _Columns([], [], [], [])
    wall = Wall(zone)
    while True:
        before = reader.line_num
        try:
            rows = list(islice(reader, CHUNK))
        except csv.Error as error:
            raise Refused(reader.line_num, f"this is not CSV ({error}).") from error
        if not rows:
            break
        _take(rows, before, width, names, wall, read)
    if not names:
        raise Refused(reader.line_num + 1, "there are no rows: below the header each line is a time with events.")
    return _streams(names, read, now)


def _width(reader: Iterator[list[str]]) -> int:
    """How many columns the header names."""
    try:
        header = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise Refused(1, f"this is not CSV ({error}).") from error
    if header not in (list(COLUMNS), list(COLUMNS[:2])):
        found = f"it is {','.join(header)[:100]!r}" if header else "the file is empty"
        raise Refused(1, f"the header must be stream,timestamp or stream,timestamp,count; {found}.")
    return len(header)


def _take(rows: list[list[str]], before: int, width: int, names: dict[str, int], wall: Wall, read: _Columns) -> None:
    """Read some rows, the first of which begins after line `before`."""
    lines = _lines(rows, before)
    if set(map(len, rows)) != {width}:
        lines, rows = _without_blank(rows, lines, width)
        if not rows:
            return
    streams, times, *counts = zip(*rows, strict=True)
    read.lines.append(lines)
    read.streams.append(_numbers(streams, names, lines))
    read.times.append(_instants(times, wall, read.streams[-1], lines))
    read.sizes.append(_sizes(counts[0], lines) if counts else np.ones(len(rows), np.int64))


def _lines(rows: list[list[str]], before: int) -> NDArray[np.int64]:
    """The line on which each row ends: quoted fields may go over several."""
    breaks = [sum(cell.count("\n") for cell in row) if "\n" in "".join(row) else 0 for row in rows]
    return before + np.cumsum(np.asarray(breaks, np.int64) + 1)


def _without_blank(
    rows: list[list[str]], lines: NDArray[np.int64], width: int
) -> tuple[NDArray[np.int64], list[list[str]]]:
    """The rows without blank lines. Raises Refused for one that has other columns than the header."""
    for row, line in zip(rows, lines, strict=True):
        if row and len(row) != width:
            raise Refused(int(line), f"the header names {width} columns, and here are {len(row)}.")
    kept = [number for number, row in enumerate(rows) if row]
    return lines[kept], [rows[number] for number in kept]


def _numbers(streams: Sequence[str], names: dict[str, int], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    known = len(names)
    numbers = np.fromiter((names.setdefault(name, len(names)) for name in streams), np.int64, len(streams))
    for name in list(names)[known:]:
        if problem := _misnamed(name):
            raise Refused(int(lines[streams.index(name)]), problem)
    return numbers


def _misnamed(name: str) -> str:
    if not name.strip():
        return "the stream has no name."
    if not name.isprintable():
        return "the name of the stream is not plain UTF-8 text."
    return "" if len(name) <= LONGEST_FIELD else f"the name of the stream is longer than {LONGEST_FIELD} characters."


def _instants(
    times: Sequence[str], wall: Wall, streams: NDArray[np.int64], lines: NDArray[np.int64]
) -> NDArray[np.float64]:
    try:
        return wall.instants(times, streams)
    except ValueError:
        for text, stream, line in zip(times, streams, lines, strict=True):
            try:
                wall.instants([text], np.asarray([stream]))
            except ValueError as error:
                raise Refused(int(line), str(error)) from None
        raise


def _sizes(counts: Sequence[str], lines: NDArray[np.int64]) -> NDArray[np.int64]:
    together = "".join(counts)
    if together.isascii() and together.isdigit() and max(map(len, counts)) <= 10 and "" not in counts:
        sizes = np.fromiter(map(int, counts), np.int64, len(counts))
        if sizes.max() <= MOST:
            return sizes
    bad = next(number for number, text in enumerate(counts) if not _is_count(text))
    shown = counts[bad][:50]
    raise Refused(int(lines[bad]), f"the count is {shown!r}; it must be a whole number from 0 to {MOST:,}.")


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MOST


def _streams(names: dict[str, int], read: _Columns, now: datetime) -> list[Stream]:
    """The rows of each stream. Raises Refused for the first row that is out of order, twice there, or yet to come."""
    lines, numbers = np.concatenate(read.lines), np.concatenate(read.streams)
    times, sizes = np.concatenate(read.times), np.concatenate(read.sizes)
    order = np.argsort(numbers, kind="stable")
    grouped, later = numbers[order], times[order]
    follows = grouped[1:] == grouped[:-1]
    back = order[1:][follows & (later[1:] <= later[:-1])]
    ahead = np.flatnonzero(times > now.timestamp())
    if len(back) or len(ahead):
        _refuse_order(np.concatenate([back, ahead]).min(), numbers, times, lines, now)
    ends = np.searchsorted(grouped, np.arange(len(names) + 1))
    found = []
    for name, start, end in zip(names, ends[:-1], ends[1:], strict=True):
        rows = order[start:end]
        found.append(Stream(name, later[start:end], sizes[rows]))
        _check_hours(found[-1], lines[rows])
    return found


def _refuse_order(
    row: int, numbers: NDArray[np.int64], times: NDArray[np.float64], lines: NDArray[np.int64], now: datetime
) -> NoReturn:
    at = _shown(times[row])
    if times[row] > now.timestamp():
        raise Refused(int(lines[row]), f"{at} is still to come; a history ends by {_shown(now.timestamp())}.")
    before = int(np.flatnonzero(numbers[:row] == numbers[row])[-1])
    if times[before] == times[row]:
        twice = f"the stream has {at} twice, here and on line {lines[before]}; write each time once, with a count."
        raise Refused(int(lines[row]), twice)
    raise Refused(
        int(lines[row]), f"{at} comes before the time of line {lines[before]}; sort the rows of a stream by time."
    )


def _check_hours(stream: Stream, lines: NDArray[np.int64]) -> None:
    hours, counts = stream.by_hour()
    if len(counts) and counts.max() > MOST:
        hour = hours[int(counts.argmax())]
        row = int(np.flatnonzero(stream.times >= hour * _HOUR_SEC)[0])
        raise Refused(int(lines[row]), f"the hour from here on has more than {MOST:,} events.")


def _shown(seconds: float) -> str:
    text = (EPOCH + timedelta(seconds=float(seconds))).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z").replace(".000000", "")
