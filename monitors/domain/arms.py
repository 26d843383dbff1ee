"""Judging a beet: two arms on the clock of expected events (`expected`), one for silence and one for a drop.

*Silence.* With L events expected since the last, the odds against that silence are S = (1/v)·ln(1 + v·L/c): a gamma
mixture of exponential waits, L/c for v = 0.

*Drop.* A CUSUM of the log-likelihood ratio of a rate that has fallen to the share ρ, for Poisson counts whose rate
varies in time (Rogerson & Yamada, "Approaches to syndromic surveillance when data consist of small regional counts",
MMWR 53 Suppl. (2004) 79-85): G grows by (1-ρ)(1-g)/c per expected event and falls by ln(1/ρ)/c per event, never below
0. g = min(0.4, 1.5·√v) is what a wobbling rate may be lower by chance.

Both alert at h = max(3, ln(N·B)): N independent events are expected in a week, and B weeks may pass per false alarm.

So the moment of the alarm is known in advance: it is a deadline. Between two looks everything is sums of Λ, so looking
once after many events finds what looking after each would have found. Instants are seconds since 1970.
"""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitors.domain import policy
from monitors.domain.expected import Expected, Profile
from monitors.domain.fields import RHO
from monitors.domain.status import Severity

LOOKS_APART_SEC = 30.0
"""A stream of many events a second is not looked at more often than this."""
RECOVERY_LOOK_SEC = 60.0
"""So often an open incident is looked at: recovery comes from events, and events wake nothing."""
ENOUGH, BACK_AFTER, BACK_ODDS = 0.5, 5.0, 3.0
"""A silence is over with this share of what is expected, over so many expected events, once G has come down by so many
nats: neither a stray event ends it, nor a trickle. Of a drop G must come down by ln(N), or to 0: half of what is
expected comes by chance now and then from a stream that stays low, and at 30 % of 60 an hour that ended and opened the
incident anew fifteen times in three days. By ln(N) it happens about once a week."""
NEARLY_SILENT = 0.2
"""With less than this share a drop is critical, from the start or once so little has come since it began."""
_NO_WOBBLE = 1e-6


class Arm(StrEnum):
    """What an alarm is about."""

    SILENCE = "silence"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a person decides: `rho` is the share of the usual rate that is worth waking somebody for, `budget_weeks` how
    many weeks may pass per false alarm."""

    rho: float = RHO
    budget_weeks: float = float(policy.BUDGET_WEEKS)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The two arms' numbers: the threshold `h` in nats, `silence` as expected events without one, what G gains per
    expected event and loses per event, and where it must be for a drop to be over."""

    h: float
    silence: float
    gain: float
    loss: float
    back: float

    @classmethod
    def of(cls, profile: Profile, tuning: Tuning) -> "Thresholds":
        """The arms for a rhythm and what a person wants of it."""
        return _thresholds(profile.burst, profile.wobble, profile.weekly, tuning)


@functools.lru_cache(maxsize=4096)
def _thresholds(c: float, v: float, weekly: float, tuning: Tuning) -> Thresholds:
    """Asked at every look, and the same from one learning to the next."""
    h = max(3.0, math.log(max(1.0, weekly / c * tuning.budget_weeks)))
    back = max(0.0, h - max(BACK_ODDS, math.log(max(1.0, weekly / c))))
    guard = min(0.4, 1.5 * math.sqrt(v))
    silence = c * h if v < _NO_WOBBLE else c * math.expm1(v * h) / v
    return Thresholds(h, silence, (1 - tuning.rho) * (1 - guard) / c, math.log(1 / tuning.rho) / c, back)


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """The open incident as the arms know it; `began` is the arm that opened it."""

    opened_at: float
    arm: Arm
    severity: Severity
    began: Arm


@dataclass(frozen=True, slots=True)
class Arms:
    """Where judgement stands at `at`. `quiet` events were expected since the last, which came at `heard_at`; `drop` is
    G, which was 0 last at `drop_since`, and since then `drop_seen` of `drop_expected` came. While an `alarm` is open,
    `back_seen` of `back_expected` have come since the stream may have been back."""

    at: float
    heard_at: float
    quiet: float = 0.0
    drop: float = 0.0
    drop_since: float = 0.0
    drop_expected: float = 0.0
    drop_seen: int = 0
    back_expected: float = 0.0
    back_seen: int = 0
    alarm: OpenAlarm | None = None


def begin(at: float, heard_at: float | None = None) -> Arms:
    """Wait from now; `heard_at` is when the last event came."""
    return Arms(at=at, heard_at=at if heard_at is None else heard_at, drop_since=at)


