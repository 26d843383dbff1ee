"""Channels and their deliveries as finished values for the templates."""

from dataclasses import dataclass

from accounts.web.components import State
from alerts import queries
from alerts.channels import registry
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel, Delivery
from heartbeet.lib.words import Moment, Teller

_ABOUT = {
    "email": "One address; down and recovered in one thread.",
    "webhook": "Signed JSON to a program of yours, for every event, in order.",
    "slack": "A message in a Slack channel, by an incoming webhook.",
    "discord": "A message in a Discord channel, by a webhook of its settings.",
    "msteams": "A card in a Teams channel or chat, by a workflow that a webhook starts.",
    "telegram": "A message in a Telegram chat, by a bot of yours.",
    "mattermost": "A message in a Mattermost channel, by an incoming webhook of your server.",
    "pagerduty": "Incidents of a PagerDuty service, opened, acknowledged and resolved with ours.",
    "opsgenie": "Alerts of Opsgenie or Jira Service Management, opened, acknowledged and closed with our incidents.",
    "ntfy": "A notification on phones and desktops that listen to an ntfy topic.",
    "pushover": "A notification on the devices of a person or a group.",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel to choose."""

    key: str
    label: str
    about: str


@dataclass(frozen=True, slots=True)
class Row:
    """A channel in the list and on its page. What is secret is not in it."""

    id: int
    url: str
    name: str
    kind: str
    target: str
    state: State
    is_enabled: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message to a channel: what it was about and what became of it."""

    id: int
    incident_url: str
    title: str
    event: str
    state: State
    at: Moment
    channel: str
    tries: int
    next_try: Moment | None
    error: str
    is_dead: bool


def kinds() -> list[Kind]:
    """All kinds of channels."""
    return [Kind(key, channel.label, _ABOUT.get(key, "")) for key, channel in registry.CHANNELS.items()]


def row(channel: Channel, *, may_edit: bool) -> Row:
    """A channel. Those who may not edit it see of a URL only where it leads."""
    known = registry.CHANNELS.get(channel.kind)
    state = State("up", "On") if channel.is_enabled else State("disabled", "Off")
    config = channel.config if may_edit else queries.masked(channel)
    target = str(next(iter(config.values()), ""))
    return Row(
        id=channel.id,
        url=channel.get_absolute_url(),
        name=channel.name,
        kind=known.label if known else channel.kind,
        target="" if target == channel.name else target,
        state=state,
        is_enabled=channel.is_enabled,
        is_default=channel.is_default,
    )


def delivery(given: Delivery, tell: Teller) -> DeliveryRow:
    """A message; its event, incident, notice and channel must be loaded."""
    event, incident, is_over = given.event, given.incident, given.delivered_at is not None
    return DeliveryRow(
        id=given.id,
        incident_url=incident.get_absolute_url() if incident else "",
        title=incident.title if incident else "Several incidents at once",
        event=event.kind.capitalize() if event else "",
        state=State.of(given.status),
        at=tell.moment(given.delivered_at or given.created_at),
        channel=given.channel.name,
        tries=given.tries,
        next_try=None if is_over or given.tries == 0 else tell.maybe(given.next_try_at),
        error="" if is_over else given.last_error,
        is_dead=given.status == DeliveryStatus.DEAD,
    )
