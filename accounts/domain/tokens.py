"""Personal access tokens: how they look, how they are kept, and that none is stronger than its parent."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from accounts.domain import roles

PREFIX_LENGTH = 9
_PLAINTEXT = re.compile(r"hb_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows. `expires_at` None is forever, `daily_mutation_limit` None is no cap."""

    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    daily_mutation_limit: int | None = None


def generate() -> str:
    """A new token: `hb_` and 256 random bits as 43 url-safe characters."""
    return f"hb_{secrets.token_urlsafe(32)}"


def digest(plaintext: str) -> str:
    """SHA-256 as hex: enough for 256 random bits, and one indexed lookup finds it."""
    return hashlib.sha256(plaintext.encode()).hexdigest()


def looks_like_token(text: str) -> bool:
    """Whether `text` has the shape of an access token."""
    return _PLAINTEXT.fullmatch(text) is not None


def prefix(plaintext: str) -> str:
    """The part that may be shown, so that people can tell their tokens apart."""
    return plaintext[:PREFIX_LENGTH]


def problems(wanted: Grant, parent: Grant | None, now: datetime) -> dict[str, str]:
    """Why `wanted` cannot be minted, by field; empty if it can. `parent` is the grant of the token that asks."""
    found = {
        "scopes": _scopes_problem(wanted.scopes, parent),
        "expiresAt": _expiry_problem(wanted.expires_at, parent, now),
        "dailyMutationLimit": _cap_problem(wanted.daily_mutation_limit, parent),
    }
    return {field: problem for field, problem in found.items() if problem}


def _scopes_problem(wanted: tuple[str, ...], parent: Grant | None) -> str:
    unknown = [scope for scope in wanted if not roles.is_scope(scope)]
    if unknown:
        return f"{unknown[0]!r} is not a scope; scopes look like monitors:read, monitors:* or *."
    if not wanted:
        return "Give at least one scope, like monitors:read."
    beyond = [scope for scope in wanted if parent and not roles.scopes_cover(parent.scopes, scope)]
    return f"The token that asks does not have {beyond[0]!r} itself." if beyond else ""


def _expiry_problem(wanted: datetime | None, parent: Grant | None, now: datetime) -> str:
    if wanted is not None and wanted <= now:
        return "Must be in the future."
    if parent is None or parent.expires_at is None or (wanted is not None and wanted <= parent.expires_at):
        return ""
    return f"Must not be after {parent.expires_at:%Y-%m-%dT%H:%M:%SZ}, when the token that asks expires."


def _cap_problem(wanted: int | None, parent: Grant | None) -> str:
    if wanted is not None and wanted < 1:
        return "Must be a whole number from 1."
    if parent is None or parent.daily_mutation_limit is None:
        return ""
    if wanted is None or wanted > parent.daily_mutation_limit:
        return f"Must be at most {parent.daily_mutation_limit}, the limit of the token that asks."
    return ""
