"""Whose turn it is: one receiver's trouble never takes the senders away from the others."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from alerts.domain.turns import ERRAND, PER_CHANNEL, Candidate, Errand, Room, choose

SLOW, FINE = 1, 2


def waiting(channel_id: int, count: int, *, tries: int = 0, host: str = "", first: int = 0) -> list[Candidate]:
    """Deliveries that wait for one channel; each channel has a host of its own, unless one is given."""
    ids = range(first or 1000 * channel_id, (first or 1000 * channel_id) + count)
    return [Candidate(number, channel_id, host or f"host-{channel_id}", tries) for number in ids]


def chosen(candidates: Iterable[Candidate], troubled: frozenset[int] = frozenset(), **room: Any) -> list[Errand]:
    values = {"errands": 100, "doubtful": 100, "per_host": 8, **room}
    return choose(candidates, room=Room(**values), troubled=troubled)


def channels(errands: Sequence[Errand]) -> list[int]:
    return [each.channel_id for each in errands]


def test_one_channel_takes_no_more_than_its_share() -> None:
    found = chosen([*waiting(SLOW, 500), *waiting(FINE, 1)])

    assert sorted(channels(found)) == [SLOW] * PER_CHANNEL + [FINE]


def test_what_is_under_way_counts_towards_the_share() -> None:
    found = chosen([*waiting(SLOW, 9), *waiting(FINE, 1)], channels={SLOW: PER_CHANNEL})

    assert channels(found) == [FINE]


def test_channels_of_one_host_share_its_limit() -> None:
    slack = [each for channel in range(1, 5) for each in waiting(channel, 10, host="hooks.slack.com")]

    found = chosen([*slack, *waiting(9, 1)], hosts={"hooks.slack.com": 2})

    assert len(found) == 6 + 1, "eight at once, two are under way"
    assert set(channels(found)) == {1, 2, 3, 4, 9}, "and each of them has its turn"


@pytest.mark.parametrize(
    ("count", "lengths", "reason"),
    [
        (1, [1], "one is one"),
        (3, [1, 1, 1], "side by side, not in a row: a receiver may take seconds for each"),
        (10, [3, 3, 3, 1], "as equal as can be"),
        (500, [ERRAND] * PER_CHANNEL, "an errand has an end"),
    ],
)
def test_a_storm_goes_in_a_few_errands(count: int, lengths: list[int], reason: str) -> None:
    assert [len(each.ids) for each in chosen(waiting(FINE, count))] == lengths, reason


def test_nothing_is_in_two_errands() -> None:
    ids = [number for each in chosen(waiting(FINE, 50)) for number in each.ids]

    assert sorted(ids) == sorted(set(ids))


def test_a_troubled_channel_is_tried_with_one_delivery_at_a_time() -> None:
    found = chosen([*waiting(SLOW, 1, tries=3), *waiting(SLOW, 5, first=10)], frozenset({SLOW}))

    assert [each.ids for each in found] == [(10,)], "a first try first"


def test_retries_go_one_by_one() -> None:
    assert [len(each.ids) for each in chosen(waiting(SLOW, 50, tries=2))] == [1] * PER_CHANNEL


def test_first_tries_go_before_retries() -> None:
    assert channels(chosen([*waiting(SLOW, 1, tries=4), *waiting(FINE, 1)], errands=1)) == [FINE]


def test_every_channel_gets_one_errand_before_any_gets_a_second() -> None:
    found = chosen([*waiting(1, 90), *waiting(2, 90), *waiting(3, 90)], errands=3)

    assert channels(found) == [1, 2, 3]


@pytest.mark.parametrize(
    ("doubted", "room", "reason"),
    [
        ([each for n in range(10, 20) for each in waiting(n, 1, tries=2)], {}, "they have failed before"),
        (
            [each for n in range(10, 20) for each in waiting(n, 1)],
            {"slow": {f"host-{n}" for n in range(10, 20)}},
            "their hosts are silent in this moment",
        ),
    ],
)
def test_what_may_hang_never_fills_every_sender(doubted: list[Candidate], room: dict[str, Any], reason: str) -> None:
    found = chosen([*doubted, *waiting(FINE, 1)], errands=8, doubtful=3, **room)

    assert len(found) == 4, reason
    assert FINE in channels(found)


def test_with_too_much_of_that_under_way_only_others_start() -> None:
    assert channels(chosen([*waiting(SLOW, 1, tries=1), *waiting(FINE, 1)], doubtful=-4)) == [FINE]


def test_without_room_nothing_starts() -> None:
    assert chosen(waiting(FINE, 5), errands=0) == []


def test_the_order_of_urgency_is_kept() -> None:
    found = chosen([Candidate(7, 1, "a", 0), Candidate(3, 2, "b", 0), Candidate(5, 3, "c", 0)])

    assert [each.ids for each in found] == [(7,), (3,), (5,)]
