"""The knock every minute: hours are counted behind the watermark, and beets learn from them."""

from datetime import datetime, timedelta

import pytest

from heartbeet import celery
from heartbeet.lib import clock
from monitors import tasks, watermark
from monitors.domain import hours
from monitors.models import HourlyCount, Incident, IngestNode, Ping, Pulse, Rhythm, RollupMark
from tests import factories
from tests.monitors import beets

pytestmark = pytest.mark.django_db


def listening(*, at: datetime) -> None:
    """All that was received up to a moment is stored, and the sweep has been there."""
    factories.node(at=at)
    watermark.tick(clock.now())


def test_what_the_sweep_has_not_accounted_for_is_left_for_the_next_knock() -> None:
    """In it nobody may have listened: that is known when the sweep has passed."""
    hour = hours.floor(clock.now())
    job = factories.healthy(at=hour - timedelta(days=2), value_below=10, value_per="hour_sum")
    RollupMark.objects.create(id=1, rolled_until=hour - timedelta(hours=1))
    node = factories.node(at=hour - timedelta(minutes=5))
    watermark.tick(clock.now())
    IngestNode.objects.filter(id=node.id).update(listening_since=hour, flushed_through=hour, beat_at=clock.now())

    tasks.learn_rhythms()

    assert not HourlyCount.objects.filter(monitor=job).exists()
    assert not Incident.objects.exists()


def test_a_knock_counts_what_is_over_and_says_how_far_a_beet_is() -> None:
    hour = hours.floor(clock.now())
    monitor = beets.beet()
    Ping.objects.create(monitor=monitor, received_at=hour - timedelta(minutes=1), kind="success")
    Pulse.objects.filter(monitor=monitor).update(last_success_at=hour - timedelta(minutes=1))
    listening(at=hour)

    tasks.learn_rhythms()

    assert HourlyCount.objects.get().monitor == monitor
    assert Rhythm.objects.get(monitor=monitor).events == 1


def test_a_knock_judges_what_the_values_of_an_hour_came_to() -> None:
    """The one before it too, which a worker may have counted before it died."""
    hour = hours.floor(clock.now())
    made = hour - timedelta(days=2)
    job = factories.healthy(at=made, name="import", value_below=10, value_per="hour_sum")
    Ping.objects.create(monitor=job, received_at=hour - timedelta(minutes=1), kind="success", value=20)
    Pulse.objects.filter(monitor=job).update(last_success_at=hour - timedelta(minutes=1))
    RollupMark.objects.create(id=1, rolled_until=hour - timedelta(hours=1))
    listening(at=hour)

    tasks.learn_rhythms()
    tasks.learn_rhythms()

    incident = Incident.objects.get()
    assert incident.title == "import summed up to 0 in an hour, below 10"
    assert (incident.opened_at, incident.resolved_at) == (hour - timedelta(hours=1), hour)


def test_while_nobody_listens_no_hour_is_over() -> None:
    factories.node(at=clock.now(), stopped_at=clock.now())
    monitor = beets.beet()
    at = hours.floor(clock.now()) - timedelta(minutes=1)
    Ping.objects.create(monitor=monitor, received_at=at, kind="success")
    Pulse.objects.filter(monitor=monitor).update(last_success_at=at)

    tasks.learn_rhythms()

    assert not HourlyCount.objects.exists()
    assert IngestNode.objects.exists()


def test_one_at_a_time_is_at_work() -> None:
    listening(at=clock.now())
    monitor = beets.beet()
    at = hours.floor(clock.now()) - timedelta(minutes=1)
    Ping.objects.create(monitor=monitor, received_at=at, kind="success")
    Pulse.objects.filter(monitor=monitor).update(last_success_at=at)

    with tasks._learning:
        tasks.learn_rhythms()
    meanwhile = HourlyCount.objects.count()
    tasks.learn_rhythms()

    assert (meanwhile, HourlyCount.objects.count()) == (0, 1)


def test_it_is_knocked_for_every_minute_aside_from_the_sweep() -> None:
    entry = celery.BEAT_SCHEDULE["learn"]

    assert (entry["task"], entry["schedule"]) == (tasks.learn_rhythms.name, 60.0)
    assert celery.CONFIGURATION["task_routes"][tasks.learn_rhythms.name] != {"queue": celery.DETECT}
    assert tasks.learn_rhythms.name in celery.ASIDE
