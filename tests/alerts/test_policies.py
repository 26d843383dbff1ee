"""Policies: who is told when, who is reminded, and who is left in peace."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.domain.actor import SYSTEM
from alerts import dispatcher, policies, queries
from alerts.domain import policy
from alerts.models import Delivery
from monitors import operations, transitions
from monitors import policies as monitor_policies
from monitors.domain.status import EventKind
from monitors.models import Incident, IncidentEvent, Monitor, Ping, Pulse
from tests.alerts.house import House, ledger, send_all
from tests.receivers import HTTPReceiver

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def types(receiver: HTTPReceiver) -> list[str]:
    return [request.json()["type"].removeprefix("incident.") for request in receiver.requests]


def asks(house: House, **changes: int) -> None:
    """The organisation's policy, as an owner sets it."""
    monitor_policies.edit(organization=house.organization, changes=changes, by=SYSTEM, now=house.now)


def told(house: House, at: datetime) -> None:
    """One round of the dispatch task, and all that it lets go is sent."""
    policies.remind(now=at)
    send_all(at)


def reason(incident: Incident) -> str:
    return incident.events.get(kind=EventKind.OPENED).message


def snooze(house: House, until: datetime | None = None, at: datetime | None = None) -> None:
    operations.snooze(monitor=house.monitor, until=until, by=SYSTEM, now=at or house.now)
    Monitor.objects.get(id=house.monitor.id)


def hears(monitor: Monitor, at: datetime) -> None:
    """A healthy ping, as ingest leaves it."""
    Ping.objects.create(monitor=monitor, received_at=at, kind="success")
    Pulse.objects.filter(monitor=monitor).update(last_success_at=at, last_ping_at=at)


