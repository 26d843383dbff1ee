"""When a host is left alone, and what opens or closes its breaker."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain import breaker
from alerts.domain.breaker import FAILURES, WELL, Health, Sign
from alerts.domain.retry import Failure

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MINE, OTHER = 1, 2


def failing(times: int, *, channels: tuple[int, ...] = (MINE,), now: datetime = NOW) -> Health:
    """A host after some failures in a row, of these channels by turns."""
    health = WELL
    for number in range(times):
        channel = channels[number % len(channels)]
        health = breaker.after(health, Sign.ILL, channel_id=channel, is_probe=False, now=now)
    return health


@pytest.mark.parametrize(
    ("is_ok", "failure", "status", "sign", "reason"),
    [
        (True, Failure.TRANSIENT, 200, Sign.WELL, "it took it"),
        (True, Failure.TRANSIENT, None, Sign.WELL, "it took it, and a channel kept no status"),
        (False, Failure.TRANSIENT, None, Sign.ILL, "nobody answered: refused, DNS, TLS, silence"),
        (False, Failure.TRANSIENT, 500, Sign.ILL, "it is broken"),
        (False, Failure.TRANSIENT, 503, Sign.ILL, "it is away, whatever it says about when it is back"),
        (False, Failure.TRANSIENT, 429, Sign.WELL, "it works, and one of those who share it talks too much"),
        (False, Failure.PERMANENT, 401, Sign.WELL, "it works, and does not want this channel"),
        (False, Failure.PERMANENT, 410, Sign.WELL, "it works, and this address is gone"),
        (False, Failure.MISSING, 404, Sign.WELL, "it works, and does not know this address"),
        (False, Failure.TRANSIENT, 301, Sign.WELL, "it works, somewhere else"),
        (False, Failure.TRANSIENT, 451, Sign.WELL, "a mail server that wants this recipient later"),
        (False, Failure.PERMANENT, 554, Sign.WELL, "a mail server that does not want this recipient at all"),
        (False, Failure.PERMANENT, None, Sign.NOTHING, "an address that we may not ask"),
        (False, Failure.OURS, None, Sign.NOTHING, "a bug of ours; it never came to the receiver"),
    ],
)
def test_what_a_try_says_about_its_host(
    is_ok: bool, failure: Failure, status: int | None, sign: Sign, reason: str
) -> None:
    assert breaker.sign(is_ok=is_ok, failure=failure, status_code=status) is sign, reason


@pytest.mark.parametrize(
    ("failures", "is_open", "reason"),
    [
        (FAILURES - 1, False, "it may be chance"),
        (FAILURES, True, "five in a row"),
    ],
)
def test_five_failures_in_a_row_open_it(failures: int, is_open: bool, reason: str) -> None:
    assert failing(failures).is_open(MINE, NOW + 29 * SECOND) is is_open, reason


def test_one_answer_in_between_closes_it() -> None:
    nearly = failing(FAILURES - 1)

    answered = breaker.after(nearly, Sign.WELL, channel_id=OTHER, is_probe=False, now=NOW)
    again = breaker.after(answered, Sign.ILL, channel_id=MINE, is_probe=False, now=NOW)

    assert answered == WELL
    assert again.failures == 1


def test_what_says_nothing_changes_nothing() -> None:
    broken = failing(FAILURES)

    assert breaker.after(broken, Sign.NOTHING, channel_id=MINE, is_probe=True, now=NOW) == broken


def test_after_half_a_minute_only_a_probe_may_go() -> None:
    broken = failing(FAILURES)
    later = NOW + 30 * SECOND

    assert not broken.is_open(MINE, later)
    assert broken.needs_probe(MINE)


@pytest.mark.parametrize(
    ("failures", "pause"),
    [(5, 30 * SECOND), (6, MINUTE), (7, 2 * MINUTE), (8, 4 * MINUTE), (9, 5 * MINUTE), (1000, 5 * MINUTE)],
)
def test_each_failed_probe_doubles_the_pause_up_to_five_minutes(failures: int, pause: timedelta) -> None:
    assert breaker.pause(failures) == pause


def test_a_failed_probe_opens_it_for_longer_and_a_good_one_closes_it() -> None:
    broken = failing(FAILURES)
    later = NOW + 30 * SECOND

    failed = breaker.after(broken, Sign.ILL, channel_id=MINE, is_probe=True, now=later)
    good = breaker.after(broken, Sign.WELL, channel_id=MINE, is_probe=True, now=later)

    assert failed.open_until == later + MINUTE
    assert good == WELL


def test_sends_that_were_under_way_when_it_opened_do_not_open_it_wider() -> None:
    broken = failing(FAILURES)

    straggler = breaker.after(broken, Sign.ILL, channel_id=MINE, is_probe=False, now=NOW + SECOND)

    assert straggler == broken


def test_a_probe_that_outlasts_its_own_pause_counts() -> None:
    """Who takes the probe moves `open_until` on, so that no second one goes; its outcome counts all the same."""
    probed = Health(failures=5, only_channel=MINE, open_until=NOW + breaker.PROBE_LASTS)

    assert breaker.after(probed, Sign.ILL, channel_id=MINE, is_probe=True, now=NOW + SECOND).failures == 6


def test_failures_that_one_channel_alone_has_met_hold_back_no_other() -> None:
    alone = failing(FAILURES)
    together = failing(FAILURES, channels=(MINE, OTHER))

    assert alone.is_open(MINE, NOW)
    assert not alone.is_open(OTHER, NOW)
    assert not alone.needs_probe(OTHER)
    assert together.is_open(OTHER, NOW)
    assert together.is_open(3, NOW), "two have met them: it is the host"


def test_another_channel_that_fails_too_makes_it_the_host() -> None:
    alone = failing(FAILURES)

    both = breaker.after(alone, Sign.ILL, channel_id=OTHER, is_probe=False, now=NOW)

    assert both.only_channel is None
    assert both.is_open(MINE, NOW)
