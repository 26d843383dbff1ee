"""How often someone may ask: django-ratelimit on the cache, which is Redis where there is one and memory otherwise."""

from dataclasses import dataclass

import redis
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from heartbeet.lib import client

API_RATE = "3000/1m"
TEST_RATE = "10/1m"
SIGN_IN_RATES = {"address": "30/5m", "account": "10/5m"}


class TooManyRequests(Exception):
    """Too many requests: wait and try again."""

    def __init__(self, retry_after_sec: int) -> None:
        super().__init__(f"Too many requests: try again in {retry_after_sec} seconds.")
        self.retry_after_sec = retry_after_sec


@dataclass(frozen=True, slots=True)
class Usage:
    """What is left of a rate after this request."""

    limit: int
    remaining: int


def check_api(request: HttpRequest, *, token_id: int) -> Usage | None:
    """Count a request of an access token; raises TooManyRequests. None if the count could not be kept."""
    return _check(request, "api", str(token_id), API_RATE)


def check_sign_in(request: HttpRequest, *, address: str, email: str) -> None:
    """Count a try to sign in, for the address and for the account; raises TooManyRequests."""
    _check(request, "sign-in-address", client.network(address), SIGN_IN_RATES["address"])
    _check(request, "sign-in-account", email.strip().lower(), SIGN_IN_RATES["account"])


def check_test(request: HttpRequest, *, organization_id: int) -> None:
    """Count a test alert: a real message to an address that nobody has confirmed, and a connection to the database for
    as long as the receiver takes. Raises TooManyRequests."""
    _check(request, "test-alert", str(organization_id), TEST_RATE)


def _check(request: HttpRequest, group: str, value: str, rate: str) -> Usage | None:
    try:
        usage = get_usage(request, group=group, key=lambda *_: value, rate=rate, increment=True)
    except redis.RedisError:
        return None  # Redis is a doorbell: people must reach Heartbeet without it
    if usage is None:
        return None
    if usage["should_limit"]:
        raise TooManyRequests(max(1, usage["time_left"]))
    return Usage(limit=usage["limit"], remaining=max(0, usage["limit"] - usage["count"]))
