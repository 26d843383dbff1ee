"""Who owns the demo: somebody who can sign in already, or somebody made for it."""

from dataclasses import dataclass

from django.contrib.auth import password_validation
from django.core import validators
from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string

from accounts import queries
from accounts.models import User

NAME, TIMEZONE = "Rosa Turnip", "Europe/London"
PASSWORD_LENGTH = 20


class BadOwner(ValueError):
    """Nobody can be made of what was given; the message says why."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner. `password` is what they sign in with if they were made just now, else empty."""

    user: User
    password: str = ""


def find_or_make(*, email: str, password: str) -> Owner:
    """The person with this address; if there is none, one is made, with a password of ours unless one is given. The
    first person of an installation operates it, as everywhere. Raises BadOwner."""
    address = email.strip().lower()
    known = User.objects.filter(email=address).first()
    if known and password:
        raise BadOwner(f"{address} has a password already: leave --password out.")
    if known:
        return Owner(known)
    chosen = password or get_random_string(PASSWORD_LENGTH)
    _check(address, chosen)
    make = User.objects.create_user if queries.anyone_exists() else User.objects.create_superuser
    return Owner(make(address, chosen, name=NAME, timezone=TIMEZONE), chosen)


def _check(address: str, password: str) -> None:
    try:
        validators.validate_email(address)
        password_validation.validate_password(password, User(email=address))
    except ValidationError as error:
        raise BadOwner(" ".join(error.messages)) from error
