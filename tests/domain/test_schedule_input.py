"""What people type as a schedule: what is taken, what is refused with which sentence, and how it reads back."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.domain import schedule
from monitors.domain.schedule import BadSchedule, Cron, Interval

GOOD = ["* * * * *", "30 3 * * *", "*/15 9-17 * * 1-5", "0 0 L * *", "0 9 * * MON#1", "0 0 29 2 *", "5 4 * jan-mar sun"]


@pytest.mark.parametrize("expression", GOOD)
def test_a_cron_of_five_fields_is_taken(expression: str) -> None:
    schedule.check_cron(expression)


BAD = [
    ("0 30 3 * * *", "Seconds are not supported: five fields, such as `30 3 * * *`."),
    ("@daily", "Words such as `@daily` are not supported: write five fields, such as `0 0 * * *`."),
    ("@reboot", "Words such as `@reboot` are not supported: write five fields, such as `30 3 * * *`."),
    (
        "30 3",
        "A cron has five fields (minute, hour, day of month, month, day of week), such as `30 3 * * *`; this has 2.",
    ),
    ("60 * * * *", "The minute `60` is not valid: 0-59, such as `*/5` or `0,30`."),
    ("0 24 * * *", "The hour `24` is not valid: 0-23, such as `3` or `9-17`."),
    ("0 0 32 * *", "The day of month `32` is not valid: 1-31 or L for the last day, such as `1` or `1,15`."),
    ("0 0 * 13 *", "The month `13` is not valid: 1-12 or JAN-DEC, such as `1` or `1-6`."),
    ("0 0 * * 8", "The day of week `8` is not valid: 0-7 (0 and 7 are Sunday) or SUN-SAT, such as `1-5`."),
    (f"1-{'9' * 5000} * * * *", "A cron line has 255 characters at most; this has 5,010."),
    (f"{'1,' * 2000}1 * * * *", "A cron line has 255 characters at most; this has 4,009."),
    ("*/0 * * * *", "The minute `*/0` is not valid: 0-59, such as `*/5` or `0,30`."),
]


@pytest.mark.parametrize(("expression", "message"), BAD)
def test_a_bad_cron_is_refused_with_what_would_be_right(expression: str, message: str) -> None:
    with pytest.raises(BadSchedule) as refused:
        schedule.check_cron(expression)

    assert (refused.value.field, str(refused.value)) == ("cron", message)


@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 4,6 *", "0 0 */28 2 1#2"])
def test_a_cron_that_never_fires_is_refused(expression: str) -> None:
    with pytest.raises(BadSchedule, match="This never fires, like 30 February"):
        schedule.check_cron(expression)


@given(st.text(alphabet="0123456789*/,-#L? @W", max_size=30) | st.text(max_size=30))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_whatever_is_typed_is_taken_or_refused_and_nothing_else(text: str) -> None:
    with contextlib.suppress(BadSchedule):
        schedule.check_cron(text)

        assert Cron(text).describe()
        assert Cron(text).due_after(datetime(2026, 1, 1, tzinfo=UTC))


ZONES = [
    ("Europe/Berlni", "`Europe/Berlni` is not a time zone: did you mean `Europe/Berlin`"),
    ("europe/berlin", "`europe/berlin` is not a time zone: did you mean `Europe/Berlin`?"),
    ("Berlin", "`Berlin` is not a time zone: did you mean `Europe/Berlin`?"),
    ("new york", "`new york` is not a time zone: did you mean `America/New_York`?"),
    ("Mars/Olympus", "`Mars/Olympus` is not a time zone: such as `Europe/Berlin` or `UTC`."),
    ("../../etc/passwd", "`../../etc/passwd` is not a time zone: such as"),
    ("", "`` is not a time zone: such as"),
]


@pytest.mark.parametrize(("zone", "message"), ZONES)
def test_an_unknown_zone_is_refused_with_a_near_one(zone: str, message: str) -> None:
    with pytest.raises(BadSchedule) as refused:
        schedule.check_zone(zone)

    assert refused.value.field == "timezone"
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Apia", "America/Argentina/Buenos_Aires"])
def test_an_iana_zone_is_taken(zone: str) -> None:
    schedule.check_zone(zone)


@pytest.mark.parametrize("seconds", [5, 30, 3600, 31_622_400])
def test_an_interval_from_5_seconds_to_366_days_is_taken(seconds: int) -> None:
    schedule.check_interval(seconds)


@pytest.mark.parametrize(("seconds", "floor"), [(4, 5), (0, 5), (-60, 5), (31_622_401, 5), (59, 60)])
def test_an_interval_outside_is_refused(seconds: int, floor: int) -> None:
    with pytest.raises(BadSchedule, match=rf"An interval is {floor} to 31,622,400 seconds \(366 days\)") as refused:
        schedule.check_interval(seconds, floor)

    assert refused.value.field == "interval_sec"


WORDS = [
    (Interval(timedelta(seconds=5)), "every 5 seconds"),
    (Interval(timedelta(minutes=1)), "every minute"),
    (Interval(timedelta(minutes=5)), "every 5 minutes"),
    (Interval(timedelta(minutes=90)), "every 1 hour 30 minutes"),
    (Interval(timedelta(days=1)), "every day"),
    (Interval(timedelta(days=366)), "every 366 days"),
    (Cron("30 3 * * *", "Europe/Berlin"), "at 03:30 every day, Europe/Berlin"),
    (Cron("*/5 * * * *", "UTC"), "every 5 minutes, UTC"),
    (Cron("* * * * *", "UTC"), "every minute, UTC"),
    (Cron("0 9 * * 1-5", "UTC"), "at 09:00 on Monday through Friday, UTC"),
    (Cron("0 9 1 * *", "UTC"), "at 09:00 on the first day of every month, UTC"),
    (Cron("0 * * * *", "UTC"), "at the start of every hour, UTC"),
]


@pytest.mark.parametrize(("plan", "words"), WORDS)
def test_a_schedule_reads_in_plain_english(plan: schedule.Schedule, words: str) -> None:
    assert plan.describe() == words


def test_where_words_fail_the_cron_itself_is_shown() -> None:
    assert Cron("no such cron", "UTC").describe() == "cron `no such cron`, UTC"
