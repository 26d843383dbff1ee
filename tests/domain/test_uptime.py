"""How long a monitor was up: every moment of a window counts once, whatever happened around it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.domain import uptime
from monitors.domain.gaps import Gaps
from monitors.domain.status import STORED, Status
from monitors.domain.uptime import Change, History, Tally, Window

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
UP, DOWN, UNKNOWN, PAUSED, NEW = Status.UP, Status.DOWN, Status.UNKNOWN, Status.PAUSED, Status.NEW
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    """So many hours after noon."""
    return NOON + hours * HOUR


def history(*changes: tuple[float, Status], since: float = -100, before: Status = UP) -> History:
    return History(at(since), before, [Change(at(hours), to) for hours, to in changes])


def hours(tally: Tally) -> dict[str, float]:
    """What a tally holds, in hours, without what is zero."""
    names = ("up", "down", "unknown", "paused", "unwatched")
    return {name: getattr(tally, name) / HOUR for name in names if getattr(tally, name)}


@pytest.mark.parametrize(
    ("reason", "told", "expected"),
    [
        ("nothing happened", history(), {"up": 10}),
        ("an outage inside", history((2, DOWN), (3, UP)), {"up": 9, "down": 1}),
        ("it began before the window", history((3, UP), before=DOWN), {"down": 3, "up": 7}),
        ("it ends after the window", history((8, DOWN), (12, UP)), {"up": 8, "down": 2}),
        ("it covers the window", history(before=DOWN), {"down": 10}),
        ("a change before the window counts from its beginning", history((-2, DOWN)), {"down": 10}),
        ("a change at the first instant", history((0, DOWN)), {"down": 10}),
        ("a change at the end", history((10, DOWN)), {"up": 10}),
        ("a change after the end", history((11, DOWN)), {"up": 10}),
        ("of changes at one instant the last counts", history((4, DOWN), (4, UP)), {"up": 10}),
        ("a warning is up", history((4, Status.WARNING)), {"up": 10}),
        ("unknown and paused stand apart", history((1, UNKNOWN), (2, PAUSED), (5, UP)),
         {"up": 6, "unknown": 1, "paused": 3}),
        ("made within the window", history((3, UP), since=2, before=NEW), {"unwatched": 3, "up": 7}),
        ("made after the window", history(since=11, before=NEW), {"unwatched": 10}),
        ("a beet that learns", history((6, UP), before=Status.LEARNING), {"unwatched": 6, "up": 4}),
    ],
)  # fmt: skip
def test_where_the_time_went(reason: str, told: History, expected: dict[str, float]) -> None:
    tally = uptime.total(told, Window(at(0), at(10)), now=at(1000))

    assert hours(tally) == expected, reason


@pytest.mark.parametrize(
    ("reason", "told", "gaps", "expected"),
    [
        ("a gap is neither up nor down", history(), [(2, 3)], {"up": 9, "unknown": 1}),
        ("nor is it down", history(before=DOWN), [(2, 3)], {"down": 9, "unknown": 1}),
        ("a gap over the edge of an outage", history((2, DOWN), (4, UP)), [(3, 5)],
         {"up": 7, "down": 1, "unknown": 2}),
        ("it begins before the window", history(), [(-1, 1)], {"up": 9, "unknown": 1}),
        ("it ends after the window", history(), [(9, 12)], {"up": 9, "unknown": 1}),
        ("it covers the window", history((2, DOWN)), [(-1, 12)], {"unknown": 10}),
        ("several", history(), [(1, 2), (4, 6)], {"up": 7, "unknown": 3}),
        ("one outside the window", history(), [(11, 12)], {"up": 10}),
        ("a paused monitor stays paused", history(before=PAUSED), [(2, 3)], {"paused": 10}),
        ("before it was made there was nothing to hear", history(since=5), [(2, 6)],
         {"unwatched": 5, "unknown": 1, "up": 4}),
        ("an empty one", history(), [(2, 2)], {"up": 10}),
    ],
)  # fmt: skip
def test_a_time_in_which_nobody_listened_counts_neither_way(
    reason: str, told: History, gaps: list[tuple[float, float]], expected: dict[str, float]
) -> None:
    told = replace(told, gaps=Gaps.of((at(start), at(end)) for start, end in gaps))

    tally = uptime.total(told, Window(at(0), at(10)), now=at(1000))

    assert hours(tally) == expected, reason


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (10, {"up": 9, "down": 1}),
        (5.5, {"up": 5, "down": 0.5, "unwatched": 4.5}),
        (5, {"up": 5, "unwatched": 5}),
        (0, {"unwatched": 10}),
        (-1, {"unwatched": 10}),
    ],
)
def test_the_future_is_not_watched(now: float, expected: dict[str, float]) -> None:
    assert hours(uptime.total(history((5, DOWN), (6, UP)), Window(at(0), at(10)), at(now))) == expected


def test_a_monitor_made_in_the_future_of_now_is_not_watched() -> None:
    assert hours(uptime.total(history(since=5, before=NEW), Window(at(0), at(10)), now=at(2))) == {"unwatched": 10}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (history(), 100.0),
        (history((5, DOWN)), 50.0),
        (history(before=DOWN), 0.0),
        (history((5, PAUSED)), 100.0),
        (history((5, UNKNOWN)), 100.0),
        (history((2, UNKNOWN), (4, DOWN), (6, PAUSED)), 50.0),
        (history(before=PAUSED), None),
        (history(before=NEW), None),
    ],
)
def test_uptime_is_the_share_of_what_was_watched(told: History, expected: float | None) -> None:
    assert uptime.total(told, Window(at(0), at(10)), now=at(1000)).uptime == expected


def test_uptime_is_not_rounded_up_to_faultless() -> None:
    told = History(at(-100), UP, [Change(at(0), DOWN), Change(at(0) + timedelta(seconds=1), UP)])

    assert uptime.total(told, Window(at(0), at(24 * 366)), now=at(24 * 400)).uptime == 99.9999


def test_each_part_shows_its_worst_state() -> None:
    told = history((1.5, DOWN), (1.6, UP), (2.5, PAUSED), (4, UP), (5, UNKNOWN), (5, UP), (7, UNKNOWN), (7.5, DOWN))

    parts = uptime.buckets(told, Window(at(0), at(10)), HOUR, now=at(8))

    worst = [part.tally.worst for part in parts]
    assert worst == [UP, DOWN, UP, PAUSED, UP, UP, UP, DOWN, None, None]


def test_the_last_part_may_be_shorter() -> None:
    parts = uptime.buckets(history(), Window(at(0), at(2.5)), HOUR, now=at(10))

    assert [part.window.length for part in parts] == [HOUR, HOUR, HOUR / 2]
    assert parts[-1].tally.up == HOUR / 2


def test_an_empty_window_holds_nothing() -> None:
    assert uptime.total(history(), Window(at(0), at(0)), now=at(1)) == Tally()


seconds = st.integers(-5_000, 20_000).map(lambda number: NOON + timedelta(seconds=number))
histories = st.builds(
    History,
    since=seconds,
    before=st.sampled_from(STORED),
    changes=st.lists(st.builds(Change, at=seconds, to=st.sampled_from(STORED)), max_size=20).map(
        lambda found: sorted(found, key=lambda change: change.at)
    ),
)
windows = st.tuples(seconds, seconds).filter(lambda ends: ends[0] < ends[1]).map(lambda ends: Window(*ends))
sizes = st.integers(61, 20_000).map(lambda number: timedelta(seconds=number))


@given(histories, windows, sizes, seconds)
def test_the_parts_make_the_whole(told: History, window: Window, size: timedelta, now: datetime) -> None:
    parts = uptime.buckets(told, window, size, now)

    assert [part.window.start for part in parts[1:]] == [part.window.end for part in parts[:-1]]
    assert (parts[0].window.start, parts[-1].window.end) == (window.start, window.end)
    assert all(sum(part.tally.lasted.values(), timedelta(0)) == part.window.length for part in parts)
    assert sum((part.tally for part in parts), Tally()) == uptime.total(told, window, now)


@given(histories, windows, st.floats(0, 1), seconds)
def test_a_window_cut_anywhere_adds_up(told: History, window: Window, share: float, now: datetime) -> None:
    cut = window.start + window.length * share

    first, second = Window(window.start, cut), Window(cut, window.end)

    assert uptime.total(told, first, now) + uptime.total(told, second, now) == uptime.total(told, window, now)


@given(histories, windows, seconds)
def test_what_came_before_the_window_is_only_the_state_it_starts_with(
    told: History, window: Window, now: datetime
) -> None:
    earlier = [change for change in told.changes if change.at < window.start]
    later = [change for change in told.changes if change.at >= window.start]
    before = earlier[-1].to if earlier else told.before

    cut = History(told.since, before, later)

    if told.since <= window.start:
        assert uptime.total(cut, window, now) == uptime.total(told, window, now)
