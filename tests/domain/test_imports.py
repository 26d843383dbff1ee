"""A CSV of events is read whole, or the line that is wrong is named."""

from datetime import UTC, datetime

import numpy as np
import pytest

from monitors.domain import imports

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _parse(text: str, *, zone: str = "UTC") -> list[imports.Stream]:
    return imports.parse(text.splitlines(keepends=True), zone=zone, now=NOW)


def _hours(text: str, *, zone: str) -> list[str]:
    (stream,) = _parse("stream,timestamp\n" + text, zone=zone)
    return [datetime.fromtimestamp(at, UTC).strftime("%d %H:%M") for at in stream.times]


def test_streams_come_in_the_order_in_which_they_appear_each_with_its_own_rows() -> None:
    text = "stream,timestamp,count\nb,2026-01-01T00:00:00Z,2\na,2026-01-01T00:30:00Z,0\nb,2026-01-01T01:00:00Z,5\n"

    second, first = _parse(text)

    assert (first.name, second.name) == ("a", "b")
    assert (first.sizes.tolist(), second.sizes.tolist()) == ([0], [2, 5])
    assert np.diff(second.times).tolist() == [3600.0]
    assert (first.events, second.events) == (0, 7)


def test_without_a_column_of_counts_each_row_is_one_event() -> None:
    (stream,) = _parse("stream,timestamp\na,2026-01-01T00:00:00Z\na,2026-01-01T00:00:00.5Z\n")

    assert (stream.events, stream.times[1] - stream.times[0]) == (2, 0.5)


def test_events_are_counted_by_the_utc_hour_in_which_they_were() -> None:
    rows = "a,2026-01-01T00:59:59.9+00:30,3\na,2026-01-01T00:40:00Z,4\na,2026-01-01T02:00:00Z,5\n"
    (stream,) = _parse("stream,timestamp,count\n" + rows)

    hours, counts = stream.by_hour()

    assert (hours - hours[0]).tolist() == [0, 2]
    assert counts.tolist() == [7, 5]


@pytest.mark.parametrize("written", ["2026-01-31T13:00:00+01:00", "2026-01-31 12:00:00", "2026-01-31t12:00Z"])
def test_times_may_have_an_offset_or_be_of_the_given_zone(written: str) -> None:
    (stream,) = _parse(f"stream,timestamp\na,{written}\n")

    assert stream.times[0] == datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()


def test_the_hour_that_the_clocks_repeat_is_read_twice() -> None:
    night = "a,2025-10-26 01:30\na,2025-10-26 02:30\na,2025-10-26 02:30\na,2025-10-26 02:45\na,2025-10-26 03:30\n"

    assert _hours(night, zone="Europe/Berlin") == ["25 23:30", "26 00:30", "26 01:30", "26 01:45", "26 02:30"]


def test_a_stream_whose_times_go_on_is_in_the_first_round_of_a_repeated_hour() -> None:
    mixed = "stream,timestamp\na,2025-10-26 02:30\nb,2025-10-26 02:10\n"

    first, second = _parse(mixed, zone="Europe/Berlin")

    assert first.times[0] - second.times[0] == 20 * 60


def test_blank_lines_quotes_and_capitals_in_the_header_may_be() -> None:
    (stream,) = _parse('Stream, Timestamp\n"a, b",2026-01-01T00:00:00Z\n\n"a, b",2026-01-01T01:00:00Z\n')

    assert (stream.name, len(stream.times)) == ("a, b", 2)


def test_many_rows_are_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK", 3)
    rows = [f"{'ab'[number % 2]},2026-01-01T{number:02}:00:00Z,{number}\n" for number in range(24)]

    first, second = _parse("stream,timestamp,count\n" + "".join(rows))

    assert first.sizes.tolist() == list(range(0, 24, 2))
    assert second.sizes.tolist() == list(range(1, 24, 2))


