"""Many incidents at once: people get the first and one list, programs get everything."""

import threading
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.domain.actor import SYSTEM
from alerts import bulletins, dispatcher, policies, queries, storms
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Notice, Storm
from heartbeet.lib import clock
from monitors import policies as monitor_policies
from monitors.domain.status import EventKind
from monitors.models import Incident, Monitor
from tests.alerts.house import House, send_all
from tests.receivers import HTTPReceiver, SMTPReceiver

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
LIST_AFTER = 6 * SECOND


@pytest.fixture(autouse=True)
def mail(smtp_server: SMTPReceiver, settings: Any) -> SMTPReceiver:
    """E-mails go to a server on loopback."""
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    return smtp_server


@pytest.fixture
def jobs(house: House) -> list[Monitor]:
    return [house.another_monitor(f"Job {number:02}") for number in range(25)]


def goes_on(until: datetime) -> None:
    """One round of the dispatch task, and all that it lets go is sent."""
    dispatcher.dispatch(now=until)
    storms.tell(now=until)
    send_all(until)


def subjects(mail: SMTPReceiver) -> list[str]:
    return [str(received.message["Subject"]) for received in mail.mails]


def all_down(house: House, jobs: list[Monitor]) -> list[Incident]:
    return [house.opens(monitor) for monitor in jobs]


def test_people_get_the_first_ten_and_one_list_and_programs_get_each(
    house: House, jobs: list[Monitor], http_receiver: HTTPReceiver, mail: SMTPReceiver
) -> None:
    house.email("ops@example.com", *jobs)
    house.webhook(http_receiver.url, *jobs)
    all_down(house, jobs)

    goes_on(house.now)
    assert len(mail.mails) == 10
    assert len(http_receiver.requests) == 25

    goes_on(house.now + LIST_AFTER)
    assert len(mail.mails) == 11
    assert "15 more monitors are down" in subjects(mail)[-1]
    text = mail.mails[-1].message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Job 24" in text
    assert "Job 03" not in text
    assert len(http_receiver.requests) == 25


def test_ten_at_once_are_no_storm(house: House, jobs: list[Monitor], mail: SMTPReceiver) -> None:
    house.email("ops@example.com", *jobs)
    all_down(house, jobs[:10])

    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)

    assert len(mail.mails) == 10
    assert not Storm.objects.exists()


def test_incidents_that_come_one_after_the_other_are_no_storm(
    house: House, jobs: list[Monitor], mail: SMTPReceiver
) -> None:
    house.email("ops@example.com", *jobs)

    for number, monitor in enumerate(jobs):
        house.opens(monitor)
        goes_on(house.now + number * 7 * SECOND)

    assert len(mail.mails) == 25


def test_without_a_limit_each_is_told_for_itself(
    house: House, jobs: list[Monitor], mail: SMTPReceiver, settings: Any
) -> None:
    settings.HEARTBEET_STORM_INCIDENTS = 0
    house.email("ops@example.com", *jobs)
    all_down(house, jobs)

    goes_on(house.now)

    assert len(mail.mails) == 25


def test_each_channel_has_a_storm_of_its_own(house: House, jobs: list[Monitor], mail: SMTPReceiver) -> None:
    """Who is told of three of the monitors gets three messages, whatever else is down."""
    house.email("ops@example.com", *jobs)
    house.email("few@example.com", *jobs[:3])
    all_down(house, jobs)

    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)

    assert sum("few@example.com" in str(received.message["To"]) for received in mail.mails) == 3
    assert Storm.objects.count() == 1


def test_the_list_is_told_again_when_it_has_grown_but_not_within_a_minute(
    house: House, jobs: list[Monitor], mail: SMTPReceiver
) -> None:
    house.email("ops@example.com", *jobs)
    all_down(house, jobs[:15])
    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)
    for monitor in jobs[15:]:
        house.opens(monitor)

    goes_on(house.now + 2 * LIST_AFTER)
    assert len(mail.mails) == 11

    goes_on(house.now + LIST_AFTER + MINUTE)
    assert "15 more monitors are down" in subjects(mail)[-1]

    goes_on(house.now + HOUR / 2)
    assert len(mail.mails) == 12


def test_who_recovers_is_told_where_it_was_told_that_it_went_down(
    house: House, jobs: list[Monitor], mail: SMTPReceiver
) -> None:
    house.email("ops@example.com", *jobs)
    incidents = all_down(house, jobs)
    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)

    house.resolves(incidents[0], after=MINUTE)
    house.resolves(incidents[24], after=MINUTE)
    goes_on(house.now + 2 * MINUTE)

    assert subjects(mail)[-2] == "RECOVERED: Job 00"
    assert "14 more monitors are down, 1 recovered" in subjects(mail)[-1]


def test_the_last_word_is_that_all_are_over_and_then_the_storm_is_too(
    house: House, jobs: list[Monitor], mail: SMTPReceiver
) -> None:
    house.email("ops@example.com", *jobs)
    incidents = all_down(house, jobs)
    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)

    for incident in incidents:
        house.resolves(incident, after=2 * MINUTE)
    goes_on(house.now + 2 * MINUTE)
    goes_on(house.now + 2 * MINUTE + SECOND)

    assert len(mail.mails) == 10 + 1 + 10 + 1
    assert "15 more monitors have recovered" in subjects(mail)[-1]
    assert Storm.objects.get().ended_at is not None


