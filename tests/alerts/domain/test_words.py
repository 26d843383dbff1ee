"""Times and durations as a person says them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from alerts.domain import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "under a second"),
        (0.4, "under a second"),
        (-5, "under a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "1 minute 1 second"),
        (720, "12 minutes"),
        (3600, "1 hour"),
        (3605, "1 hour"),
        (7500, "2 hours 5 minutes"),
        (86_400 * 3 + 3600 * 4 + 60, "3 days 4 hours"),
    ],
)
def test_a_duration_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert words.span(timedelta(seconds=seconds)) == text


def test_a_moment_is_exact_and_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))

    assert words.instant(datetime(2026, 11, 2, 9, 4, 5, tzinfo=berlin)) == "2 Nov 2026, 08:04:05 UTC"


def test_no_moment_is_never() -> None:
    assert words.instant(None) == "never"


def test_a_moment_for_programs_ends_with_z() -> None:
    assert words.stamp(datetime(2026, 1, 5, 12, 0, 0, 123_456, tzinfo=UTC)) == "2026-01-05T12:00:00.123Z"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nBcc: x@example.com", "a Bcc: x@example.com"),
        ("a\x00b\u2028c", "a b c"),
        ("  a   b ", "a b"),
        ("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrs…"),
    ],
)
def test_a_line_has_no_breaks_and_an_end(text: str, line: str) -> None:
    assert words.one_line(text, 20) == line[:20]


@pytest.mark.parametrize(
    ("text", "limit", "expected", "reason"),
    [
        ("abc", 3, "abc", "it fits"),
        ("abcd", 3, "ab…", "the mark of a cut counts"),
        ("a b  c\n d", 20, "a b c d", "one line"),
        ("😀😀😀", 5, "😀😀…", "an emoji is two units"),
        ("😀", 1, "…", "no half of one"),
        ("&&&", 11, "&amp;&amp;…", "no entity is cut in half"),
        ("&&", 10, "&amp;&amp;", "exactly"),
        ("", 3, "", "nothing"),
        ("\u202ex\u200b", 9, "x", "nothing that turns or hides letters"),
    ],
)
def test_a_text_fits_as_it_is_written(text: str, limit: int, expected: str, reason: str) -> None:
    fitted = words.fit(text, limit, written=lambda line: line.replace("&", "&amp;"))

    assert fitted == expected, reason


@pytest.mark.parametrize(
    ("count", "most", "budget", "kept", "rest"),
    [
        (3, 10, 1000, 3, None),
        (10, 10, 1000, 10, None),
        (11, 10, 1000, 9, "2 more"),
        (10, 20, 100, 10, None),
        (11, 20, 109, 4, "7 more"),
        (0, 10, 1000, 0, None),
    ],
)
def test_a_list_ends_with_how_many_are_left_out(
    count: int, most: int, budget: int, kept: int, rest: str | None
) -> None:
    rows = [("label", "value")] * count

    listed = words.as_many(rows, most=most, budget=budget)

    assert listed == rows[:kept] + ([("And", rest)] if rest else [])
