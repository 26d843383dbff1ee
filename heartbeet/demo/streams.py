"""What the rules made of a stream of events: a beet's 90 days, judged by the rules that judge in the product
(`monitors.domain.beet`). What is usual was learned before, from the same weeks. Pure."""

from datetime import datetime, timedelta

import numpy as np

from heartbeet.demo.habits import Life
from heartbeet.demo.history import FIRST_PING_AFTER, Change, Record
from heartbeet.demo.plan import HISTORY, Job
from monitors.domain import beet, hours, rhythm
from monitors.domain.beet import BeetFacts
from monitors.domain.gaps import Gaps, Window
from monitors.domain.hours import HOUR
from monitors.domain.rhythm import Profile, Tuning
from monitors.domain.status import Cause, Status

DAY = timedelta(days=1)


def tell(job: Job, life: Life, gaps: Gaps, *, now: datetime) -> Record:
    """The record of a beet that lived like this, judged day by day."""
    at = now - min(HISTORY, job.made_ago)
    heard = [sent for sent in life.sent if not gaps.touching(Window(sent.at, sent.at))]
    record = Record(job, _before(job, life, at, now), pings=heard)
    if record.facts.status is Status.UP:
        record.changes.append(Change(record.facts.status_since, Status.LEARNING, Status.UP, Cause.LEARNED))
    while at < now:
        end = min(at + DAY, now)
        assert isinstance(record.facts, BeetFacts), "begun as one"
        events = [sent.at for sent in heard if at < sent.at <= end]
        verdict = beet.on_clock(record.facts, events, end, gaps)
        for effect in verdict.effects:
            record.take(effect)
        record.facts, record.deadline, at = verdict.facts, verdict.deadline, end
    if heard and isinstance(record.facts, BeetFacts):
        record.facts = beet.heard(record.facts, heard[-1].at)
    return record


def _before(job: Job, life: Life, since: datetime, now: datetime) -> BeetFacts:
    """What is known of a stream when its history begins: one that is there for longer knows its rhythm by then."""
    made_at, profile = now - job.made_ago, _learned(life, since, now, job)
    if profile is None:
        return BeetFacts(status=Status.LEARNING, status_since=made_at)
    known_at = max(since - 30 * DAY, made_at + FIRST_PING_AFTER)
    tuning = Tuning(rho=job.fields.rho)
    return BeetFacts(status=Status.UP, status_since=known_at, profile=profile, tuning=tuning)


def _learned(life: Life, since: datetime, now: datetime, job: Job) -> Profile | None:
    """What eight weeks of it are like, without what a plan spoils."""
    first = hours.floor(since) + HOUR
    length = min((now - first) // HOUR, rhythm.WEEKS * 7 * 24)
    numbers = [(sent.at - first) // HOUR for sent in life.sent]
    counts = np.bincount([number for number in numbers if 0 <= number < length], minlength=length)
    if not rhythm.is_ready(length * HOUR, int(counts.sum())):
        return None
    is_spoilt = [any(dip.covers(first + number * HOUR, now) for dip in job.dips) for number in range(length)]
    return rhythm.learn(first, counts[None], 1.0 - np.array([is_spoilt]), job.fields.timezone)[0]
