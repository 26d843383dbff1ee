"""What a subscription chose, from the outbox to the receiver."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.domain.actor import SYSTEM
from alerts import dispatcher, storms, subscriptions
from alerts.models import Channel, Delivery, Notice, Storm
from alerts.subscriptions import Choice
from monitors.domain.status import EventKind, Severity
from tests.alerts.house import House, ledger, send_all
from tests.receivers import HTTPReceiver, SMTPReceiver

MINUTE = timedelta(minutes=1)


def types(receiver: HTTPReceiver) -> list[str]:
    return [request.json()["type"].removeprefix("incident.") for request in receiver.requests]


def chooses(house: House, channel: Channel, *events: str, least: str = "warning") -> None:
    wanted = [Choice(channel.id, events or None, least)]
    subscriptions.choose(monitor=house.monitor, wanted=wanted, by=SYSTEM, now=house.now)


def lives(house: House, **fields: Any) -> Any:
    """An incident opens, somebody is on it, and it is over."""
    incident = house.opens(**fields)
    house.event(incident, EventKind.ACKNOWLEDGED, house.now)
    house.resolves(incident)
    send_all(house.now)
    return incident


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ((), ["opened", "acknowledged", "resolved"]),
        (("opened",), ["opened"]),
        (("opened", "resolved"), ["opened", "resolved"]),
        (("resolved",), ["resolved"]),
        (("escalated", "reminded"), []),
    ],
)
def test_a_channel_hears_of_what_was_chosen(
    house: House, http_receiver: HTTPReceiver, events: tuple[str, ...], told: list[str]
) -> None:
    chooses(house, house.webhook(http_receiver.url), *events)

    lives(house)

    assert types(http_receiver) == told


@pytest.mark.parametrize(
    ("severity", "told"), [(Severity.WARNING, []), (Severity.CRITICAL, ["opened", "acknowledged", "resolved"])]
)
def test_what_is_less_severe_than_was_chosen_is_not_told(
    house: House, http_receiver: HTTPReceiver, severity: Severity, told: list[str]
) -> None:
    chooses(house, house.webhook(http_receiver.url), least="critical")

    lives(house, severity=severity)

    assert types(http_receiver) == told


def test_who_subscribes_while_it_is_down_does_not_hear_that_it_is_over(
    house: House, http_receiver: HTTPReceiver
) -> None:
    incident = house.opens()
    send_all(house.now)
    house.webhook(http_receiver.url)

    house.resolves(incident)
    send_all(house.now + MINUTE)

    assert types(http_receiver) == []
    assert ledger(incident) == []


def test_a_person_may_ask_to_hear_that_someone_is_on_it(house: House, smtp_server: SMTPReceiver, settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    chooses(house, house.email(), "opened", "acknowledged")
    incident = house.opens()
    send_all(house.now)

    house.event(incident, EventKind.ACKNOWLEDGED, house.now)
    send_all(house.now + MINUTE)

    assert len(smtp_server.mails) == 2


def test_the_next_list_changes_the_message_of_the_last(house: House, settings: Any) -> None:
    settings.HEARTBEET_STORM_INCIDENTS = 1
    jobs = [house.another_monitor(f"Job {number}") for number in range(4)]
    house.email("ops@example.com", *jobs)
    for monitor in jobs[:2]:
        house.opens(monitor)
    dispatcher.dispatch(now=house.now)
    storms.tell(now=house.now + MINUTE)
    first = Delivery.objects.select_related("notice__storm").get(notice__isnull=False)
    assert storms.reference(first) == ""

    storms.arrived([(first, "message 7")])
    Delivery.objects.filter(id=first.id).update(status="delivered", next_try_at=None)
    house.resolves(house.opens(jobs[2]))
    for incident in Storm.objects.get().deliveries.all():
        house.resolves(incident.incident)  # type: ignore[arg-type]  # a grouped delivery has one
    dispatcher.dispatch(now=house.now + 2 * MINUTE)
    storms.tell(now=house.now + 2 * MINUTE)

    second = Delivery.objects.select_related("notice__storm").get(notice=Notice.objects.latest("id"))
    assert second.id != first.id
    assert storms.reference(second) == "message 7"
