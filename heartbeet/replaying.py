"""`heartbeet replay FILE.csv`: when beets would have alerted, from a file alone. Nothing of Django is loaded."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from heartbeet.lib import durations
from monitors.domain import imports, rehearsal, rhythm
from monitors.domain.rehearsal import Rehearsal
from monitors.domain.rhythm import Alarm, Tuning

_HEADER = ("opened (UTC)", "lasted", "arm", "severity", "expected", "seen", "log odds")
_FIRST_NUMBER = 4


class CannotReplay(Exception):
    """What keeps a file from being replayed, in a sentence for the person at the terminal."""


def read(path: Path, *, zone: str, now: datetime) -> list[imports.Stream]:
    """The streams of a CSV. Raises CannotReplay."""
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
            return imports.parse(lines, zone=zone, now=now)
    except OSError as error:
        raise CannotReplay(f"{path} cannot be read ({error.strerror}).") from error
    except imports.Refused as refused:
        raise CannotReplay(f"{path}: {refused}") from refused


def run(streams: list[imports.Stream], *, learn_weeks: int, zone: str, tuning: Tuning, as_json: bool) -> Iterator[str]:
    """The lines to print: an object for each stream, or a table."""
    for found in rehearsal.rehearse(streams, learn_weeks=learn_weeks, zone=zone, tuning=tuning):
        if as_json:
            yield json.dumps(rehearsal.as_plain(found))
        else:
            yield from _table(found)


def doubts(streams: list[imports.Stream], *, learn_weeks: int) -> Iterator[str]:
    """What to say beside the result: of which streams there is too little."""
    end = max(float(stream.times[-1]) for stream in streams)
    for stream in streams:
        weeks = (end - float(stream.times[0])) / (7 * 86_400)
        if weeks <= learn_weeks:
            yield f"{stream.name}: its {weeks:.1f} weeks end before {learn_weeks} are learned: nothing is replayed."
        elif stream.events < rhythm.READY_EVENTS:
            enough = rhythm.READY_EVENTS
            yield f"{stream.name}: {stream.events} events are too few to learn from; it takes {enough}."


def _table(found: Rehearsal) -> Iterator[str]:
    """What a stream came to; nothing of one that never learned, which `doubts` names."""
    if not found.has_learned:
        return
    count = len(found.alarms)
    alerts = "no alert" if not count else f"{count} alert{'s' if count > 1 else ''}"
    yield f"{found.stream}: learned from {found.learned_from:%Y-%m-%d} to {found.learned_to:%Y-%m-%d}"
    yield f"  {alerts} from then to {found.until:%Y-%m-%d}, of {found.events:,} events in all"
    if count:
        yield from _aligned([_HEADER, *(_row(alarm) for alarm in found.alarms)])
    yield ""


def _row(alarm: Alarm) -> tuple[str, ...]:
    end = alarm.resolved_at
    lasted = durations.short((end - alarm.opened_at).total_seconds() // 60 * 60, units=2) if end else "still open"
    numbers = f"{alarm.expected:,.1f}", f"{alarm.seen:,}", f"{alarm.log_odds:.1f}"
    return f"{alarm.opened_at:%Y-%m-%d %H:%M}", lasted, alarm.arm, alarm.severity, *numbers


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = zip(row, widths, strict=True)
        yield "  " + "  ".join(
            cell.rjust(width) if place >= _FIRST_NUMBER else cell.ljust(width)
            for place, (cell, width) in enumerate(cells)
        )
