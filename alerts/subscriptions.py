"""A monitor together with who is told of it, in one transaction: by channel ids, or by plain contacts (an address, a
webhook URL) for which a channel is found or made."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization, Project
from alerts import operations, queries
from alerts.channels import base
from alerts.domain import routing
from alerts.models import Channel, Subscription
from heartbeet.lib import crypto
from monitors import operations as monitor_operations
from monitors.domain.fields import MonitorFields
from monitors.domain.status import Severity
from monitors.models import Monitor

CONTACTS = {
    "alert_email": ("email", "to"),
    "alert_webhook_url": ("webhook", "url"),
    "alert_slack_url": ("slack", "url"),
    "alert_discord_url": ("discord", "url"),
    "alert_msteams_url": ("msteams", "url"),
    "alert_telegram_bot_token": ("telegram", "bot_token"),
    "alert_telegram_chat_id": ("telegram", "chat_id"),
}
"""Each contact's kind of channel, and the field of the channel that it fills. A kind with several needs all of them."""


class UnknownChannel(ValueError):
    """One of the channels does not exist in this organisation."""


class BadChoice(ValueError):
    """A channel was chosen twice, or with something that is no event, or no severity."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a channel is told of a monitor: these events, or None for what its kind usually tells, of incidents that are
    at least this severe."""

    channel_id: int
    events: tuple[str, ...] | None = None
    min_severity: str = Severity.WARNING


@transaction.atomic
def create_monitor(
    *,
    organization: Organization,
    project: Project,
    fields: MonitorFields,
    channel_ids: list[int] | None,
    contacts: Mapping[str, str],
    by: Actor,
    now: datetime,
) -> monitor_operations.Created:
    """Make a monitor that tells these channels (None: the default ones) and these contacts, named as in CONTACTS.

    Raises UnknownChannel, base.BadConfig with the contact's name as path, and all that `monitors.operations.create`
    raises; then nothing was made.
    """
    defaults = queries.channels(organization).filter(is_default=True)
    found = set(defaults if channel_ids is None else _find(organization, channel_ids))
    found |= set(_channels(organization, contacts, by, now))
    created = monitor_operations.create(
        organization=organization, project=project, given=fields, told=_ids(found), by=by, now=now
    )
    _subscribe(created.monitor, found)
    return created


@transaction.atomic
def copy_monitor(
    *, source: Monitor, project: Project, fields: MonitorFields, channel_ids: list[int], by: Actor, now: datetime
) -> monitor_operations.Created:
    """Make a monitor of these fields that tells these channels; each of them that is told of `source` hears the same of
    both. Raises what `create_monitor` raises; then nothing was made."""
    created = create_monitor(
        organization=source.organization,
        project=project,
        fields=fields,
        channel_ids=channel_ids,
        contacts={},
        by=by,
        now=now,
    )
    as_there = {each.channel_id: each for each in choices(source)}
    wanted = [as_there.get(each.channel_id, each) for each in choices(created.monitor)]
    choose(monitor=created.monitor, wanted=wanted, by=by, now=now)
    return created


@transaction.atomic
def edit_monitor(
    *,
    monitor: Monitor,
    changes: Mapping[str, Any],
    channel_ids: list[int] | None,
    contacts: Mapping[str, str],
    by: Actor,
    now: datetime,
) -> None:
    """Change a monitor's configuration, its channels (None: as they are), and add contacts; all of it or nothing."""
    if changes:
        monitor_operations.edit(monitor=monitor, changes=changes, by=by, now=now)
    if channel_ids is not None or contacts:
        told = queries.channel_ids(monitor) if channel_ids is None else channel_ids
        added = _ids(_channels(monitor.organization, contacts, by, now))
        set_channels(monitor=monitor, channel_ids=[*told, *added], by=by, now=now)


@transaction.atomic
def set_channels(*, monitor: Monitor, channel_ids: list[int], by: Actor, now: datetime) -> None:
    """Tell exactly these channels about a monitor from now on. Raises UnknownChannel."""
    found = _find(monitor.organization, channel_ids)
    before, after = queries.channel_ids(monitor), _ids(found)
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


def choices(monitor: Monitor) -> list[Choice]:
    """What each channel is told of a monitor, in the order of the channels."""
    rows = monitor.subscriptions.filter(channel__deleted_at=None).order_by("channel_id")
    return [Choice(row.channel_id, None if row.events is None else tuple(row.events), row.min_severity) for row in rows]


