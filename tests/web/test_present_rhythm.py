"""The rhythm of a beet in words and pictures."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from heartbeet.lib.words import Teller
from monitors.beet_counts import Hours
from monitors.domain.rhythm import Profile
from monitors.models import Incident, Monitor, Pulse, Rhythm
from monitors.web import present_rhythm
from monitors.web.present_rhythm import DAY, WEEK, Learning
from monitors.web.present_series import Chart

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
START = datetime(2026, 2, 23, 16, tzinfo=UTC)
TELL = Teller(NOW)
STEADY = Profile("UTC", (100.0,) * 168)


def rate(counts: dict[int, int], count: int = DAY, profile: Profile | None = STEADY, *alarms: Incident) -> Chart:
    """The chart of a week that ends now, with these numbers of events so many hours ago, else 100."""
    hours = tuple(counts.get(ago, 100) for ago in range(167, -1, -1))
    return present_rhythm.rate(Hours(START, hours, 167), profile, alarms, count, TELL)


def incident(opened_ago: float, resolved_ago: float | None, severity: str = "critical") -> Incident:
    resolved_at = None if resolved_ago is None else NOW - timedelta(hours=resolved_ago)
    opened_at = NOW - timedelta(hours=opened_ago)
    return Incident(title="Shop fell silent", severity=severity, opened_at=opened_at, resolved_at=resolved_at)


def titles(chart: Chart) -> list[str]:
    """What is said when someone points at it, from left to right."""
    return re.findall(r"<title>([^<]+)</title>", str(chart.picture))


def test_each_hour_says_how_many_came_and_how_many_usually_do() -> None:
    told = titles(rate({1: 3, 0: 40}))

    assert len(told) == DAY
    assert told[0] == "Sun 1 Mar, 16:00 to 17:00: 100 events, usually 80 to 120"
    assert told[-2] == "Mon 2 Mar, 14:00 to 15:00: 3 events, usually 80 to 120"
    assert told[-1] == "Mon 2 Mar, 15:00 to 16:00: 40 events so far, usually 80 to 120"


def test_of_the_hour_that_goes_on_as_much_is_expected_as_is_over() -> None:
    assert rate({0: 40}).summary == "the last 24 hours: 2,340 events, about 2,350 expected"
    assert rate({0: 40}, WEEK).summary == "the last 7 days: 16,740 events, about 16,750 expected"


def test_before_it_has_learned_nothing_is_called_usual() -> None:
    chart = rate({}, DAY, None)

    assert chart.summary == "the last 24 hours: 2,400 events"
    assert titles(chart)[0].endswith("100 events")
    assert "plot-band" not in chart.picture
    assert "usual" not in chart.legend + str(chart.rows)


def test_more_than_were_counted_is_at_least_so_many() -> None:
    hours = Hours(NOW - timedelta(hours=23, minutes=30), (60,) * 24, 24, frozenset({0}))

    chart = present_rhythm.rate(hours, None, (), DAY, TELL)

    assert titles(chart)[0].endswith(": at least 60 events")
    assert chart.rows[-1][1] == "at least 60"


def test_a_few_events_are_drawn_between_whole_numbers() -> None:
    chart = rate(dict.fromkeys(range(168), 0) | {4: 1}, DAY, None)

    assert re.findall(r">(\d[\d.]*)</text>", str(chart.scale)) == ["0", "1", "2", "3", "4", "5"]
    assert ": 1 event" in titles(chart)[-5]


def test_the_table_has_an_hour_a_row_with_the_newest_first() -> None:
    chart = rate({0: 40}, DAY, STEADY, incident(2, 1))

    assert chart.columns == ("Hour", "Events", "Usual", "Incident")
    assert chart.rows[0] == ("Mon 2 Mar, 15:00 to 16:00", "40 so far", "80 to 120", "")
    assert chart.rows[2] == ("Mon 2 Mar, 13:00 to 14:00", "100", "80 to 120", "Shop fell silent")
    assert len(chart.rows) == DAY


def test_alarms_are_marked_by_shape_and_in_words() -> None:
    chart = rate({}, DAY, STEADY, incident(30, 26), incident(3, 2), incident(1, None, "warning"))

    marks = re.findall(r'class="plot-alarm" x="([^"]+)" y="8" data-state="(\w+)"><path d="(\S+)', str(chart.picture))
    assert [(state, d[:3]) for _, state, d in marks] == [("down", "M-5"), ("warning", "M0-")]
    assert titles(chart)[-2:] == [
        "Shop fell silent, 12:30 to 13:30",
        "Shop fell silent, open since 14:30",
    ]
    assert chart.summary.endswith("; 2 incidents")
    assert "A square is a critical incident, a triangle a warning." in chart.legend


def test_an_alarm_that_began_before_the_chart_begins_with_it() -> None:
    chart = rate({}, DAY, STEADY, incident(40, 20))

    assert '<svg class="plot-alarm" x="0%"' in chart.picture


def test_the_hours_are_the_readers() -> None:
    told = present_rhythm.rate(Hours(START, (1,) * 168, 168), None, (), DAY, Teller.for_zone(NOW, "Asia/Kolkata"))

    assert titles(told)[-1].startswith("Mon 2 Mar, 20:30 to 21:30")
    assert "Times are IST." in told.legend


@pytest.mark.parametrize("count", [DAY, WEEK])
def test_a_chart_is_well_formed_whatever_it_shows(count: int) -> None:
    hostile = incident(3, None)
    hostile.title = '"></svg><script>1</script>&'

    chart = rate({}, count, STEADY, hostile)

    assert ElementTree.fromstring(str(chart.picture)).attrib["role"] == "img"
    assert "<script>" not in chart.picture
    assert len(re.findall(r"M\d+\.\d 168V", str(chart.picture))) == count


def test_a_usual_week_tells_its_busiest_hour() -> None:
    rates = [2.0] * 168
    rates[4 * 24 + 20] = 8.0

    shown = present_rhythm.usual_week(Profile("Europe/London", tuple(rates), level=1.5), TELL, "")

    assert shown.summary == "A usual week has about 513 events, most of them Friday 20:00: 12 an hour."
    assert shown.most == "12"
    assert "<title>Friday 20:00: 12 events</title>" in shown.picture
    assert shown.rows[20] == ("20:00", "3", "3", "3", "3", "12", "3", "3")
    assert shown.legend.endswith("Times are those of Europe/London.")


def test_the_frame_is_the_hour_where_the_beet_is() -> None:
    shown = present_rhythm.usual_week(Profile("Asia/Tokyo", (1.0,) * 168), TELL, "")

    assert '<path class="is-now" d="M0 1h1v1h-1z"/>' in shown.picture  # Tuesday, half past midnight


def test_a_week_in_which_nothing_is_usual_is_drawn_too() -> None:
    shown = present_rhythm.usual_week(Profile("UTC", (0.0,) * 168), TELL, "")

    assert str(shown.picture).count('data-level="0"') == 168


def test_until_it_has_learned_the_week_says_how_far_it_is() -> None:
    assert present_rhythm.usual_week(None, TELL, "9 of 14 days").summary == "9 of 14 days"


def beet(**given: int) -> Monitor:
    made = Monitor(type="beet", **given)
    made.pulse = Pulse(monitor=made, ping_count=31)
    return made


def test_a_beet_that_learns_says_how_far_it_is_and_what_it_does() -> None:
    row = Rhythm(learned_from=NOW - timedelta(days=9, hours=20), events=20)

    shown = present_rhythm.learning(beet(), row, TELL)

    assert shown == Learning(9, 14, 31, 50, "it alerts nobody")


def test_until_then_a_plain_silence_alerts_if_somebody_wants_that() -> None:
    shown = present_rhythm.learning(beet(learning_silence_sec=7200), None, TELL)

    assert shown == Learning(0, 14, 31, 50, "only a silence of 2 h alerts")


def test_what_is_more_than_enough_is_enough() -> None:
    shown = present_rhythm.learning(beet(), Rhythm(learned_from=NOW - timedelta(days=90), events=900), TELL)

    assert shown is not None
    assert (shown.days, shown.events) == (14, 50)


def test_who_knows_the_rhythm_or_has_none_does_not_learn() -> None:
    heartbeat = Monitor(type="heartbeat")

    assert present_rhythm.learning(beet(), Rhythm(rates=b"x"), TELL) is None
    assert present_rhythm.learning(heartbeat, None, TELL) is None
