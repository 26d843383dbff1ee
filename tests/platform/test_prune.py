"""The clearing: by the plan's retention, never the newest hundred, never what is still to be told."""

import uuid
from datetime import datetime, timedelta

import pytest

from alerts.models import Channel, Delivery
from heartbeet import celery, prune, tasks
from monitors.models import (
    Batch,
    Deafness,
    Gap,
    GapNotice,
    Incident,
    IncidentEvent,
    IngestNode,
    Monitor,
    Ping,
    Unheard,
)
from tests import factories

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def test_pings_older_than_the_retention_go(now: datetime) -> None:
    monitor = factories.monitor(factories.organization(ping_retention_days=30))
    _pings(monitor, now, count=prune.PINGS_KEPT)
    _pings(monitor, now - timedelta(days=31), count=3)

    gone = prune.run(now=now)

    assert (gone["pings"], monitor.pings.count()) == (3, prune.PINGS_KEPT)


def test_the_newest_hundred_stay_however_old(now: datetime) -> None:
    monitor = factories.monitor()
    _pings(monitor, now - YEAR, count=prune.PINGS_KEPT + 7)

    prune.run(now=now)

    kept = list(monitor.pings.order_by("received_at").values_list("received_at", flat=True))
    assert (len(kept), kept[-1]) == (prune.PINGS_KEPT, now - YEAR)


def test_each_plan_has_its_own_retention(now: datetime) -> None:
    short = factories.monitor(factories.organization(ping_retention_days=7))
    long = factories.monitor(factories.organization(ping_retention_days=90))
    for monitor in (short, long):
        _pings(monitor, now, count=prune.PINGS_KEPT)
        _pings(monitor, now - timedelta(days=30), count=1)

    prune.run(now=now)

    assert (short.pings.count(), long.pings.count()) == (prune.PINGS_KEPT, prune.PINGS_KEPT + 1)


def test_more_than_one_batch_goes(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "BATCH", 2)
    monitor = factories.monitor()
    _pings(monitor, now, count=prune.PINGS_KEPT)
    _pings(monitor, now - YEAR, count=5)

    assert prune.run(now=now)["pings"] == 5


def test_a_process_and_what_it_did_not_hear_go_after_a_week(now: datetime) -> None:
    for name, age in (("old", 8), ("recent", 6)):
        at = now - timedelta(days=age)
        node = IngestNode.objects.create(
            id=uuid.uuid4(), name=name, listening_since=at, flushed_through=at, beat_at=at if name == "old" else now
        )
        Deafness.objects.create(node=node, started_at=at, ended_at=at, reason="frozen")
    Deafness.objects.create(node=node, started_at=now - YEAR, ended_at=now - YEAR, reason="frozen")

    prune.run(now=now)

    assert IngestNode.objects.get().name == "recent"
    assert Deafness.objects.get().ended_at == now - timedelta(days=6)


def test_gaps_stay_longer_than_the_year_whose_uptime_they_explain(now: datetime) -> None:
    for age in (401, 399):
        at = now - timedelta(days=age)
        gap = Gap.objects.create(started_at=at, ended_at=at, reason="stopped")
        organization = factories.organization()
        notice = GapNotice.objects.create(gap=gap, organization=organization, created_at=at)
        Unheard.objects.create(notice=notice, monitor=factories.monitor(organization), at=at)

    prune.run(now=now)

    assert (Gap.objects.get(), Unheard.objects.get().notice.gap) == (gap, gap)


def test_batch_ids_go_after_a_week(now: datetime) -> None:
    for age in (timedelta(days=6), timedelta(days=8)):
        Batch.objects.create(id=uuid.uuid4(), committed_at=now - age)

    assert (prune.run(now=now)["batches"], Batch.objects.count()) == (1, 1)


def test_a_deleted_monitor_goes_once_everybody_has_heard(now: datetime) -> None:
    monitor = _deleted(now - timedelta(days=2))
    delivery = _delivery(monitor, now - timedelta(days=2), status="queued")

    while_waiting = prune.run(now=now)["monitors"]
    Delivery.objects.filter(id=delivery.id).update(status="delivered")
    afterwards = prune.run(now=now)["monitors"]

    assert (while_waiting, afterwards, Monitor.objects.count(), Delivery.objects.count()) == (0, 1, 0, 0)


def test_a_monitor_deleted_just_now_stays_for_a_day(now: datetime) -> None:
    _deleted(now - timedelta(hours=2))

    assert prune.run(now=now)["monitors"] == 0


def test_a_monitor_with_an_undispatched_event_stays(now: datetime) -> None:
    monitor = _deleted(now - timedelta(days=2))
    _event(monitor, now - timedelta(days=2))

    assert prune.run(now=now)["monitors"] == 0


def _pings(monitor: Monitor, newest: datetime, *, count: int) -> None:
    times = [newest - timedelta(seconds=number) for number in range(count)]
    Ping.objects.bulk_create([Ping(monitor=monitor, received_at=at, kind="success") for at in times])


def _deleted(at: datetime) -> Monitor:
    monitor = factories.monitor()
    Monitor.objects.filter(id=monitor.id).update(deleted_at=at)
    return monitor


def _event(monitor: Monitor, at: datetime, *, dispatched_at: datetime | None = None) -> IncidentEvent:
    incident = Incident.objects.create(monitor=monitor, cause="missed", title="silent", opened_at=at, resolved_at=at)
    return incident.events.create(seq=1, kind="opened", at=at, created_at=at, dispatched_at=dispatched_at)


def _delivery(monitor: Monitor, at: datetime, *, status: str) -> Delivery:
    event = _event(monitor, at, dispatched_at=at)
    channel = Channel.objects.create(
        organization=monitor.organization, kind="webhook", name="hook", created_at=at, updated_at=at
    )
    return Delivery.objects.create(event=event, incident=event.incident, channel=channel, status=status, created_at=at)


def test_it_is_done_again_and_again_by_day() -> None:
    """An installation that is off at night clears too."""
    entry = celery.BEAT_SCHEDULE["prune"]

    assert entry["task"] == tasks.prune_everything.name
    assert entry["schedule"] <= timedelta(hours=1).total_seconds()
