"""Ingestion tokens: 64 lowercase hex characters, of which only the digest is stored."""

import hashlib
import re
import secrets

_SHAPE = re.compile(r"[0-9a-f]{64}")


def generate() -> str:
    """A new token: 32 random bytes as 64 hex characters."""
    return secrets.token_hex(32)


def digest(token: str) -> bytes:
    """What is stored and looked up: the SHA-256 of the token's text, 32 bytes."""
    return hashlib.sha256(token.encode("ascii")).digest()


def looks_like_token(text: str) -> bool:
    """Whether `text` has a token's exact shape: nothing else is worth a lookup, and `digest` takes nothing else."""
    return _SHAPE.fullmatch(text) is not None