GOOD = "a,2026-01-01T00:00:00Z,1\n"
BAD_ROWS = [
    ("a,2026-01-01T01:00:00Z\n", 3, "here are 2"),
    ("a,2026-01-01T01:00:00Z,1,x\n", 3, "here are 4"),
    ("\na,2026-01-01T01:00:00Z\n", 4, "here are 2"),
    ('"b\nc",2026-01-01T01:00:00Z,1\n', 4, "not plain"),
    ("a,2025-12-31T23:00:00Z,1\n", 3, "comes before the time of line 2; sort"),
    ("a,2026-01-01T00:00:00Z,1\n", 3, "2026-01-01T00:00:00Z twice, here and on line 2"),
    ("b,2026-06-01T00:00:01Z,1\n", 3, "2026-06-01T00:00:01Z is still to come"),
    ("a,2026-01-01T01:00:00Z,-1\n", 3, "the count is '-1'; it must be a whole number"),
    ("a,2026-01-01T01:00:00Z,1.5\n", 3, "'1.5'"),
    ("a,2026-01-01T01:00:00Z,\n", 3, "the count is ''"),
    ("a,2026-01-01T01:00:00Z,1_000\n", 3, "'1_000'"),
    ("a,2026-01-01T01:00:00Z,٣\n", 3, "whole number"),
    ("a,2026-01-01T01:00:00Z,2147483648\n", 3, "2,147,483,647"),
    ("a,2026-01-01T01:00:00Z,99999999999\n", 3, "2,147,483,647"),
    ("a,yesterday,1\n", 3, "'yesterday' is not a time; write a time such as"),
    ("a,2026-01-02,1\n", 3, "no time of day"),
    ("a,2026-02-30T00:00:00Z,1\n", 3, "is not a time"),
    ("a,1969-12-31T23:59:59Z,1\n", 3, "before 1970"),
    (" ,2026-01-01T01:00:00Z,1\n", 3, "no name"),
    ("\udcff,2026-01-01T01:00:00Z,1\n", 3, "not plain UTF-8"),
    ("a" * 1001 + ",2026-01-01T01:00:00Z,1\n", 3, "longer than 1000"),
    ('a,"2026-01-01T01:00:00Z"x,1\n', 3, "not CSV"),
    ('a,"2026-01-01T01:00:00Z,1\n', 3, "not CSV"),
    ("a,2026-01-01T01:00:00Z,2147483647\na,2026-01-01T01:00:01Z,1\n", 3, "more than 2,147,483,647 events"),
]


@pytest.mark.parametrize(("rows", "line", "why"), BAD_ROWS)
def test_what_is_wrong_is_said_with_its_line(rows: str, line: int, why: str) -> None:
    with pytest.raises(imports.Refused) as refused:
        _parse("stream,timestamp,count\n" + GOOD + rows)

    assert str(refused.value).startswith(f"Line {line}: ")
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the file is empty"),
        ("a,2026-01-01T00:00:00Z\n", "the header must be stream,timestamp or stream,timestamp,count"),
        ("stream,time\n", "'stream,time'"),
        ("timestamp,stream\n", "the header must be"),
        ('"a', "not CSV"),
    ],
)
def test_a_file_without_its_header_is_none(text: str, why: str) -> None:
    with pytest.raises(imports.Refused, match=why) as refused:
        _parse(text)

    assert refused.value.line == 1


def test_a_file_without_rows_is_none() -> None:
    with pytest.raises(imports.Refused, match="Line 2: there are no rows"):
        _parse("stream,timestamp\n")


def test_a_time_over_which_the_clocks_went_forward_is_none() -> None:
    with pytest.raises(imports.Refused, match=r"Line 2: .* does not exist in Europe/Berlin"):
        _parse("stream,timestamp\na,2026-03-29 02:30\n", zone="Europe/Berlin")


def test_the_first_of_several_mistakes_in_order_is_told() -> None:
    rows = "b,2026-01-01T05:00:00Z\na,2026-01-01T01:00:00Z\na,2026-01-01T00:00:00Z\nb,2026-01-01T04:00:00Z\n"

    with pytest.raises(imports.Refused, match=r"Line 4: 2026-01-01T00:00:00Z comes before the time of line 3"):
        _parse("stream,timestamp\n" + rows)
