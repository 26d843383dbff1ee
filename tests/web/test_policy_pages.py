"""The pages on which people say when they are told: the policy, a snooze, what each channel hears."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.domain.actor import SYSTEM
from accounts.models import Membership
from alerts import operations as alert_operations
from alerts import subscriptions
from alerts.models import Channel
from alerts.subscriptions import Choice
from heartbeet.lib import clock
from monitors import operations, policies, rhythms
from monitors.domain.policy import Policy
from monitors.models import IncidentEvent, Monitor, Pulse
from monitors.web.snoozing import SnoozeForm
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(alice: Membership, alices_monitor: Monitor) -> Channel:
    made = alert_operations.create_channel(
        organization=alice.organization, kind="email", name="ops", config={"to": "ops@example.com"}, by=SYSTEM,
        now=clock.now(),
    )  # fmt: skip
    subscriptions.choose(monitor=alices_monitor, wanted=[Choice(made.id)], by=SYSTEM, now=clock.now())
    return made


def page(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_the_policy_is_said_in_plain_words_and_saved(owner: Client, alice: Membership) -> None:
    assert "Only what is still down after 5 min" in page(owner, "/settings/alerts")

    owner.post("/settings/alerts", {"delay": "300", "remind": "custom", "remind_custom": "2 h", "recovery": 2})

    assert policies.of(alice.organization) == Policy(300, 7200, 2)
    assert 'value="2 h"' in page(owner, "/settings/alerts")


def test_beets_share_a_budget_where_the_policy_says_so(owner: Client, alice: Membership) -> None:
    given = {"delay": "0", "remind": "0", "recovery": 1}
    own, *sharing = (
        factories.monitor(alice.organization, type="beet", interval_sec=None, budget_weeks=weeks)
        for weeks in (4, None, None)
    )

    owner.post("/settings/alerts", {**given, "beet_budget": "13"})

    beets = [own, *sharing]
    assert policies.of(alice.organization).beet_budget_weeks == 13
    assert rhythms.budgets(beets) == {own.id: 4.0, sharing[0].id: 26.0, sharing[1].id: 26.0}
    owner.post("/settings/alerts", given)
    assert set(rhythms.budgets(beets).values()) == {4.0, 26.0}


def test_a_beet_whose_budget_changes_is_judged_anew(owner: Client, alice: Membership) -> None:
    beet, own = (
        factories.monitor(alice.organization, type="beet", interval_sec=None, budget_weeks=weeks) for weeks in (None, 4)
    )
    far = clock.now() + timedelta(days=9)
    Pulse.objects.update(deadline=far)

    owner.post("/settings/alerts", {"delay": "0", "remind": "0", "recovery": 1, "beet_budget": "1"})

    later = Pulse.objects.filter(deadline__gt=clock.now()).values_list("monitor_id", "deadline")
    assert list(later) == [(own.id, far)]
    assert Pulse.objects.filter(monitor=beet, deadline__isnull=False).exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"delay": "custom"}, "Write a duration"),
        ({"delay": "custom", "delay_custom": "30 days"}, "7 days"),
        ({"remind": "custom", "remind_custom": "1 min"}, "5 minutes to 30 days"),
        ({"recovery": "0"}, "from 1 to 100"),
        ({"beet_budget": "521"}, "from 1 to 520"),
    ],
)
def test_a_policy_that_cannot_be_says_what_would_be_right(
    owner: Client, alice: Membership, given: dict[str, str], says: str
) -> None:
    answer = owner.post("/settings/alerts", {"delay": "0", "remind": "0", "recovery": "1", **given})

    assert says in answer.content.decode()
    assert policies.of(alice.organization) == Policy()


def test_a_member_reads_the_policy_and_cannot_change_it(alice: Membership, bob: Membership) -> None:
    client = Client()
    client.force_login(bob.user)

    assert "At once" in page(client, "/settings/alerts") or "at once" in page(client, "/settings/alerts")
    assert client.post("/settings/alerts", {"delay": "300", "remind": "0", "recovery": 1}).status_code == 403


def test_a_monitor_is_snoozed_and_the_page_and_the_list_say_so(owner: Client, alices_monitor: Monitor) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/snooze", {"how": "ping"})

    assert "Snoozed until its next healthy ping" in page(owner, f"/monitors/{alices_monitor.id}")
    assert "snoozed</span>" in page(owner, "/")

    owner.post(f"/monitors/{alices_monitor.id}/unsnooze")
    assert "Snoozed until" not in page(owner, f"/monitors/{alices_monitor.id}")


@pytest.mark.parametrize(
    ("given", "zone", "until"),
    [
        ({"how": "hour"}, "UTC", datetime(2026, 1, 5, 13, tzinfo=UTC)),
        ({"how": "ping"}, "UTC", None),
        ({"how": "morning"}, "Europe/Berlin", datetime(2026, 1, 6, 7, tzinfo=UTC)),
        ({"how": "morning"}, "Pacific/Auckland", datetime(2026, 1, 6, 19, tzinfo=UTC)),
        ({"how": "time", "at": "2026-01-07T06:30"}, "America/New_York", datetime(2026, 1, 7, 11, 30, tzinfo=UTC)),
    ],
)
def test_until_when_goes_by_the_clock_of_who_asks(given: dict[str, str], zone: str, until: datetime | None) -> None:
    form = SnoozeForm(given, zone=zone)

    assert form.is_valid()
    assert form.until(factories.NOON) == until


@pytest.mark.parametrize("given", [{"how": "time"}, {"how": "time", "at": "2001-01-01T08:00"}, {"how": "never"}])
def test_a_snooze_that_cannot_be_is_asked_for_again(
    owner: Client, alices_monitor: Monitor, given: dict[str, str]
) -> None:
    answer = owner.post(f"/monitors/{alices_monitor.id}/snooze", given)

    assert answer.status_code == 200
    assert Monitor.objects.get(id=alices_monitor.id).snoozed_at is None


def test_a_channel_is_told_of_some_events(owner: Client, alices_monitor: Monitor, channel: Channel) -> None:
    own = f"channel-{channel.id}"
    given = {f"{own}-is_told": "on", f"{own}-events": ["opened"], f"{own}-min_severity": "critical"}

    owner.post(f"/monitors/{alices_monitor.id}/telling", given)

    assert subscriptions.choices(alices_monitor) == [Choice(channel.id, ("opened",), "critical")]


def test_the_usual_events_are_no_choice(owner: Client, alices_monitor: Monitor, channel: Channel) -> None:
    """So a channel that is told more one day tells it here too."""
    own = f"channel-{channel.id}"
    usual = ["opened", "escalated", "reminded", "resolved"]
    given = {f"{own}-is_told": "on", f"{own}-events": usual, f"{own}-min_severity": "warning"}

    owner.post(f"/monitors/{alices_monitor.id}/telling", given)

    assert subscriptions.choices(alices_monitor) == [Choice(channel.id)]


def test_a_channel_that_is_left_out_is_told_nothing(owner: Client, alices_monitor: Monitor, channel: Channel) -> None:
    owner.post(f"/monitors/{alices_monitor.id}/telling", {f"channel-{channel.id}-min_severity": "warning"})

    assert subscriptions.choices(alices_monitor) == []


def test_the_form_of_a_monitor_says_otherwise_than_the_organisation(owner: Client, alices_monitor: Monitor) -> None:
    given = {
        "name": "x", "schedule": "interval", "every": "300", "grace": "1 min", "alert_threshold": 1,
        "alert_delay": "10 min", "remind_every": "0", "recovery_threshold": "3",
    }  # fmt: skip

    owner.post(f"/monitors/{alices_monitor.id}/edit", given)

    assert policies.own(Monitor.objects.get(id=alices_monitor.id)) == {
        "alert_delay_sec": 600, "remind_every_sec": 0, "recovery_threshold": 3,
    }  # fmt: skip
    assert "3 good pings in a row" in page(owner, f"/monitors/{alices_monitor.id}")


def test_the_page_of_an_incident_says_why_nobody_was_told_yet(owner: Client, alices_monitor: Monitor) -> None:
    incident = factories.incident(alices_monitor)
    later = clock.now() + timedelta(minutes=5)
    IncidentEvent.objects.filter(incident=incident).update(dispatched_at=None, hold_until=later)

    held = page(owner, f"/incidents/{incident.id}")
    assert "Nobody is told before" in held
    assert "no channel was chosen" not in held

    operations.snooze(monitor=alices_monitor, until=None, by=SYSTEM, now=clock.now())
    IncidentEvent.objects.filter(incident=incident).update(hold_until=later)
    assert "while the monitor is snoozed" in page(owner, f"/incidents/{incident.id}")


def test_a_reminder_is_part_of_the_story(owner: Client, alices_monitor: Monitor) -> None:
    incident = factories.incident(alices_monitor)
    now = clock.now()
    IncidentEvent.objects.create(incident=incident, seq=2, kind="reminded", at=now, created_at=now, dispatched_at=now)

    assert "People were reminded" in page(owner, f"/incidents/{incident.id}")
