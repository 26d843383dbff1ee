"""What widgets say."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from heartbeet.lib.words import Teller
from monitors.beet_counts import Hours
from monitors.domain.rhythm import Profile
from monitors.models import Monitor, Pulse, Rhythm
from monitors.web import present_widgets
from monitors.web.present_widgets import Known, Record

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
TELL = Teller(NOW)


def known(counts: tuple[int, ...], **given: object) -> Known:
    """A beet with these counts, of which the last is that of the hour that goes on."""
    start = NOW.replace(minute=0) - timedelta(hours=len(counts) - 1)
    monitor = Monitor(type="beet", name="Shop")
    monitor.pulse = Pulse(monitor=monitor)
    return Known(monitor, hours=Hours(start, counts, len(counts) - 1), **given)  # type: ignore[arg-type]


def test_a_counter_counts_days_of_the_reader() -> None:
    shown = present_widgets.counter(known((1,) * 31 * 24), TELL)

    assert [(each.name, each.count, each.remark) for each in shown.figures] == [
        ("Today", "16", ""),
        ("7 days", "160", ""),
        ("30 days", "712", ""),
    ]


def test_todays_events_begin_at_the_readers_midnight() -> None:
    shown = present_widgets.counter(known((1,) * 31 * 24), Teller.for_zone(NOW, "America/New_York"))

    assert shown.figures[0].count == "11"  # since 05:00 UTC


def test_a_counter_says_what_is_usual_by_now() -> None:
    profile = Profile("UTC", (1234.0,) * 168)

    shown = present_widgets.counter(known((1,) * 31 * 24, profile=profile), TELL)

    assert [each.remark for each in shown.figures] == ["usual 19.1k", "usual 197k", "usual 878k"]  # 15.5 hours of today


def test_nothing_is_usual_before_the_first_event() -> None:
    profile = Profile("UTC", (10.0,) * 168)

    shown = present_widgets.counter(known((*[0] * 700, *[1] * 44), profile=profile), TELL)

    assert [each.remark for each in shown.figures] == ["usual 155", "usual 435", "usual 435"]  # 43.5 hours


def test_the_bars_say_their_numbers() -> None:
    shown = present_widgets.counter(known((7, *[0] * 10, 1200, 3)), TELL)

    assert "<title>Events of the last 12 hours, the last one as far as it goes: 0, 0," in shown.bars
    assert ", 1,200, 3</title>" in shown.bars
    assert len(re.findall(r"M\d+ 16V", str(shown.bars))) == 12


def test_the_bars_of_nothing_are_flat() -> None:
    shown = present_widgets.counter(known((0,) * 20), TELL)

    assert set(re.findall(r"16V(\d+)", str(shown.bars))) == {"15"}


@pytest.mark.parametrize(
    ("counts", "rhythm", "record"),
    [
        ((0, 0), None, Record("", "", is_new=False)),
        ((3, 12), Rhythm(best_count=8, best_at=NOW), Record("12", "Mon 2 Mar 2026, 15:00", is_new=True)),
        (
            (3, 2),
            Rhythm(best_count=1234, best_at=datetime(2026, 1, 5, 9, tzinfo=UTC)),
            Record("1,234", "Mon 5 Jan 2026, 09:00", is_new=False),
        ),
    ],
    ids=["none", "just now", "long ago"],
)
def test_a_record_tells_its_hour(counts: tuple[int, ...], rhythm: Rhythm | None, record: Record) -> None:
    assert present_widgets.record(known(counts, rhythm=rhythm), TELL) == record


def test_every_kind_has_a_name_and_says_what_it_shows() -> None:
    assert list(present_widgets.KINDS) == list(present_widgets.ABOUT)