class TestDelay:
    """Tell only what is still open after a while."""

    def test_nobody_is_told_before_the_delay_is_over(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=300)
        house.opens()

        told(house, house.now)
        told(house, house.now + 5 * MINUTE - SECOND)

        assert types(http_receiver) == []

    def test_what_is_still_open_then_is_told(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=300)
        house.opens()
        told(house, house.now)

        told(house, house.now + 5 * MINUTE)

        assert types(http_receiver) == ["opened"]

    def test_what_is_over_by_then_is_told_to_nobody_and_the_timeline_says_why(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=300)
        incident = house.opens()
        told(house, house.now)
        house.resolves(incident, after=4 * MINUTE)

        told(house, house.now + 4 * MINUTE)
        told(house, house.now + HOUR)

        assert types(http_receiver) == []
        assert ledger(incident) == []
        assert not incident.events.filter(dispatched_at=None).exists()
        assert reason(incident) == "Nobody was told: it was over within 5 minutes."

    def test_what_follows_waits_with_the_beginning_and_comes_in_order(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=300)
        incident = house.opens()
        house.event(incident, EventKind.ACKNOWLEDGED, house.now + MINUTE)

        told(house, house.now + MINUTE)
        assert types(http_receiver) == []

        told(house, house.now + 5 * MINUTE)
        assert types(http_receiver) == ["opened", "acknowledged"]

    def test_the_delay_counts_from_the_true_beginning(self, house: House, http_receiver: HTTPReceiver) -> None:
        """After an outage of our own, what has been down for long is told at once."""
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=300)
        house.opens(opened_at=house.now - HOUR)

        told(house, house.now)

        assert types(http_receiver) == ["opened"]

    def test_what_was_open_for_longer_than_the_delay_is_told_though_it_is_over(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=300)
        incident = house.opens()
        house.resolves(incident, after=6 * MINUTE)

        told(house, house.now + 6 * MINUTE)

        assert types(http_receiver) == ["opened", "resolved"]

    def test_a_monitors_own_delay_counts_before_the_organisations(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=300)
        operations.edit(monitor=house.monitor, changes={"alert_delay_sec": 0}, by=SYSTEM, now=house.now)
        house.opens()

        told(house, house.now)

        assert types(http_receiver) == ["opened"]

    def test_a_shorter_delay_counts_for_what_is_held_too(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        asks(house, alert_delay_sec=3600)
        house.opens()
        told(house, house.now)

        asks(house, alert_delay_sec=60)
        told(house, house.now + MINUTE)

        assert types(http_receiver) == ["opened"]

    def test_what_is_held_is_not_late(self, house: House, http_receiver: HTTPReceiver) -> None:
        asks(house, alert_delay_sec=300)
        house.opens()
        told(house, house.now)

        assert queries.undelivered(house.now + MINUTE).waiting == 0


class TestSnooze:
    """Nobody hears of openings while a monitor is snoozed."""

    def test_nobody_is_told_until_its_time_and_then_of_what_is_still_open(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.webhook(http_receiver.url)
        snooze(house, until=house.now + HOUR)
        house.opens()

        told(house, house.now)
        told(house, house.now + HOUR - SECOND)
        assert types(http_receiver) == []

        told(house, house.now + HOUR)
        assert types(http_receiver) == ["opened"]

    def test_what_is_over_before_its_end_is_told_to_nobody(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        snooze(house, until=house.now + HOUR)
        incident = house.opens()
        told(house, house.now)
        house.resolves(incident, after=12 * MINUTE)

        told(house, house.now + 12 * MINUTE)
        told(house, house.now + 2 * HOUR)

        assert types(http_receiver) == []
        assert reason(incident) == "Nobody was told: the monitor was snoozed."

    def test_the_end_of_what_was_told_before_is_told(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        incident = house.opens()
        told(house, house.now)
        snooze(house, until=house.now + HOUR)
        house.resolves(incident)

        told(house, house.now + 12 * MINUTE)

        assert types(http_receiver) == ["opened", "resolved"]

    def test_unsnoozing_tells_at_once(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        snooze(house)
        house.opens()
        told(house, house.now)

        operations.unsnooze(monitor=house.monitor, by=SYSTEM, now=house.now + SECOND)
        told(house, house.now + SECOND)

        assert types(http_receiver) == ["opened"]

    def test_a_healthy_ping_ends_a_snooze_without_a_time(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        snooze(house)
        hears(house.monitor, house.now + MINUTE)
        house.opens(opened_at=house.now + HOUR)

        told(house, house.now + HOUR)

        assert types(http_receiver) == ["opened"]

    def test_a_healthy_ping_does_not_end_a_snooze_until_a_time(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        snooze(house, until=house.now + 2 * HOUR)
        hears(house.monitor, house.now + MINUTE)
        house.opens(opened_at=house.now + HOUR)

        told(house, house.now + HOUR)

        assert types(http_receiver) == []

    def test_the_ping_that_ends_both_the_snooze_and_the_incident_wakes_nobody(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.webhook(http_receiver.url)
        snooze(house)
        incident = house.opens()
        told(house, house.now)
        hears(house.monitor, house.now + 12 * MINUTE)
        house.resolves(incident, after=12 * MINUTE)

        told(house, house.now + 12 * MINUTE)

        assert types(http_receiver) == []

    def test_an_old_snooze_does_not_hide_an_incident_that_came_and_went(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        """It ended with a ping long before; nobody has cleared its row."""
        house.webhook(http_receiver.url)
        snooze(house, at=house.now - 3 * HOUR)
        hears(house.monitor, house.now - 2 * HOUR)
        incident = house.opens()
        hears(house.monitor, house.now + 12 * MINUTE)
        house.resolves(incident, after=12 * MINUTE)

        told(house, house.now + 12 * MINUTE)

        assert types(http_receiver) == ["opened", "resolved"]

    def test_a_ping_that_is_not_enough_to_recover_ends_the_snooze_and_it_is_told(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.webhook(http_receiver.url)
        snooze(house)
        house.opens()
        told(house, house.now)
        hears(house.monitor, house.now + MINUTE)

        told(house, house.now + MINUTE + policy.LOOK_AGAIN)

        assert types(http_receiver) == ["opened"]


class TestReminders:
    """People are told again and again while nobody is on it."""

    @pytest.fixture(autouse=True)
    def every_two_hours(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.webhook(http_receiver.url)
        asks(house, remind_every_sec=7200)

    def test_everybody_is_reminded_again_and_again(self, house: House, http_receiver: HTTPReceiver) -> None:
        incident = house.opens()

        for minutes in range(0, 5 * 60, 30):
            told(house, house.now + minutes * MINUTE)

        assert types(http_receiver) == ["opened", "reminder", "reminder"]
        assert list(incident.events.order_by("seq").values_list("kind", flat=True)) == [
            "opened", "reminded", "reminded",
        ]  # fmt: skip

    def test_after_a_downtime_it_is_one_reminder(self, house: House, http_receiver: HTTPReceiver) -> None:
        house.opens()
        told(house, house.now)

        told(house, house.now + 25 * HOUR)
        told(house, house.now + 25 * HOUR + SECOND)
        told(house, house.now + 26 * HOUR)

        assert types(http_receiver) == ["opened", "reminder", "reminder"]

    @pytest.mark.parametrize("how", ["acknowledged", "resolved"])
    def test_reminders_end_when_someone_is_on_it_or_it_is_over(
        self, house: House, http_receiver: HTTPReceiver, how: str
    ) -> None:
        incident = house.opens()
        told(house, house.now)
        getattr(transitions, how)(incident.id, user_id=None, now=house.now + MINUTE)

        told(house, house.now + 3 * HOUR)

        assert types(http_receiver) == ["opened", how]

    def test_nobody_is_reminded_of_a_snoozed_monitor_until_it_wakes(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.opens()
        told(house, house.now)
        snooze(house, until=house.now + 3 * HOUR)

        told(house, house.now + 2 * HOUR)
        assert types(http_receiver) == ["opened"]

        told(house, house.now + 3 * HOUR)
        assert types(http_receiver) == ["opened", "reminder"]

    def test_the_first_reminder_counts_from_when_people_were_told(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        asks(house, alert_delay_sec=3600)
        house.opens()
        told(house, house.now)
        told(house, house.now + HOUR)

        told(house, house.now + 2 * HOUR)
        assert types(http_receiver) == ["opened"]

        told(house, house.now + 3 * HOUR)
        assert types(http_receiver) == ["opened", "reminder"]

    def test_a_policy_without_reminders_ends_those_of_what_is_open(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        house.opens()
        told(house, house.now)

        asks(house, remind_every_sec=0)
        told(house, house.now + 3 * HOUR)

        assert types(http_receiver) == ["opened"]

    def test_a_policy_with_reminders_begins_them_for_what_is_open(
        self, house: House, http_receiver: HTTPReceiver
    ) -> None:
        asks(house, remind_every_sec=0)
        house.opens()
        told(house, house.now)

        operations.edit(monitor=house.monitor, changes={"remind_every_sec": 600}, by=SYSTEM, now=house.now)
        told(house, house.now + 10 * MINUTE)

        assert types(http_receiver) == ["opened", "reminder"]

    def test_looking_for_reminders_takes_one_query(self, house: House, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            policies.remind(now=house.now)


def test_a_reminder_does_not_queue_behind_an_alert_that_people_still_wait_for(
    house: House, http_receiver: HTTPReceiver
) -> None:
    """Their channel is broken for a day: it is told that it is down, not that it is still down, eleven times."""
    house.channel("slack", {"url": "https://hooks.slack.com/services/T0/B0/x"})
    asks(house, remind_every_sec=7200)
    incident = house.opens()
    dispatcher.dispatch(now=house.now)

    for hours in range(1, 24):
        policies.remind(now=house.now + hours * HOUR)
        dispatcher.dispatch(now=house.now + hours * HOUR)

    assert ledger(incident) == [("opened", "queued")]
    assert IncidentEvent.objects.filter(kind=EventKind.REMINDED).count() == 11
    assert Delivery.objects.count() == 1
