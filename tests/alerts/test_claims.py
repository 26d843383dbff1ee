"""Claims, many at once; and the hosts that are left alone for a while."""

from collections import Counter
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.domain.actor import SYSTEM
from alerts import claims, dispatcher, operations
from alerts.channels import base
from alerts.domain.breaker import FAILURES
from alerts.domain.retry import DeliveryStatus, Failure
from alerts.domain.turns import ERRAND, PER_CHANNEL
from alerts.models import Attempt, Channel, Delivery, Receiver
from heartbeet.lib import clock
from monitors.models import IncidentEvent, Monitor
from tests.alerts.house import House, claim, deliver, send_all
from tests.receivers import HTTPReceiver

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
OK, BROKEN = base.Receipt(is_ok=True, status_code=200), base.Receipt(is_ok=False, error="no", status_code=503)
SILENT = base.failed("nobody answered")
REFUSED = base.Receipt(is_ok=False, error="no", failure=Failure.PERMANENT, status_code=401)
LIMITED = base.Receipt(is_ok=False, error="slow down", status_code=429, retry_after=MINUTE)


def jobs(house: House, count: int) -> list[Monitor]:
    first = Monitor.objects.count()
    return [house.another_monitor(f"Job {first + number}") for number in range(count)]


def waiting(house: House, count: int, *channels: Channel) -> None:
    """An incident of each of some new monitors that tell these channels, dispatched."""
    for monitor in jobs(house, count):
        for channel in channels:
            monitor.subscriptions.create(channel=channel)
        house.opens(monitor)
    dispatcher.dispatch(now=house.now)


def told(house: House, now: datetime, receipt: base.Receipt, errands: int = 50) -> list[claims.Claim]:
    """Claim what may be sent, and record that the receivers said this; an errand ends when one fails, as a sender's."""
    claimed = claim(now, errands)
    first = {each.errand: each for each in reversed(claimed)}
    sent = claimed if receipt.is_ok else list(first.values())
    parcels = claims.prepare(sent, now=now)
    claims.record([claims.Outcome(parcel, receipt, now, timedelta(0)) for parcel in parcels])
    claims.release([each for each in claimed if each not in sent], now=now)
    return sent


@pytest.fixture
def chat(house: House) -> list[Channel]:
    """Three channels of one host."""
    return [house.webhook(f"https://chat.example.com/{number}") for number in range(3)]


@pytest.mark.parametrize("count", [2, 40])
def test_a_claim_of_many_asks_no_more_than_a_claim_of_few(house: House, chat: list[Channel], count: int) -> None:
    waiting(house, count, *chat[:1])

    with CaptureQueriesContext(
        connection,
    ) as asked:
        done = told(house, house.now, OK)

    assert len(done) == count
    assert Delivery.objects.filter(status=DeliveryStatus.DELIVERED).count() == count
    assert Attempt.objects.filter(is_ok=True).count() == count
    assert len(asked) <= 24


def test_a_storm_is_claimed_together(house: House, chat: list[Channel]) -> None:
    waiting(house, 100, chat[0])

    assert len(claim(house.now, 50)) == PER_CHANNEL * ERRAND


def test_what_is_given_back_has_lost_no_try(house: House, chat: list[Channel]) -> None:
    waiting(house, 1, chat[0])
    claimed = claim(house.now)

    claims.release(claimed, now=house.now + SECOND)

    row = Delivery.objects.get()
    assert (row.status, row.tries, row.first_tried_at) == (DeliveryStatus.QUEUED, 0, None)
    assert claim(house.now + SECOND) == claimed


def test_what_somebody_else_has_taken_meanwhile_is_not_given_back(house: House, chat: list[Channel]) -> None:
    waiting(house, 1, chat[0])
    mine = claim(house.now)
    theirs = claim(house.now + claims.LEASE)

    claims.release(mine, now=house.now + claims.LEASE)

    row = Delivery.objects.get()
    assert (row.status, row.tries) == (DeliveryStatus.SENDING, theirs[0].tries)


