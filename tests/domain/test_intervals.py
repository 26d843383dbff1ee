"""The arithmetic of times: what many processes heard together, and what is left of a time that nobody heard."""

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.domain import gaps
from monitors.domain.gaps import Deaf, Loss, Presence, Reason, Span
from tests.factories import NOON

LAST = 40


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def span(start: int, end: int) -> Span:
    return at(start), at(end)


def minutes(spans: Iterable[Span]) -> set[int]:
    """The whole minutes in these spans."""
    return {minute for start, end in spans for minute in range(LAST) if start <= at(minute) and at(minute + 1) <= end}


def is_tidy(spans: Iterable[Span]) -> bool:
    """Disjoint, in order, each with a length, no two that meet."""
    ends = [moment for each in spans for moment in each]
    return all(before < after for before, after in itertools.pairwise(ends))


MINUTES = st.integers(0, LAST)
SPANS = st.lists(st.tuples(MINUTES, MINUTES).map(lambda pair: span(*sorted(pair))), max_size=8)
REASONS = st.sampled_from(list(Reason))


@st.composite
def presences(draw: st.DrawFn) -> Presence:
    """A process that was there for a while, deaf now and then, perhaps still."""
    since, until = sorted((draw(MINUTES), draw(MINUTES)))
    deaf = [Deaf(*each, draw(REASONS)) for each in draw(SPANS)]
    if draw(st.booleans()):
        deaf.append(Deaf(at(draw(MINUTES)), None, draw(REASONS)))
    return Presence(at(since), at(until), tuple(deaf))


@given(SPANS)
def test_merging_keeps_the_time_and_tidies_it(spans: list[Span]) -> None:
    merged = gaps.merge(spans)

    with_length = [each for each in merged if each[0] < each[1]]
    assert minutes(merged) == minutes(gaps.merge([*spans, *spans])) >= minutes(spans)
    assert is_tidy(with_length)


@given(SPANS, SPANS)
def test_what_is_left_and_what_was_taken_make_the_whole(spans: list[Span], others: list[Span]) -> None:
    left = gaps.subtract(spans, others)

    taken = gaps.merge(others)
    assert is_tidy(left)
    assert minutes(left) == minutes(gaps.merge(spans)) - minutes(taken)


@given(st.lists(presences(), max_size=4), MINUTES, MINUTES)
def test_every_moment_is_heard_or_lost(present: list[Presence], first: int, second: int) -> None:
    after, until = sorted((first, second))

    found = gaps.losses(present, after=at(after), until=at(until))

    lost = minutes((loss.start, loss.end) for loss in found)
    heard = {minute for minute in range(after, until) if any(minute in minutes(each.listened()) for each in present)}
    turned_away = {
        minute
        for each in present
        for deaf, times in zip(each.deaf, each.deaf_spans(), strict=True)
        if deaf.reason in gaps.KNOWN_LOSS
        for minute in minutes([times])
        if after <= minute < until
    }
    assert lost == set(range(after, until)) - heard | turned_away
    assert is_tidy((loss.start, loss.end) for loss in found)


def test_time_told_in_pieces_is_the_time_told_at_once() -> None:
    present = [Presence(at(0), at(10), (Deaf(at(3), at(7), Reason.FROZEN),)), Presence(at(9), at(20))]

    pieces = [gaps.losses(present, after=at(minute), until=at(minute + 1)) for minute in range(25)]

    in_pieces = gaps.merge((loss.start, loss.end) for losses in pieces for loss in losses)
    at_once = gaps.losses(present, after=at(0), until=at(25))
    assert in_pieces == tuple((loss.start, loss.end) for loss in at_once) == (span(3, 7), span(20, 25))


@pytest.mark.parametrize(
    ("present", "expected", "why"),
    [
        ([], [Loss(at(0), at(20), Reason.STOPPED)], "nobody was there"),
        ([Presence(at(0), at(20))], [], "one listened all the time"),
        ([Presence(at(0), at(8)), Presence(at(8), at(20))], [], "one came as the other went"),
        (
            [Presence(at(0), at(8)), Presence(at(10), at(20))],
            [Loss(at(8), at(10), Reason.STOPPED)],
            "a restart",
        ),
        (
            [Presence(at(0), at(20), (Deaf(at(5), at(9), Reason.FROZEN),)), Presence(at(0), at(20))],
            [],
            "the other heard what this one did not",
        ),
        (
            [Presence(at(0), at(20), (Deaf(at(5), at(9), Reason.REFUSED),)), Presence(at(0), at(20))],
            [Loss(at(5), at(9), Reason.REFUSED)],
            "pings were turned away, whoever else listened",
        ),
        (
            [Presence(at(0), at(20), (Deaf(at(5), None, Reason.CANARY),))],
            [Loss(at(5), at(20), Reason.CANARY)],
            "it lasts",
        ),
        (
            [Presence(at(0), at(12), (Deaf(at(5), at(9), Reason.FROZEN),)), Presence(at(12), at(6))],
            [Loss(at(5), at(9), Reason.FROZEN), Loss(at(12), at(20), Reason.STOPPED)],
            "one that has said nothing of its own time yet was not there",
        ),
        (
            [Presence(at(0), at(9), (Deaf(at(5), at(9), Reason.REFUSED),)), Presence(at(11), at(20))],
            [Loss(at(5), at(11), Reason.REFUSED)],
            "one time goes by its first reason",
        ),
        (
            [Presence(at(0), at(20), (Deaf(at(7), at(7), Reason.FROZEN),))],
            [],
            "a moment without length is none",
        ),
    ],
)
def test_losses(present: list[Presence], expected: list[Loss], why: str) -> None:
    found = gaps.losses(present, after=at(0), until=at(20))

    assert list(found) == expected, why
