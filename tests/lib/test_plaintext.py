"""Names in one line, whoever gave them."""

import pytest

from heartbeet.lib import plaintext

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        pytest.param("nightly  backup\n", "nightly backup", id="white space"),
        pytest.param("a\x00b\x07c\x7f", "a b c", id="control characters"),
        pytest.param("safe\u202eevil\u2066", "safe evil", id="marks that turn the direction of what follows"),
        pytest.param("a\ufffe\uffff\ud800b", "a b", id="what XML may not hold"),
        pytest.param(FAMILY, FAMILY, id="emoji of several keep their joiners"),
        pytest.param("می\u200cروم", "می\u200cروم", id="so does Persian"),
        pytest.param("<b>&\"'", "<b>&\"'", id="marks of markup are for whoever writes markup"),
    ],
)
def test_only_what_can_be_seen_stays(given: str, line: str) -> None:
    assert plaintext.one_line(given) == line


@pytest.mark.parametrize(
    ("given", "limit", "line"),
    [
        pytest.param("backup", 6, "backup", id="fits"),
        pytest.param("backups", 6, "backu…", id="too long"),
        pytest.param("back ups", 6, "back…", id="no space before the end"),
        pytest.param("ab" + FAMILY + "c", 5, "ab…", id="not in the middle of an emoji"),
        pytest.param("ab\U0001f44d\U0001f3fdc", 4, "ab…", id="nor before its skin"),
        pytest.param("abce\u0301d", 5, "abc…", id="nor before an accent"),
        pytest.param("\u0301" * 10, 4, "…", id="accents without a letter"),
        pytest.param("^`^`^`", 4, "^`^…", id="what looks like an accent is none"),
    ],
)
def test_a_long_line_ends_in_an_ellipsis(given: str, limit: int, line: str) -> None:
    assert plaintext.one_line(given, limit) == line
