"""Passkeys (WebAuthn): what a browser is asked, and whether its answer is right.

The relying party is the site's address from the settings, never the Host header, and the origin must be exactly it.
Every passkey is discoverable and verifies its person (by finger, face or PIN), so that it signs in alone.
"""

import ipaddress
import json
import struct
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.conf import settings
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import User

_LIFETIME = timedelta(minutes=5)
_BROKEN = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    struct.error,
)
"""What the parsers of fido2 raise over an answer that is no answer."""

Options = dict[str, Any]
Challenge = dict[str, Any]


class BadPasskey(ValueError):
    """The passkey was not accepted. Try again, or use another way to sign in."""


def are_possible() -> bool:
    """Whether browsers offer passkeys at the site's address: on https or localhost, and never at a bare IP address."""
    site = urlsplit(settings.HEARTBEET_SITE_URL)
    host = site.hostname or ""
    return not _is_ip(host) and (site.scheme == "https" or host == "localhost")


def ask_to_add(user: User, *, now: datetime) -> tuple[Options, Challenge]:
    """What the browser is asked for a new passkey, and what to keep until it answers."""
    person = PublicKeyCredentialUserEntity(id=_handle(user), name=user.email, display_name=user.name or user.email)
    options, state = _server().register_begin(
        person,
        _credentials(_rows(user)),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), _kept(state, now)


def check_new(answer: str, challenge: Challenge | None, *, now: datetime) -> dict[str, Any]:
    """The credential of a browser's answer to `ask_to_add`, fit for storing. Raises BadPasskey."""
    state = _fresh(challenge, now)
    try:
        credential: dict[str, Any] = json.loads(answer)
        RegistrationResponse.from_dict(credential)
        _server().register_complete(state, credential)
    except _BROKEN as error:
        raise BadPasskey(BadPasskey.__doc__) from error
    return credential


def ask_to_use(user: User | None, *, now: datetime) -> tuple[Options, Challenge]:
    """What the browser is asked for proof of a passkey: one of this person's, or, for None, whichever someone has."""
    rows = _rows(user) if user else []
    options, state = _server().authenticate_begin(
        _credentials(rows), user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options), _kept(state, now)


def check_used(answer: str, challenge: Challenge | None, *, user: User | None, now: datetime) -> Authenticator:
    """The passkey that a browser's answer to `ask_to_use` proves, with its person. Raises BadPasskey."""
    state = _fresh(challenge, now)
    try:
        credential = json.loads(answer)
        proof = AuthenticationResponse.from_dict(credential)
        rows = _rows(user or _person(proof))
        known = {row.wrap().authenticator_data.credential_data.credential_id: row for row in rows}
        used = _server().authenticate_complete(state, _credentials(rows), credential)
        return known[used.credential_id]
    except _BROKEN as error:
        raise BadPasskey(BadPasskey.__doc__) from error


def add(user: User, *, name: str, credential: dict[str, Any]) -> Authenticator:
    """Store a passkey that `check_new` has found right."""
    added: Authenticator = WebAuthn.add(user, name, credential).instance
    return added


def _server() -> Fido2Server:
    party = PublicKeyCredentialRpEntity(id=urlsplit(settings.HEARTBEET_SITE_URL).hostname or "", name="Heartbeet")
    # Browsers let a subdomain ask for its parent's passkeys, and fido2 by itself would too.
    return Fido2Server(party, verify_origin=lambda origin: origin == _origin())


def _origin() -> str:
    """The site's address the way browsers spell an origin: without the port that the scheme implies."""
    site = urlsplit(settings.HEARTBEET_SITE_URL)
    has_port = site.port and (site.scheme, site.port) not in (("https", 443), ("http", 80))
    return f"{site.scheme}://{site.hostname}{f':{site.port}' if has_port else ''}"


def _rows(user: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).select_related("user"))


def _credentials(rows: list[Authenticator]) -> list[AttestedCredentialData]:
    return [row.wrap().authenticator_data.credential_data for row in rows]


def _handle(user: User) -> bytes:
    return str(user.pk).encode()


def _person(proof: AuthenticationResponse) -> User:
    handle = proof.response.user_handle or b""
    found = User.objects.filter(pk=int(handle.decode("ascii")), is_active=True).first()
    if found is None:
        raise BadPasskey(BadPasskey.__doc__)
    return found


def _kept(state: dict[str, Any], now: datetime) -> Challenge:
    return {**state, "until": (now + _LIFETIME).isoformat()}


def _fresh(challenge: Challenge | None, now: datetime) -> Challenge:
    if not challenge or now > datetime.fromisoformat(challenge["until"]):
        raise BadPasskey("That took too long. Try again.")
    return challenge


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
