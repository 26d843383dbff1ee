"""What people do with monitors: one transaction, audited, refused with a sentence."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.domain.actor import Actor
from accounts.models import AuditEvent
from heartbeet.lib import crypto
from monitors import operations, queries, sweep, transitions
from monitors.domain import fields, token
from monitors.models import Incident, IncidentEvent, Monitor, Pulse, StatusChange, Token
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=5)
NOW = factories.NOON


def down(at_hours: int = 1) -> Incident:
    """The incident of a monitor that was silent for an hour and its grace."""
    factories.healthy(at=NOW)
    sweep.run(watermark=NOW + at_hours * HOUR + GRACE, now=NOW + at_hours * HOUR + GRACE)
    return Incident.objects.get()


def test_a_created_monitor_waits_for_its_first_ping_and_its_token_is_sealed() -> None:
    made = factories.created(name="  nightly backup ")

    row = Token.objects.get()
    assert (made.monitor.name, made.monitor.slug) == ("nightly backup", "nightly-backup")
    assert made.monitor.pulse.status == "new"
    assert bytes(row.digest) == token.digest(made.secrets.token)
    assert made.secrets.token not in row.envelope
    assert crypto.unseal(row.envelope, bound_to=f"token:{bytes(row.digest).hex()}") == made.secrets.token
    assert made.secrets.ping_url.endswith(f"/api/v1/heartbeats/{made.secrets.token}")


def test_secrets_do_not_show_their_token_when_printed() -> None:
    made = factories.created()

    assert made.secrets.token not in f"{made!r} {made.secrets!r} {made.secrets}"


def test_two_monitors_of_one_project_cannot_share_a_name_in_any_case() -> None:
    organization = factories.organization()
    factories.monitor(organization, name="Backup")

    with pytest.raises(operations.NameTaken):
        factories.monitor(organization, name="backup")

    assert Monitor.objects.count() == 1


def test_the_name_of_a_deleted_monitor_is_free_again() -> None:
    organization = factories.organization()
    first = factories.monitor(organization, name="Backup")
    operations.delete(monitor=first, by=Actor(), now=NOW)

    second = factories.monitor(organization, name="Backup")

    assert second.slug == "backup"


def test_names_that_make_the_same_slug_get_different_ones() -> None:
    organization = factories.organization()

    slugs = [factories.monitor(organization, name=name).slug for name in ["a b", "a-b", "a!b", "測試", "試験"]]

    assert slugs == ["a-b", "a-b-2", "ab", "monitor", "monitor-2"]


def test_a_monitor_that_moves_keeps_its_slug_unless_the_new_project_has_it() -> None:
    organization = factories.organization()
    other = organization.projects.create(name="Other", slug="other", created_at=NOW)
    factories.monitor(organization, name="a b")
    Monitor.objects.update(project=other)
    clashing, free = factories.monitor(organization, name="a-b"), factories.monitor(organization, name="free")

    for monitor in (clashing, free):
        operations.edit(monitor=monitor, changes={"project": other}, by=Actor(), now=NOW)

    slugs = Monitor.objects.filter(project=other).order_by("id").values_list("slug", flat=True)
    assert list(slugs) == ["a-b", clashing.slug, free.slug] == ["a-b", "a-b-2", "free"]
    assert AuditEvent.objects.latest("id").meta["diff"] == {"project": {"from": "default", "to": "other"}}


def test_a_monitor_cannot_move_to_where_its_name_is_taken() -> None:
    organization = factories.organization()
    other = organization.projects.create(name="Other", slug="other", created_at=NOW)
    factories.monitor(organization, name="Backup")
    Monitor.objects.update(project=other)
    second = factories.monitor(organization, name="Backup")

    with pytest.raises(operations.NameTaken):
        operations.edit(monitor=second, changes={"project": other}, by=Actor(), now=NOW)

    second.refresh_from_db()
    assert (second.project.slug, second.slug) == ("default", "backup")


@pytest.mark.django_db(transaction=True)
def test_two_simultaneous_creations_make_one_monitor() -> None:
    """RIVALS 21."""
    organization = factories.organization()

    def create(_: int) -> str:
        try:
            return factories.monitor(organization, name="Backup").slug
        except operations.NameTaken:
            return "taken"
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        results = sorted(pool.map(create, range(4)))

    assert results == ["backup", "taken", "taken", "taken"]


def test_a_plan_limits_the_number_of_monitors() -> None:
    organization = factories.organization(monitor_limit=1)
    factories.monitor(organization)

    with pytest.raises(operations.MonitorLimitReached):
        factories.monitor(organization)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"interval_sec": 59}, "an interval below the floor"),
        ({"interval_sec": None, "cron": "* * * * *"}, "a cron line that fires each minute, with a floor of an hour"),
    ],
)
def test_a_plan_limits_how_often_pings_may_come(given: dict[str, Any], reason: str) -> None:
    organization = factories.organization(interval_floor_sec=3600)

    with pytest.raises(operations.IntervalTooLow, match="3600 seconds or more"):
        factories.monitor(organization, **given)

    assert not Monitor.objects.exists(), reason


def test_everything_wrong_is_told_at_once_and_nothing_is_made() -> None:
    with pytest.raises(fields.Invalid) as caught:
        factories.monitor(name=" ", cron="61 * * * *", grace_sec=-1, alert_threshold=0, tags=["Not A Tag"])

    assert [problem.path for problem in caught.value.problems] == [
        "name",
        "cron",
        "grace_sec",
        "alert_threshold",
        "tags",
    ]
    assert not Monitor.objects.exists()


def test_a_rotated_token_is_dead_at_once_and_the_new_one_can_be_read_back() -> None:
    made = factories.created()

    fresh = operations.rotate_token(monitor=made.monitor, by=Actor(), now=NOW)

    assert fresh.token != made.secrets.token
    assert Token.objects.get(retired_at=None).digest == token.digest(fresh.token)
    assert operations.reveal(monitor=made.monitor, by=Actor(), now=NOW).token == fresh.token


def test_every_reading_of_a_secret_is_audited() -> None:
    made = factories.created()
    alice = factories.member(made.monitor.organization)

    for _ in range(2):
        operations.reveal(monitor=made.monitor, by=Actor(user_id=alice.id, email=alice.email, ip="192.0.2.1"), now=NOW)

    rows = AuditEvent.objects.filter(action="READ_MONITOR_SECRETS")
    assert [(row.resource, row.actor_email) for row in rows] == [(f"monitor:{made.monitor.id}", alice.email)] * 2
    assert made.secrets.token not in str([row.meta for row in AuditEvent.objects.all()])


def test_an_edit_of_the_schedule_while_down_keeps_the_state_and_waits_anew() -> None:
    incident = down()
    monitor, edited_at = incident.monitor, NOW + 3 * HOUR

    operations.edit(monitor=monitor, changes={"interval_sec": 7200}, by=Actor(), now=edited_at)

    pulse = Pulse.objects.get(monitor=monitor)
    assert (pulse.status, pulse.waiting_from) == ("down", edited_at)
    assert pulse.deadline == edited_at + 2 * HOUR + GRACE
    assert Incident.objects.get().resolved_at is None


def test_an_edit_of_the_description_does_not_touch_the_waiting() -> None:
    monitor = factories.healthy(at=NOW)

    operations.edit(monitor=monitor, changes={"description": "the nightly one"}, by=Actor(), now=NOW + HOUR)

    assert Pulse.objects.get(monitor=monitor).waiting_from is None
    assert AuditEvent.objects.get(action="UPDATE_MONITOR").meta["changedFields"] == ["description"]


def test_pausing_resolves_what_is_open_and_resuming_waits_anew() -> None:
    incident = down()
    monitor, back_at = incident.monitor, NOW + timedelta(days=30)

    operations.pause(monitor=monitor, by=Actor(), now=NOW + 2 * HOUR)
    operations.resume(monitor=monitor, by=Actor(), now=back_at)

    incident.refresh_from_db()
    pulse = Pulse.objects.get(monitor=monitor)
    assert incident.resolution == "paused"
    assert (pulse.waiting_from, pulse.deadline) == (back_at, back_at + HOUR + GRACE)


def test_pausing_twice_is_told_once() -> None:
    monitor = factories.healthy(at=NOW)

    for _ in range(2):
        operations.pause(monitor=monitor, by=Actor(), now=NOW)

    assert AuditEvent.objects.filter(action="PAUSE_MONITOR").count() == 1
    assert StatusChange.objects.count() == 1


def test_deleting_resolves_hides_and_kills_the_token() -> None:
    incident = down()
    monitor = incident.monitor

    operations.delete(monitor=monitor, by=Actor(), now=NOW + 2 * HOUR)

    incident.refresh_from_db()
    assert incident.resolution == "deleted"
    assert not queries.live(monitor.organization).exists()
    assert not Token.objects.filter(retired_at=None).exists()
    assert Pulse.objects.get(monitor=monitor).deadline is None
    assert AuditEvent.objects.get(action="DELETE_MONITOR").meta["snapshot"]["name"] == monitor.name


def test_acknowledging_tells_who_and_does_so_once() -> None:
    incident = down()
    alice, bob = (factories.member(incident.monitor.organization) for _ in range(2))

    for person in [alice, bob]:
        operations.acknowledge(incident=incident, by=Actor(user_id=person.id), now=NOW + 2 * HOUR)

    assert (incident.acknowledged_by, incident.status) == (alice, "acknowledged")
    assert IncidentEvent.objects.filter(kind="acknowledged").count() == 1


def test_an_incident_resolved_by_hand_opens_again_if_the_silence_goes_on() -> None:
    incident = down()
    by_hand = NOW + 2 * HOUR

    operations.resolve(incident=incident, by=Actor(), now=by_hand)
    sweep.run(watermark=by_hand + HOUR + GRACE, now=by_hand + HOUR + GRACE)

    again = Incident.objects.get(resolved_at=None)
    assert (incident.resolution, incident.resolved_at) == ("resolved", by_hand)
    assert again.opened_at == by_hand + HOUR + GRACE


def test_what_is_resolved_can_be_neither_acknowledged_nor_resolved_again() -> None:
    incident = down()
    operations.resolve(incident=incident, by=Actor(), now=NOW + 2 * HOUR)

    for operation in [operations.acknowledge, operations.resolve]:
        with pytest.raises(transitions.NotOpen):
            operation(incident=incident, by=Actor(), now=NOW + 2 * HOUR)


def test_a_note_comes_in_order_of_the_timeline() -> None:
    incident = down()

    operations.note(incident=incident, message="looking into it", by=Actor(), now=NOW + 2 * HOUR)

    assert list(incident.events.order_by("seq").values_list("kind", "message")) == [
        ("opened", ""),
        ("note", "looking into it"),
    ]
