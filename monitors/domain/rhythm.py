"""The rules of a beet: what is usual for a stream of events, and when it is not.

Pure functions on plain values and NumPy arrays. Callers use this module; the rules stand, each group for itself, in
`expected` (how many events were to come), `learning` (what is usual), `arms` (silence and drops) and `replay` (what
would have been).
"""

from monitors.domain.arms import (
    RECOVERY_LOOK_SEC,
    Arm,
    Arms,
    OpenAlarm,
    Thresholds,
    Tuning,
    Turn,
    advance,
    begin,
    deadline,
    heard_late,
    rewait,
    watched_anew,
)
from monitors.domain.expected import Expected, Profile, instant, seconds
from monitors.domain.learning import READY_AFTER, READY_EVENTS, WEEKS, are_ready, is_ready, learn
from monitors.domain.replay import Alarm, Past, replay_many

__all__ = [
    "READY_AFTER",
    "READY_EVENTS",
    "RECOVERY_LOOK_SEC",
    "WEEKS",
    "Alarm",
    "Arm",
    "Arms",
    "Expected",
    "OpenAlarm",
    "Past",
    "Profile",
    "Thresholds",
    "Tuning",
    "Turn",
    "advance",
    "are_ready",
    "begin",
    "deadline",
    "heard_late",
    "instant",
    "is_ready",
    "learn",
    "replay_many",
    "rewait",
    "seconds",
    "watched_anew",
]
