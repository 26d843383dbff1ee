"""What people do with channels and deliveries: one transaction each, audited."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit, ranks
from accounts.domain.actor import Actor
from accounts.models import Organization
from alerts import queries, receivers
from alerts.channels import base, registry
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery
from heartbeet.lib import crypto
from monitors.domain.status import EventKind

NAME = base.Field("name", "name", max_length=100)


class SwitchedOff(ValueError):
    """The channel is switched off, so nothing can be sent there. Switch it on first."""


class NotDead(ValueError):
    """Only a dead letter can be sent again; this delivery has arrived or is still being tried."""


@transaction.atomic
def create_channel(
    *,
    organization: Organization,
    kind: str,
    name: str,
    config: Mapping[str, Any],
    is_enabled: bool = True,
    is_default: bool = False,
    is_fallback: bool = False,
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
        host=registry.find(kind).host({**checked.shown, **checked.secrets}),
        is_enabled=is_enabled,
        is_default=is_default,
        is_fallback=is_fallback,
        created_at=now,
        updated_at=now,
    )
    channel.secrets = _sealed(channel, checked.secrets)
    if is_fallback:
        _make_room_for(channel, by, now)
    channel.save(force_insert=True)
    _record(channel, "CREATE_CHANNEL", by, now, snapshot=_shown(channel))
    return channel


@transaction.atomic
def edit_channel(*, channel: Channel, changes: Mapping[str, Any], by: Actor, now: datetime) -> Channel:
    """Change `name`, `is_enabled`, `is_default`, `is_fallback` or fields of `config`; fields left out stay. Raises
    base.BadConfig."""
    before, is_secret = _shown(channel), False
    if "config" in changes:
        is_secret = _configure(channel, changes["config"])
    channel.name = NAME.clean(changes.get("name", channel.name))
    channel.is_enabled = changes.get("is_enabled", channel.is_enabled)
    channel.is_default = changes.get("is_default", channel.is_default)
    channel.updated_at = now
    channel.save(update_fields=["name", "config", "secrets", "host", "is_enabled", "is_default", "updated_at"])
    if "is_fallback" in changes:  # left out it must stay as it is now, not as it was when the row was read
        _choose_fallback(channel, changes["is_fallback"], by, now)
    receivers.ask_again(channel.host, now=now)
    after = _shown(channel)
    if is_secret:  # the audit log replaces both values, and shows that they differ
        before["secrets"], after["secrets"] = "before", "after"
    _record(channel, "UPDATE_CHANNEL", by, now, **audit.difference(before, after))
    return channel


@transaction.atomic
def delete_channel(*, channel: Channel, by: Actor, now: datetime) -> None:
    """Hide a channel and tell it nothing more; its ledger stays. Deleting twice changes nothing."""
    if not Channel.objects.filter(id=channel.id, deleted_at=None).update(deleted_at=now, secrets="", updated_at=now):
        return
    channel.subscriptions.all().delete()
    _record(channel, "DELETE_CHANNEL", by, now, snapshot=_shown(channel))


@transaction.atomic
def replay(*, delivery: Delivery, by: Actor, now: datetime) -> None:
    """Send a dead letter again, from the first try on. Raises NotDead or SwitchedOff."""
    channel = delivery.channel
    if not _send_again(channel, channel.deliveries.filter(id=delivery.id), now):
        raise NotDead(NotDead.__doc__)
    _record(channel, "REPLAY_DELIVERY", by, now, delivery=delivery.id)


@transaction.atomic
def replay_all(*, channel: Channel, since: datetime | None = None, by: Actor, now: datetime) -> int:
    """Send all dead letters of a channel again, or those made at `since` or later. Returns how many that are. Raises
    SwitchedOff."""
    made = channel.deliveries.filter(created_at__gte=since) if since else channel.deliveries.all()
    replayed = _send_again(channel, made, now)
    if replayed:
        meta = {"replayed": replayed, "since": since.isoformat() if since else None}
        _record(channel, "REPLAY_DEAD_LETTERS", by, now, **meta)
    return replayed


def _send_again(channel: Channel, among: QuerySet[Delivery], now: datetime) -> int:
    if channel.deleted_at or not channel.is_enabled:
        raise SwitchedOff(SwitchedOff.__doc__)
    fresh = {"status": DeliveryStatus.QUEUED, "tries": 0, "first_tried_at": None, "next_try_at": now}
    dead = among.filter(status=DeliveryStatus.DEAD)
    receivers.ask_again(channel.host, now=now)
    if channel.kind not in registry.READ_BY_PEOPLE:
        _ends_of(channel, dead).update(**fresh, delivered_at=None)
    return dead.update(**fresh)


def _ends_of(channel: Channel, dead: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """The ends that a program was told of while these beginnings were dead. It is told once more, after them: or it
    would take an incident for open that is long over."""
    begun = dead.filter(event__kind__in=(EventKind.OPENED, EventKind.ESCALATED))
    return channel.deliveries.filter(
        incident_id__in=begun.values("incident_id"), event__kind=EventKind.RESOLVED, status=DeliveryStatus.DELIVERED
    )


def resource(channel: Channel) -> str:
    """A channel's name in the audit log."""
    return f"channel:{channel.id}"


def _choose_fallback(channel: Channel, is_fallback: bool, by: Actor, now: datetime) -> None:
    channel.is_fallback = is_fallback
    if is_fallback:
        _make_room_for(channel, by, now)
    channel.save(update_fields=["is_fallback"])


def _make_room_for(fallback: Channel, by: Actor, now: datetime) -> None:
    """An organisation has one fallback: the one before it is that no more. Who changes it waits in line."""
    ranks.lock(fallback.organization)
    for other in queries.channels(fallback.organization).filter(is_fallback=True).exclude(id=fallback.id):
        Channel.objects.filter(id=other.id).update(is_fallback=False, updated_at=now)
        _record(other, "UPDATE_CHANNEL", by, now, **audit.difference({"isFallback": True}, {"isFallback": False}))


def _configure(channel: Channel, given: Mapping[str, Any]) -> bool:
    """Take a new configuration, and say whether anything changed in it that the audit log may not show. Secrets that
    cannot be opened any more are as good as none: they have to be given anew."""
    kind = registry.find(channel.kind)
    try:
        secrets = queries.secrets_of(channel)
    except crypto.CannotOpen:
        secrets = {}
    before, checked = channel.config, kind.clean(given, kept={**channel.config, **secrets})
    channel.config, channel.host = checked.shown, kind.host({**checked.shown, **checked.secrets})
    if checked.secrets != secrets:
        channel.secrets = _sealed(channel, checked.secrets)
        return True
    return before != checked.shown and kind.masked(before) == kind.masked(checked.shown)


def _sealed(channel: Channel, secrets: Mapping[str, str]) -> str:
    return crypto.seal(json.dumps(secrets), bound_to=queries.binding(channel)) if secrets else ""


def _shown(channel: Channel) -> dict[str, Any]:
    return {
        "kind": channel.kind,
        "name": channel.name,
        "config": queries.masked(channel),
        "isEnabled": channel.is_enabled,
        "isDefault": channel.is_default,
        "isFallback": channel.is_fallback,
    }


def _record(channel: Channel, action: str, by: Actor, now: datetime, **meta: Any) -> None:
    audit.record(
        organization=channel.organization, by=by, action=action, resource=resource(channel), meta=meta, now=now
    )
