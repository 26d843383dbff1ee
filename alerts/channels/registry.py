"""Every kind of channel. A new one is a file beside this, and a line here."""

from collections.abc import Mapping

from alerts.channels.apprise import Apprise
from alerts.channels.base import BadConfig, Channel
from alerts.channels.discord import Discord
from alerts.channels.email import Email
from alerts.channels.mattermost import Mattermost
from alerts.channels.ntfy import Ntfy
from alerts.channels.opsgenie import Opsgenie
from alerts.channels.pagerduty import PagerDuty
from alerts.channels.pushover import Pushover
from alerts.channels.slack import Slack
from alerts.channels.teams import Teams
from alerts.channels.telegram import Telegram
from alerts.channels.webhook import Webhook

_ALL: tuple[type[Channel], ...] = (
    Email,
    Webhook,
    Slack,
    Discord,
    Teams,
    Telegram,
    Mattermost,
    PagerDuty,
    Opsgenie,
    Ntfy,
    Pushover,
    Apprise,
)

CHANNELS: dict[str, type[Channel]] = {channel.kind: channel for channel in _ALL}

READ_BY_PEOPLE = frozenset(kind for kind, channel in CHANNELS.items() if channel.collapses)


def offered() -> list[type[Channel]]:
    """The kinds that a channel can be made of on this installation."""
    return [channel for channel in _ALL if not channel.unavailable()]


def find(kind: str) -> type[Channel]:
    """The class of a kind. Raises BadConfig."""
    try:
        return CHANNELS[kind]
    except KeyError as error:
        raise BadConfig("kind", f"Give one of {', '.join(sorted(each.kind for each in offered()))}.") from error


def build(kind: str, config: Mapping[str, str]) -> Channel:
    """A channel that is ready to send."""
    return find(kind)(config)
