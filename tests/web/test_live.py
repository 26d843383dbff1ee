"""Is what a page shows still so?"""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory

from accounts.web import live

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
FACTS = live.digest(3, "up", NOON)


def _asked(version: str, at: datetime = NOON, facts: str = FACTS) -> bool:
    return live.is_current(RequestFactory().get("/", headers={"Live-Version": version}), facts, at)


def test_equal_facts_are_current_and_others_are_not() -> None:
    stamp = live.stamp(FACTS, NOON)

    assert _asked(stamp)
    assert not _asked(stamp, facts=live.digest(4, "up", NOON))


def test_it_is_over_when_time_alone_changes_it() -> None:
    stamp = live.stamp(FACTS, NOON, until=NOON + timedelta(seconds=30))

    assert _asked(stamp, NOON + timedelta(seconds=29))
    assert not _asked(stamp, NOON + timedelta(seconds=30))


@pytest.mark.parametrize("until", [None, NOON + timedelta(hours=3)])
def test_nothing_stands_longer_than_five_minutes(until: datetime | None) -> None:
    stamp = live.stamp(FACTS, NOON, until=until)

    assert _asked(stamp, NOON + timedelta(minutes=4, seconds=59))
    assert not _asked(stamp, NOON + timedelta(minutes=5))


@pytest.mark.parametrize("version", ["", FACTS, f"{FACTS}.", f"{FACTS}.never", f"{FACTS}.-5", f"{FACTS}.{'9' * 5000}"])
def test_what_nobody_stamped_is_not_current(version: str) -> None:
    assert not _asked(version)
