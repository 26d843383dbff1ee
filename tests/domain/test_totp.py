"""Codes of authenticator apps, held to the test values of RFC 4226 and RFC 6238."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from accounts.domain import totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 23, 12, 0, 10, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    ("step", "code"),
    [(0, "755224"), (1, "287082"), (2, "359152"), (3, "969429"), (9, "520489")],
)
def test_codes_are_those_of_rfc_4226(step: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, step) == code


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(timestamp: int, code: str) -> None:
    now = datetime.fromtimestamp(timestamp, UTC)

    assert totp.accepted_step(RFC_SECRET, code, now=now) == timestamp // 30


@pytest.mark.parametrize(
    ("off_sec", "is_accepted"),
    [(0, True), (30, True), (-30, True), (60, False), (-60, False)],
)
def test_a_phone_may_be_half_a_minute_off(off_sec: int, is_accepted: bool) -> None:
    shown = totp.code_at(SECRET, totp.step_at(NOW + timedelta(seconds=off_sec)))

    found = totp.accepted_step(SECRET, shown, now=NOW)

    assert (found is not None) is is_accepted


def test_a_code_does_not_work_a_second_time() -> None:
    code = totp.code_at(SECRET, totp.step_at(NOW))
    used = totp.accepted_step(SECRET, code, now=NOW)
    assert used is not None

    assert totp.accepted_step(SECRET, code, now=NOW, after=used) is None


def test_nor_does_an_older_one_that_was_never_typed() -> None:
    older = totp.code_at(SECRET, totp.step_at(NOW) - 1)

    assert totp.accepted_step(SECRET, older, now=NOW, after=totp.step_at(NOW)) is None


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "٣", "\x00" * 6, "💥"])  # noqa: RUF001
def test_nonsense_is_just_wrong(typed: str) -> None:
    assert totp.accepted_step(SECRET, typed, now=NOW) is None


def test_spaces_between_the_digits_do_not_matter() -> None:
    code = totp.code_at(SECRET, totp.step_at(NOW))

    assert totp.accepted_step(SECRET, f" {code[:3]} {code[3:]} ", now=NOW) is not None


def test_the_address_names_site_and_person() -> None:
    address = totp.address(SECRET, account="ada@example.com", issuer="Heartbeet")

    assert address == f"otpauth://totp/Heartbeet:ada@example.com?secret={SECRET}&issuer=Heartbeet"


def test_secrets_are_160_random_bits() -> None:
    made = {totp.generate() for _ in range(50)}

    assert len(made) == 50
    assert {len(base64.b32decode(secret)) for secret in made} == {20}
