"""Whose webhook an address is: people paste the right address into the wrong form."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """A service that takes messages at addresses of its own. `takes_any`: whatever JSON its owner wants it to take."""

    name: str
    pattern: re.Pattern[str]
    takes_any: bool = False


# Host and path together, so that only what can be nothing else is taken for one.
_KNOWN = (
    Service("Slack", re.compile(r"https?://hooks\.slack(-gov)?\.com/")),
    Service("Discord", re.compile(r"https?://((ptb|canary)\.)?discord(app)?\.com/api/")),
    Service("Microsoft Teams", re.compile(r"https?://([^/]+\.webhook\.office|outlook\.office(365)?)\.com[:/]")),
    Service("Microsoft Teams", re.compile(r"https?://[^/]+\.(logic\.azure|powerplatform)\.com[:/]"), takes_any=True),
    Service("Telegram", re.compile(r"https?://api\.telegram\.org/")),
    Service("PagerDuty", re.compile(r"https?://events\.(eu\.)?pagerduty\.com/")),
    Service("Opsgenie", re.compile(r"https?://api\.(eu\.)?opsgenie\.com/")),
    Service("Pushover", re.compile(r"https?://api\.pushover\.net/")),
)


def of_url(url: str) -> Service | None:
    """The service that the address is a webhook of, if it is one that we know."""
    return next((service for service in _KNOWN if service.pattern.match(url.lower())), None)
