"""Events are rolled up into hours behind the watermark, once or many times, with what was imported."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import pytest

from monitors import rhythm_sql, rollup
from monitors.domain import hours
from monitors.models import HourlyCount, Monitor, Ping, Pulse, Rhythm, RollupMark
from tests import factories

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOON = factories.NOON
DAY = hours.DAY_HOURS


def beet(*times: datetime, kind: str = "success") -> Monitor:
    """A beet with an event at each of these times."""
    monitor = factories.monitor(type="beet", interval_sec=None, now=NOON - timedelta(days=100))
    Rhythm.objects.get_or_create(monitor=monitor)
    ping(monitor, times, kind)
    return monitor


def ping(monitor: Monitor, times: Iterable[datetime], kind: str = "success") -> None:
    for at in times:
        Ping.objects.create(monitor=monitor, received_at=at, kind=kind)
        Pulse.objects.filter(monitor=monitor).update(last_success_at=at)


def counts_of(monitor: Monitor) -> dict[str, int]:
    """The hours of a beet that had events, such as `05 11` for the eleventh hour of the fifth."""
    found = {}
    for row in HourlyCount.objects.filter(monitor=monitor):
        for hour, events in enumerate(hours.unpack([bytes(row.counts)])[0].tolist()):
            if events:
                found[f"{row.day:%d} {hour:02}"] = events
    return found


def test_events_count_in_the_hour_in_which_they_came() -> None:
    monitor = beet(NOON - 2 * HOUR, NOON - HOUR - timedelta(microseconds=1), NOON - HOUR)

    rolled = rollup.run(watermark=NOON)

    assert rolled == [NOON - 2 * HOUR, NOON - HOUR]
    assert counts_of(monitor) == {"05 10": 2, "05 11": 1}


def test_an_hour_is_counted_only_when_the_watermark_has_passed_it() -> None:
    monitor = beet(NOON - HOUR, NOON + HOUR / 2)
    rollup.run(watermark=NOON + HOUR / 2)

    early = counts_of(monitor)
    nothing = rollup.run(watermark=NOON + HOUR - timedelta(microseconds=1))
    rollup.run(watermark=NOON + HOUR)

    assert early == {"05 11": 1}
    assert nothing == []
    assert counts_of(monitor) == {"05 11": 1, "05 12": 1}


def test_only_events_of_beets_are_counted() -> None:
    monitor = beet(NOON - HOUR)
    ping(monitor, [NOON - HOUR], kind="log")
    job = factories.healthy(at=NOON - HOUR)

    rollup.run(watermark=NOON)

    assert counts_of(monitor) == {"05 11": 1}
    assert not HourlyCount.objects.filter(monitor=job).exists()


def test_the_first_run_begins_with_the_oldest_kept_event() -> None:
    monitor = beet(NOON - timedelta(days=2), NOON - HOUR)

    rolled = rollup.run(watermark=NOON)

    assert (rolled[0], len(rolled)) == (NOON - timedelta(days=2), 48)
    assert counts_of(monitor) == {"03 12": 1, "05 11": 1}


def test_the_first_run_goes_back_eight_weeks_at_most() -> None:
    monitor = beet(NOON - timedelta(weeks=9), NOON - timedelta(weeks=8) + HOUR, NOON - HOUR)

    rolled = rollup.run(watermark=NOON)

    assert (rolled[0], len(rolled)) == (NOON - timedelta(weeks=8), 8 * 168)
    assert sum(counts_of(monitor).values()) == 2


def test_without_beets_there_is_nothing_to_go_back_for() -> None:
    assert rollup.run(watermark=NOON + HOUR / 2) == []
    assert RollupMark.objects.get().rolled_until == NOON


def test_counting_again_changes_nothing() -> None:
    monitor = beet(NOON - HOUR, NOON - HOUR)
    rollup.run(watermark=NOON)

    RollupMark.objects.update(rolled_until=NOON - HOUR)
    rollup.run(watermark=NOON)

    assert counts_of(monitor) == {"05 11": 2}


def test_what_was_imported_stays_where_less_was_counted() -> None:
    monitor = beet(NOON - HOUR, NOON - 2 * HOUR, NOON - 2 * HOUR)
    imported = np.zeros((1, DAY), np.int64)
    imported[0, [3, 10, 11]] = [7, 1, 40]
    HourlyCount.objects.create(monitor=monitor, day=NOON.date(), counts=hours.pack(imported), floors=0)

    rollup.run(watermark=NOON)

    assert counts_of(monitor) == {"05 03": 7, "05 10": 2, "05 11": 40}


def test_once_a_day_what_came_late_is_counted_too() -> None:
    monitor = beet(NOON - 5 * HOUR, NOON - 2 * HOUR)
    rollup.run(watermark=NOON)

    ping(monitor, [NOON - 5 * HOUR, NOON + HOUR])  # a spool was drained
    rollup.run(watermark=NOON + 2 * HOUR)
    before = counts_of(monitor)
    rollup.run(watermark=NOON + 12 * HOUR)

    assert before == {"05 07": 1, "05 10": 1, "05 13": 1}
    assert counts_of(monitor) == {"05 07": 2, "05 10": 1, "05 13": 1}


def test_what_a_spool_brought_after_midnight_counts_in_the_evening_before() -> None:
    monitor = beet(NOON)
    for hour in range(13):  # the worker looks as each hour ends
        rollup.run(watermark=NOON + hour * HOUR)

    ping(monitor, [NOON + 8 * HOUR, NOON + 14 * HOUR])  # drained at two in the night
    for hour in range(13, 37):
        rollup.run(watermark=NOON + hour * HOUR)

    assert counts_of(monitor) == {"05 12": 1, "05 20": 1, "06 02": 1}


def test_a_worker_that_comes_second_leaves_the_hour_to_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = beet(NOON - HOUR)
    RollupMark.objects.create(id=1, rolled_until=NOON - HOUR)
    count = rhythm_sql.counted

    def overtaken(since: datetime, until: datetime) -> list[tuple[int, int, int]]:
        monkeypatch.setattr(rhythm_sql, "counted", count)
        assert rollup.run(watermark=NOON) == [NOON - HOUR]  # another worker, meanwhile
        return count(since, until)

    monkeypatch.setattr(rhythm_sql, "counted", overtaken)

    assert rollup.run(watermark=NOON) == []
    assert counts_of(monitor) == {"05 11": 1}


def test_an_hour_in_which_events_were_turned_away_is_a_lower_bound() -> None:
    limited, other = beet(*[NOON - HOUR] * 60, NOON - 2 * HOUR), beet(*[NOON - HOUR] * 60)
    RollupMark.objects.create(id=1, rolled_until=NOON - 2 * HOUR)
    Pulse.objects.filter(monitor=limited).update(limited_count=5)

    rollup.run(watermark=NOON)
    ping(limited, [NOON] * 60)
    rollup.run(watermark=NOON + HOUR)

    assert HourlyCount.objects.get(monitor=limited).floors == 1 << 11
    assert HourlyCount.objects.get(monitor=other).floors == 0
    assert Rhythm.objects.get(monitor=limited).limited_count == 5


def test_a_lower_bound_stays_one_when_the_day_goes_on() -> None:
    monitor = beet(*[NOON - HOUR] * 60)
    Pulse.objects.filter(monitor=monitor).update(limited_count=1)
    rollup.run(watermark=NOON)

    ping(monitor, [NOON])
    rollup.run(watermark=NOON + HOUR)

    assert HourlyCount.objects.get(monitor=monitor).floors == 1 << 11


def test_the_best_hour_is_the_first_of_the_largest() -> None:
    monitor = beet(*[NOON - 3 * HOUR] * 2, *[NOON - 2 * HOUR] * 3, *[NOON - HOUR] * 3)
    rollup.run(watermark=NOON)

    ping(monitor, [NOON] * 3)
    rollup.run(watermark=NOON + HOUR)

    rhythm = Rhythm.objects.get(monitor=monitor)
    assert (rhythm.best_count, rhythm.best_at) == (3, NOON - 2 * HOUR)


def test_many_beets_take_as_many_queries_as_one(django_assert_max_num_queries: object) -> None:
    for _ in range(5):
        beet(NOON - HOUR)
    RollupMark.objects.create(id=1, rolled_until=NOON - HOUR)

    with django_assert_max_num_queries(12):  # type: ignore[operator]
        rollup.run(watermark=NOON)

    assert HourlyCount.objects.count() == 5


def test_what_a_monitor_that_is_gone_had_is_left_out() -> None:
    gone = beet(NOON - HOUR)
    counts = rollup.Counts.of([(gone.id, hours.number(NOON - HOUR), 1)])
    gone.delete()

    rollup.merge(counts)

    assert not HourlyCount.objects.exists()
