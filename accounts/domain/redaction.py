"""What an audit row may not keep: secrets are replaced, so that history can be read by more people than secrets."""

import re
from typing import Any

REDACTED = {"redacted": True}

_SECRET_WORDS = {"token", "secret", "secrets", "password", "plaintext", "envelope", "digest"}
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_SECRET_URL = re.compile(r"^alert[A-Z]\w*Url$")
_LOOKS_SECRET = re.compile(r"\bhb_[\w-]{43}|\b[0-9a-f]{64}\b")


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: `heartbeatToken` does, `tokenName` does not; a Slack or webhook
    address is a secret, because whoever knows it can post."""
    words = _WORD.findall(name)
    return bool(words) and (words[-1].lower() in _SECRET_WORDS or bool(_SECRET_URL.match(name)))


def redact(value: Any) -> Any:
    """A copy of a JSON value in which every secret is `{"redacted": true}`, known by its name or by its looks."""
    if isinstance(value, dict):
        return {key: REDACTED if is_secret_name(str(key)) else redact(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [redact(part) for part in value]
    if isinstance(value, str) and _LOOKS_SECRET.search(value):
        return REDACTED
    return value
