"""What django-allauth's second factors ask of us: secrets are sealed, and each opens for its own person only."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from allauth.mfa.adapter import DefaultMFAAdapter

from heartbeet.lib import crypto

_owner: ContextVar[int | None] = ContextVar("factor_owner", default=None)


class NobodysSecret(RuntimeError):
    """Secrets of factors are made and opened inside `belonging_to(user_id)` only."""


def binding(user_id: int) -> str:
    """What the secrets of this person's factors are bound to: copied to another person's row they do not open."""
    return f"factor:{user_id}"


@contextlib.contextmanager
def belonging_to(user_id: int) -> Iterator[None]:
    """Secrets sealed and opened in here are this person's: allauth's hooks are not told whose they handle."""
    mark = _owner.set(user_id)
    try:
        yield
    finally:
        _owner.reset(mark)


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is not typed
    """Seals with our keys."""

    def encrypt(self, text: str) -> str:
        """The envelope that is stored."""
        return crypto.seal(text, bound_to=_current_binding())

    def decrypt(self, encrypted_text: str) -> str:
        """What an envelope holds. Raises crypto.CannotOpen, also for an envelope of another person."""
        return crypto.unseal(encrypted_text, bound_to=_current_binding())


def _current_binding() -> str:
    user_id = _owner.get()
    if user_id is None:
        raise NobodysSecret(NobodysSecret.__doc__)
    return binding(user_id)
