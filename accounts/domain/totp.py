"""Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, which is what every app makes."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

PERIOD_SEC = 30
DIGITS = 6
TOLERANCE = 1
"""How many periods a phone's clock may be off, in either direction."""


def generate() -> str:
    """A new secret: 160 random bits in base 32, the way apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of the `step`th period since 1970 (RFC 4226)."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_at(now: datetime) -> int:
    """Which period `now` lies in."""
    return int(now.timestamp()) // PERIOD_SEC


def accepted_step(secret: str, code: str, *, now: datetime, after: int = 0) -> int | None:
    """The period that `code` belongs to, or None if it is wrong. A code of the period `after`, or of one before, was
    used already: keep what this returns, so that nobody who saw a code can use it again."""
    typed = "".join(code.split()).encode()
    current = step_at(now)
    for step in range(current - TOLERANCE, current + TOLERANCE + 1):
        if step > after and hmac.compare_digest(typed, code_at(secret, step).encode()):
            return step
    return None


def address(secret: str, *, account: str, issuer: str) -> str:
    """The `otpauth://` address that goes into the QR code."""
    label = quote(f"{issuer}:{account}", safe=":@")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"


def spelled(secret: str) -> str:
    """The secret in groups of four, for people who type it."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
