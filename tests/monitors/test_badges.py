"""Badges: what people do with them, and the states they tell of."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, Membership, Organization
from monitors import badges, operations, queries
from monitors.domain.status import Status
from monitors.models import Badge, Monitor, Pulse, Run
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def badge(alices_monitor: Monitor, now: datetime) -> Badge:
    return badges.switch_on(monitor=alices_monitor, by=SYSTEM, now=now)


@pytest.fixture
def of_tag(acme: Organization, now: datetime) -> Badge:
    """Of the monitors with the tag `db`, of which there are two."""
    for name in ("one", "two"):
        factories.healthy(acme, at=now, name=name, tags=["db", "eu"])
    factories.healthy(acme, at=now, name="three", tags=["db-old", "old-db"])
    return badges.switch_on_for_tag(organization=acme, tag="db", by=SYSTEM, now=now)


def _actions() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(action__endswith="BADGE").order_by("id").values_list("action", "resource"))


def test_nobody_guesses_an_address(badge: Badge, of_tag: Badge) -> None:
    assert len(badge.public_id) == len(of_tag.public_id) == 22  # 128 bits
    assert badge.public_id != of_tag.public_id


def test_a_monitor_has_one_badge(badge: Badge, alices_monitor: Monitor, now: datetime) -> None:
    again = badges.switch_on(monitor=alices_monitor, by=SYSTEM, now=now)

    assert again.public_id == badge.public_id
    assert _actions() == [("CREATE_BADGE", f"badge:{badge.id}")]


def test_a_tag_has_one_badge_in_each_organisation(of_tag: Badge, charlie: Membership, now: datetime) -> None:
    factories.healthy(charlie.organization, tags=["db"])

    again = badges.switch_on_for_tag(organization=of_tag.organization, tag="db", by=SYSTEM, now=now)
    theirs = badges.switch_on_for_tag(organization=charlie.organization, tag="db", by=SYSTEM, now=now)

    assert (again.id, theirs.id != of_tag.id) == (of_tag.id, True)


@pytest.mark.parametrize("tag", ["", "nobody-has-it", "DB", 'db"', "\x00"])
def test_only_a_tag_that_is_used_gets_one(of_tag: Badge, tag: str, now: datetime) -> None:
    with pytest.raises(badges.UnknownTag):
        badges.switch_on_for_tag(organization=of_tag.organization, tag=tag, by=SYSTEM, now=now)

    assert Badge.objects.count() == 1


def test_the_database_keeps_to_one_monitor_or_one_tag(badge: Badge) -> None:
    for fields in ({"monitor": badge.monitor, "tag": "db"}, {"monitor": None, "tag": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Badge.objects.filter(id=badge.id).update(**fields)


def test_a_new_address_kills_the_old_one(badge: Badge, now: datetime) -> None:
    old = badge.public_id

    badges.replace(badge=badge, by=SYSTEM, now=now)

    assert (badges.find(old), badges.find(badge.public_id)) == (None, badge)
    assert _actions()[1:] == [("REPLACE_BADGE", f"badge:{badge.id}")]


def test_what_is_switched_off_leaves_a_line_in_the_audit_log(badge: Badge, now: datetime) -> None:
    for _ in range(2):
        badges.switch_off(badge=badge, by=SYSTEM, now=now)

    assert badges.find(badge.public_id) is None
    assert _actions()[1:] == [("DELETE_BADGE", f"badge:{badge.id}")]
    assert AuditEvent.objects.get(action="DELETE_BADGE").meta["snapshot"] == {"monitorId": badge.monitor_id}


def test_a_badge_goes_with_its_monitor(badge: Badge, alices_monitor: Monitor, now: datetime) -> None:
    operations.delete(monitor=alices_monitor, by=SYSTEM, now=now)

    assert not Badge.objects.exists()


def test_a_monitor_that_an_older_release_deleted_has_none_either(badge: Badge, now: datetime) -> None:
    Monitor.objects.update(deleted_at=now)

    assert badges.find(badge.public_id) is None
    assert not badges.of(badge.organization).exists()


@pytest.mark.parametrize("text", ["", "x", "x" * 21, "x" * 23, "é" * 22, "x" * 21 + "\x00", "x" * 21 + "\n"])
def test_what_is_no_address_finds_nothing_and_asks_nobody(
    badge: Badge, text: str, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert badges.find(text) is None


def test_it_tells_what_the_dashboard_shows(badge: Badge, now: datetime) -> None:
    pulse = Pulse.objects.filter(monitor__badges=badge)
    seen = []
    for status in ("new", "up", "down", "unknown", "paused"):
        pulse.update(status=status, last_success_at=now, last_ping_at=now)
        seen += badges.states(badge, now + timedelta(minutes=61))

    assert seen == ["new", Status.LATE, "down", "unknown", "paused"]


def test_a_run_that_may_go_on_is_not_late(acme: Organization, now: datetime) -> None:
    monitor = factories.healthy(acme, at=now, max_runtime_sec=7200)
    badge = badges.switch_on(monitor=monitor, by=SYSTEM, now=now)
    start = now + timedelta(minutes=50)
    Run.objects.create(monitor=monitor, run_id="newer", started_at=start + timedelta(minutes=5))
    Run.objects.create(monitor=monitor, run_id="oldest", started_at=start)
    Run.objects.create(monitor=monitor, run_id="over", started_at=now, finished_at=start)

    before = badges.states(badge, start + timedelta(hours=2))
    after = badges.states(badge, start + timedelta(hours=2, seconds=1))

    assert (before, after) == ([Status.UP], [Status.LATE])


def test_a_tag_tells_of_its_monitors_alone(of_tag: Badge, charlie: Membership, now: datetime) -> None:
    Pulse.objects.filter(monitor__name="two").update(status="down")
    Pulse.objects.filter(monitor=factories.healthy(charlie.organization, tags=["db"])).update(status="warning")
    gone = factories.healthy(of_tag.organization, tags=["db"])
    operations.delete(monitor=gone, by=SYSTEM, now=now)

    assert sorted(badges.states(of_tag, now)) == ["down", "up"]


def test_a_tag_that_nobody_has_any_more_tells_of_none(of_tag: Badge, now: datetime) -> None:
    Monitor.objects.update(tags=[])

    assert badges.states(of_tag, now) == []
    assert badges.find(of_tag.public_id) == of_tag


def test_the_tags_in_use_are_those_of_live_monitors(of_tag: Badge, charlie: Membership, now: datetime) -> None:
    factories.monitor(charlie.organization, tags=["theirs"])
    operations.delete(monitor=Monitor.objects.get(name="three"), by=SYSTEM, now=now)

    assert queries.tags_in_use(of_tag.organization) == ["db", "eu"]