@dataclass(frozen=True, slots=True)
class Turn:
    """Something changed: an alarm opened or got worse, and then `severity` is how bad it is, or it is over. `expected`
    and `seen` are since `since`; `log_odds` is how far from chance, in nats. `heard_at` is the last event's time."""

    at: float
    arm: Arm
    severity: Severity | None
    since: float
    expected: float
    seen: int
    log_odds: float
    heard_at: float


def advance(
    arms: Arms,
    times: Sequence[float],
    until: float,
    clock: Expected,
    test: Thresholds,
    *,
    deltas: Iterable[float] | None = None,
    sizes: Iterable[int] | None = None,
    evenly: bool = False,
) -> tuple[Arms, list[Turn]]:
    """Take in the events at `times`, in order and all after `arms.at`, and the silence up to `until`.

    `deltas` are the events expected between one time and the next, the first since `arms.at`; they are worked out if
    they are not given. `sizes` are how many events came at each time, or, if `evenly`, how many came in equal distances
    since the time before."""
    walk = _Walk(arms, clock, test)
    if deltas is None:
        deltas = clock.steps(arms.at, times)
    if sizes is None:
        deltas = list(deltas)
        done = walk.glide(times, deltas) if walk.alarm is None else 0
        for at, delta in zip(times[done:], deltas[done:], strict=True):
            walk.wait(at, delta)
            walk.hear(at, 1)
    else:
        for at, delta, size in zip(times, deltas, sizes, strict=True):
            if evenly and size > 1:
                walk.flow(size - 1, delta * (size - 1) / size)
                size = 1
            walk.wait(at, delta)
            walk.hear(at, size)
    walk.wait(until, clock.between(walk.at, until))
    return walk.arms(), walk.turns


def deadline(arms: Arms, clock: Expected, test: Thresholds) -> float:
    """The earliest moment at which the state could change if nothing more comes: when an arm reaches its threshold, or,
    while an alarm is open, the next look."""
    if arms.alarm is not None:
        return arms.at + RECOVERY_LOOK_SEC
    left = min(test.silence - arms.quiet, (test.h - arms.drop) / test.gain)
    return max(clock.after(arms.at, max(0.0, left)), arms.at + LOOKS_APART_SEC)


