"""The sliding window, exact at its edges, in memory and in Redis."""

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.domain.status import Kind
from monitors.ingest import limiter
from monitors.ingest.arrival import Arrival
from monitors.ingest.limiter import LIMIT, WINDOW_US, MemoryLimiter, RedisLimiter
from tests import servers

START_US = 1_790_000_000_000_000
DIGEST, OTHER = b"d" * 32, b"o" * 32

Admit = Callable[[bytes, int], int]
_names = itertools.count()


def _in_redis(url: str) -> Admit:
    """Two processes that share one Redis, taking turns."""
    processes = itertools.cycle([RedisLimiter(url, name=f"p{next(_names)}") for _ in range(2)])

    def admit(digest: bytes, at_us: int) -> int:
        return next(processes).admit([Arrival(digest, at_us, Kind.SUCCESS)], now_us=at_us)[0]

    return admit


@pytest.fixture(params=["memory", "redis"])
def admit(request: pytest.FixtureRequest) -> Admit:
    if request.param == "memory":
        return MemoryLimiter().admit
    return _in_redis(request.getfixturevalue("redis_url"))


def test_sixty_pass_and_the_next_waits_for_the_first_to_leave_the_window(admit: Admit) -> None:
    passed = [admit(DIGEST, START_US + index) for index in range(LIMIT)]

    assert passed == [0] * LIMIT
    assert admit(DIGEST, START_US + 4_000_000) == 6


def test_the_window_slides_to_the_microsecond(admit: Admit) -> None:
    for index in range(LIMIT):
        admit(DIGEST, START_US + index)

    assert admit(DIGEST, START_US + WINDOW_US - 1) == 1
    assert admit(DIGEST, START_US + WINDOW_US) == 0
    assert admit(DIGEST, START_US + WINDOW_US) == 1
    assert admit(DIGEST, START_US + WINDOW_US + 1) == 0


def test_a_ping_that_was_turned_away_does_not_count(admit: Admit) -> None:
    for index in range(LIMIT):
        admit(DIGEST, START_US + index)
    for index in range(200):
        admit(DIGEST, START_US + 5_000_000 + index)

    again = [admit(DIGEST, START_US + WINDOW_US + LIMIT + index) for index in range(LIMIT)]

    assert again == [0] * LIMIT


def test_tokens_do_not_share_a_window(admit: Admit) -> None:
    for index in range(LIMIT + 1):
        admit(DIGEST, START_US + index)

    assert admit(OTHER, START_US + LIMIT + 1) == 0


def test_a_steady_ping_just_under_the_limit_is_never_turned_away(admit: Admit) -> None:
    step_us = WINDOW_US // LIMIT + 1

    answers = {admit(DIGEST, START_US + index * step_us) for index in range(LIMIT * 4)}

    assert answers == {0}


@given(st.lists(st.integers(min_value=0, max_value=900_000), min_size=61, max_size=300))
def test_memory_agrees_with_counting_the_window_by_hand(steps: list[int]) -> None:
    admit = MemoryLimiter().admit
    accepted: list[int] = []

    for at_us in itertools.accumulate(steps, initial=START_US):
        expected = sum(at_us - WINDOW_US < each for each in accepted) < LIMIT
        assert (admit(DIGEST, at_us) == 0) is expected
        if expected:
            accepted.append(at_us)


def test_memory_forgets_tokens_that_are_seen_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "MAX_TOKENS", 100)
    memory = MemoryLimiter()

    for index in range(1000):
        memory.admit(index.to_bytes(32, "big"), START_US + index)

    assert len(memory._times) + len(memory._older) <= 200


def test_in_redis_times_from_before_a_clock_was_set_back_limit_nobody(redis_url: str) -> None:
    shared = RedisLimiter(redis_url, name="one")
    shared.admit([Arrival(DIGEST, START_US + index, Kind.SUCCESS) for index in range(LIMIT)], now_us=START_US)

    later = [Arrival(DIGEST, START_US - 360 * WINDOW_US, Kind.SUCCESS)]

    assert shared.admit(later, now_us=START_US) == [0]


def test_redis_judges_a_whole_batch_in_one_call(redis_url: str) -> None:
    shared = RedisLimiter(redis_url, name="one")
    batch = [Arrival(DIGEST, START_US + index, Kind.SUCCESS) for index in range(LIMIT + 2)]
    batch.insert(10, Arrival(OTHER, START_US + 10, Kind.SUCCESS))

    answers = shared.admit(batch, now_us=START_US)

    assert answers == [0] * (LIMIT + 1) + [10, 10]


def test_a_redis_that_is_away_lets_everything_through() -> None:
    nobody = RedisLimiter(f"redis://127.0.0.1:{servers.free_port()}/0", name="one")
    batch = [Arrival(DIGEST, START_US, Kind.SUCCESS)] * (LIMIT + 1)

    assert nobody.admit(batch, now_us=START_US) == [0] * (LIMIT + 1)
