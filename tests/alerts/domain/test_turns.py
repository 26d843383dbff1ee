"""Whose turn it is: one channel's trouble never takes the senders away from the others."""

from alerts.domain.turns import PER_CHANNEL, Candidate, choose

SLOW, FINE = 1, 2


def chosen(
    candidates: list[Candidate],
    sending: dict[int, int] | None = None,
    troubled: frozenset[int] = frozenset(),
    retries: int = 100,
    slots: int = 100,
) -> list[int]:
    return choose(candidates, sending=sending or {}, troubled=troubled, retries=retries, slots=slots)


def test_one_channel_takes_no_more_than_its_share() -> None:
    storm = [Candidate(id=number, channel_id=SLOW, tries=0) for number in range(50)]

    assert len(chosen([*storm, Candidate(id=99, channel_id=FINE, tries=0)])) == PER_CHANNEL + 1


def test_what_is_under_way_counts_towards_the_share() -> None:
    assert chosen([Candidate(1, SLOW, 0), Candidate(2, FINE, 0)], sending={SLOW: PER_CHANNEL}) == [2]


def test_a_troubled_channel_is_tried_one_at_a_time() -> None:
    waiting = [Candidate(1, SLOW, 3), Candidate(2, SLOW, 0), Candidate(3, SLOW, 0)]

    assert chosen(waiting, troubled=frozenset({SLOW})) == [2]


def test_first_tries_go_before_retries() -> None:
    assert chosen([Candidate(1, 10, 4), Candidate(2, 20, 0)], slots=1) == [2]


def test_retries_never_fill_every_sender() -> None:
    broken = [Candidate(id=number, channel_id=number, tries=2) for number in range(10)]

    assert chosen([*broken, Candidate(99, FINE + 100, 0)], retries=3, slots=8) == [99, 0, 1, 2]


def test_with_too_many_retries_under_way_only_first_tries_start() -> None:
    assert chosen([Candidate(1, 10, 1), Candidate(2, 20, 0)], retries=-4) == [2]


def test_the_order_of_urgency_is_kept() -> None:
    assert chosen([Candidate(7, 1, 0), Candidate(3, 2, 0), Candidate(5, 3, 0)]) == [7, 3, 5]