def test_after_the_storm_each_is_told_for_itself_again(house: House, jobs: list[Monitor], mail: SMTPReceiver) -> None:
    house.email("ops@example.com", *jobs)
    incidents = all_down(house, jobs)
    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)
    told = len(mail.mails)

    goes_on(house.now + LIST_AFTER + HOUR)
    assert Storm.objects.get().ended_at is not None
    house.resolves(incidents[24], after=2 * HOUR)
    goes_on(house.now + 2 * HOUR)

    assert subjects(mail)[told:] == ["RECOVERED: Job 24"]


def test_a_newer_list_takes_the_place_of_one_that_could_not_be_sent(
    house: House, jobs: list[Monitor], mail: SMTPReceiver
) -> None:
    house.email("ops@example.com", *jobs)
    all_down(house, jobs[:15])
    goes_on(house.now)
    mail.refuse("451 later")
    goes_on(house.now + LIST_AFTER)
    for monitor in jobs[15:]:
        house.opens(monitor)
    dispatcher.dispatch(now=house.now + 30 * SECOND)

    goes_on(house.now + 2 * MINUTE)
    mail.accept()
    goes_on(house.now + 20 * MINUTE)

    lists = Delivery.objects.filter(notice__isnull=False).order_by("id")
    assert list(lists.values_list("status", flat=True)) == ["collapsed", "delivered"]
    assert lists[1].tries > 1, "a receiver that fails is not asked more often because there is news"
    assert any("15 more monitors are down" in subject for subject in subjects(mail))


def test_a_reminder_of_a_grouped_incident_goes_into_the_list(
    house: House, jobs: list[Monitor], mail: SMTPReceiver
) -> None:
    house.email("ops@example.com", *jobs)
    monitor_policies.edit(organization=house.organization, changes={"remind_every_sec": 1800}, by=SYSTEM, now=house.now)
    all_down(house, jobs)
    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)
    Storm.objects.update(reference="message 7")

    policies.remind(now=house.now + HOUR / 2)
    goes_on(house.now + HOUR / 2)

    assert len(mail.mails) == 11 + 10 + 1
    assert Storm.objects.get().reference == "", "to be heard it has to be a message of its own"


def test_a_list_is_the_same_at_every_try(house: House, jobs: list[Monitor]) -> None:
    house.email("ops@example.com", *jobs)
    incidents = all_down(house, jobs[:15])
    dispatcher.dispatch(now=house.now)
    storms.tell(now=house.now + LIST_AFTER)
    before = bulletins.of(Notice.objects.get())

    for monitor in jobs[15:]:
        house.opens(monitor)
    house.resolves(incidents[14], after=MINUTE)
    dispatcher.dispatch(now=house.now + MINUTE)

    assert bulletins.of(Notice.objects.get()) == before


def test_the_list_of_a_storm_is_not_told_to_a_channel_that_was_switched_off(house: House, jobs: list[Monitor]) -> None:
    house.email("ops@example.com", *jobs)
    all_down(house, jobs)
    dispatcher.dispatch(now=house.now)
    Channel.objects.update(is_enabled=False)

    assert storms.tell(now=house.now + LIST_AFTER) == 0
    assert Storm.objects.get().ended_at is not None


def test_what_is_grouped_waits_as_one_list(house: House, jobs: list[Monitor]) -> None:
    house.email("ops@example.com", *jobs)
    all_down(house, jobs)

    dispatcher.dispatch(now=house.now)

    assert queries.undelivered(house.now).waiting == 10 + 1


def test_without_a_storm_telling_takes_one_query(house: House, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        storms.tell(now=house.now)


@pytest.mark.parametrize("after", [SECOND, HOUR - MINUTE])
def test_storms_that_just_go_on_cost_nothing_however_many_somebody_has(
    house: House, jobs: list[Monitor], django_assert_num_queries: Any, after: timedelta
) -> None:
    for number in range(3):
        house.email(f"ops{number}@example.com", *jobs)
    all_down(house, jobs)
    goes_on(house.now)
    goes_on(house.now + LIST_AFTER)

    with django_assert_num_queries(1):
        storms.tell(now=house.now + LIST_AFTER + after)

    assert Storm.objects.filter(ended_at=None).count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_count_together(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event is dispatched once, ten go at once, and there is one storm with one list."""
    monkeypatch.setattr(dispatcher, "BATCH", 5)
    house = House.build(clock.now())
    jobs = [house.another_monitor(f"Job {number}") for number in range(40)]
    house.email("ops@example.com", *jobs)
    all_down(house, jobs)
    together = threading.Barrier(4)

    def work() -> None:
        with closing(connection):
            together.wait(timeout=10)
            dispatcher.dispatch(now=house.now)
            storms.tell(now=house.now + LIST_AFTER)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    dispatcher.dispatch(now=house.now)
    storms.tell(now=house.now + LIST_AFTER)

    openings = Delivery.objects.filter(event__kind=EventKind.OPENED)
    assert openings.filter(status=DeliveryStatus.QUEUED).count() == 10
    assert openings.filter(status=DeliveryStatus.COLLAPSED, storm__isnull=False).count() == 30
    assert Storm.objects.count() == 1
    assert Notice.objects.count() == 1
