"""Test alerts: real, at once, in parallel, and with the exact error."""

import threading
import time
from concurrent import futures
from typing import Any

import pytest
from django.db import connection

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent
from alerts import trials
from alerts.channels.webhook import Webhook
from alerts.models import Channel, Delivery
from tests.alerts.house import House
from tests.receivers import HTTPReceiver, SMTPReceiver


def of_channel(house: House, channel: Channel) -> trials.Result:
    return trials.of_channel(channel=channel, by=SYSTEM, now=house.now)


def of_monitor(house: House) -> list[trials.Result]:
    return trials.of_monitor(monitor=house.monitor, by=SYSTEM, now=house.now)


def audited() -> list[tuple[str, list[int]]]:
    rows = AuditEvent.objects.filter(action="TEST_ALERT").order_by("id")
    return [(row.resource, row.meta["channelIds"]) for row in rows]


def test_a_test_alert_arrives_and_says_that_it_is_one(house: House, http_receiver: HTTPReceiver) -> None:
    channel = house.webhook(http_receiver.url)

    result = of_channel(house, channel)

    assert (result.ok, result.error) == (True, "")
    assert http_receiver.requests[0].json()["type"] == "test"
    assert not Delivery.objects.exists()
    assert audited() == [(f"channel:{channel.id}", [channel.id])]


def test_a_test_alert_shows_the_exact_error(house: House, smtp_server: SMTPReceiver, settings: Any) -> None:
    settings.HEARTBEET_SMTP_URL = smtp_server.url
    smtp_server.refuse("550 5.1.1 no such user")

    result = of_channel(house, house.email())

    assert (result.ok, result.error) == (False, "The mail server answered 550 5.1.1 no such user")


def test_the_receivers_own_words_are_part_of_the_error(house: House, http_receiver: HTTPReceiver) -> None:
    http_receiver.answer(400, b"invalid_payload")

    result = of_channel(house, house.webhook(http_receiver.url))

    assert result.error == "The receiver answered 400 Bad Request. It said: invalid_payload"


def test_a_test_of_a_channel_that_cannot_be_opened_is_an_error(house: House) -> None:
    channel = house.channel("slack", {"url": "https://hooks.slack.com/services/T/B/x"})
    channel.secrets = "damaged"

    result = of_channel(house, channel)

    assert not result.ok
    assert "cannot be opened" in result.error


def test_a_monitors_channels_are_all_told_about_it(house: House, http_receiver: HTTPReceiver) -> None:
    told = [house.webhook(http_receiver.url), house.webhook("http://127.0.0.1:1/")]
    house.channel("webhook", {"url": http_receiver.url}, is_enabled=False)
    house.webhook(http_receiver.url, house.another_monitor("other"))

    results = of_monitor(house)

    assert [(result.channel.id, result.ok) for result in results] == [(told[0].id, True), (told[1].id, False)]
    assert "did not accept a connection" in results[1].error
    assert [request.json()["data"]["monitor"]["name"] for request in http_receiver.requests] == ["Nightly backup"]
    assert audited() == [(f"monitor:{house.monitor.id}", [channel.id for channel in told])]


def test_a_monitor_that_tells_nobody_has_no_results(house: House) -> None:
    assert of_monitor(house) == []


def test_all_are_sent_at_the_same_time(house: House, http_receiver: HTTPReceiver) -> None:
    for _ in range(5):
        house.webhook(http_receiver.url)
    http_receiver.answer(hang_sec=0.5)

    started = time.monotonic()
    results = of_monitor(house)

    assert [result.ok for result in results] == [True] * 5
    assert time.monotonic() - started < 2


def test_what_hangs_for_too_long_is_said_and_left(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    channel, going_on = house.webhook("https://example.com"), threading.Event()
    monkeypatch.setattr(trials, "TOTAL_SEC", 0.05)
    monkeypatch.setattr(Webhook, "send", lambda *_, **__: going_on.wait(10))

    try:
        results = of_monitor(house)
    finally:
        going_on.set()

    assert [(result.channel, result.ok) for result in results] == [(channel, False)]
    assert "not sent within 0.05 seconds" in results[0].error


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_network_is_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.webhook("https://example.com")
    seen, wait = [], futures.wait

    def watched(*args: Any, **options: Any) -> Any:
        seen.append(connection.in_atomic_block)
        return wait(*args, **options)

    monkeypatch.setattr(futures, "wait", watched)

    of_monitor(house)

    assert seen == [False]
