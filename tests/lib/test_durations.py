"""Durations in words, both ways."""

import pytest

from heartbeet.lib import durations


@pytest.mark.parametrize(
    ("text", "seconds", "why"),
    [
        ("90", 90, "a bare number is seconds"),
        ("5 min", 300, "as we write it ourselves"),
        ("5m", 300, "as programmers write it"),
        ("1 h 30 min", 5400, "two units"),
        ("1h30m", 5400, "without spaces"),
        ("1 hour and 30 minutes", 5400, "as people speak"),
        ("1.5 h", 5400, "a fraction"),
        ("1,5 h", 5400, "a fraction with a comma"),
        ("2 Days", 172_800, "upper case"),
        ("1 week", 604_800, "weeks are read, though not written"),
        ("0", 0, "no grace at all"),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float, why: str) -> None:
    assert durations.parse(text) == seconds, why


@pytest.mark.parametrize("text", ["", "soon", "-5 min", "5 lightyears", "five minutes", "5 min!", "1:30"])
def test_what_is_not_a_duration_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(durations.BadDuration, match="such as `30 s`"):
        durations.parse(text)


@pytest.mark.parametrize("seconds", [0, 5, 59, 60, 61, 3600, 5400, 86_400, 90_061, 604_800, 31_622_400])
def test_what_is_written_is_read_back(seconds: float) -> None:
    assert durations.parse(durations.short(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.18, "180 ms"),
        (4.24, "4.2 s"),
        (4.0, "4 s"),
        (2460.5, "41 min"),
        (90_000, "1 day 1 h"),
        (172_800, "2 days"),
        (86_460, "1 day"),
    ],
)
def test_a_run_time_shows_its_two_largest_units(seconds: float, text: str) -> None:
    assert durations.short(seconds, units=2) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, ""), (1, "1 second"), (5400, "1 hour 30 minutes"), (86_405, "1 day 5 seconds")]
)
def test_in_a_sentence_the_units_are_whole_words(seconds: float, text: str) -> None:
    assert durations.full(seconds) == text


def test_what_is_far_smaller_than_the_largest_unit_is_cut_off() -> None:
    assert (durations.short(86_460, units=2), durations.full(86_460, units=2)) == ("1 day", "1 day")
