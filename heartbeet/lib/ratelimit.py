"""How often someone may ask: django-ratelimit on the cache, which is Redis where there is one and memory otherwise."""

from dataclasses import dataclass

import redis
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from heartbeet.lib import client

API_RATE = "3000/1m"
"""For one access token."""
ADDRESS_RATE = "6000/1m"
"""For one address, with whatever tokens: an office shares one."""
STRANGER_RATE = "300/1m"
"""For requests of one address that nobody can be authenticated for."""
TEST_RATE = "10/1m"
MODEL_RATE = "10/10m"
"""For one person: each costs the operator money, or a machine its time."""
INVITATION_RATES = {"organization": "30/1h", "address": "3/1h"}
CODE_RATES = {"burst": "10/10m", "day": "60/1d"}
SIGN_IN_RATES = {"address": "30/5m", "account-network": "10/5m", "account": "100/1h", "device": "10/5m"}
SIGN_UP_RATE = "30/1h"
"""Of one address: each costs a hash and leaves a person behind."""
PASSKEY_RATE = "60/5m"
PROOF_RATE = "10/5m"
LETTER_RATES = {"recipient": "3/1h", "address": "20/1h"}


@dataclass(frozen=True, slots=True)
class Usage:
    """What is left of a rate after this request."""

    limit: int
    remaining: int


class TooManyRequests(Exception):
    """Too many requests: wait and try again."""

    def __init__(self, retry_after_sec: int, usage: Usage) -> None:
        super().__init__(f"Too many requests: try again in {retry_after_sec} seconds.")
        self.retry_after_sec = retry_after_sec
        self.usage = usage


def check_api(request: HttpRequest, *, token_id: int) -> Usage | None:
    """Count a request of an access token; raises TooManyRequests. None if the count could not be kept."""
    return _check(request, "api", str(token_id), API_RATE)


def check_address(request: HttpRequest, *, address: str) -> None:
    """Count a request of an address to the API, before anybody looks at its token; raises TooManyRequests. An address
    that is not known ('') has no limit: it would be everybody's."""
    if address:
        _check(request, "api-address", client.network(address), ADDRESS_RATE)


def check_stranger(request: HttpRequest, *, address: str) -> None:
    """Count a request that nobody could be authenticated for; raises TooManyRequests. It never keeps a token out that
    works: nobody guesses 256 bits, but a forgotten job with an expired token would stop its neighbours."""
    if address:
        _check(request, "api-stranger", client.network(address), STRANGER_RATE)


def check_sign_in(request: HttpRequest, *, address: str, email: str, device: str = "") -> None:
    """Count a try to sign in; raises TooManyRequests. The first three limits are for strangers: for an address, for an
    account from one address, and for an account from wherever. A `device` that the account knows has a budget of its
    own, so that nobody can be locked out by others."""
    if device:
        _check(request, "sign-in-device", device, SIGN_IN_RATES["device"])
        return
    network, account = client.network(address), email.strip().lower()
    _check(request, "sign-in-address", network, SIGN_IN_RATES["address"])
    _check(request, "sign-in-account-network", f"{account} {network}", SIGN_IN_RATES["account-network"])
    _check(request, "sign-in-account", account, SIGN_IN_RATES["account"])


def check_sign_up(request: HttpRequest, *, address: str) -> None:
    """Count a new person from an address; raises TooManyRequests."""
    _check(request, "sign-up-address", client.network(address), SIGN_UP_RATE)


def check_passkey_question(request: HttpRequest, *, address: str) -> None:
    """Count a stranger who asks how to use a passkey, for which a session is kept; raises TooManyRequests."""
    _check(request, "passkey-question-address", client.network(address), PASSKEY_RATE)


def check_proof(request: HttpRequest, *, user_id: int) -> None:
    """Count a try of someone who is signed in to prove who they are; raises TooManyRequests."""
    _check(request, "proof", str(user_id), PROOF_RATE)


def check_letter(request: HttpRequest, *, address: str, email: str) -> None:
    """Count a letter of the account that a stranger asks for, for who asks and for who gets it; raises
    TooManyRequests."""
    _check(request, "letter-address", client.network(address), LETTER_RATES["address"])
    _check(request, "letter-recipient", email.strip().lower(), LETTER_RATES["recipient"])


def check_code(request: HttpRequest, *, user_id: int) -> None:
    """Count a typed code of somebody's second factor; raises TooManyRequests. Only who has the password gets here, so a
    stranger cannot use this up."""
    _check(request, "code", str(user_id), CODE_RATES["burst"])
    _check(request, "code-day", str(user_id), CODE_RATES["day"])


def check_passwordless(request: HttpRequest, *, address: str) -> None:
    """Count a try to sign in with a passkey or a provider, for the address: nothing can be guessed, but each try costs
    us work. Raises TooManyRequests."""
    _check(request, "passwordless-address", client.network(address), SIGN_IN_RATES["address"])


def check_test(request: HttpRequest, *, organization_id: int) -> None:
    """Count a test alert: a real message to an address that nobody has confirmed, and a connection to the database for
    as long as the receiver takes. Raises TooManyRequests."""
    _check(request, "test-alert", str(organization_id), TEST_RATE)


def check_model(request: HttpRequest, *, user_id: int) -> None:
    """Count a text that somebody asks of the model; raises TooManyRequests."""
    _check(request, "model", str(user_id), MODEL_RATE)


def check_invitation(request: HttpRequest, *, organization_id: int, email: str) -> None:
    """Count a letter to somebody who did not ask for it, for the organisation and, over all organisations, for the
    address; raises TooManyRequests."""
    _check(request, "invitation-address", email.strip().lower(), INVITATION_RATES["address"])
    _check(request, "invitation-organization", str(organization_id), INVITATION_RATES["organization"])


def _check(request: HttpRequest, group: str, value: str, rate: str) -> Usage | None:
    try:
        usage = get_usage(request, group=group, key=lambda *_: value, rate=rate, increment=True)
    except redis.RedisError:
        return None  # Redis is a doorbell: people must reach Heartbeet without it
    if usage is None:
        return None
    left = Usage(limit=usage["limit"], remaining=max(0, usage["limit"] - usage["count"]))
    if usage["should_limit"]:
        raise TooManyRequests(max(1, usage["time_left"]), left)
    return left
