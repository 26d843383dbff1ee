"""What the arms would have said: learns on the first part of a history and replays the rest, learning again as often
as the product does. Many streams go together, for their sums cost little more than those of one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitors.domain import arms, calm, expected, learning
from monitors.domain.arms import Thresholds, Tuning, Turn
from monitors.domain.counted import Window
from monitors.domain.expected import HOUR_SEC, Expected, Profile
from monitors.domain.gaps import NO_GAPS, Gaps, Span
from monitors.domain.status import Severity

Times = NDArray[np.float64]
TOGETHER = 100
"""So many streams at once: the numbers of more do not fit into the caches of a processor."""
_WINDOW = learning.WEEKS * expected.WEEK_HOURS


@dataclass(frozen=True, slots=True)
class Alarm:
    """An incident that would have been: `arm` is "silence" or "drop", `severity` the worst it came to. `expected` and
    `seen` events, `since` then, are those on which it opened; without `resolved_at` it was open at the end."""

    opened_at: datetime
    resolved_at: datetime | None
    arm: str
    severity: str
    expected: float
    seen: int
    log_odds: float
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A history: the times of its events, sorted, in seconds since 1970, and how many came at each (`sizes`), or, if
    `evenly`, since the time before. What is learned at first is the time from `learn_from`; judged is it from
    `learn_to` on."""

    times: Times
    learn_from: datetime
    learn_to: datetime
    sizes: NDArray[np.int64] | None = None
    evenly: bool = False


def replay(
    times: Times,
    *,
    learn_from: datetime,
    learn_to: datetime,
    until: datetime,
    zone: str,
    tuning: Tuning,
    relearn_days: int = 1,
    gaps: Gaps = NO_GAPS,
    sizes: NDArray[np.int64] | None = None,
) -> list[Alarm]:
    """The alarms of one history from `learn_to` to `until`."""
    past = Past(times, learn_from, learn_to, sizes)
    return replay_many([past], until=until, zone=zone, tuning=tuning, relearn_days=relearn_days, gaps=gaps)[0]


def replay_many(
    pasts: Sequence[Past],
    *,
    until: datetime,
    zone: str,
    tuning: Tuning,
    relearn_days: int = 1,
    gaps: Gaps = NO_GAPS,
    readiness: float = 1.0,
) -> list[list[Alarm]]:
    """The alarms of each history up to `until`. Learned is from the last eight weeks, in which nobody listened during
    `gaps`, every `relearn_days`; what has learned keeps it while its alarms leave too little to learn anew. `readiness`
    is the share of the time and the events that make a rhythm known with which it may judge already."""
    deaf = [(expected.seconds(start), expected.seconds(end)) for start, end in gaps.intervals]
    step = timedelta(days=relearn_days)
    streams = [_Stream(past, until, deaf) for past in pasts]
    alike = defaultdict(list)
    for stream in streams:
        if stream.counts.sum() >= learning.READY_EVENTS * readiness:  # else it never learns, and nothing is told
            alike[expected.seconds(stream.past.learn_to) % step.total_seconds()].append(stream)
    for many in alike.values():
        for start in range(0, len(many), TOGETHER):
            _Company(many[start : start + TOGETHER], zone, gaps, readiness).run(until, step, tuning)
    return [stream.alarms for stream in streams]


