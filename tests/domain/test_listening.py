"""When an ingest process does not listen, and what it tells of it."""

from datetime import UTC, datetime, timedelta

import pytest

from monitors.domain import listening
from monitors.domain.gaps import Deaf, Reason
from monitors.domain.listening import Ear

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def told(ear: Ear, seconds: float) -> tuple[Ear, list[tuple[float, float | None, Reason]]]:
    """A beat that reaches the database: the ear after it, and what it told, in seconds after noon."""
    ear, deaf = ear.report(at(seconds))
    return ear.reported(deaf), [_shown(each) for each in deaf]


def _shown(deaf: Deaf) -> tuple[float, float | None, Reason]:
    ended = (deaf.ended_at - NOON).total_seconds() if deaf.ended_at else None
    return (deaf.started_at - NOON).total_seconds(), ended, deaf.reason


@pytest.fixture
def ear() -> Ear:
    """It listens since noon, and canaries come back."""
    return Ear(beat_at=NOON).canary_returned(NOON, NOON)


def test_an_ear_that_listens_has_nothing_to_tell(ear: Ear) -> None:
    assert told(ear.beat(at(0.5)), 0.5)[1] == []
    assert ear.stored(at(1)) == ear
    assert ear.hold_at is None


# Refused


def test_it_is_deaf_from_the_first_refusal_until_something_later_is_stored(ear: Ear) -> None:
    ear = ear.refused(at(1)).refused(at(3)).stored(at(2))
    assert ear.lasting == Deaf(at(1), None, Reason.REFUSED)

    ear = ear.stored(at(4))

    assert ear.lasting is None
    assert told(ear, 4.5)[1] == [(1, 4, Reason.REFUSED)]


def test_two_threads_may_tell_of_refusals_in_any_order(ear: Ear) -> None:
    assert ear.refused(at(3)).refused(at(1)) == ear.refused(at(1)).refused(at(3))


def test_a_beat_that_reaches_the_database_proves_that_we_can_store(ear: Ear) -> None:
    ear, deaf = ear.refused(at(1)).report(at(1.5))

    assert deaf == (Deaf(at(1), at(1.5), Reason.REFUSED),)
    assert told(ear.reported(deaf), 2)[1] == []


def test_a_beat_that_did_not_reach_it_proves_nothing(ear: Ear) -> None:
    ear, deaf = ear.refused(at(1)).report(at(1.5))

    ear = ear.untold(deaf, at(1.5))

    assert ear.lasting == Deaf(at(1.5), None, Reason.REFUSED)
    assert told(ear, 2)[1] == [(1, 1.5, Reason.REFUSED), (1.5, 2, Reason.REFUSED)]


def test_a_refusal_after_the_beat_was_stamped_is_not_ended_by_it(ear: Ear) -> None:
    ear, first = told(ear.refused(at(1)), 0.9)
    assert first == [(1, None, Reason.REFUSED)]

    again, second = told(ear.refused(at(1.4)), 1.3)

    assert second == []  # the database knows it
    assert told(again, 1.9)[1] == [(1, 1.9, Reason.REFUSED)]


def test_what_could_not_be_told_is_told_later_and_only_once(ear: Ear) -> None:
    ear = ear.refused(at(1)).stored(at(2)).refused(at(10)).stored(at(11))

    ear, first = told(ear, 60)

    assert first == [(1, 2, Reason.REFUSED), (10, 11, Reason.REFUSED)]
    assert told(ear, 60.5)[1] == []


def test_a_report_that_was_lost_is_told_again_the_same(ear: Ear) -> None:
    ear, lost = ear.refused(at(1)).stored(at(2)).report(at(3))

    assert ear.untold(lost, at(3)).report(at(4))[1] == lost


