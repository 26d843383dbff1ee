"""A monitor together with who is told of it, in one transaction: by channel ids, or by plain contacts (an address, a
webhook URL) for which a channel is found or made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from accounts.domain.actor import Actor
from accounts.models import Organization, Project
from alerts import operations, queries
from alerts.channels import base
from alerts.models import Channel
from monitors import operations as monitor_operations
from monitors.domain.fields import MonitorFields
from monitors.models import Monitor

CONTACTS = {
    "alert_email": ("email", "to"),
    "alert_webhook_url": ("webhook", "url"),
    "alert_slack_url": ("slack", "url"),
}
"""Each contact's kind of channel, and the field of the channel that it fills."""


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

    Raises base.BadConfig with the contact's name as path, and all that `alerts.operations.create_monitor` raises.
    """
    created = operations.create_monitor(
        organization=organization, project=project, fields=fields, channel_ids=channel_ids, by=by, now=now
    )
    _tell(created.monitor, None, contacts, by, now)
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
    _tell(monitor, channel_ids, contacts, by, now)


def _tell(
    monitor: Monitor, channel_ids: list[int] | None, contacts: Mapping[str, str], by: Actor, now: datetime
) -> None:
    if channel_ids is None and not contacts:
        return
    wanted = set(queries.channel_ids(monitor) if channel_ids is None else channel_ids)
    wanted |= {_channel(monitor.organization, name, text.strip(), by, now).id for name, text in contacts.items()}
    operations.set_channels(monitor=monitor, channel_ids=sorted(wanted), by=by, now=now)


def _channel(organization: Organization, contact: str, text: str, by: Actor, now: datetime) -> Channel:
    kind, field = CONTACTS[contact]
    for channel in queries.channels(organization).filter(kind=kind):
        if {**channel.config, **queries.secrets_of(channel)}.get(field, "").lower() == text.lower():
            return channel
    try:
        return operations.create_channel(
            organization=organization, kind=kind, name=_name(kind, text), config={field: text}, by=by, now=now
        )
    except base.BadConfig as error:
        raise type(error)(contact, str(error)) from error


def _name(kind: str, text: str) -> str:
    """What people see in the list of channels; never the URL itself, for it may be a secret."""
    return (text if kind == "email" else urlsplit(text).hostname or kind)[:100]
