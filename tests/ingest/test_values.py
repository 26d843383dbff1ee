"""Pings that carry a value which is judged, through the door of ingest."""

from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from monitors import operations, sql, transitions
from monitors.domain.evidence import written
from monitors.domain.status import Kind
from monitors.domain.values import Bands
from monitors.ingest.arrival import Outcome
from monitors.models import Incident, Monitor, Ping, Pulse, Rhythm
from tests import factories
from tests.factories import NOON
from tests.ingest.test_store import arrival, digest, pings, pulse, record, seconds

pytestmark = pytest.mark.django_db


def beet(**given: Any) -> Monitor:
    return factories.monitor(type="beet", interval_sec=None, name="checkouts", **given)


def incidents(monitor: Monitor) -> list[tuple[str, str, bool]]:
    rows = Incident.objects.filter(monitor=monitor).order_by("id")
    return [(row.cause, row.title, row.resolved_at is None) for row in rows]


def test_a_value_outside_takes_a_job_down_and_the_next_good_one_up_again() -> None:
    job = factories.healthy(at=NOON, name="backup", value_below=1)

    outcomes = record(arrival(job, seconds(60), value=0.0))
    down = pulse(job).status
    record(arrival(job, seconds(120), value=7.0))

    assert outcomes == [Outcome.STORED]
    assert (down, pulse(job).status, pulse(job).ping_count) == ("down", "up", 3)
    assert incidents(job) == [("value", "backup reported 0, below 1", False)]
    assert [kind for kind, _ in pings(job)] == ["success"] * 3


def test_the_incident_has_the_value_as_its_evidence() -> None:
    job = factories.healthy(at=NOON, value_above=10.0)

    record(arrival(job, seconds(60), value=10.5))

    assert Incident.objects.get().evidence == {
        "arm": "value", "value": 10.5, "low": None, "high": 10.0, "per": "ping", "learned": False,
        "at": written(seconds(60)),
    }  # fmt: skip


NOT_JUDGED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"value_below": 1}, {}, "it carries none"),
    ({"value_below": 1}, {"value": 1.0}, "it is good"),
    ({"value_below": 1, "value_per": "hour_sum"}, {"value": 0.0}, "hours are judged"),
    ({}, {"value": 0.0}, "there is no rule"),
    ({"value_band": True}, {"value": 0.0}, "nothing is learned yet"),
    ({"value_below": 1}, {"value": 0.0, "kind": Kind.LOG}, "a log line says nothing"),
]


@pytest.mark.parametrize(("rule", "ping", "reason"), NOT_JUDGED)
@pytest.mark.parametrize("is_beet", [False, True])
def test_what_is_no_failure(rule: dict[str, Any], ping: dict[str, Any], reason: str, is_beet: bool) -> None:
    monitor = beet(**rule) if is_beet else factories.healthy(at=NOON, **rule)
    before = pulse(monitor)

    record(arrival(monitor, seconds(60), **ping))

    after = pulse(monitor)
    assert (after.status, after.ping_count) == (before.status, before.ping_count + 1), reason
    assert not Incident.objects.exists(), reason


def test_a_learned_band_counts() -> None:
    job = factories.healthy(at=NOON, name="backup", value_band=True)
    bands = Bands("UTC", (90.0,) * 24, (110.0,) * 24)
    Rhythm.objects.filter(monitor=job).update(bands=bands.pack())

    record(arrival(job, seconds(60), value=100.0), arrival(job, seconds(61), value=50.0))

    assert incidents(job) == [("value", "backup reported 50, below the usual 90 to 110", True)]


def test_values_of_a_beet_are_judged_in_the_order_they_came_and_its_pings_are_plain() -> None:
    row = beet(value_below=1)

    record(
        arrival(row, seconds(3), value=5.0), arrival(row, seconds(1), value=0.0), arrival(row, seconds(2), value=0.0)
    )
    record(arrival(row, seconds(4), value=-1.0))

    after = pulse(row)
    assert incidents(row) == [
        ("value", "checkouts reported 0, below 1", False),
        ("value", "checkouts reported -1, below 1", True),
    ]
    assert (after.status, after.ping_count, after.last_success_at) == ("down", 4, seconds(4))
    assert len(pings(row)) == 4


def test_a_beet_stays_to_be_looked_at() -> None:
    """Its rhythm is judged on, whatever its values are."""
    row = beet(value_below=1, learning_silence_sec=3600)

    record(arrival(row, seconds(1), value=0.0))

    assert pulse(row).deadline is not None


def test_values_that_cannot_be_judged_leave_their_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    row = beet(value_below=1)

    def fail(*args: Any, **given: Any) -> None:
        raise ValueError("a rule with a mistake in it")

    monkeypatch.setattr(transitions, "weighed", fail)
    record(arrival(row, seconds(1), value=0.0))

    assert pulse(row).ping_count == 1
    assert not Incident.objects.exists()


def test_a_look_up_says_whose_values_are_judged() -> None:
    rules: list[dict[str, Any]] = [
        {}, {"value_below": 1}, {"value_above": 1}, {"value_band": True}, {"value_below": 1, "value_per": "hour_mean"}
    ]  # fmt: skip
    digests = [digest(factories.monitor(**rule)) for rule in rules]

    found = [sql.lock(digests)[each].judges_values for each in digests]

    assert found == [False, True, True, True, False]
    if connection.vendor == "postgresql":
        assert [sql.look_up(digests)[each].judges_values for each in digests] == found


@pytest.mark.parametrize(("is_beet", "status"), [(False, "up"), (True, "up"), (True, "learning")])
def test_good_values_cost_a_batch_one_more_read(
    is_beet: bool, status: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    monitors = [
        factories.monitor(type="beet", interval_sec=None, value_below=1)
        if is_beet
        else factories.healthy(at=NOON, value_below=1)
        for _ in range(5)
    ]
    Pulse.objects.update(status=status)
    many = [arrival(each, seconds(number), value=5.0) for number in range(20) for each in monitors]

    with django_assert_max_num_queries(3):  # the read, and a savepoint where there is a transaction
        record(*many)

    assert Ping.objects.filter(value=5.0).count() == 100
    assert not Incident.objects.exists()


def test_a_wrong_value_among_good_ones_is_found_and_the_order_kept() -> None:
    job = factories.healthy(at=NOON, name="backup", value_below=1)

    record(
        arrival(job, seconds(3), value=7.0), arrival(job, seconds(1), value=5.0), arrival(job, seconds(2), value=0.0)
    )

    assert incidents(job) == [("value", "backup reported 0, below 1", False)]
    assert (pulse(job).status, pulse(job).ping_count) == ("up", 4)


def test_a_band_that_cannot_be_read_costs_no_ping_of_anybody() -> None:
    job, other = factories.healthy(at=NOON, value_band=True), factories.healthy(at=NOON)
    Rhythm.objects.filter(monitor=job).update(bands=b"no band")

    outcomes = record(arrival(job, seconds(60), value=0.0), arrival(other, seconds(60)))

    assert outcomes == [Outcome.STORED] * 2
    assert (pulse(job).ping_count, pulse(other).ping_count) == (2, 2)
    assert pulse(job).deadline == seconds(60)  # the sweep looks at it, and tells the operator


def test_pausing_stops_the_judging_of_values() -> None:
    job = factories.healthy(at=NOON, value_below=1)
    operations.pause(monitor=job, by=SYSTEM, now=seconds(30))

    record(arrival(job, seconds(60), value=0.0))

    assert pulse(job).status == "paused"
    assert not Incident.objects.exists()
