"""Channels as finished values for the templates."""

from dataclasses import dataclass

from django.utils.text import Truncator

from accounts.web.components import State
from alerts import ledger, queries
from alerts.channels import base, registry
from alerts.domain.retry import DeliveryStatus
from alerts.models import Channel
from heartbeet.lib import durations
from heartbeet.lib.words import Moment, Teller

MAX_ERROR = 120
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
    "apprise": "A message by one of some 50 other services that Apprise knows, such as Gotify, Rocket.Chat or Twilio.",
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
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class Use:
    """How a channel is used: what became of the last message to it, if there was one, and how many monitors tell it."""

    state: State | None
    at: Moment | None
    error: str
    monitors: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A channel that loses every message: since when, why, and how many could be sent again."""

    since: Moment
    error: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test alert met at one channel."""

    channel_id: int
    name: str
    kind: str
    state: State
    error: str
    took: str


def kinds() -> list[Kind]:
    """All kinds of channels that can be made here."""
    return [Kind(each.kind, each.label, _ABOUT.get(each.kind, "")) for each in registry.offered()]


def row(channel: Channel, *, may_edit: bool) -> Row:
    """A channel. Those who may not edit it see of a URL only where it leads."""
    known = registry.CHANNELS.get(channel.kind)
    state = State("up", "On") if channel.is_enabled else State("disabled", "Off")
    if channel.is_enabled and channel.flagged_at:
        state = State("dead", "Fails")
    config = channel.config if may_edit else queries.masked(channel)
    target = _target(channel.kind, config)
    return Row(
        id=channel.id,
        url=channel.get_absolute_url(),
        name=channel.name,
        kind=known.label if known else channel.kind,
        target="" if target == channel.name else target,
        state=state,
        is_enabled=channel.is_enabled,
        is_default=channel.is_default,
        is_fallback=channel.is_fallback,
    )


def _target(kind: str, config: dict[str, str]) -> str:
    """Where a channel leads: the first of its fields that is not a mere choice."""
    known = registry.CHANNELS.get(kind)
    choices = {field.name for field in known.fields if isinstance(field, base.Choice)} if known else set()
    return next((str(value) for name, value in config.items() if name not in choices), "")


def use(last: ledger.Last | None, monitors: int, tell: Teller) -> Use:
    """How a channel is used, its last error cut to a line; its page has the whole."""
    if last is None:
        return Use(None, None, "", monitors)
    state = State("dead", "Failed") if last.status == DeliveryStatus.DEAD else State.of(last.status)
    return Use(state, tell.moment(last.at), Truncator(last.error).chars(MAX_ERROR), monitors)


def flag(channel: Channel, tell: Teller) -> Flag | None:
    """What is wrong with a channel that loses every message."""
    if channel.flagged_at is None:
        return None
    error = ledger.last_error_of([channel]).get(channel.id, "")
    return Flag(tell.moment(channel.flagged_at), error)


def trial(channel_id: int, name: str, kind: str, is_ok: bool, error: str, duration_ms: int) -> Trial:
    """What a test alert met, from what the session kept of it."""
    known = registry.CHANNELS.get(kind)
    state = State("delivered", "Arrived") if is_ok else State("dead", "Failed")
    took = durations.short(duration_ms / 1000, units=2)
    return Trial(channel_id, name, known.label if known else kind, state, error, took)
