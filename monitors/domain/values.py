"""Which values are good: limits that somebody set, and a band that was learned (`bands`). Pure, and without NumPy."""

import math
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitors.domain.evidence import Amount, written
from monitors.domain.fields import HOUR_MEAN, HOUR_SUM, PING
from monitors.domain.status import Cause

_HOURS = 24
_PACKED = struct.Struct(f"<{2 * _HOURS}d")
_SAYS = {PING: "reported {}", HOUR_SUM: "summed up to {} in an hour", HOUR_MEAN: "averaged {} in an hour"}
_EXACT_BELOW = 1e15


@dataclass(frozen=True, slots=True)
class Rule:
    """What somebody asked for: a value is at least `below` and at most `above`, and inside the learned band if `band`.
    `per` says which value that is: that of each ping, or the sum or the mean of each hour."""

    below: float | None = None
    above: float | None = None
    per: str = PING
    band: bool = False

    @property
    def is_set(self) -> bool:
        return self.band or self.below is not None or self.above is not None

    @property
    def is_per_ping(self) -> bool:
        """Whether the value of each ping is judged."""
        return self.is_set and self.per == PING

    @property
    def is_hourly(self) -> bool:
        """Whether the hours are judged, when they are over."""
        return self.is_set and self.per != PING


NO_RULE = Rule()


@dataclass(frozen=True, slots=True)
class Bands:
    """The lowest and the highest usual value of each of 24 local hours of the day in `zone`; endless where there is no
    telling."""

    zone: str
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    def at(self, moment: datetime) -> tuple[float, float]:
        """The lowest and the highest usual value at this moment."""
        hour = moment.astimezone(ZoneInfo(self.zone)).hour
        return self.lows[hour], self.highs[hour]

    def pack(self) -> bytes:
        """24 lows and 24 highs as little-endian 64-bit floats."""
        return _PACKED.pack(*self.lows, *self.highs)

    @classmethod
    def unpack(cls, packed: bytes, zone: str) -> "Bands":
        """What `pack` made."""
        numbers = _PACKED.unpack(packed)
        return cls(zone, numbers[:_HOURS], numbers[_HOURS:])


@dataclass(frozen=True, slots=True)
class Judged:
    """A value, and from `low` to `high` which would have been good; None where anything would. `learned`: it is the
    learned band that it is outside of, not a limit that somebody set."""

    value: float
    at: datetime
    per: str
    low: float | None
    high: float | None
    learned: bool

    @property
    def is_good(self) -> bool:
        return not (_is_below(self.value, self.low) or _is_above(self.value, self.high))

    @property
    def evidence(self) -> dict[str, Any]:
        """What an incident keeps of it, as plain values."""
        return {
            "arm": str(Cause.VALUE),
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "per": self.per,
            "learned": self.learned,
            "at": written(self.at),
        }


def judge(rule: Rule, bands: Bands | None, value: float, at: datetime) -> Judged:
    """Hold a value against a rule and what was learned. `at` is when the ping came or the hour began; nothing learned
    yet leaves the limits."""
    usual_low, usual_high = bands.at(at) if rule.band and bands else (-math.inf, math.inf)
    low = usual_low if rule.below is None else max(usual_low, rule.below)
    high = usual_high if rule.above is None else min(usual_high, rule.above)
    is_unusual = (value < low and low != rule.below) or (value > high and high != rule.above)
    return Judged(value, at, rule.per, _finite(low), _finite(high), is_unusual)


def says(found: Amount) -> str:
    """What was wrong with a value: `reported 0, below 1`, `averaged 950 in an hour, above the usual 12 to 48`."""
    what = _SAYS.get(found.per, _SAYS[PING]).format(number(found.value))
    is_below = _is_below(found.value, found.low)
    where = "below" if is_below else "above"
    limit = number(found.low if is_below else found.high)
    return f"{what}, {where} {f'the usual {band(found.low, found.high)}' if found.is_learned else limit}"


def title(name: str, found: Amount, limit: int = 300) -> str:
    """The title of an incident, of which a very long name leaves the number in."""
    said = says(found)
    room = limit - len(said) - 1
    return f"{name if len(name) <= room else name[: room - 1] + '…'} {said}"


def band(low: float | None, high: float | None) -> str:
    """What would be good, in words: `12 to 48`, `12 or more`, `48 or less`."""
    if low is None or high is None:
        return f"{number(high)} or less" if low is None else f"{number(low)} or more"
    return f"{number(low)} to {number(high)}"


def number(value: float | None) -> str:
    """A number for people, of four digits or more: `1,234,567`, `0.5`, `12.35`; empty without one."""
    if value is None:
        return ""
    if abs(value) < _EXACT_BELOW and (abs(value) >= 1000 or value == int(value)):
        return f"{round(value):,}"
    return f"{value:.4g}"


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None


def _is_below(value: float, low: float | None) -> bool:
    return low is not None and value < low


def _is_above(value: float, high: float | None) -> bool:
    return high is not None and value > high
