"""How many passwords are hashed at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import hashers as django

from heartbeet.lib import hashers


@pytest.mark.parametrize("work", ["encode", "verify"])
def test_few_passwords_are_hashed_at_once_whoever_asks(work: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 100 MB: thirty at once, which one address may ask for, take a small machine down."""
    busy: list[int] = []
    most: list[int] = []

    def hash_slowly(*_: object) -> str:
        busy.append(1)
        most.append(len(busy))
        time.sleep(0.02)
        busy.pop()
        return ""

    monkeypatch.setattr(django.Argon2PasswordHasher, work, hash_slowly)
    hasher = hashers.Argon2()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: getattr(hasher, work)(f"password {number}", "salt"), range(8)))

    assert len(most) == 8
    assert max(most) <= hashers.AT_ONCE
