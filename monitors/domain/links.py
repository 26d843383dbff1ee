"""Addresses that open without signing in: the public ids of badges, and the private keys of feeds. Both are random, so
that nobody guesses one; a key is a secret besides, of which only the digest is stored in the clear."""

import hashlib
import re
import secrets

_PUBLIC_ID, _KEY = re.compile(r"[\w-]{22}", re.ASCII), re.compile(r"[\w-]{43}", re.ASCII)


def new_public_id() -> str:
    """128 random bits as 22 url-safe characters."""
    return secrets.token_urlsafe(16)


def looks_like_public_id(text: str) -> bool:
    """Whether `text` has the shape of one: nothing else is worth a look-up."""
    return _PUBLIC_ID.fullmatch(text) is not None


def new_key() -> str:
    """256 random bits as 43 url-safe characters."""
    return secrets.token_urlsafe(32)


def looks_like_key(text: str) -> bool:
    """Whether `text` has the shape of a key: `digest` takes nothing else."""
    return _KEY.fullmatch(text) is not None


def digest(key: str) -> bytes:
    """What is stored and looked up: the SHA-256 of the key's text, 32 bytes."""
    return hashlib.sha256(key.encode("ascii")).digest()
