"""JSON as the RFC has it, and every refusal a sentence."""

import pytest

from heartbeet.lib import strict_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, 2.5, true, null, "\xc3\xa9"]}', {"a": [1, 2.5, True, None, "é"]}),
        (b" 7 ", 7),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        (b'"\\ud83d\\udc68"', "\U0001f468"),  # two halves that belong together
        (b'{"a": 1.7976931348623157e308}', {"a": 1.7976931348623157e308}),
    ],
)
def test_json_is_read(text: bytes, value: object) -> None:
    assert strict_json.loads(text) == value


def test_json_may_be_as_deep_as_anybody_means_it() -> None:
    depth = strict_json.MAX_DEPTH + 1

    assert str(strict_json.loads(b"[" * depth + b"]" * depth)) == "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "line 1, column 1"),
        (b"{", "line 1"),
        (b"NaN", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b'{"a": 1, "a": 2}', "'a' is there twice"),
        (b'{"x": {"a": 1, "a": 2}}', "'a' is there twice"),
        (b'"\xff"', "UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5000, "digits"),
        (b"[" * 34 + b"]" * 34, "nested too deeply"),
        (b'{"a": ' * 34 + b"1" + b"}" * 34, "nested too deeply"),
        (b"1e400", "1e400 is too large"),
        (b"[-1e999]", "-1e999 is too large"),
        (b'"\\ud800"', "half a character"),
        (b'{"a": ["x\\udfff"]}', "half a character"),
        (b'{"\\uDC00": 1}', "half a character"),
    ],
)
def test_what_is_not_json_is_refused_with_a_reason(text: bytes, says: str) -> None:
    with pytest.raises(strict_json.BadJSON, match=says):
        strict_json.loads(text)