class _Company:
    """Streams that learn at the same times."""

    def __init__(self, streams: list["_Stream"], zone: str, gaps: Gaps, readiness: float) -> None:
        self._streams, self._zone, self._readiness = streams, zone, readiness
        self._first = min(stream.first for stream in streams)
        hours = max(stream.first + len(stream.counts) for stream in streams) - self._first
        self._counts = np.zeros((len(streams), hours))
        self._known = np.zeros((len(streams), hours))
        for row, stream in enumerate(streams):
            begin = stream.first - self._first
            self._counts[row, begin : begin + len(stream.counts)] = stream.counts
            self._known[row, begin:] = 1.0
        self._known *= Window(self._first, hours).heard(gaps.intervals)

    def run(self, until: datetime, step: timedelta, tuning: Tuning) -> None:
        """Learn and judge in turns."""
        at = min(stream.past.learn_to for stream in self._streams)
        while at < until:
            end = min(at + step, until)
            begun = [row for row, stream in enumerate(self._streams) if stream.past.learn_to <= at]
            self._learn(begun, at)
            for row in begun:
                self._streams[row].judge(end, tuning)
            at = end

    def _learn(self, rows: list[int], at: datetime) -> None:
        stop = int(expected.seconds(at) // HOUR_SEC) - self._first
        start = max(0, stop - _WINDOW)
        counts, weights = self._counts[rows, start:stop], self._known[rows, start:stop]
        window = Window(self._first + start, stop - start)
        for row, weight in zip(rows, weights, strict=True):
            window.leave_out(weight, self._streams[row].open_spans(at))
        ready = np.flatnonzero(self._is_ready(rows, counts, weights, stop))
        if not len(ready):
            return
        kept = [self._streams[rows[each]].kept_level for each in ready]
        profiles = learning.learn(window.start, counts[ready], weights[ready], self._zone, levels=np.array(kept))
        for each, profile in zip(ready, profiles, strict=True):
            self._streams[rows[each]].profile = profile

    def _is_ready(self, rows: list[int], counts: Times, weights: Times, stop: int) -> NDArray[np.bool_]:
        has_learned = np.array([self._streams[row].profile is not None for row in rows], bool)
        length = np.array([min(_WINDOW, stop + self._first - self._streams[row].first) for row in rows], float)
        return learning.are_ready(length, weights, counts, has_learned, self._readiness)


class _Stream:
    """One history: its hours to learn from, its times to judge by, and what was found so far."""

    def __init__(self, past: Past, until: datetime, deaf: Sequence[tuple[float, float]]) -> None:
        self.past, self.alarms = past, list[Alarm]()
        self.profile: Profile | None = None
        self.first = int(-(-expected.seconds(past.learn_from) // HOUR_SEC))  # the first whole hour
        self.counts = self._counted(int(expected.seconds(until) // HOUR_SEC) - self.first + 1)
        self._deaf = deaf
        self._state = arms.begin(expected.seconds(past.learn_to), self._last_before(past.learn_to))

    @property
    def kept_level(self) -> float:
        """The level that stays as it is while an alarm is open; nan if it is to be learned."""
        return self.profile.level if self.profile and self._is_open else np.nan

    @property
    def _is_open(self) -> bool:
        return bool(self.alarms) and self.alarms[-1].resolved_at is None

    def open_spans(self, now: datetime) -> list[Span]:
        """When something was wrong: it began before it was noticed."""
        return [(min(each.opened_at, each.since or now), each.resolved_at or now) for each in self.alarms]

    def judge(self, end: datetime, tuning: Tuning) -> None:
        """Take in what came until `end`."""
        if self.profile is None:
            self._state = arms.begin(expected.seconds(end), self._last_before(end))
            return
        until, clock = expected.seconds(end), Expected(self.profile, self._deaf)
        low, high = np.searchsorted(self.past.times, [self._state.at, until], side="right")
        times = self.past.times[low:high]
        deltas = np.diff(clock.along(np.concatenate([[self._state.at], times])))
        sizes = None if self.past.sizes is None else self.past.sizes[low:high]
        test, evenly = Thresholds.of(self.profile, tuning), self.past.evenly
        passed = calm.passed(self._state, times, deltas, sizes, test, evenly=evenly)
        if passed is not None:
            self._state, turns = arms.advance(passed, [], until, clock, test)
        else:
            given = None if sizes is None else sizes.tolist()
            self._state, turns = arms.advance(
                self._state, times.tolist(), until, clock, test, deltas=deltas.tolist(), sizes=given, evenly=evenly
            )
        self._take(turns)

    def _take(self, turns: Iterable[Turn]) -> None:
        for turn in turns:
            at = expected.instant(turn.at)
            if turn.severity is None:
                self.alarms[-1] = replace(self.alarms[-1], resolved_at=at)
            elif self._is_open:
                worse = max(self.alarms[-1].severity, str(turn.severity), key=lambda each: each == Severity.CRITICAL)
                self.alarms[-1] = replace(self.alarms[-1], severity=worse)
            else:
                found = turn.expected, turn.seen, turn.log_odds, expected.instant(turn.since)
                self.alarms.append(Alarm(at, None, str(turn.arm), str(turn.severity), *found))

    def _counted(self, hours: int) -> Times:
        """Events in each hour from the first on."""
        number = (self.past.times // HOUR_SEC).astype(np.int64) - self.first
        inside = (number >= 0) & (number < hours)
        amounts = None if self.past.sizes is None else self.past.sizes[inside].astype(np.float64)
        return np.bincount(number[inside], weights=amounts, minlength=max(0, hours)).astype(np.float64)

    def _last_before(self, at: datetime) -> float | None:
        position = int(np.searchsorted(self.past.times, expected.seconds(at), side="right"))
        return float(self.past.times[position - 1]) if position else None
