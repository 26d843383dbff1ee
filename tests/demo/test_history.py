"""The past of a demo, reckoned without a database: the same for the same seed, and in every state at any time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from heartbeet.demo import habits, history, streams
from heartbeet.demo.company import TURNIP_AND_SONS
from heartbeet.demo.history import Record
from heartbeet.demo.plan import HISTORY, Habit, Ill, Job, Trouble
from monitors.domain import judge
from monitors.domain.facts import Facts
from monitors.domain.fields import MonitorFields
from monitors.domain.gaps import Gaps
from monitors.domain.status import Cause, RunOutcome, Status
from tests.demo.shorter import SHORTER, shortened
from tests.factories import NOON

NOT_WELL = {
    "Cold store 2 temperature": Status.DOWN,
    "Greenhouse humidity": Status.DOWN,
    "Harvest forecast": Status.DOWN,
    "Invoices to the bookkeeper": Status.DOWN,
    "Off-site copy": Status.UNKNOWN,
    "Certificate renewal": Status.UNKNOWN,
    "Photo archive to tape": Status.LATE,
    "Flash sale prices": Status.PAUSED,
    "Sorting line 3": Status.NEW,
    "Newsletter sign-ups": Status.WARNING,
    "Supplier webhooks": Status.LEARNING,
}


def record_of(job: Job, *, now: datetime, seed: int = 1) -> Record:
    start = now - TURNIP_AND_SONS.gap[0]
    gaps, life = (
        Gaps.of([(start, start + TURNIP_AND_SONS.gap[1])]),
        habits.live(job, TURNIP_AND_SONS, seed=seed, now=now),
    )
    if job.is_beet:
        return streams.tell(job, life, gaps, now=now)
    return history.tell(job, life, gaps, recovery_threshold=1, now=now)


def job_named(name: str) -> Job:
    return next(job for job in TURNIP_AND_SONS.jobs if job.name == name)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 3, 29, 1, 0, 0, 500, tzinfo=UTC),  # a Sunday, in the night on which the clocks go forward
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # and back
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_every_job_ends_as_it_is_told_whatever_the_time(now: datetime) -> None:
    records = [record_of(shortened(job), now=now) for job in TURNIP_AND_SONS.jobs]

    found = {each.job.name: state_of(each, now) for each in records}
    expected = {job.name: NOT_WELL.get(job.name, Status.UP) for job in TURNIP_AND_SONS.jobs}
    assert found == expected
    assert all(each.deadline is None or each.deadline > now for each in records)


def state_of(record: Record, now: datetime) -> Status:
    return judge.view_status(record.facts, now) if isinstance(record.facts, Facts) else record.facts.status


def test_there_are_as_many_pings_as_a_database_of_some_months_has() -> None:
    count = sum(pings_of(job) for job in TURNIP_AND_SONS.jobs if job.is_pinged)

    assert 150_000 < count < 250_000


def pings_of(job: Job) -> float:
    lived = min(HISTORY, job.made_ago)
    if job.is_beet:
        return job.habit.events_per_day * lived.days
    return lived / habits.period(job) * (2 if job.habit.starts else 1)


def test_the_same_seed_tells_the_same() -> None:
    job = job_named("Nightly backup of db01")

    first, second, other = (record_of(job, now=NOON, seed=seed) for seed in (1, 1, 2))

    assert first == second
    assert first.pings != other.pings


def test_a_trouble_of_each_kind_is_an_incident_with_its_cause() -> None:
    fields = MonitorFields(name="job", interval_sec=3600, grace_sec=600, max_runtime_sec=900)
    ills = {Ill.SILENT: Cause.MISSED, Ill.FAILS: Cause.FAILED, Ill.HANGS: Cause.OVERRAN, Ill.CRAWLS: Cause.OVERRAN}

    causes = {}
    for ill in ills:
        trouble = Trouble(timedelta(days=3), timedelta(hours=2), ill)
        job = Job(
            fields, "Office", Habit(starts=True, run_ids="%j-%H"), troubles=(trouble,), mishaps=0, made_ago=SHORTER
        )
        causes[ill] = record_of(job, now=NOON).cases[0].cause

    assert causes == ills


def test_runs_pair_as_in_the_product() -> None:
    record = record_of(job_named("Van route planning"), now=NOON)

    outcomes = {run.outcome for run in record.runs}
    finished = [ping for ping in record.pings if ping.duration_sec is not None]
    assert {RunOutcome.SUCCESS, RunOutcome.FAIL} <= outcomes
    assert all(run.started_at and run.finished_at for run in record.runs)
    assert len(finished) > 60


def test_what_is_resolved_by_hand_waits_anew() -> None:
    record = record_of(job_named("Nightly backup of db01"), now=NOON)

    (by_hand,) = [case for case in record.cases if case.resolution is Cause.RESOLVED]

    assert by_hand.resolved_at == by_hand.opened_at + timedelta(minutes=262)
    assert record.facts.status is Status.UP


def test_pings_in_the_gap_were_never_heard() -> None:
    job = replace(job_named("Cold store 1 temperature"), made_ago=timedelta(days=2))
    start = NOON - TURNIP_AND_SONS.gap[0]

    record = record_of(job, now=NOON)

    heard = [ping for ping in record.pings if start <= ping.at <= start + TURNIP_AND_SONS.gap[1]]
    sent = habits.live(job, TURNIP_AND_SONS, seed=1, now=NOON).sent
    assert heard == []
    assert len(sent) >= len(record.pings)


def test_a_stream_that_dips_and_stops_is_low_then_silent_then_well() -> None:
    record = record_of(job_named("Checkouts"), now=NOON)

    case = min(record.cases, key=lambda each: abs(each.opened_at - (NOON - timedelta(days=26))))
    assert (case.cause, case.resolution) == (Cause.SILENCE, Cause.RECOVERED)
    assert case.escalated_at is not None
    assert case.opened_at < case.escalated_at < (case.resolved_at or NOON)
    assert case.evidence is not None
    assert case.evidence["expected"] > case.evidence["seen"]
    assert len(record.cases) <= 3
