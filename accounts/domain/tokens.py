"""Personal access tokens: how they look, how they are kept, and that none is stronger than its parent."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.domain import roles

PREFIX_LENGTH = 9
MAX_NAME = 100
DEFAULT_DAILY_MUTATIONS = 100_000
MAX_GENERATIONS = 5
_PLAINTEXT = re.compile(r"hb_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows. `expires_at` None is forever, `daily_mutation_limit` None is the default limit."""

    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    daily_mutation_limit: int | None = None

    def narrowed(
        self, *, scopes: Sequence[str] | None, expires_at: datetime | None, daily_mutation_limit: int | None
    ) -> "Grant":
        """What a token is to get that asks for this; None is as this grant has it. `problems` says if it may."""
        return Grant(
            self.scopes if scopes is None else tuple(scopes),
            expires_at or self.expires_at,
            self.daily_mutation_limit if daily_mutation_limit is None else daily_mutation_limit,
        )


EVERYTHING = Grant(scopes=("*",))


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


def problems(name: str, wanted: Grant, parent: Grant, now: datetime) -> dict[str, str]:
    """Why `wanted` cannot be minted, by field; empty if it can. `parent` is what the one who asks may do."""
    found = {
        "name": "" if 1 <= len(name.strip()) <= MAX_NAME else f"Give the token a name of up to {MAX_NAME} characters.",
        "scopes": _scopes_problem(wanted.scopes, parent.scopes),
        "expiresAt": _expiry_problem(wanted.expires_at, parent.expires_at, now),
        "dailyMutationLimit": _cap_problem(wanted.daily_mutation_limit, parent.daily_mutation_limit),
    }
    return {field: problem for field, problem in found.items() if problem}


def _scopes_problem(wanted: tuple[str, ...], granted: tuple[str, ...]) -> str:
    if not wanted:
        return "Give at least one scope, like monitors:read."
    for scope in wanted:
        if not roles.is_scope(scope):
            return f"{scope!r} is not a scope; scopes look like monitors:read, monitors:* or *."
        if not roles.scopes_cover(granted, scope):
            return f"The token that asks does not have {scope!r} itself."
    return ""


def _expiry_problem(wanted: datetime | None, limit: datetime | None, now: datetime) -> str:
    if wanted is not None and wanted <= now:
        return "Must be in the future."
    if limit is not None and (wanted is None or wanted > limit):
        return f"Must not be after {limit:%Y-%m-%dT%H:%M:%SZ}, when the token that asks expires."
    return ""


def _cap_problem(wanted: int | None, granted: int | None) -> str:
    limit = granted or DEFAULT_DAILY_MUTATIONS
    if wanted is not None and not 1 <= wanted <= limit:
        return f"Must be a whole number from 1 to {limit}, the limit of the token that asks."
    return ""
