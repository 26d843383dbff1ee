"""Badges: a picture that is well-formed, inert and wide enough, whatever it says."""

import re
import string
from xml.etree import ElementTree

import pytest

from heartbeet.lib import badge

RED = "#c2261b"
SVG = "{http://www.w3.org/2000/svg}"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HOSTILE = [
    pytest.param('</text><script>alert("1")</script>', id="a script"),
    pytest.param("\" onload='alert(1)' x=\"", id="an attribute"),
    pytest.param("]]><!--&lt;&amp;", id="marks of XML"),
    pytest.param("\x00\x1b[31m\ufffe\ud800\u202eevil", id="what XML may not hold"),
    pytest.param("تقرير المبيعات اليومي", id="right to left"),
    pytest.param(f"夜间备份 {FAMILY} é e\u0301", id="ideographs, emoji, accents"),
    pytest.param("W" * 255, id="255 wide letters"),
    pytest.param("", id="nothing"),
]


def _texts(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text") if "aria-hidden" not in text.attrib]


@pytest.mark.parametrize(
    ("text", "pixels"),
    [
        pytest.param("build", 26.7, id="shields.io gives 27"),
        pytest.param("passing", 41.8, id="shields.io rounds up to 43, which is odd"),
        pytest.param("coverage", 50.2, id="shields.io gives 51"),
        pytest.param("0123456789", 69.9, id="digits are alike"),
        pytest.param("été", 17.4, id="accents make no letter wider"),
        pytest.param("e\u0301", 6.6, id="nor do those that stand alone"),
        pytest.param("备份", 22, id="ideographs are as wide as high"),
        pytest.param(FAMILY, 14, id="an emoji of three is one"),
    ],
)
def test_a_text_is_as_wide_as_in_verdana(text: str, pixels: float) -> None:
    assert badge.width(text) == pytest.approx(pixels, abs=0.06)


def test_every_character_of_ascii_has_a_width_of_its_own() -> None:
    wrong = [char for char in map(chr, range(32, 127)) if not 2.9 < badge.width(char) < 12]

    assert wrong == []
    assert all(badge.width(char) == badge.width("0") for char in string.digits)


@pytest.mark.parametrize("label", HOSTILE)
def test_whatever_it_says_the_picture_is_well_formed_and_can_do_nothing(label: str) -> None:
    svg = badge.svg(label, label, RED)

    root = ElementTree.fromstring(svg)
    elements = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert elements == {"svg", "title", "linearGradient", "stop", "path", "rect", "g", "text"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]
    assert re.findall(r"url\(([^)]*)\)", svg) == ["#sheen"]
    assert "style" not in svg


@pytest.mark.parametrize("label", HOSTILE)
def test_each_text_keeps_to_its_half(label: str) -> None:
    whole, left, right = ElementTree.fromstring(badge.svg(label, "2 of 7 down", RED)).iter(f"{SVG}svg")

    assert int(whole.attrib["width"]) == int(left.attrib["width"]) + int(right.attrib["width"])
    assert (left.attrib["x"], right.attrib["x"]) == ("0", left.attrib["width"])
    assert [len(half.findall(f"{SVG}text")) for half in (left, right)] == [2, 2]


def test_it_is_told_to_those_who_do_not_see_it() -> None:
    root = ElementTree.fromstring(badge.svg("nightly backup", "down", RED))

    title = root.find(f"{SVG}title")
    assert title is not None
    assert (root.attrib["role"], root.attrib["aria-label"], title.text) == ("img", *["nightly backup: down"] * 2)
    assert _texts(root) == ["nightly backup", "down"]


def test_a_long_label_is_cut_and_stands_in_the_title() -> None:
    root = ElementTree.fromstring(badge.svg("x" * 255, "up", RED))

    assert _texts(root) == ["x" * 59 + "…", "up"]
    assert root.attrib["aria-label"] == "x" * 255 + ": up"


def test_text_of_a_known_width_fills_it_in_any_font_and_other_text_is_left_as_it_is() -> None:
    lengths = [
        text.attrib.get("textLength")
        for label in ("été", "备份")
        for text in ElementTree.fromstring(badge.svg(label, "up", RED)).iter(f"{SVG}text")
    ]

    assert lengths == ["17.4", "17.4", "13.8", "13.8", None, None, "13.8", "13.8"]
