"""What a beet's incident says in plain words: tables of evidence and of what stood around it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitors.domain import evidence, explain
from monitors.domain.evidence import Amount, Evidence, Pause, Rate
from monitors.domain.explain import Context, Earlier, Named, Neighbour
from monitors.domain.status import Cause, Status

SINCE = datetime(2026, 1, 5, 14, 5, tzinfo=UTC)
OPENED = datetime(2026, 1, 5, 15, 10, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SILENCE = Rate(Cause.SILENCE, SINCE, 23.4, 0, 9.2, 26.0, 21.6)
DROP = Rate(Cause.DROP, SINCE, 61.0, 12, 9.2, 26.0, 56.0)
CONTEXT = Context(opened_at=OPENED, told_at=OPENED, watched_since=OPENED - 63 * DAY)


def lines(found: Evidence = SILENCE, **given: Any) -> list[str]:
    return explain.explain(found, replace(CONTEXT, **given)).lines


def neighbour(name: str, status: Status = Status.DOWN, after: timedelta = -4 * MINUTE) -> Neighbour:
    return Neighbour(Named(len(name), name), OPENED + after, status)


def test_a_silence_is_told_from_its_beginning_to_what_to_look_at() -> None:
    assert lines() == [
        "23.4 events were expected since Mon 5 Jan, 14:05 UTC; none came by 15:10.",
        "About 21.6 an hour are usual at that time.",
        "By chance so long a silence comes less than once in 26 weeks: the odds against chance are about 9,900 to 1.",
        "It is the first silence since the monitor was made, 63 days ago.",
        "No other monitor of the project changed within 30 minutes.",
        "Nothing at all came, so look at the sender: whether it runs, whether its ping URL is still right, whether it"
        " reaches Heartbeet (DNS, proxy, certificates), and what was deployed just before.",
    ]


def test_a_drop_says_how_much_of_it_came_and_looks_for_the_part_that_did_not() -> None:
    told = lines(DROP)

    assert told[0] == "61 events were expected since Mon 5 Jan, 14:05 UTC; 12 came by 15:10, 20% of that."
    assert told[2].startswith("By chance such a drop comes less than once in 26 weeks")
    assert told[-1].startswith("Some events still came, so look for the part that did not: one region")


@pytest.mark.parametrize(
    ("found", "expected", "why"),
    [
        (replace(SILENCE, expected=1.0), "1 event was expected", "one is not several"),
        (replace(SILENCE, expected=0.42), "0.42 events were expected", "a rare stream keeps its figures"),
        (replace(SILENCE, expected=12_500.4), "12,500 events were expected", "a large one needs none"),
        (replace(DROP, seen=1_200, expected=6_100.0), "1,200 came by 15:10, 20% of that", "both are readable"),
        (replace(DROP, expected=0.0, seen=3), "3 came by 15:10.", "nothing was expected: there is no share"),
        (replace(SILENCE, budget_weeks=1), "less than once a week:", "one week has no number"),
        (replace(SILENCE, budget_weeks=4.5), "once in 4.5 weeks:", "one budget for several beets is divided"),
        (replace(SILENCE, budget_weeks=1040), "once in 20 years:", "nobody thinks in a thousand weeks"),
        (replace(SILENCE, log_odds=3.0), "about 20 to 1.", "e to the 3"),
        (replace(SILENCE, log_odds=6.0), "about 400 to 1.", "two figures of 403"),
        (replace(SILENCE, log_odds=0.0), "about 1 to 1.", "even odds"),
        (replace(SILENCE, log_odds=-1.0), "about 1 to 1.", "never less"),
        (replace(SILENCE, log_odds=800.0), "more than 1,000,000,000 to 1.", "e to the 800 is no number"),
    ],
)
def test_numbers_are_said_as_people_say_them(found: Rate, expected: str, why: str) -> None:
    assert expected in " ".join(lines(found)), why


@pytest.mark.parametrize(
    ("given", "expected", "why"),
    [
        ({"zone": ZoneInfo("Europe/Berlin")}, "since Mon 5 Jan, 15:05 CET; none came by 16:10.", "the reader's clock"),
        ({"told_at": OPENED + 12 * timedelta(hours=1)}, "none came by Tue 6 Jan, 03:10.", "another day is named"),
        ({"told_at": OPENED + timedelta(seconds=7)}, "none came by 15:10.", "seconds do not matter after an hour"),
        (
            {"told_at": SINCE + timedelta(seconds=90)},
            "since Mon 5 Jan, 14:05:00 UTC; none came by 14:06:30.",
            "they do in a minute",
        ),
        ({"watched_since": OPENED - MINUTE}, "It is the first silence since the monitor was made.", "just now"),
        (
            {"earlier": [Earlier(OPENED - 12 * DAY - MINUTE, Cause.SILENCE)]},
            "It is the first silence in 12 days.",
            "since the one before",
        ),
        (
            {"earlier": [Earlier(OPENED - 3 * timedelta(hours=1), Cause.SILENCE)]},
            "The silence before this one was 3 hours earlier.",
            "it is nothing new",
        ),
        (
            {"earlier": [Earlier(OPENED - DAY, Cause.DROP)]},
            "It is the first silence since the monitor was made, 63 days ago.",
            "a drop is of another kind",
        ),
    ],
)
def test_times_and_kinds_before_it(given: dict[str, Any], expected: str, why: str) -> None:
    assert expected in " ".join(lines(**given)), why


@pytest.mark.parametrize(
    ("days_before", "expected", "why"),
    [
        (
            [7, 14],
            "It recurs: 2 of the 2 earlier incidents of the last 8 weeks began on a Monday at this time.",
            "weekly",
        ),
        (
            [7, 9, 10.5],
            "It recurs: 2 of the 3 earlier incidents of the last 8 weeks began at this time of the day.",
            "",
        ),
        (
            [10.5],
            "The one earlier incident of the last 8 weeks did not begin at this time of the day.",
            "one, elsewhen",
        ),
        ([10.5, 3.3], "None of the 2 earlier incidents of the last 8 weeks began at this time of the day.", "elsewhen"),
        (
            [7.04],
            "It recurs: the one earlier incident of the last 8 weeks began on a Monday at this time.",
            "58 min off",
        ),
        ([7.05], "The one earlier incident of the last 8 weeks did not begin", "72 min off"),
    ],
)
def test_whether_it_recurs_at_this_hour(days_before: list[float], expected: str, why: str) -> None:
    earlier = [Earlier(OPENED - days * DAY, Cause.DROP) for days in days_before]

    assert expected in " ".join(lines(earlier=earlier)), why


def test_an_hour_is_that_of_the_monitors_own_clock_also_when_that_was_changed() -> None:
    """From winter to summer time the same local hour is another hour of UTC."""
    summer = datetime(2026, 3, 30, 13, 0, tzinfo=UTC)
    winter = datetime(2026, 3, 23, 12, 50, tzinfo=UTC)
    home = ZoneInfo("Europe/Berlin")  # there they are 15:00 and 13:50

    told = lines(opened_at=summer, told_at=summer, home=home, earlier=[Earlier(winter, Cause.DROP)])
    near = lines(opened_at=summer, told_at=summer, home=home, earlier=[Earlier(winter + 80 * MINUTE, Cause.DROP)])

    assert "did not begin at this time" in " ".join(told)
    assert "It recurs" in " ".join(near)


def test_midnight_is_no_border() -> None:
    late, early = datetime(2026, 1, 5, 23, 50, tzinfo=UTC), datetime(2026, 1, 4, 0, 10, tzinfo=UTC)

    assert "It recurs" in " ".join(lines(opened_at=late, told_at=late, earlier=[Earlier(early, Cause.DROP)]))


def test_what_is_older_than_what_is_learned_from_does_not_recur() -> None:
    told = " ".join(lines(earlier=[Earlier(OPENED - 70 * DAY, Cause.SILENCE)]))

    assert "recurs" not in told
    assert "earlier incident" not in told
    assert "first silence in 70 days" in told


def test_neighbours_are_named_and_several_that_got_worse_speak_of_something_shared() -> None:
    one = lines(neighbours=[neighbour("payments")])
    two = lines(neighbours=[neighbour("payments"), neighbour("e-mails", Status.WARNING, 3 * MINUTE)])
    one_up = lines(neighbours=[neighbour("payments"), neighbour("e-mails", Status.UP)])

    assert "1 other monitor of the project changed within 30 minutes: payments (down at 15:06)." in one
    assert (
        "2 other monitors of the project changed within 30 minutes: payments (down at 15:06), e-mails (low at 15:13)."
        in two
    )
    shared = "Several monitors got worse at once, so look first at what they share: a host, a network, a deploy."
    assert (shared in one, shared in two, shared in one_up) == (False, True, False)


def test_of_many_neighbours_five_are_named() -> None:
    many = [neighbour("x" * number) for number in range(1, 13)]

    [told] = [line for line in lines(neighbours=many) if "other monitors" in line]

    assert told.startswith("12 other monitors")
    assert told.endswith("xxxxx (down at 15:06), and 7 more.")


def test_a_monitor_in_a_sentence_can_be_linked_and_its_name_keeps_to_its_line() -> None:
    found = explain.explain(SILENCE, replace(CONTEXT, neighbours=[neighbour("a\n\nb")]))

    [sentence] = [each for each in found.around if Named(4, "a\n\nb") in each]
    assert "a b (down" in explain.plain(sentence)


def test_a_time_in_which_nobody_listened_is_named() -> None:
    told = lines(deaf=[(SINCE, SINCE + 8 * MINUTE)])

    assert (
        "Heartbeet itself was not listening from Mon 5 Jan, 14:05 UTC to 14:13: events of that time were neither heard"
        " nor expected." in told
    )


@pytest.mark.parametrize(
    ("low", "high", "is_learned", "per", "expected"),
    [
        (12.0, 48.0, True, "ping", "The value was 0 at Mon 5 Jan, 14:05 UTC; 12 to 48 is usual."),
        (12.0, None, False, "hour_sum", "The sum of the values of the hour was 0 at Mon 5 Jan, 14:05 UTC; 12 or more"),
        (None, -1.5, False, "hour_mean", "The mean value of the hour was 0 at Mon 5 Jan, 14:05 UTC; -1.5 or less is"),
        (None, None, False, "ping", "The value was 0 at Mon 5 Jan, 14:05 UTC."),
    ],
)
def test_a_value_stands_beside_what_is_allowed_or_usual(
    low: float | None, high: float | None, is_learned: bool, per: str, expected: str
) -> None:
    told = lines(Amount(Cause.VALUE, SINCE, 0.0, low, high, per, is_learned))

    assert told[0].startswith(expected)
    assert "first unusual value" in told[1]
    assert told[-1].startswith("Look at the run that reported it")


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (0.04, "0.04"), (3.0, "3"), (9.94, "9.9"), (9.96, "10"), (23.4, "23"), (1250.2, "1,250")],
)
def test_from_ten_on_events_are_whole(number: float, said: str) -> None:
    assert explain.rounded(number) == said


def test_a_large_value_is_told_with_all_its_digits() -> None:
    told = lines(Amount(Cause.VALUE, SINCE, 1_234_567.0, None, 1_000_000.0, "ping", False))

    assert told[0] == "The value was 1,234,567 at Mon 5 Jan, 14:05 UTC; 1,000,000 or less is allowed."


def test_a_silence_of_a_beet_that_still_learns_says_what_it_was_asked() -> None:
    told = lines(Pause(Cause.SILENCE, SINCE, timedelta(hours=1)))

    assert told[:3] == [
        "No event came from Mon 5 Jan, 14:05 UTC to 15:10.",
        "While the monitor learns its rhythm it alerts after 1 hour without one.",
        "It is the first silence since the monitor was made, 63 days ago.",
    ]


def test_evidence_is_read_as_an_incident_keeps_it() -> None:
    rate = {
        "arm": "drop", "since": "2026-01-05T14:05:00+00:00", "expected": 61, "seen": 12, "logOdds": 9.2,
        "budgetWeeks": 26, "ratePerHour": 56,
    }  # fmt: skip
    value = {
        "arm": "value", "value": 0, "low": 12, "high": None, "per": "hour_sum", "learned": False,
        "at": "2026-01-05T14:05:00Z",
    }  # fmt: skip

    pause = {"arm": "silence", "since": "2026-01-05T14:05:00+00:00", "limitSec": 3600.0}

    assert evidence.read(rate) == DROP
    assert evidence.read(pause) == Pause(Cause.SILENCE, SINCE, timedelta(hours=1))
    assert evidence.read(value) == Amount(Cause.VALUE, SINCE, 0.0, 12, None, "hour_sum", False)


@pytest.mark.parametrize(
    "stored", [None, {}, {"arm": "later"}, {"arm": "drop"}, {"arm": "value", "at": 3}, {"arm": "silence", "since": "x"}]
)
def test_what_is_not_known_here_is_no_evidence(stored: dict[str, Any] | None) -> None:
    assert evidence.read(stored) is None