class _Walk:
    """One pass over events in order. Plain variables: this runs for each of a million events."""

    def __init__(self, arms: Arms, clock: Expected, test: Thresholds) -> None:
        self.at, self.alarm, self.turns = arms.at, arms.alarm, list[Turn]()
        self.quiet, self.drop, self.heard_at = arms.quiet, arms.drop, arms.heard_at
        self.drop_since, self.drop_expected, self.drop_seen = arms.drop_since, arms.drop_expected, arms.drop_seen
        self.back_expected, self.back_seen = arms.back_expected, arms.back_seen
        self._clock, self._test = clock, test

    def arms(self) -> Arms:
        return Arms(
            self.at, self.heard_at, self.quiet, self.drop, self.drop_since, self.drop_expected, self.drop_seen,
            self.back_expected, self.back_seen, self.alarm,
        )  # fmt: skip

    def glide(self, times: Sequence[float], deltas: Sequence[float]) -> int:
        """Take in single events as long as nothing but sums changes; returns how many. The same as `wait` and `hear`
        for each of them, in a quarter of the time."""
        gain, loss, h, silence = self._test.gain, self._test.loss, self._test.h, self._test.silence
        quiet, drop, expected, seen = self.quiet, self.drop, self.drop_expected, self.drop_seen
        since, done = self.drop_since, 0
        for at, delta in zip(times, deltas, strict=True):
            risen = drop + delta * gain
            if quiet + delta >= silence or risen >= h:
                break
            done, quiet, drop = done + 1, 0.0, risen - loss
            if drop > 0.0:
                expected, seen = expected + delta, seen + 1
            else:
                drop, since, expected, seen = 0.0, at, 0.0, 0
        if done:
            self.at = self.heard_at = times[done - 1]
            self.quiet, self.drop, self.drop_expected, self.drop_seen = quiet, drop, expected, seen
            self.drop_since = since
        return done

    def wait(self, until: float, delta: float) -> None:
        """Nothing came until then, while `delta` were expected."""
        test = self._test
        if self.quiet + delta >= test.silence or self.drop + delta * test.gain >= test.h or self._sinks(delta):
            self._cross(delta)
        self.quiet += delta
        self.drop = min(test.h, self.drop + delta * test.gain)
        self.drop_expected += delta
        if self.alarm is not None and self.back_seen:
            self.back_expected += delta
        self.at = until

    def hear(self, at: float, size: int) -> None:
        """So many events came at this time."""
        self.quiet, self.heard_at = 0.0, at
        self.drop_seen += size
        self.drop = max(0.0, self.drop - size * self._test.loss)
        if self.alarm is not None:
            self._maybe_back(at, size)
        if self.drop == 0.0:
            self.drop_since, self.drop_expected, self.drop_seen = at, 0.0, 0

    def flow(self, size: int, delta: float) -> None:
        """So many events come evenly in the time for which one is about to wait, each as soon as its share of `delta`
        is expected: those that are expected before the last of them make no silence, and no drop that they make up."""
        self.quiet -= delta
        self.drop -= size * self._test.loss
        self.drop_seen += size
        if self.alarm is not None:
            self.back_seen += size

    def _cross(self, delta: float) -> None:
        """An arm reaches its threshold within the next `delta` expected events."""
        to_silence = max(0.0, self._test.silence - self.quiet)
        to_drop = max(0.0, (self._test.h - self.drop) / self._test.gain)
        if self.alarm is None:
            is_silent = to_silence <= to_drop or self.drop_seen == 0
            self._open(Arm.SILENCE if is_silent else Arm.DROP, min(to_silence, to_drop))
        if self._sinks(min(delta, to_silence)):
            self._turn(Arm.DROP, Severity.CRITICAL, max(0.0, self.drop_seen / NEARLY_SILENT - self.drop_expected))
        if self.alarm is not None and self.alarm.arm is Arm.DROP and to_silence <= delta:
            self._turn(Arm.SILENCE, Severity.CRITICAL, to_silence)

    def _sinks(self, delta: float) -> bool:
        """Whether a drop that was worth a warning is nearly a silence before the next `delta` expected events."""
        is_warning = self.alarm is not None and self.alarm.severity is Severity.WARNING
        return is_warning and self.drop_seen < NEARLY_SILENT * (self.drop_expected + delta)

    def _open(self, arm: Arm, ahead: float) -> None:
        is_low = self.drop_seen < NEARLY_SILENT * (self.drop_expected + ahead)
        self._turn(arm, Severity.CRITICAL if arm is Arm.SILENCE or is_low else Severity.WARNING, ahead)
        self.back_expected, self.back_seen = 0.0, 0

    def _turn(self, arm: Arm, severity: Severity, ahead: float) -> None:
        """Open an alarm, or make it worse, when `ahead` more events are to have come."""
        at = self._clock.after(self.at, ahead)
        opened_at, began = (self.alarm.opened_at, self.alarm.began) if self.alarm else (at, arm)
        self.alarm = OpenAlarm(opened_at, arm, severity, began)
        if arm is Arm.SILENCE:
            since, expected, seen = self.heard_at, self.quiet + ahead, 0
        else:
            since, expected, seen = self.drop_since, self.drop_expected + ahead, self.drop_seen
        self.turns.append(Turn(at, arm, severity, since, expected, seen, self._test.h, self.heard_at))

    def _maybe_back(self, at: float, size: int) -> None:
        """Whether the stream is back. Where too little comes it begins anew with this event."""
        alarm = self.alarm
        assert alarm is not None, "asked while an alarm is open"
        self.back_seen += size
        if self.back_seen < ENOUGH * self.back_expected or self.back_seen == size:
            self.back_expected, self.back_seen = 0.0, size
        limit = self._test.h - BACK_ODDS if alarm.began is Arm.SILENCE else self._test.back
        is_heard = self.back_expected >= BACK_AFTER and self.drop <= limit
        if self.drop > 0.0 and not is_heard:
            return
        self.turns.append(Turn(at, alarm.arm, None, alarm.opened_at, self.back_expected, self.back_seen, 0.0, at))
        self.alarm, self.drop = None, 0.0


def rewait(arms: Arms, at: float) -> Arms:
    """Wait anew from now, as after a pause or when a person says that it is well."""
    return replace(begin(at, arms.heard_at), heard_at=max(arms.heard_at, at))


def heard_late(arms: Arms, heard_at: float | None, clock: Expected) -> Arms:
    """Know, if so, of an event of before `arms.at` only after the look: the silence is no longer than since then. How
    many came with it nobody says, so a drop is watched anew."""
    if heard_at is None:
        return arms
    arms = replace(arms, heard_at=heard_at, quiet=min(arms.quiet, clock.between(heard_at, arms.at)))
    return arms if arms.alarm else watched_anew(arms)


def watched_anew(arms: Arms) -> Arms:
    """Without what was found of a drop so far."""
    return replace(arms, drop=0.0, drop_since=arms.at, drop_expected=0.0, drop_seen=0)
