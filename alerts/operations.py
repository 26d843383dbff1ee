"""What people do with channels and deliveries: one transaction each, audited."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization, Project
from alerts import queries
from alerts.channels import base, registry
from alerts.domain import message
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery, Subscription
from heartbeet.lib import crypto
from monitors import operations as monitor_operations
from monitors.domain.fields import MonitorFields
from monitors.models import Monitor

NAME = base.Field("name", "name", max_length=100)


class UnknownChannel(ValueError):
    """One of the channels does not exist in this organisation."""


class NotDead(ValueError):
    """Only a dead letter can be sent again; this delivery has arrived or is still being tried."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """What a test alert met: the exact error, if it did not arrive."""

    ok: bool
    error: str
    duration_ms: int


@transaction.atomic
def create_monitor(
    *,
    organization: Organization,
    project: Project,
    fields: MonitorFields,
    channel_ids: list[int] | None,
    by: Actor,
    now: datetime,
) -> monitor_operations.Created:
    """Make a monitor and subscribe its channels; None means the organisation's default channels.

    Raises UnknownChannel and all that `monitors.operations.create` raises; then nothing was made.
    """
    defaults = queries.channels(organization).filter(is_default=True)
    found = list(defaults) if channel_ids is None else _find(organization, channel_ids)
    created = monitor_operations.create(organization=organization, project=project, given=fields, by=by, now=now)
    _subscribe(created.monitor, found)
    return created


@transaction.atomic
def set_channels(*, monitor: Monitor, channel_ids: list[int], by: Actor, now: datetime) -> None:
    """Tell exactly these channels about a monitor from now on. Raises UnknownChannel."""
    found = _find(monitor.organization, channel_ids)
    before, after = queries.channel_ids(monitor), sorted(channel.id for channel in found)
    if before == after:
        return
    monitor.subscriptions.exclude(channel__in=found).delete()
    _subscribe(monitor, found)
    audit.record(
        organization=monitor.organization,
        by=by,
        action="UPDATE_MONITOR",
        resource=monitor_operations.resource(monitor),
        meta=audit.difference({"channelIds": before}, {"channelIds": after}),
        now=now,
    )


@transaction.atomic
def create_channel(
    *,
    organization: Organization,
    kind: str,
    name: str,
    config: Mapping[str, Any],
    is_enabled: bool = True,
    is_default: bool = False,
    by: Actor,
    now: datetime,
) -> Channel:
    """Make a channel; `config` has the fields of its kind, secret ones too. Raises base.BadConfig."""
    checked = registry.find(kind).clean(config)
    channel = Channel(
        organization=organization,
        kind=kind,
        name=NAME.clean(name),
        config=checked.shown,
        is_enabled=is_enabled,
        is_default=is_default,
        created_at=now,
        updated_at=now,
    )
    channel.secrets = _sealed(channel, checked.secrets)
    channel.save(force_insert=True)
    _record(channel, "CREATE_CHANNEL", by, now, snapshot=_shown(channel))
    return channel


@transaction.atomic
def edit_channel(*, channel: Channel, changes: Mapping[str, Any], by: Actor, now: datetime) -> Channel:
    """Change `name`, `is_enabled`, `is_default` or fields of `config`; fields left out stay. Raises base.BadConfig."""
    before = _shown(channel)
    if "config" in changes:
        secrets = queries.secrets_of(channel)
        checked = registry.find(channel.kind).clean(changes["config"], kept={**channel.config, **secrets})
        channel.config = checked.shown
        if checked.secrets != secrets:
            channel.secrets = _sealed(channel, checked.secrets)
            before["secrets"] = "before"  # the audit log replaces both values, and shows that they differ
    channel.name = NAME.clean(changes.get("name", channel.name))
    channel.is_enabled = changes.get("is_enabled", channel.is_enabled)
    channel.is_default = changes.get("is_default", channel.is_default)
    channel.updated_at = now
    channel.save(update_fields=["name", "config", "secrets", "is_enabled", "is_default", "updated_at"])
    after = _shown(channel) | ({"secrets": "after"} if "secrets" in before else {})
    _record(channel, "UPDATE_CHANNEL", by, now, **audit.difference(before, after))
    return channel


@transaction.atomic
def delete_channel(*, channel: Channel, by: Actor, now: datetime) -> None:
    """Hide a channel and tell it nothing more; its ledger stays. Deleting twice changes nothing."""
    if not Channel.objects.filter(id=channel.id, deleted_at=None).update(deleted_at=now, secrets="", updated_at=now):
        return
    channel.subscriptions.all().delete()
    _record(channel, "DELETE_CHANNEL", by, now, snapshot=_shown(channel))


def test_channel(*, channel: Channel, now: datetime) -> TestResult:
    """Send a test alert, at once and once, and say exactly what came of it."""
    try:
        ready = queries.ready(channel)
    except (crypto.CannotOpen, base.BadConfig) as error:
        return TestResult(ok=False, error=str(error), duration_ms=0)
    sample = message.sample(monitor=_example(), at=now)
    receipt, took = base.timed(ready, sample, f"test-{channel.uid}-{int(now.timestamp() * 1000)}", now=now)
    return TestResult(ok=receipt.is_ok, error=receipt.error, duration_ms=int(took.total_seconds() * 1000))


@transaction.atomic
def replay(*, delivery: Delivery, by: Actor, now: datetime) -> None:
    """Send a dead letter again, from the first try on. Raises NotDead."""
    dead = Delivery.objects.filter(id=delivery.id, status=DeliveryStatus.DEAD)
    if not dead.update(status=DeliveryStatus.QUEUED, tries=0, first_tried_at=None, next_try_at=now):
        raise NotDead(NotDead.__doc__)
    _record(delivery.channel, "REPLAY_DELIVERY", by, now, delivery=delivery.id)


def resource(channel: Channel) -> str:
    """A channel's name in the audit log."""
    return f"channel:{channel.id}"


def _find(organization: Organization, channel_ids: list[int]) -> list[Channel]:
    found = list(queries.channels(organization).filter(id__in=channel_ids))
    missing = sorted(set(channel_ids) - {channel.id for channel in found})
    if missing:
        raise UnknownChannel(f"There is no channel {missing[0]} in this organisation.")
    return found


def _subscribe(monitor: Monitor, found: Iterable[Channel]) -> None:
    rows = [Subscription(monitor=monitor, channel=channel) for channel in found]
    Subscription.objects.bulk_create(rows, ignore_conflicts=True)


def _sealed(channel: Channel, secrets: Mapping[str, str]) -> str:
    return crypto.seal(json.dumps(secrets), bound_to=queries.binding(channel)) if secrets else ""


def _shown(channel: Channel) -> dict[str, Any]:
    return {
        "kind": channel.kind,
        "name": channel.name,
        "config": dict(channel.config),
        "isEnabled": channel.is_enabled,
        "isDefault": channel.is_default,
    }


def _record(channel: Channel, action: str, by: Actor, now: datetime, **meta: Any) -> None:
    audit.record(
        organization=channel.organization, by=by, action=action, resource=resource(channel), meta=meta, now=now
    )


def _example() -> message.AboutMonitor:
    return message.AboutMonitor(id=0, name="Example monitor", type=Monitor.HEARTBEAT, url=settings.HEARTBEET_SITE_URL)
