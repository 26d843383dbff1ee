"""Fill a fresh organisation with the demo's company: first what its people would have set up, then its past."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from alerts.channels import registry
from alerts.domain.routing import Listener
from heartbeet.demo import archive, founding, habits, history, story, streams, telling
from heartbeet.demo.founding import Founded
from heartbeet.demo.plan import Channel, Company, Job
from heartbeet.demo.story import Story
from heartbeet.demo.telling import Ear
from monitors import operations, policies, queries
from monitors.domain.gaps import Gaps

_TYPICAL = {
    "email": (180, (250, "")),
    "mattermost": (140, (200, "ok")),
    "webhook": (90, (202, '{"status": "accepted"}')),
    "ntfy": (110, (200, '{"event": "message"}')),
}
"""By kind of channel: how long a send takes, in milliseconds, and what the receiver answers."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made. `has_gap`: the time in which nobody listened is there too."""

    founded: Founded
    pings: int
    incidents: int
    open_incidents: int
    has_gap: bool


def fill(company: Company, *, owner: User, seed: int, now: datetime) -> Filled:
    """Make the company, owned by `owner`, with 90 days of history up to `now`; the same seed and now make the same.
    Raises founding.PlanTooSmall before anything is made.

    It takes many small transactions, so that an installation that runs is not held up; until the last of them the
    monitors count as never pinged."""
    founding.check_plan(company)
    founded = founding.found(company, owner, now=now)
    _snooze(company, founded, now)
    start = now - company.gap[0]
    gap = (start, start + company.gap[1])
    records = [_record(job, company, gap, seed=seed, now=now) for job in company.jobs]
    pings = archive.write_pings(records, founded.monitors, now=now)
    archive.write_hours(records, founded, now=now)
    dice = random.Random(f"{seed}:{company.name}")  # noqa: S311
    stories = _stories(records, founded, dice, now)
    with transaction.atomic():
        archive.write_states(records, founded)
        incidents, events = archive.write_incidents(stories, founded)
        archive.write_deliveries(_told(company, stories, dice, now), incidents, events, founded)
        has_gap = archive.write_gap(*gap, records, founded)
        archive.write_rhythms(records, founded, now=now)
        archive.write_audit(records, stories, founded, now=now)
    still_open = sum(row.resolved_at is None for row in incidents.values())
    return Filled(founded, pings, len(incidents), still_open, has_gap)


def _record(job: Job, company: Company, gap: tuple[datetime, datetime], *, seed: int, now: datetime) -> history.Record:
    life = habits.live(job, company, seed=seed, now=now)
    if job.is_beet:
        return streams.tell(job, life, Gaps.of([gap]), now=now)
    recovery = company.policy["recovery_threshold"]
    return history.tell(job, life, Gaps.of([gap]), recovery_threshold=recovery, now=now)


def _snooze(company: Company, founded: Founded, now: datetime) -> None:
    by = founded.actor("priya")
    for job in company.jobs:
        if job.snoozed:
            ago, lasts = job.snoozed
            monitor = founded.monitors[job.name]
            operations.snooze(monitor=monitor, until=now - ago + lasts, by=by, now=now - ago)


def _stories(
    records: Sequence[history.Record], founded: Founded, dice: random.Random, now: datetime
) -> dict[str, list[Story]]:
    its = policies.of_monitors(founded.monitors.values())
    stories = {}
    for record in records:
        monitor = founded.monitors[record.job.name]
        asked = queries.snooze(monitor)
        stories[record.job.name] = [story.unfold(case, its[monitor.id], asked, dice, now) for case in record.cases]
    return stories


def _told(company: Company, stories: Mapping[str, Sequence[Story]], dice: random.Random, now: datetime) -> telling.Told:
    ears = {channel.key: _ear(channel) for channel in company.channels}
    fallback = next(ear for ear in ears.values() if ear.is_fallback)
    listening = {job.name: [ears[key] for key in founding.told(job, company)] for job in company.jobs}
    return telling.tell(stories, listening, fallback, company.outages, dice=dice, now=now)


def _ear(channel: Channel) -> Ear:
    kind = registry.CHANNELS[channel.kind]
    return Ear(channel.key, Listener(kind.tells, kind.collapses), channel.is_fallback, *_TYPICAL[channel.kind])
