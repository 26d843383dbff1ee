"""A demo that is quicker to tell, with the same end: what pings often is not as old."""

from dataclasses import replace
from datetime import timedelta

from heartbeet.demo import habits
from heartbeet.demo.company import TURNIP_AND_SONS
from heartbeet.demo.plan import Job

SHORTER, OFTEN, RARE = timedelta(days=20), timedelta(hours=2), timedelta(hours=3)


def shortened(job: Job) -> Job:
    """The same job, made some weeks ago if it pings often."""
    is_frequent = not job.is_beet and habits.period(job) < OFTEN
    return replace(job, made_ago=min(job.made_ago, SHORTER)) if is_frequent else job


def is_rare(job: Job) -> bool:
    """Whether it pings a few times a day at most."""
    if job.is_beet or not job.is_pinged:
        return job.habit.events_per_day < 50
    return habits.period(job) >= RARE


COMPANY = replace(TURNIP_AND_SONS, jobs=[shortened(job) for job in TURNIP_AND_SONS.jobs])
SMALL = replace(TURNIP_AND_SONS, jobs=[job for job in TURNIP_AND_SONS.jobs if is_rare(job)])
