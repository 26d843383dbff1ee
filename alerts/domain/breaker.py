"""The circuit breaker of a host: after some failures in a row it is left alone for a while, then tried by one probe at
a time, so that what is broken is not hammered, and holds no sender that others could use.

What counts is whether the host is able to answer. A 401 or a 410 is an answer, about one channel. So is 429: it limits
whoever it was said to (a token, an address of a chat), each of those waits as long as it was asked to, and holding back
everybody who shares `hooks.slack.com` because one of them talks too much would be our outage, not theirs. A row of
failures that one channel alone has met, a path that always answers 500, holds back only that channel.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.domain.retry import Failure

FAILURES = 5
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
PROBE_LASTS = timedelta(seconds=30)
"""As long as a lease: a probe whose sender died keeps the next one away for no longer."""


class Sign(StrEnum):
    """What a try says about its host."""

    WELL = "well"
    ILL = "ill"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Health:
    """How a host has answered lately. `only_channel` is the one that has met all of the failures, None if several have;
    `open_until` is when the next probe may go."""

    failures: int = 0
    only_channel: int | None = None
    open_until: datetime | None = None

    def concerns(self, channel_id: int) -> bool:
        """Whether the failures say anything about sends to this channel."""
        return self.failures > 0 and self.only_channel in (None, channel_id)

    def is_open(self, channel_id: int, now: datetime) -> bool:
        """Whether this channel is to be left alone."""
        return self.needs_probe(channel_id) and self.open_until is not None and now < self.open_until

    def needs_probe(self, channel_id: int) -> bool:
        """Whether the next send to this channel, as soon as one may go, has to be a probe."""
        return self.concerns(channel_id) and self.failures >= FAILURES


WELL = Health()


def sign(*, is_ok: bool, failure: Failure, status_code: int | None) -> Sign:
    """What the outcome of a try says about the host. A status of 5xx that is permanent is a mail server's word on one
    recipient; without a status nobody answered, unless the fault was ours or the address may not be asked at all."""
    if is_ok:
        return Sign.WELL
    if failure is Failure.OURS:
        return Sign.NOTHING
    if status_code is None:
        return Sign.NOTHING if failure is Failure.PERMANENT else Sign.ILL
    return Sign.ILL if status_code >= 500 and failure is not Failure.PERMANENT else Sign.WELL


def after(before: Health, said: Sign, *, channel_id: int, is_probe: bool, now: datetime) -> Health:
    """The health after one more try. Sends that were under way when the breaker opened do not open it wider."""
    if said is Sign.NOTHING or (said is Sign.ILL and not is_probe and before.is_open(channel_id, now)):
        return before
    if said is Sign.WELL:
        return WELL
    is_alone = before.failures == 0 or before.only_channel == channel_id
    failures = before.failures + 1
    return Health(
        failures=failures,
        only_channel=channel_id if is_alone else None,
        open_until=now + pause(failures) if failures >= FAILURES else None,
    )


def pause(failures: int) -> timedelta:
    """How long a host is left alone after so many failures in a row."""
    doubled = FIRST_PAUSE * (1 << min(failures - FAILURES, 10))
    return min(doubled, LONGEST_PAUSE)