def test_what_cannot_be_read_is_left_out_and_stops_nobody(
    house: House, chat: list[Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(house, 2, chat[0])
    poison = IncidentEvent.objects.latest("id")
    poison.kind = "unheard of"
    poison.save()

    parcels = claims.prepare(claim(house.now, 10), now=house.now)

    assert [parcel.delivery.event_id for parcel in parcels] == [IncidentEvent.objects.earliest("id").id]


def test_five_failures_in_a_row_leave_the_whole_host_alone(house: House, chat: list[Channel]) -> None:
    elsewhere = house.webhook("https://example.com/hook")
    waiting(house, 3, *chat, elsewhere)
    assert len(told(house, house.now, SILENT)) == 8 + 3, "what was under way when it opened"
    waiting(house, 1, *chat, elsewhere)

    claimed = claim(house.now + 29 * SECOND, 50)

    assert {each.channel_id for each in claimed} == {elsewhere.id}
    held = Delivery.objects.exclude(channel=elsewhere).filter(tries=0)
    assert held.count() == 1 + 3, "they wait, and lose no try"


def test_then_one_probe_goes_and_no_second_one(house: House, chat: list[Channel]) -> None:
    waiting(house, 4, *chat)
    told(house, house.now, BROKEN)
    later = house.now + 30 * SECOND

    probe = claim(later, 50)
    second = claim(later, 50)

    assert [each.is_probe for each in probe] == [True]
    assert probe[0].tries == 1, "one that has not been tried yet goes first: its channel may be well"
    assert second == []


def test_a_failed_probe_keeps_it_closed_for_twice_as_long(house: House, chat: list[Channel]) -> None:
    waiting(house, 4, *chat)
    told(house, house.now, BROKEN)
    later = house.now + 30 * SECOND

    told(house, later, BROKEN)

    assert claim(later + 59 * SECOND, 50) == []
    assert len(claim(later + 60 * SECOND, 50)) == 1


def test_a_good_probe_lets_everybody_go(house: House, chat: list[Channel]) -> None:
    waiting(house, 4, *chat)
    told(house, house.now, BROKEN)
    later = house.now + 30 * SECOND

    told(house, later, OK)

    assert not Receiver.objects.filter(failures__gt=0).exists()
    assert {each.channel_id for each in claim(later, 50)} == {channel.id for channel in chat}


def test_a_probe_whose_sender_dies_is_followed_by_another(house: House, chat: list[Channel]) -> None:
    waiting(house, 4, *chat)
    told(house, house.now, BROKEN)
    later = house.now + 30 * SECOND
    claim(later, 50)  # and here the process is gone

    assert len(claim(later + claims.LEASE, 50)) == 1


@pytest.mark.parametrize(
    ("receipt", "reason"),
    [
        (REFUSED, "one channel's token is wrong: the others' are not"),
        (LIMITED, "one of many who share it is too loud: it waits as asked, the others go on"),
        (base.failed("a bug", Failure.OURS), "it never came to the receiver"),
    ],
)
def test_what_is_no_fault_of_the_host_holds_nobody_back(
    house: House, chat: list[Channel], receipt: base.Receipt, reason: str
) -> None:
    waiting(house, FAILURES + 1, chat[0])
    for _ in range(FAILURES + 1):
        told(house, house.now, receipt)
    waiting(house, 1, chat[1])

    assert {each.channel_id for each in claim(house.now, 50)} == {chat[1].id}, reason
    assert not Receiver.objects.exists()


def test_one_path_that_is_always_broken_holds_back_only_its_own_channel(house: House, chat: list[Channel]) -> None:
    waiting(house, FAILURES + 1, chat[0])
    for _ in range(FAILURES):
        told(house, house.now, BROKEN)
    waiting(house, 2, *chat)

    assert {each.channel_id for each in claim(house.now, 50)} == {chat[1].id, chat[2].id}

    later = Counter(each.channel_id for each in claim(house.now + 30 * SECOND, 50))
    assert later == {chat[0].id: 1, chat[1].id: 2, chat[2].id: 2}, "and then one probe, and all of the others again"


@pytest.mark.parametrize("person", ["replays a dead letter", "edits the channel"])
def test_a_person_who_knows_better_is_believed(house: House, chat: list[Channel], person: str) -> None:
    waiting(house, FAILURES + 2, chat[0])
    told(house, house.now, BROKEN)
    told(house, house.now, BROKEN)
    dead = Delivery.objects.filter(tries=0).latest("id")
    Delivery.objects.filter(id=dead.id).update(status=DeliveryStatus.DEAD, next_try_at=None)
    assert claim(house.now, 50) == []

    if person == "edits the channel":
        operations.edit_channel(channel=chat[0], changes={"name": "Mended"}, by=SYSTEM, now=house.now)
    else:
        operations.replay(delivery=dead, by=SYSTEM, now=house.now)

    assert len(claim(house.now, 50)) == 1


def test_each_channel_says_whom_it_talks_to(house: House) -> None:
    hook = house.webhook("https://Example.com:8443/hook")
    talk = house.channel("slack", {"url": "https://hooks.slack.com/services/T0/B0/x"})
    mail = house.email()

    operations.edit_channel(
        channel=hook, changes={"config": {"url": "https://example.org/hook"}}, by=SYSTEM, now=house.now
    )

    assert (hook.host, talk.host, mail.host) == ("example.org", "hooks.slack.com", "smtp")
    assert Channel.objects.get(id=hook.id).host == "example.org"


def test_a_channel_of_before_hosts_were_stored_stands_for_itself(house: House, chat: list[Channel]) -> None:
    Channel.objects.update(host="")
    waiting(house, FAILURES, *chat[:2])
    for _ in range(2):
        told(house, house.now, SILENT, errands=4)

    hosts = set(Receiver.objects.values_list("host", flat=True))

    assert hosts <= {f"channel:{channel.id}" for channel in chat[:2]}
    assert {each.channel_id for each in claim(house.now, 50)} <= {channel.id for channel in chat}


@pytest.mark.parametrize(
    ("status", "asked", "wait", "reason"),
    [
        (429, "90", 90 * SECOND, "seconds"),
        (503, "90", 90 * SECOND, "503 may ask as well"),
        (503, "a date", 2 * MINUTE, "a date is measured by the receiver's own clock"),
        (429, "31536000", 6 * 60 * MINUTE, "a year is absurd: six hours"),
    ],
)
def test_nothing_is_tried_again_sooner_than_the_receiver_asked(
    house: House, http_receiver: HTTPReceiver, status: int, asked: str, wait: timedelta, reason: str
) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    date = format_datetime(clock.now() + 2 * MINUTE, usegmt=True)
    http_receiver.then(status, Retry_After=date if asked == "a date" else asked)

    send_all(house.now)

    again = Delivery.objects.get().next_try_at
    assert again is not None
    assert -SECOND <= again - (house.now + wait) < 5 * SECOND, reason  # a header counts whole seconds


def test_a_message_for_both_and_a_notice_know_no_order(house: House, chat: list[Channel]) -> None:
    """Order holds within an incident and a channel; what has no incident waits for nothing."""
    waiting(house, 1, chat[0])
    [first] = claim(house.now)
    notice = house.organization.notices.create(kind="flagged", about=chat[1], created_at=house.now)
    Delivery.objects.create(
        notice=notice, channel=chat[0], status=DeliveryStatus.QUEUED, next_try_at=house.now, created_at=house.now
    )

    [second] = claim(house.now)

    assert first.delivery_id != second.delivery_id


def test_the_fallbacks_deliveries_keep_their_order_too(house: House, http_receiver: HTTPReceiver) -> None:
    channel = house.webhook(http_receiver.url)
    incident = house.opens()
    house.resolves(incident)
    dispatcher.dispatch(now=house.now)
    Delivery.objects.update(step=1)

    [opened] = claim(house.now, 10)
    assert claim(house.now, 10) == []
    deliver(opened, now=house.now)

    [resolved] = claim(house.now, 10)
    assert Delivery.objects.get(id=resolved.delivery_id).event_id == incident.events.latest("seq").id
    assert channel.id == resolved.channel_id
