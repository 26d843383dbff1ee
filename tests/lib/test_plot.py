"""A chart as SVG: well-formed, escaped, and placed so that it fits any width."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from heartbeet.lib import plot
from heartbeet.lib.axes import Tick
from heartbeet.lib.plot import Alarm, Block, Column, Dot, Limit, Mark, Plot, Spot

HOSTILE = '"></svg><script>alert(1)</script>&'


def chart(**given: Any) -> Plot:
    return Plot("Durations", (Tick(0, "0 s"), Tick(1, "10 s")), [Mark(0.5, "12:00")], **given)


def drawn(**given: Any) -> ElementTree.Element:
    """The picture, which must be well-formed."""
    return ElementTree.fromstring(plot.picture(chart(**given)))


def path(name: str, **given: Any) -> str:
    """What is drawn by the only path of this class."""
    (found,) = (each for each in drawn(**given).iter("path") if each.get("class") == name)
    return found.attrib["d"]


def test_a_chart_is_an_image_with_words_and_no_colour() -> None:
    picture = plot.picture(chart(blocks=[Block(0, 1, 0, 0.5, 1)], limit=Limit(0.5, "5 s")))

    assert ElementTree.fromstring(picture).attrib["aria-label"] == "Durations"
    assert ElementTree.fromstring(picture).attrib["role"] == "img"
    assert not re.search(r"style=|<style|fill=|stroke=|#[0-9a-f]{3}", picture)


def test_words_are_not_in_what_is_stretched() -> None:
    picture = drawn(blocks=[Block(0, 1, 0, 0.5, 1)], limit=Limit(0.5, "5 s"))

    stretched = [each for each in picture.iter("svg") if each.get("viewBox")]

    assert "viewBox" not in picture.attrib
    assert stretched
    assert [text for each in stretched for text in each.iter("text")] == []


def test_the_labels_of_the_scale_stand_at_its_lines() -> None:
    labels = ElementTree.fromstring(plot.scale(chart()))

    assert [(label.text, label.attrib["y"]) for label in labels.iter("text")] == [("0 s", "172"), ("10 s", "12")]
    assert path("plot-grid") == "M0 168h1000M0 8h1000"


def test_blocks_are_an_area_from_low_to_high_and_a_line_through_the_means() -> None:
    blocks = [Block(0, 0.5, 0.25, 0.5, 0.75), Block(0.5, 1, 0.5, 0.75, 1)]

    assert path("plot-band", blocks=blocks) == "M0 48H500v80H0zM500 8H1000v80H500z"
    assert path("plot-line", blocks=blocks) == "M250 88L750 48"


@pytest.mark.parametrize(
    ("reason", "starts", "line"),
    [
        ("a hole parts the line", [0, 0.1, 0.5, 0.6], "M50 88L150 88M550 88L650 88"),
        ("one alone is a dot", [0, 0.5], "M50 88h0M550 88h0"),
    ],
)
def test_the_line_does_not_pass_over_a_hole(reason: str, starts: list[float], line: str) -> None:
    blocks = [Block(start, start + 0.1, 0.5, 0.5, 0.5) for start in starts]

    assert path("plot-line", blocks=blocks) == line, reason


def test_amounts_that_are_all_alike_are_seen() -> None:
    assert path("plot-band", blocks=[Block(0, 0.5, 0, 0, 0)]) == "M0 166H500v2H0z"


def test_a_failure_differs_in_shape() -> None:
    dots = [Dot(0.25, 0.5, False, "4 s"), Dot(0.5, 0.5, True, "5 s, failed"), Dot(0.75, None, True, "failed")]

    picture = drawn(dots=dots)

    assert [(each.attrib["cx"], each.attrib["cy"]) for each in picture.iter("circle")] == [("25%", "88")]
    squares = [each.attrib for each in picture.iter("line") if each.get("data-state")]
    assert [(each["x1"], each["y1"], each["y2"]) for each in squares] == [("50%", "84", "92"), ("75%", "164", "172")]
    assert path("plot-through", dots=dots) == "M250 88L500 88"
    assert [title.text for title in picture.iter("title")] == ["4 s", "5 s, failed", "failed"]


def test_each_part_says_what_was_in_it_and_a_bar_shows_that_something_failed() -> None:
    spots = [Spot(0, 0.5, "3 runs"), Spot(0.5, 1, "2 runs, 1 failed", is_failed=True)]

    picture = drawn(spots=spots)

    assert [title.text for title in picture.iter("title")] == ["3 runs", "2 runs, 1 failed"]
    assert path("plot-failures", spots=spots) == "M750 168v-8"


@pytest.mark.parametrize(
    ("reason", "share", "line", "label"),
    [("above its line", 0.5, "88", "84"), ("below a line at the top", 1.0, "8", "21")],
)
def test_a_limit_is_a_line_with_its_name(reason: str, share: float, line: str, label: str) -> None:
    picture = drawn(limit=Limit(share, "longest allowed: 5 s"))

    (group,) = (each for each in picture.iter("g") if each.get("class") == "plot-limit")

    assert [each.attrib["y1"] for each in group.iter("line")] == [line], reason
    assert [(each.text, each.attrib["y"]) for each in group.iter("text")] == [("longest allowed: 5 s", label)]


def test_words_are_escaped() -> None:
    marked = Plot(HOSTILE, (Tick(0, HOSTILE),), [Mark(0.5, HOSTILE)], limit=Limit(1, HOSTILE))
    whole = [
        plot.scale(marked),
        plot.picture(marked),
        plot.picture(chart(dots=[Dot(0, 0, False, HOSTILE), Dot(0, 0, True, HOSTILE)])),
        plot.picture(chart(spots=[Spot(0, 1, HOSTILE)])),
    ]

    for picture in whole:
        ElementTree.fromstring(picture)
        assert "<script" not in picture


def test_columns_stand_beside_each_other_on_the_axis() -> None:
    columns = [Column(0, 0.5, 0.5), Column(0.5, 1, 0), Column(0.5, 1, 1, is_partial=True)]

    assert path("plot-columns", columns=columns) == "M31.2 168V88H468.8V168z"
    assert path("plot-columns is-partial", columns=columns) == "M531.2 168V8H968.8V168z"


def test_what_is_hardly_anything_is_still_seen() -> None:
    assert "V167H" in path("plot-columns", columns=[Column(0, 1, 1e-6)])


def test_an_alarm_shades_its_time_and_has_a_mark_of_its_state() -> None:
    picture = drawn(alarms=[Alarm(0.25, 0.5, "down", HOSTILE), Alarm(0.9999, 1, "warning", "x")])

    shades = [each.attrib["d"] for each in picture.iter("path") if each.get("data-state")]
    marks = [each.attrib for each in picture.iter("svg") if each.get("class") == "plot-alarm"]
    assert shades[0] == "M250 8H500V168H250z"
    assert [(each["x"], each["data-state"]) for each in marks] == [("25%", "down"), ("99.99%", "warning")]
    assert HOSTILE in [each.text for each in picture.iter("title")]


def test_a_chart_may_have_a_class_of_its_own() -> None:
    assert drawn(name="rate").attrib["class"] == "plot rate"
    assert drawn().attrib["class"] == "plot"
