"""Guessing passwords is slow, for an address and for an account."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import RequestFactory

from heartbeet.lib import client, ratelimit


@pytest.fixture(autouse=True)
def _own_limits(settings: Any) -> None:
    settings.RATELIMIT_CACHE_PREFIX = f"{uuid4()}:"


def _tries(*whom: tuple[str, str], device: str = "") -> list[bool]:
    """Whether each try, an address and an account, may go on."""
    return [_may_try(address, email, device) for address, email in whom]


def _may_try(address: str, email: str, device: str) -> bool:
    try:
        ratelimit.check_sign_in(RequestFactory().post("/sign-in"), address=address, email=email, device=device)
    except ratelimit.TooManyRequests:
        return False
    return True


def test_an_account_is_guessed_at_ten_times_from_one_network() -> None:
    tries = _tries(*[("192.0.2.1", "Ada@example.com ")] * 11)

    assert tries == [True] * 10 + [False]
    assert _tries(("192.0.2.2", "ada@example.com")) == [True]


def test_an_account_is_guessed_at_a_hundred_times_from_wherever() -> None:
    tries = _tries(*[(f"192.0.2.{number}", "Ada@example.com ") for number in range(101)])

    assert tries == [True] * 100 + [False]


def test_strangers_never_use_up_the_tries_of_a_known_device() -> None:
    _tries(*[(f"192.0.2.{number}", "ada@example.com") for number in range(101)])
    _tries(*[("192.0.2.200", f"user{number}@example.com") for number in range(31)])

    tries = _tries(*[("192.0.2.200", "ada@example.com")] * 11, device="her laptop")

    assert tries == [True] * 10 + [False]


def test_an_address_guesses_thirty_times_at_whomever() -> None:
    tries = _tries(*[("192.0.2.1", f"user{number}@example.com") for number in range(31)])

    assert tries == [True] * 30 + [False]


def test_all_addresses_of_an_ipv6_network_are_one() -> None:
    """Whoever has one of them has 2^64."""
    guesses = _tries(*[(f"2001:db8:1:2::{number:x}", f"user{number}@example.com") for number in range(31)])

    assert guesses == [True] * 30 + [False]
    assert _tries(("2001:db8:1:3::1", "ada@example.com")) == [True]


def test_an_ipv4_address_written_as_ipv6_is_still_one_address() -> None:
    addresses = {client.address(peer, "", 0) for peer in ("::ffff:192.0.2.1", "192.0.2.1")}

    assert addresses == {"192.0.2.1"}


def test_one_account_guessed_at_does_not_keep_another_out() -> None:
    _tries(*[(f"192.0.2.{number}", "ada@example.com") for number in range(101)])

    assert _tries(("192.0.2.200", "bob@example.com")) == [True]


def test_a_crowd_does_not_make_the_count_of_an_account_forgotten() -> None:
    """Django's cache in memory keeps 300 entries and drops the oldest, unless it is told otherwise."""
    _tries(*[("192.0.2.2", "ada@example.com")] * 10)
    _tries(*[(f"198.51.{number // 250}.{number % 250}", f"user{number}@example.com") for number in range(400)])

    assert _tries(("192.0.2.2", "ada@example.com")) == [False]


def test_without_redis_people_still_get_in(settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }

    assert _tries(*[("192.0.2.1", "ada@example.com")] * 12) == [True] * 12


def test_whoever_has_to_wait_is_told_how_long() -> None:
    _tries(*[("192.0.2.1", "ada@example.com")] * 10)

    with pytest.raises(ratelimit.TooManyRequests) as caught:
        ratelimit.check_sign_in(RequestFactory().post("/"), address="192.0.2.1", email="ada@example.com")

    assert 0 < caught.value.retry_after_sec <= 300
