"""The picture of a week."""

import re
from xml.etree import ElementTree

from heartbeet.lib import week
from heartbeet.lib.week import Cell


def test_each_hour_is_a_cell_as_dark_as_it_is_busy() -> None:
    shares = [0.0, 1e-9, 0.5, 1.0] + [0.2] * 164

    drawn = week.picture([Cell(share, "") for share in shares], "x")

    levels = [int(level) for level in re.findall(r'data-level="(\d)"', drawn)]
    assert len(levels) == 168
    assert levels[:5] == [0, 1, 5, 9, 2]


def test_days_are_rows_and_the_hour_that_it_is_has_a_frame() -> None:
    drawn = week.picture([Cell(0, f"hour {number}") for number in range(168)], "x", now=25)

    assert '<path data-level="0" d="M1 1h1v1h-1z"><title>hour 25</title></path>' in drawn
    assert '<path class="is-now" d="M1 1h1v1h-1z"/>' in drawn


def test_it_is_well_formed_and_its_words_are_escaped() -> None:
    drawn = week.picture([Cell(0, "<&>")] * 168, 'a "week" <b>')

    root = ElementTree.fromstring(drawn)

    assert root.get("aria-label") == 'a "week" <b>'
    assert root.find(".//title") is not None
    assert [each.text for each in ElementTree.fromstring(week.days(["Mon", "<b>"]))] == ["Mon", "<b>"]
    assert len(ElementTree.fromstring(week.shades())) == week.LEVELS + 1
