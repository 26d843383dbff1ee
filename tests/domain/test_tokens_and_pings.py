"""Tokens and exit codes: the small print of a ping URL."""

import hashlib

import pytest

from monitors.domain import ping, token
from monitors.domain.status import Kind


def test_a_token_is_64_hex_characters_and_never_the_same() -> None:
    first, second = token.generate(), token.generate()

    assert token.looks_like_token(first)
    assert first != second


def test_the_digest_is_the_sha256_of_its_text() -> None:
    assert token.digest("ab" * 32) == hashlib.sha256(b"ab" * 32).digest()


SHAPES = [
    ("0123456789abcdef" * 4, True, "lowercase hex, 64 of them"),
    ("0123456789ABCDEF" * 4, False, "tokens are compared exactly"),
    ("0123456789abcdef" * 4 + "\n", False, "no newline at the end"),
    ("0" * 63, False, "one too few"),
    ("0" * 65, False, "one too many"),
    ("g" * 64, False, "not hex"),
    ("٠" * 64, False, "digits of another script"),  # noqa: RUF001
    ("", False, "nothing"),
]


@pytest.mark.parametrize(("text", "is_token", "reason"), SHAPES, ids=[row[2] for row in SHAPES])
def test_the_shape_of_a_token(text: str, is_token: bool, reason: str) -> None:
    assert token.looks_like_token(text) is is_token, reason


@pytest.mark.parametrize(("code", "kind"), [(0, Kind.SUCCESS), (1, Kind.FAIL), (-1, Kind.FAIL), (70_000, Kind.FAIL)])
def test_an_exit_code_is_a_success_or_a_fail(code: int, kind: Kind) -> None:
    assert ping.kind_of_exit(code) is kind
