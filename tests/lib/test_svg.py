"""Pictures as SVG: well-formed, escaped, small, and readable without a colour."""

from xml.etree import ElementTree

from heartbeet.lib import svg
from heartbeet.lib.svg import Bar, Column, Run, Segment, Shape

HOSTILE = '</title><script>alert("1")</script>&'


def parsed(picture: str) -> ElementTree.Element:
    """The picture, which must be well-formed."""
    return ElementTree.fromstring(picture)


def paths(picture: str) -> list[dict[str, str]]:
    return [path.attrib for path in parsed(picture).iter("path")]


def test_a_strip_of_one_run_is_one_line_and_its_title_says_all() -> None:
    picture = svg.strip([Run(0, 96, "up", Shape.RAIL, "Up")], 96, "Last 24 hours: up all the time")

    assert paths(picture) == [{"data-state": "up", "stroke-width": "6", "d": "M0 8h96"}]
    assert [title.text for title in parsed(picture).iter("title")] == ["Last 24 hours: up all the time"]
    assert parsed(picture).attrib["role"] == "img"
    assert len(picture.encode()) <= 300


def test_each_run_of_a_strip_says_what_it_is() -> None:
    runs = [Run(0, 90, "up", Shape.RAIL, "Up, 1 to 2"), Run(90, 96, "down", Shape.FULL, "Down, 2 to 3")]

    picture = svg.strip(runs, 96, "98 % up")

    assert [title.text for title in parsed(picture).iter("title")] == ["98 % up", "Up, 1 to 2", "Down, 2 to 3"]
    assert [path["d"] for path in paths(picture)] == ["M0 8h90", "M90 8h6"]


def test_states_differ_in_shape() -> None:
    assert len(set(Shape)) == len(Shape)


def test_bars_are_as_high_as_their_share_and_stand_at_the_right() -> None:
    picture = svg.sparkbars([Bar(0.5), Bar(1), Bar(0)], 12, "1 s, 2 s, 0 s")

    assert [path["d"] for path in paths(picture)] == ["M38 16V8M42 16V0M46 16V15"]


def test_a_bar_over_the_limit_is_broken() -> None:
    picture = svg.sparkbars([Bar(0.5), Bar(1, is_over=True)], 12, "1 s, 2 s")

    assert paths(picture) == [{"d": "M42 16V8"}, {"data-state": "down", "d": "M46 16V6m0-2V0"}]


def test_words_are_escaped() -> None:
    pictures = [
        svg.strip([Run(0, 48, "up", Shape.RAIL, HOSTILE), Run(48, 96, "down", Shape.FULL, HOSTILE)], 96, HOSTILE),
        svg.sparkbars([Bar(1)], 12, HOSTILE),
        svg.columns([Column((Segment('"<', 0, 9),), HOSTILE)], "up", HOSTILE),
    ]

    for picture in pictures:
        assert "<script" not in picture
        assert {title.text for title in parsed(picture).iter("title")} == {HOSTILE}


def test_columns_stand_side_by_side_and_each_says_what_it_is() -> None:
    usual, hatched = Segment("up", 8, 32), Segment("unknown", 8, 18, is_hatched=True)

    picture = svg.columns([Column((usual,), "Mon"), Column((hatched, Segment("up", 20, 32)), "Tue")], "up", "two days")

    assert paths(picture) == [
        {"d": "M1.5 8v24"},
        {"data-state": "unknown", "stroke-dasharray": "2 2", "d": "M5.5 8v10"},
        {"d": "M5.5 20v12"},
    ]
    assert parsed(picture).attrib["data-state"] == "up"
    assert [title.text for title in parsed(picture).iter("title")] == ["Mon", "Tue"]
    assert parsed(picture).attrib["aria-label"] == "two days"
    assert parsed(picture).attrib["viewBox"] == "0 0 7 32"
