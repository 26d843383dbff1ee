"""When a failed delivery is tried again. RIVALS 4."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain import retry
from alerts.domain.retry import Failure

FIRST = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def next_try(
    tries: int,
    after: timedelta,
    failure: Failure = Failure.TRANSIENT,
    chance: float = 0.5,
    retry_after: timedelta | None = None,
) -> timedelta | None:
    """The next try, counted from the first one."""
    found = retry.next_try(
        tries=tries,
        first_tried_at=FIRST,
        now=FIRST + after,
        failure=failure,
        chance=chance,
        retry_after=retry_after,
    )
    return None if found is None else found - FIRST


@pytest.mark.parametrize(
    ("tries", "planned"),
    [
        (1, 5 * SECOND),
        (2, 20 * SECOND),
        (3, MINUTE),
        (4, 3 * MINUTE),
        (5, 10 * MINUTE),
        (6, 30 * MINUTE),
        (7, HOUR),
        (8, 3 * HOUR),
        (9, 6 * HOUR),
        (10, 12 * HOUR),
        (11, 24 * HOUR),
    ],
)
def test_tries_keep_their_distance_from_the_first_one(tries: int, planned: timedelta) -> None:
    assert next_try(tries, after=retry.SCHEDULE[tries - 1]) == planned


def test_after_a_day_it_is_dead() -> None:
    assert next_try(12, after=24 * HOUR) is None


@pytest.mark.parametrize(("chance", "planned"), [(0.0, 48 * SECOND), (0.5, MINUTE), (0.999_999, 72 * SECOND)])
def test_tries_are_spread_by_a_fifth(chance: float, planned: timedelta) -> None:
    found = next_try(3, after=20 * SECOND, chance=chance)

    assert found is not None
    assert abs(found - planned) < timedelta(milliseconds=1)


def test_a_slow_failure_does_not_push_the_schedule_back() -> None:
    assert next_try(3, after=30 * SECOND) == MINUTE


def test_a_sender_that_was_away_does_not_burn_its_tries_in_one_burst() -> None:
    found = next_try(2, after=10 * HOUR)

    assert found == 10 * HOUR + 7.5 * SECOND  # half of the 15 seconds between the second and the third try


@pytest.mark.parametrize(
    ("after", "expected", "reason"),
    [
        (timedelta(seconds=90), 90 * SECOND, "later than planned: the receiver's wish"),
        (timedelta(seconds=1), 5 * SECOND, "sooner than planned: our plan"),
        (timedelta(days=400), 6 * HOUR, "absurd: six hours at most"),
    ],
)
def test_retry_after_only_delays(after: timedelta, expected: timedelta, reason: str) -> None:
    assert next_try(1, after=timedelta(0), retry_after=after) == expected, reason


@pytest.mark.parametrize(
    ("status", "failure", "reason"),
    [
        (401, Failure.PERMANENT, "our key is wrong"),
        (403, Failure.PERMANENT, "we may not"),
        (410, Failure.PERMANENT, "gone for good"),
        (404, Failure.MISSING, "perhaps it is being deployed"),
        (301, Failure.TRANSIENT, "moved: somebody may put it right"),
        (400, Failure.TRANSIENT, "a bug of theirs may be mended within the day"),
        (408, Failure.TRANSIENT, "slow"),
        (429, Failure.TRANSIENT, "too many"),
        (500, Failure.TRANSIENT, "broken"),
        (503, Failure.TRANSIENT, "away"),
    ],
)
def test_what_an_answer_means(status: int, failure: Failure, reason: str) -> None:
    assert retry.classify(status) is failure, reason


def test_a_permanent_error_is_dead_at_once() -> None:
    assert next_try(1, after=timedelta(0), failure=Failure.PERMANENT) is None


@pytest.mark.parametrize(("after", "is_dead"), [(timedelta(0), False), (9 * MINUTE, False), (10 * MINUTE, True)])
def test_not_found_is_dead_after_ten_minutes(after: timedelta, is_dead: bool) -> None:
    assert (next_try(5, after=after, failure=Failure.MISSING) is None) is is_dead