def test_what_cannot_be_told_for_long_stays_bounded_and_forgets_no_refusal(ear: Ear) -> None:
    for second in range(0, 2 * listening.MAX_ENDED * 2, 2):
        ear = ear.refused(at(second)).stored(at(second + 1))

    _, shown = told(ear, 10_000)

    assert len(shown) == listening.MAX_ENDED
    assert (shown[0][:2], shown[-1][1]) == ((0, 1), 2 * listening.MAX_ENDED * 2 - 1)


# Frozen


@pytest.mark.parametrize(
    ("late_sec", "expected"),
    [
        pytest.param(0, [], id="on time"),
        pytest.param(5, [], id="a busy machine"),
        pytest.param(5.1, [(0, 6, Reason.FROZEN)], id="it stood still, since the last beat"),
    ],
)
def test_a_late_loop_stood_still(ear: Ear, late_sec: float, expected: list[object]) -> None:
    assert told(ear.beat(at(6), late=timedelta(seconds=late_sec)), 6)[1] == expected


# The clock


def test_a_clock_set_forward_is_time_in_which_nobody_listened(ear: Ear) -> None:
    assert told(ear.beat(at(1)).stepped(at(1), at(3601)), 3601)[1] == [(1, 3601, Reason.CLOCK)]


def test_a_clock_set_back_leaves_nothing_in_the_future(ear: Ear) -> None:
    ear = ear.refused(at(-10)).stored(at(5)).refused(at(20)).stored(at(30)).stepped(at(60), at(0))

    assert told(ear, 0.5)[1] == [(-10, 0, Reason.REFUSED)]


def test_what_lasts_while_the_clock_is_set_back_goes_on_from_the_new_time(ear: Ear) -> None:
    ear, _ = told(ear.refused(at(50)), 49)

    ear = ear.stepped(at(60), at(0))

    assert ear.report(at(-1))[1] == (Deaf(at(50), at(50), Reason.REFUSED), Deaf(at(0), None, Reason.REFUSED))
    assert ear.stored(at(1)).lasting is None


def test_what_began_before_the_new_time_stays_what_it_is(ear: Ear) -> None:
    ear, _ = told(ear.refused(at(-50)), -51)

    ear = ear.stepped(at(60), at(0))

    assert told(ear, 1)[1] == [(-50, 1, Reason.REFUSED)]


# Canaries


def test_a_first_failure_holds_the_clock_and_a_success_lets_it_go(ear: Ear) -> None:
    doubting = ear.canary_returned(at(20), at(20.1)).canary_failed(at(50))
    assert (doubting.hold_at, doubting.lasting) == (at(20), None)

    assert doubting.canary_returned(at(60), at(60.1)).hold_at is None


def test_three_failures_are_deafness_since_the_last_success_and_the_clock_goes_on(ear: Ear) -> None:
    for second in (30, 60, 90):
        ear = ear.canary_failed(at(second))

    ear, first = told(ear, 90.5)
    assert (first, ear.hold_at) == ([(0, None, Reason.CANARY)], None)

    ear = ear.canary_failed(at(120)).canary_returned(at(130), at(131))

    assert told(ear, 131.5)[1] == [(0, 131, Reason.CANARY)]


def test_canaries_that_never_came_back_mean_nothing() -> None:
    ear = Ear(beat_at=NOON)
    for second in (30, 60, 90):
        ear = ear.canary_failed(at(second))

    assert (ear.hold_at, ear.lasting) == (None, None)


def test_one_deaf_time_lasts_at_most_and_what_is_refused_goes_on_after_the_canary(ear: Ear) -> None:
    ear, _ = told(ear.refused(at(10)), 9)
    for second in (30, 60, 90):
        ear = ear.canary_failed(at(second))
    ear = ear.refused(at(95))

    ear, during = told(ear, 94)
    assert during == [(10, 90, Reason.REFUSED), (0, None, Reason.CANARY)]

    ear, after = told(ear.canary_returned(at(99), at(100)), 94)
    assert after == [(0, 100, Reason.CANARY), (95, None, Reason.REFUSED)]
    assert told(ear, 101)[1] == [(95, 101, Reason.REFUSED)]
