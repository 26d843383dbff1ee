"""What people do with channels and deliveries."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent
from alerts import operations, queries, subscriptions
from alerts.channels import base
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery
from heartbeet.lib import crypto
from monitors import operations as monitor_operations
from monitors.domain.fields import MonitorFields
from monitors.models import Monitor
from tests.alerts.house import House, send_all
from tests.receivers import HTTPReceiver

HOURLY = MonitorFields(name="Hourly", interval_sec=3600)

OWN = "whsec_" + "A" * 40


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def create(house: House, channel_ids: list[int] | None) -> Monitor:
    return subscriptions.create_monitor(
        organization=house.organization,
        project=house.organization.projects.get(),
        fields=HOURLY,
        channel_ids=channel_ids,
        contacts={},
        by=SYSTEM,
        now=house.now,
    ).monitor


def edit(house: House, channel: Channel, **changes: Any) -> None:
    operations.edit_channel(channel=channel, changes=changes, by=SYSTEM, now=house.now)


def test_a_new_monitor_tells_the_default_channels(house: House) -> None:
    default = house.channel("email", {"to": "ops@example.com"}, is_default=True)
    house.channel("email", {"to": "bob@example.com"})

    monitor = create(house, channel_ids=None)

    assert queries.channel_ids(monitor) == [default.id]


def test_a_new_monitor_tells_the_channels_it_was_given(house: House) -> None:
    house.channel("email", {"to": "ops@example.com"}, is_default=True)
    other = house.channel("email", {"to": "bob@example.com"})

    monitor = create(house, channel_ids=[other.id])

    assert queries.channel_ids(monitor) == [other.id]


def test_a_new_monitor_may_tell_nobody(house: House) -> None:
    house.channel("email", {"to": "ops@example.com"}, is_default=True)

    monitor = create(house, channel_ids=[])

    assert queries.channel_ids(monitor) == []


def test_a_foreign_channel_is_unknown_and_nothing_is_made(house: House) -> None:
    foreign = House.build(house.now, name="Other").email()

    with pytest.raises(subscriptions.UnknownChannel):
        create(house, channel_ids=[foreign.id])

    assert not Monitor.objects.filter(name="Hourly").exists()


def test_the_channels_of_a_monitor_can_be_replaced(house: House) -> None:
    old, new = house.email("old@example.com"), house.channel("email", {"to": "new@example.com"})
    house.monitor.subscriptions.filter(channel=new).delete()

    subscriptions.set_channels(monitor=house.monitor, channel_ids=[new.id], by=SYSTEM, now=house.now)

    assert queries.subscribed(house.monitor) == [new]
    changed = AuditEvent.objects.get(action="UPDATE_MONITOR").meta["diff"]["channelIds"]
    assert changed == {"from": [old.id], "to": [new.id]}


def test_setting_the_same_channels_again_is_no_change(house: House) -> None:
    channel = house.email()

    subscriptions.set_channels(monitor=house.monitor, channel_ids=[channel.id], by=SYSTEM, now=house.now)

    assert "UPDATE_MONITOR" not in actions()


def test_secrets_are_sealed_and_open_in_their_own_row_only(house: House) -> None:
    first, second = (house.channel("webhook", {"url": "https://example.com", "secret": OWN}) for _ in range(2))

    secret = queries.secrets_of(first)["secret"]
    assert secret not in first.secrets
    second.secrets = first.secrets
    with pytest.raises(crypto.CannotOpen):
        queries.secrets_of(second)


def test_the_audit_log_of_a_channel_keeps_no_secret(house: House) -> None:
    channel = house.channel("slack", {"url": "https://hooks.slack.com/services/T0/B0/first"})
    edit(house, channel, config={"url": "https://hooks.slack.com/services/T0/B0/second"}, name="Ops")

    created, updated = AuditEvent.objects.filter(resource=f"channel:{channel.id}").order_by("id")
    assert (created.action, updated.action) == ("CREATE_CHANNEL", "UPDATE_CHANNEL")
    assert updated.meta["changedFields"] == ["name", "secrets"]
    assert updated.meta["diff"]["secrets"] == {"redacted": True}
    assert "T0/B0" not in str(created.meta) + str(updated.meta)


def test_an_edit_keeps_what_it_does_not_name(house: House) -> None:
    channel = house.channel("webhook", {"url": "https://one.example.com", "secret": OWN})

    edit(house, channel, config={"url": "https://two.example.com"})

    channel.refresh_from_db()
    assert channel.config == {"url": "https://two.example.com"}
    assert queries.secrets_of(channel) == {"secret": OWN}
    assert channel.name == "webhook channel"


def test_an_edit_that_is_wrong_changes_nothing(house: House) -> None:
    channel = house.webhook("https://one.example.com")

    with pytest.raises(base.AlertUrlInvalid):
        edit(house, channel, name="New", config={"url": "nonsense"})

    channel.refresh_from_db()
    assert (channel.name, channel.config) == ("webhook channel", {"url": "https://one.example.com"})


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb"])
def test_a_channel_needs_a_plain_name(house: House, name: str) -> None:
    with pytest.raises(base.BadConfig) as caught:
        operations.create_channel(
            organization=house.organization, kind="email", name=name, config={"to": "a@example.com"}, by=SYSTEM,
            now=house.now,
        )  # fmt: skip

    assert caught.value.path == "name"


def test_a_deleted_channel_is_gone_and_its_ledger_stays(house: House, http_receiver: HTTPReceiver) -> None:
    channel = house.webhook(http_receiver.url)
    house.opens()
    send_all(house.now)

    for _ in range(2):
        operations.delete_channel(channel=channel, by=SYSTEM, now=house.now)

    assert list(queries.channels(house.organization)) == []
    assert queries.channel_ids(house.monitor) == []
    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED
    assert Channel.objects.get().secrets == ""
    assert actions().count("DELETE_CHANNEL") == 1


@pytest.mark.parametrize("status", [DeliveryStatus.QUEUED, DeliveryStatus.DELIVERED])
def test_only_a_dead_letter_can_be_replayed(house: House, http_receiver: HTTPReceiver, status: str) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    if status == DeliveryStatus.QUEUED:
        http_receiver.answer(500)
    send_all(house.now)

    with pytest.raises(operations.NotDead):
        operations.replay(delivery=Delivery.objects.get(), by=SYSTEM, now=house.now)

    assert "REPLAY_DELIVERY" not in actions()


def test_a_replayed_dead_letter_has_all_its_tries_again(house: House, http_receiver: HTTPReceiver) -> None:
    house.webhook(http_receiver.url)
    house.opens()
    http_receiver.then(410)
    http_receiver.then(500)
    send_all(house.now)
    tomorrow = house.now + timedelta(days=1)

    operations.replay(delivery=Delivery.objects.get(), by=SYSTEM, now=tomorrow)
    send_all(tomorrow)

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.tries) == (DeliveryStatus.QUEUED, 1)
    assert actions()[-1] == "REPLAY_DELIVERY"


def test_a_monitor_whose_creation_fails_leaves_no_subscription(house: House) -> None:
    house.channel("email", {"to": "ops@example.com"}, is_default=True)
    create(house, channel_ids=None)

    with pytest.raises(monitor_operations.NameTaken):
        create(house, channel_ids=None)

    assert Monitor.objects.filter(name="Hourly").count() == 1
