"""The feed's key, and the incidents that a feed tells of."""

from datetime import datetime, timedelta

import pytest

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, Membership, Organization
from heartbeet.lib import crypto
from monitors import feeds
from monitors.models import Feed, Incident
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(acme: Organization, now: datetime) -> str:
    return feeds.switch_on(organization=acme, by=SYSTEM, now=now)


@pytest.fixture
def feed(key: str) -> Feed:
    return Feed.objects.select_related("organization").get()


def _actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_a_key_opens_its_feed_and_is_stored_in_no_readable_form(key: str, feed: Feed) -> None:
    assert feeds.find(key) == feed
    assert len(key) == 43  # 256 bits
    assert key not in feed.envelope
    assert key.encode() not in bytes(feed.digest)


def test_a_key_can_be_read_back_and_each_reading_is_written_down(key: str, feed: Feed, now: datetime) -> None:
    again = feeds.reveal(feed=feed, by=SYSTEM, now=now)

    assert again == key
    assert _actions() == ["CREATE_FEED", "READ_FEED_KEY"]


def test_switching_on_what_is_on_reads_its_key(key: str, acme: Organization, now: datetime) -> None:
    assert feeds.switch_on(organization=acme, by=SYSTEM, now=now) == key
    assert _actions() == ["CREATE_FEED", "READ_FEED_KEY"]


def test_a_key_opens_in_no_other_row(feed: Feed) -> None:
    with pytest.raises(crypto.CannotOpen):
        crypto.unseal(feed.envelope, bound_to=feeds.binding(b"another row"))


def test_a_new_key_kills_the_old_one(key: str, feed: Feed, now: datetime) -> None:
    new = feeds.replace(feed=feed, by=SYSTEM, now=now)

    assert (feeds.find(key), feeds.find(new)) == (None, feed)
    assert _actions() == ["CREATE_FEED", "ROTATE_FEED_KEY"]


def test_what_is_switched_off_is_dead_and_does_not_come_back(key: str, feed: Feed, acme: Organization) -> None:
    feeds.switch_off(feed=feed, by=SYSTEM, now=factories.NOON)
    new = feeds.switch_on(organization=acme, by=SYSTEM, now=factories.NOON)

    assert (feeds.find(key), new != key) == (None, True)
    assert _actions() == ["CREATE_FEED", "DELETE_FEED", "CREATE_FEED"]


def test_what_happens_to_a_feed_that_is_gone_is_not_written_down(feed: Feed, now: datetime) -> None:
    Feed.objects.all().delete()

    feeds.replace(feed=feed, by=SYSTEM, now=now)
    feeds.switch_off(feed=feed, by=SYSTEM, now=now)

    assert _actions() == ["CREATE_FEED"]


@pytest.mark.parametrize("text", ["", "x" * 42, "x" * 44, "é" * 43, "x" * 42 + "\x00", "x" * 42 + "\n"])
def test_what_is_no_key_opens_nothing(feed: Feed, text: str) -> None:
    assert feeds.find(text) is None


def test_what_changed_last_comes_first(feed: Feed, now: datetime) -> None:
    """What a late ping ends, ends in the past; readers learn of it now all the same."""
    opened, acknowledged, ended_in_the_past, noted = (_incident(feed, now, minute) for minute in range(4))
    _happens(acknowledged, "acknowledged", now + timedelta(minutes=8), acknowledged_at=now + timedelta(minutes=8))
    _happens(ended_in_the_past, "resolved", now + timedelta(minutes=9), resolved_at=ended_in_the_past.opened_at)
    _happens(noted, "note", now + timedelta(minutes=10))

    found = feeds.latest(feed)

    assert [each.incident for each in found] == [ended_in_the_past, acknowledged, noted, opened]
    assert [each.changed_at - now for each in found] == [timedelta(minutes=minute) for minute in (9, 8, 3, 0)]


def test_only_the_latest_fifty_are_told_and_none_of_others(feed: Feed, charlie: Membership, now: datetime) -> None:
    factories.incident(factories.monitor(charlie.organization))
    monitor = factories.monitor(feed.organization)
    Incident.objects.bulk_create(
        Incident(monitor=monitor, cause="missed", title=f"{number}", opened_at=now, resolved_at=now)
        for number in range(55)
    )

    assert [each.incident.title for each in feeds.latest(feed)] == [str(number) for number in range(54, 4, -1)]


def _incident(feed: Feed, now: datetime, minute: int) -> Incident:
    """One that opened so many minutes after `now`."""
    at = now + timedelta(minutes=minute)
    row = factories.incident(factories.monitor(feed.organization))
    Incident.objects.filter(id=row.id).update(opened_at=at)
    row.events.update(at=at, created_at=at)
    row.refresh_from_db()
    return row


def _happens(row: Incident, kind: str, at: datetime, **fields: datetime) -> None:
    Incident.objects.filter(id=row.id).update(opened_at=row.opened_at, **fields)
    row.events.create(seq=2, kind=kind, at=at, created_at=at)
