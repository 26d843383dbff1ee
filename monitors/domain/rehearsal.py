"""A replay of what was counted: counts become events that come evenly in their time, and the answer says for each
stream when somebody would have been alerted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.domain import hours, rhythm
from monitors.domain.gaps import NO_GAPS, Gaps
from monitors.domain.imports import Stream
from monitors.domain.rhythm import Alarm, Past, Tuning

POINTS, FEWEST_POINTS = 12, 2
"""Of a count the first event comes alone and the others in as many groups as make so many points of time, for an hour
each five minutes; in a long file fewer."""
MOST_POINTS = 2_000_000
_STEPS = (3600, 1800, 900, 600, 300, 60)
_DAY_SEC, _SHORTEST_DAY_SEC = 86_400, 82_800


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would have been of one stream: learned at first from the time between two moments, judged up to a third."""

    stream: str
    learned_from: datetime
    learned_to: datetime
    until: datetime
    events: int
    alarms: list[Alarm]

    @property
    def is_judged(self) -> bool:
        """Whether there was any time left to judge."""
        return self.learned_to < self.until

    @property
    def has_learned(self) -> bool:
        """Whether there is anything to tell: time to judge, and events enough to judge it by."""
        return self.is_judged and (self.events >= rhythm.READY_EVENTS or bool(self.alarms))


def rehearse(streams: Sequence[Stream], *, learn_weeks: int, zone: str, tuning: Tuning) -> list[Rehearsal]:
    """Learn each stream's first weeks and judge the rest of it, up to the last time that any of them has."""
    until = rhythm.instant(max(float(stream.times[-1]) for stream in streams))
    points = points_of(sum(len(stream.times) for stream in streams))
    pasts = []
    for stream in streams:
        since = hours.floor(rhythm.instant(float(stream.times[0])))
        pasts.append(past(stream.times, stream.sizes, since, since + timedelta(weeks=learn_weeks), points))
    found = rhythm.replay_many(pasts, until=until, zone=zone, tuning=tuning)
    return [
        Rehearsal(stream.name, past.learn_from, past.learn_to, until, stream.events, alarms)
        for stream, past, alarms in zip(streams, pasts, found, strict=True)
    ]


def rehearse_hours(
    name: str,
    start: datetime,
    counts: NDArray[np.int64],
    *,
    learn_to: datetime,
    zone: str,
    tuning: Tuning,
    gaps: Gaps = NO_GAPS,
    readiness: float = 1.0,
) -> Rehearsal:
    """The same for one stream of which the events of each hour from `start` are known; judged from `learn_to`."""
    times = rhythm.seconds(start) + 3600 * np.arange(len(counts), dtype=np.float64)
    until = start + timedelta(hours=len(counts))
    learn_to = min(learn_to, until)
    history = _spread(times, counts, 3600, points_of(len(counts)), start, learn_to)
    (alarms,) = rhythm.replay_many([history], until=until, zone=zone, tuning=tuning, gaps=gaps, readiness=readiness)
    return Rehearsal(name, start, learn_to, until, int(counts.sum()), alarms)


def points_of(rows: int) -> int:
    """Into how many points of time a count is spread at most where there are so many counts."""
    return max(FEWEST_POINTS, min(POINTS, MOST_POINTS // max(1, rows)))


def past(
    times: NDArray[np.float64], sizes: NDArray[np.int64], learn_from: datetime, learn_to: datetime, points: int
) -> Past:
    """A history to replay. Counts of more than one event whose times all begin a minute, an hour or a day are those of
    that time: the events are spread over it. Elsewhere they come at once."""
    step = step_of(times, sizes)
    if step:
        return _spread(times, sizes, step, points, learn_from, learn_to)
    happened = sizes > 0
    if not happened.all():
        times, sizes = times[happened], sizes[happened]
    return Past(times, learn_from, learn_to, None if (sizes == 1).all() else sizes)


def step_of(times: NDArray[np.float64], sizes: NDArray[np.int64]) -> int:
    """How long the times are of which these are the counts, in seconds; 0 if these are single events."""
    if not len(times) or sizes.max() < 2:
        return 0
    if len(times) > 1 and np.diff(times).min() >= _SHORTEST_DAY_SEC and not (times % 900).any():
        return _DAY_SEC
    return next((step for step in _STEPS if not (times % step).any()), 0)


def as_plain(found: Rehearsal) -> dict[str, Any]:
    """What the command and the API answer."""
    return {
        "stream": found.stream,
        "learnedFrom": moment(found.learned_from),
        "learnedTo": moment(found.learned_to),
        "alarms": [
            {
                "openedAt": moment(alarm.opened_at),
                "resolvedAt": None if alarm.resolved_at is None else moment(alarm.resolved_at),
                "arm": alarm.arm,
                "severity": alarm.severity,
                "expected": round(alarm.expected, 2),
                "seen": alarm.seen,
                "logOdds": round(alarm.log_odds, 2),
            }
            for alarm in found.alarms
        ],
    }


NOTHING: dict[str, Any] = {"learnedFrom": None, "learnedTo": None, "alarms": []}
"""What is answered of a stream of which nothing was counted, beside its name."""


def moment(at: datetime) -> str:
    """An instant in RFC 3339, in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _spread(
    times: NDArray[np.float64],
    sizes: NDArray[np.int64],
    step: int,
    points: int,
    learn_from: datetime,
    learn_to: datetime,
) -> Past:
    """n events in a time of so many seconds: event k of them is in the middle of the k-th of n equal parts."""
    happened = sizes > 0
    begins, count = times[happened], sizes[happened]
    number = np.minimum(count, points)
    row = np.repeat(np.arange(len(begins)), number)
    place = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    many = count[row]
    others = np.maximum(number[row] - 1, 1)
    last = 1 + (many - 1) * place // others  # the number of the last event of each point, from 1
    before = np.where(place > 0, 1 + (many - 1) * (place - 1) // others, 0)
    at = begins[row] + (last - 0.5) / many * step
    return Past(at, learn_from, learn_to, last - before, evenly=True)
