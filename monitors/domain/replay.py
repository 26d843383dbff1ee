"""What the arms would have said: learns on the first part of a history and replays the rest, learning again as often
as the product does."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from monitors.domain import arms, expected, learning
from monitors.domain.arms import Arms, Thresholds, Tuning, Turn
from monitors.domain.expected import HOUR_SEC, Expected
from monitors.domain.gaps import NO_GAPS, Gaps
from monitors.domain.status import Severity

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An incident that would have been: `arm` is "silence" or "drop", `severity` the worst it came to. `expected` and
    `seen` events are those on which it opened; without `resolved_at` it was open at the end."""

    opened_at: datetime
    resolved_at: datetime | None
    arm: str
    severity: str
    expected: float
    seen: int
    log_odds: float


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
    """The alarms from `learn_to` to `until` of the events at `times`, sorted, in seconds since 1970; `sizes` are how
    many came at each time. What is learned at first is the time from `learn_from`; later the last eight weeks."""
    history = _History(times, sizes, learn_from, until, zone, gaps)
    found = _Found()
    state = arms.begin(expected.seconds(learn_to), _last_before(times, learn_to))
    at, step = learn_to, timedelta(days=relearn_days)
    level: float | None = None
    while at < until:
        end = min(at + step, until)
        profile = history.learned(at, found.open_spans(at), level if found.is_open else None)
        if profile is not None:
            level = profile.level
            state = history.judged(state, end, Thresholds.of(profile, tuning), Expected(profile, history.deaf), found)
        else:
            state = arms.begin(expected.seconds(end), _last_before(times, end))
        at = end
    return found.alarms


class _Found:
    """The alarms so far."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []

    @property
    def is_open(self) -> bool:
        return bool(self.alarms) and self.alarms[-1].resolved_at is None

    def take(self, turn: Turn) -> None:
        at = expected.instant(turn.at)
        if turn.severity is None:
            self.alarms[-1] = replace(self.alarms[-1], resolved_at=at)
        elif self.is_open:
            worse = max(self.alarms[-1].severity, str(turn.severity), key=lambda each: each == Severity.CRITICAL)
            self.alarms[-1] = replace(self.alarms[-1], severity=worse)
        else:
            self.alarms.append(
                Alarm(at, None, str(turn.arm), str(turn.severity), turn.expected, turn.seen, turn.log_odds)
            )

    def open_spans(self, now: datetime) -> list[tuple[float, float]]:
        """When an alarm was open."""
        return [(expected.seconds(each.opened_at), expected.seconds(each.resolved_at or now)) for each in self.alarms]


class _History:
    """Events as hours to learn from, and as times to judge by."""

    def __init__(
        self,
        times: Times,
        sizes: NDArray[np.int64] | None,
        learn_from: datetime,
        until: datetime,
        zone: str,
        gaps: Gaps,
    ) -> None:
        self._times, self._sizes, self._zone = times, sizes, zone
        self.deaf = [(expected.seconds(start), expected.seconds(end)) for start, end in gaps.intervals]
        self._first = int(-(-expected.seconds(learn_from) // HOUR_SEC))  # the first whole hour
        hours = int(expected.seconds(until) // HOUR_SEC) - self._first + 1
        number = (times // HOUR_SEC).astype(np.int64) - self._first
        inside = (number >= 0) & (number < hours)
        amounts = None if sizes is None else sizes[inside].astype(np.float64)
        self._counts = np.bincount(number[inside], weights=amounts, minlength=max(0, hours)).astype(np.float64)
        self._heard = np.ones(len(self._counts))
        self._leave_out(self._heard, self.deaf)

    def learned(self, at: datetime, alarms: list[tuple[float, float]], level: float | None) -> expected.Profile | None:
        """What is known at this time; None if that is too little."""
        stop = int(expected.seconds(at) // HOUR_SEC) - self._first
        start = max(0, stop - learning.WEEKS * expected.WEEK_HOURS)
        counts = self._counts[start:stop]
        if not learning.is_ready(timedelta(hours=len(counts)), int(counts.sum())):
            return None
        weights = self._heard.copy()
        self._leave_out(weights, alarms)
        levels = np.array([np.nan if level is None else level])
        begins = expected.instant((self._first + start) * HOUR_SEC)
        return learning.learn(begins, counts[None], weights[None, start:stop], self._zone, levels=levels)[0]

    def judged(self, state: Arms, end: datetime, test: Thresholds, clock: Expected, found: _Found) -> Arms:
        """Take in what came until `end`."""
        until = expected.seconds(end)
        low, high = np.searchsorted(self._times, [state.at, until], side="right")
        times = self._times[low:high]
        edges = np.concatenate([[state.at], times])
        sizes = None if self._sizes is None else self._sizes[low:high].tolist()
        deltas = np.diff(clock.along(edges)).tolist()
        state, turns = arms.advance(state, times.tolist(), until, clock, test, deltas=deltas, sizes=sizes)
        for turn in turns:
            found.take(turn)
        return state

    def _leave_out(self, weights: Times, spans: list[tuple[float, float]]) -> None:
        for start, end in spans:
            first = max(0, int(start // HOUR_SEC) - self._first)
            weights[first : max(first, int(-(-end // HOUR_SEC)) - self._first)] = 0.0


def _last_before(times: Times, at: datetime) -> float | None:
    position = int(np.searchsorted(times, expected.seconds(at), side="right"))
    return float(times[position - 1]) if position else None
