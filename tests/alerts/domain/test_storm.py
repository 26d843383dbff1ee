"""The list of a storm in words, and when it is told."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.domain import storm
from alerts.domain.storm import Entry

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def down(count: int) -> list[Entry]:
    return [Entry(f"Job {number}", NOON + number * MINUTE) for number in range(count)]


def recovered(count: int) -> list[Entry]:
    return [Entry(f"Well {number}", NOON, NOON + 5 * MINUTE) for number in range(count)]


@pytest.mark.parametrize(
    ("entries", "headline"),
    [
        (down(1), "1 more monitor is down"),
        (down(15), "15 more monitors are down"),
        (down(12) + recovered(3), "12 more monitors are down, 3 recovered"),
        (recovered(15), "15 more monitors have recovered"),
        (recovered(1), "1 more monitor has recovered"),
    ],
)
def test_the_headline_counts(entries: list[Entry], headline: str) -> None:
    assert storm.text(entries).headline == headline


def test_each_is_listed_with_its_time_and_what_is_down_comes_first() -> None:
    told = storm.text(recovered(1) + down(2))

    assert told.facts == (
        ("Job 0", "since 5 Jan 2026, 12:00:00 UTC"),
        ("Job 1", "since 5 Jan 2026, 12:01:00 UTC"),
        ("Well 0", "recovered at 5 Jan 2026, 12:05:00 UTC, after 5 minutes"),
    )
    assert not told.is_over


def test_a_long_list_ends_with_how_many_more_there_are() -> None:
    told = storm.text(down(42))

    assert len(told.facts) == storm.LISTED + 1
    assert told.facts[-1] == ("And", "12 more")


def test_it_is_over_when_all_have_recovered() -> None:
    assert storm.text(recovered(3)).is_over


@pytest.mark.parametrize(
    ("told_after", "next_after", "reason"),
    [
        (None, storm.GATHER, "first it is watched for a moment, so that the list is long"),
        (MINUTE, MINUTE + storm.PACE, "then it is told once a minute at most"),
    ],
)
def test_when_it_is_told(told_after: timedelta | None, next_after: timedelta, reason: str) -> None:
    told_at = NOON + told_after if told_after else None

    assert storm.next_telling(NOON, told_at) == NOON + next_after, reason


@pytest.mark.parametrize(("lately", "room"), [(0, 10), (7, 3), (10, 0), (25, 0)])
def test_the_first_go_each_for_itself(lately: int, room: int) -> None:
    assert storm.room(10, lately) == room
