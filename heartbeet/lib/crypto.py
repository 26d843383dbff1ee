"""Sealing of secrets at rest: AES-256-GCM in a JSON envelope, with key ids and the row as associated data."""

import base64
import binascii
import json
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class BadKeys(ValueError):
    """HEARTBEET_ENCRYPTION_KEYS must be `kid:base64,…` with 32 bytes in each key, and each kid once."""


class CannotOpen(ValueError):
    """This secret cannot be opened: the key that sealed it is gone, or it is damaged. Rotate it or enter it again."""


def parse_keys(text: str) -> dict[str, bytes]:
    """Key ids and their 32-byte keys, the primary first. Raises BadKeys."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        kid, _, encoded = part.partition(":")
        if kid in keys:
            raise BadKeys(BadKeys.__doc__)
        try:
            keys[kid] = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise BadKeys(BadKeys.__doc__) from error
        if not kid or len(keys[kid]) != 32:
            raise BadKeys(BadKeys.__doc__)
    if not keys:
        raise BadKeys(BadKeys.__doc__)
    return keys


@lru_cache(maxsize=4)
def _keys(text: str) -> dict[str, bytes]:
    return parse_keys(text)


def seal(plaintext: str, *, bound_to: str) -> str:
    """The envelope `{"v":2,"kid":…,"iv":…,"ct":…}` as JSON; it opens only with the same `bound_to` (table:row)."""
    kid, key = next(iter(_keys(settings.HEARTBEET_ENCRYPTION_KEYS).items()))
    iv = secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(iv, plaintext.encode(), bound_to.encode())
    return _compact({"v": 2, "kid": kid, "iv": _encode(iv), "ct": _encode(sealed)})


def unseal(envelope: str, *, bound_to: str) -> str:
    """The plaintext of an envelope made by `seal`. Raises CannotOpen."""
    try:
        fields = json.loads(envelope)
        key = _keys(settings.HEARTBEET_ENCRYPTION_KEYS)[fields["kid"]]
        iv, sealed = base64.b64decode(fields["iv"]), base64.b64decode(fields["ct"])
        return AESGCM(key).decrypt(iv, sealed, bound_to.encode()).decode()
    except (ValueError, KeyError, TypeError, InvalidTag) as error:
        raise CannotOpen(CannotOpen.__doc__) from error


def kid_of(envelope: str) -> str:
    """The id of the key that sealed an envelope, without opening it; '' if it is no envelope."""
    try:
        kid = json.loads(envelope)["kid"]
    except (ValueError, KeyError, TypeError):
        return ""
    return kid if isinstance(kid, str) else ""


def beginning() -> str:
    """How every envelope begins that is sealed from now on: with the id of the first key."""
    kid = next(iter(_keys(settings.HEARTBEET_ENCRYPTION_KEYS)))
    return _compact({"v": 2, "kid": kid}).removesuffix("}") + ","


def _compact(value: dict[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
