"""The knock every minute: hours are counted behind the watermark, and beets learn from them."""

from datetime import timedelta

import pytest

from heartbeet import celery
from heartbeet.lib import clock
from monitors import tasks
from monitors.domain import hours
from monitors.models import HourlyCount, IngestNode, Ping, Pulse, Rhythm
from tests import factories
from tests.monitors import beets

pytestmark = pytest.mark.django_db


def test_a_knock_counts_what_is_over_and_says_how_far_a_beet_is() -> None:
    hour = hours.floor(clock.now())
    monitor = beets.beet()
    Ping.objects.create(monitor=monitor, received_at=hour - timedelta(minutes=1), kind="success")
    Pulse.objects.filter(monitor=monitor).update(last_success_at=hour - timedelta(minutes=1))
    factories.node(at=hour)

    tasks.learn_rhythms()

    assert HourlyCount.objects.get().monitor == monitor
    assert Rhythm.objects.get(monitor=monitor).events == 1


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
    factories.node(at=clock.now())
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
