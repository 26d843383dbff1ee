"""Beets on simulated streams: the product's own replay, with the formula's own threshold."""

from datetime import datetime, timedelta

from benchmarks.rhythm.simulator import (
    HOURS,
    LEARN_WEEKS,
    LOOK_HOURS,
    START,
    WEEK_HOURS,
    Disturbance,
    Stream,
)
from monitors.domain import arms, replay

BUDGET_WEEKS = 26.0
LED_IN_WEEKS = 1
"""How long a copy is judged before it is disturbed, at least: the arms forget their start within hours."""


def false_alarms(stream: Stream) -> int:
    """How often the undisturbed test weeks raise an alarm."""
    return len(alarms(stream, LEARN_WEEKS, HOURS))


def delay(stream: Stream, what: Disturbance, at: float) -> float:
    """Hours from the start of a disturbance to the first alarm after it, infinite if there is none in time.

    Someone who is alerted already, by a false alarm shortly before, is not alerted anew: that counts as not found.
    """
    first_week = max(LEARN_WEEKS, int(at / WEEK_HOURS) - LED_IN_WEEKS)
    raised = alarms(stream.disturbed(what, at), first_week, at + LOOK_HOURS)
    waited = [hours_after_start(alarm.opened_at) - at for alarm in raised]
    return min((each for each in waited if 0 < each <= LOOK_HOURS), default=float("inf"))


def alarms(stream: Stream, first_week: int, until: float) -> list[replay.Alarm]:
    """The alarms from the start of `first_week` to hour `until`, with 8 weeks learned, and learned anew every week."""
    return replay.replay(
        stream.times * 3600 + START.timestamp(),
        learn_from=START + timedelta(weeks=first_week - LEARN_WEEKS),
        learn_to=START + timedelta(weeks=first_week),
        until=START + timedelta(hours=until),
        zone="UTC",
        tuning=arms.Tuning(budget_weeks=BUDGET_WEEKS),
        relearn_days=7,
    )


def hours_after_start(at: datetime) -> float:
    """The instant as a stream counts it."""
    return (at - START) / timedelta(hours=1)
