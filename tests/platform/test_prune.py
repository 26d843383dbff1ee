"""The clearing: by the plan's retention, never the newest hundred, never what is still to be told."""

import uuid
from datetime import datetime, timedelta

import pytest

from alerts.models import Channel, Delivery, Notice, Receiver, Storm
from heartbeet import celery, prune, tasks
from monitors.models import (
    Batch,
    Deafness,
    Gap,
    GapNotice,
    HourlyCount,
    Incident,
    IncidentEvent,
    IngestNode,
    Monitor,
    Ping,
    RollupMark,
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


def test_events_of_a_beet_stay_until_they_are_counted(now: datetime) -> None:
    """The workers were away for longer than a plan keeps pings, and ingest was not."""
    organization = factories.organization(ping_retention_days=1)
    beet, job = factories.monitor(organization, type="beet", interval_sec=None), factories.monitor(organization)
    for monitor in (beet, job):
        _pings(monitor, now, count=prune.PINGS_KEPT)
        _pings(monitor, now - timedelta(days=2), count=3)
        _pings(monitor, now - timedelta(days=4), count=2)
    RollupMark.objects.create(id=1, rolled_until=now - timedelta(days=3))

    prune.run(now=now)
    before = [each.pings.count() - prune.PINGS_KEPT for each in (beet, job)]
    RollupMark.objects.update(rolled_until=now)
    prune.run(now=now)

    assert before == [3, 0]
    assert beet.pings.count() == prune.PINGS_KEPT


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
        node = factories.node(at=at, name=name, beat_at=at if name == "old" else now)
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


def test_counts_of_hours_go_after_two_years(now: datetime) -> None:
    beet = factories.monitor(type="beet", interval_sec=None)
    for age in (2 * 366 + 1, 2 * 366):
        HourlyCount.objects.create(monitor=beet, day=(now - timedelta(days=age)).date(), counts=bytes(96))

    gone = prune.run(now=now)["hourly_counts"]

    assert (gone, HourlyCount.objects.get().day) == (1, (now - timedelta(days=2 * 366)).date())


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


def test_deliveries_go_with_the_plans_retention_but_for_a_channels_newest(now: datetime) -> None:
    monitor = factories.monitor(factories.organization(ping_retention_days=30))
    channel = _channel(monitor, now)
    _deliveries(monitor, channel, now, count=prune.DELIVERIES_KEPT - 1)
    newest_of_the_old, *_ = _deliveries(monitor, channel, now - timedelta(days=31), count=3)

    prune.run(now=now)

    left = Delivery.objects.order_by("created_at")
    assert (left.count(), left[0].id) == (prune.DELIVERIES_KEPT, newest_of_the_old.id)


@pytest.mark.parametrize(
    ("status", "resolved", "stays", "reason"),
    [
        ("delivered", timedelta(days=365), False, "told, and over"),
        ("dead", timedelta(days=365), False, "nobody has sent it again for a year"),
        ("queued", timedelta(days=365), True, "it may still be sent"),
        ("delivered", None, True, "who was told of its beginning is told of its end"),
        ("delivered", timedelta(days=1), True, "its end may still be on its way"),
    ],
)
def test_a_delivery_stays_while_something_may_come_of_it(
    status: str, resolved: timedelta | None, stays: bool, reason: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "DELIVERIES_KEPT", 1)
    monitor = factories.monitor()
    channel = _channel(monitor, now)
    _deliveries(monitor, channel, now, count=1)
    (old,) = _deliveries(monitor, channel, now - YEAR, count=1, status=status)
    Incident.objects.filter(deliveries=old).update(resolved_at=now - resolved if resolved else None)

    prune.run(now=now)

    assert Delivery.objects.filter(id=old.id).exists() is stays, reason


def test_a_storm_goes_when_all_that_it_told_has_gone(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune, "DELIVERIES_KEPT", 1)
    monitor = factories.monitor()
    channel = _channel(monitor, now)
    storms = [_storm(channel, started_at=at) for at in (now - YEAR, now)]
    grouped = _deliveries(monitor, channel, now - YEAR, count=1, status="collapsed")[0]
    Delivery.objects.filter(id=grouped.id).update(storm=storms[0])

    gone = prune.run(now=now)

    assert (gone["deliveries"], gone["notices"], gone["storms"]) == (2, 1, 1)
    assert (Storm.objects.get(), Notice.objects.get().storm) == (storms[1], storms[1])


def test_what_is_told_in_a_storm_keeps_it(now: datetime) -> None:
    storm = _storm(_channel(factories.monitor(), now), started_at=now - YEAR)

    prune.run(now=now)

    assert (Storm.objects.get(), Notice.objects.get().storm, Delivery.objects.count()) == (storm, storm, 1)


def test_how_a_host_answered_is_forgotten_after_a_week_unless_it_is_left_alone(now: datetime) -> None:
    week = timedelta(days=7, seconds=1)
    Receiver.objects.create(host="old.example.com", failures=3, updated_at=now - week)
    Receiver.objects.create(host="shut.example.com", failures=3, updated_at=now - week, open_until=now + YEAR)
    Receiver.objects.create(host="new.example.com", failures=3, updated_at=now)

    gone = prune.run(now=now)["receivers"]

    assert (gone, set(Receiver.objects.values_list("host", flat=True))) == (1, {"shut.example.com", "new.example.com"})


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
    return _deliveries(monitor, _channel(monitor, at), at, count=1, status=status)[0]


def _deliveries(
    monitor: Monitor, channel: Channel, newest: datetime, *, count: int, status: str = "delivered"
) -> list[Delivery]:
    """Of as many incidents that are over; the newest first."""
    times = [newest - timedelta(seconds=number) for number in range(count)]
    events = [_event(monitor, at, dispatched_at=at) for at in times]
    return Delivery.objects.bulk_create(
        Delivery(event=event, incident=event.incident, channel=channel, status=status, created_at=event.at)
        for event in events
    )


def _channel(monitor: Monitor, at: datetime) -> Channel:
    return Channel.objects.create(
        organization=monitor.organization, kind="webhook", name="hook", created_at=at, updated_at=at
    )


def _storm(channel: Channel, *, started_at: datetime) -> Storm:
    """One that ended at once, told in one notice."""
    at = started_at
    of = channel.organization
    storm = Storm.objects.create(organization=of, channel=channel, started_at=at, grew_at=at, told_at=at, ended_at=at)
    notice = Notice.objects.create(organization=of, kind=Notice.STORM, storm=storm, created_at=at)
    Delivery.objects.create(notice=notice, channel=channel, status="delivered", created_at=at)
    return storm


def test_it_is_done_again_and_again_by_day() -> None:
    """An installation that is off at night clears too."""
    entry = celery.BEAT_SCHEDULE["prune"]

    assert entry["task"] == tasks.prune_everything.name
    assert entry["schedule"] <= timedelta(hours=1).total_seconds()