@transaction.atomic
def choose(*, monitor: Monitor, wanted: Sequence[Choice], by: Actor, now: datetime) -> None:
    """Tell exactly these channels about a monitor from now on, each what was chosen. Raises BadChoice or
    UnknownChannel."""
    tidied = {each.channel_id: _tidied(each) for each in wanted}
    if len(tidied) != len(wanted):
        raise BadChoice("Choose each channel once.")
    found = _find(monitor.organization, list(tidied))
    before = choices(monitor)
    monitor.subscriptions.exclude(channel__in=found).delete()
    for each in tidied.values():
        values = {"events": None if each.events is None else list(each.events), "min_severity": each.min_severity}
        Subscription.objects.update_or_create(monitor=monitor, channel_id=each.channel_id, defaults=values)
    after = choices(monitor)
    if before != after:
        audit.record(
            organization=monitor.organization,
            by=by,
            action="UPDATE_MONITOR",
            resource=monitor_operations.resource(monitor),
            meta=audit.difference({"subscriptions": _plain(before)}, {"subscriptions": _plain(after)}),
            now=now,
        )


def _tidied(choice: Choice) -> Choice:
    """The events once each, in the order of a story."""
    given = choice.events
    if given is not None and (not given or not set(given) <= set(routing.CHOICES)):
        raise BadChoice(f"Choose one or more of {', '.join(routing.CHOICES)}, or leave the events to the channel.")
    if choice.min_severity not in list(Severity):
        raise BadChoice(f"The least severity is {' or '.join(Severity)}.")
    return replace(choice, events=None if given is None else tuple(kind for kind in routing.CHOICES if kind in given))


def _plain(found: Iterable[Choice]) -> list[dict[str, Any]]:
    return [
        {"channelId": each.channel_id, "events": each.events and list(each.events), "minSeverity": each.min_severity}
        for each in found
    ]


def _find(organization: Organization, channel_ids: list[int]) -> list[Channel]:
    found = list(queries.channels(organization).filter(id__in=channel_ids)) if channel_ids else []
    missing = sorted(set(channel_ids) - {channel.id for channel in found})
    if missing:
        raise UnknownChannel(f"There is no channel {missing[0]} in this organisation.")
    return found


def _subscribe(monitor: Monitor, found: Iterable[Channel]) -> None:
    rows = [Subscription(monitor=monitor, channel=channel) for channel in found]
    Subscription.objects.bulk_create(rows, ignore_conflicts=True)


def _ids(found: Iterable[Channel]) -> list[int]:
    return sorted(channel.id for channel in found)


def _channels(organization: Organization, contacts: Mapping[str, str], by: Actor, now: datetime) -> list[Channel]:
    """A channel for each kind of contact."""
    wanted: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for contact, text in contacts.items():
        kind, field = CONTACTS[contact]
        wanted[kind][field] = text.strip()
    return [_channel(organization, kind, config, by, now) for kind, config in wanted.items()]


def _channel(organization: Organization, kind: str, config: Mapping[str, str], by: Actor, now: datetime) -> Channel:
    paths = {field: contact for contact, (of, field) in CONTACTS.items() if of == kind}
    for field, contact in paths.items():
        if field not in config:
            raise base.BadConfig(contact, "Give the two together: the bot's token and the chat's id.")
    for channel in queries.channels(organization).filter(kind=kind):
        if _leads_to(channel, config):
            return channel
    try:
        return operations.create_channel(
            organization=organization, kind=kind, name=_name(kind, config), config=config, by=by, now=now
        )
    except base.BadConfig as error:
        raise type(error)(paths.get(error.path, error.path), str(error)) from error


def _leads_to(channel: Channel, config: Mapping[str, str]) -> bool:
    """Whether a channel has this configuration. One whose secrets cannot be opened leads nowhere."""
    try:
        known = {**channel.config, **queries.secrets_of(channel)}
    except crypto.CannotOpen:
        return False
    fold = str.casefold if channel.kind == "email" else str
    return all(fold(str(known.get(field, ""))) == fold(text) for field, text in config.items())


def _name(kind: str, config: Mapping[str, str]) -> str:
    """What people see in the list of channels; never the URL itself, for it may be a secret."""
    shown = config.get("to") or config.get("chat_id") or urlsplit(config.get("url", "")).hostname
    return (shown or kind)[:100]
