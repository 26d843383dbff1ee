"""Password hashing that strangers cannot take the machine's memory with."""

import threading

from django.contrib.auth import hashers

AT_ONCE = 2
_room = threading.BoundedSemaphore(AT_ONCE)


class Argon2(hashers.Argon2PasswordHasher):
    """Django's Argon2. It takes 100 MB for each password, so a process hashes AT_ONCE of them, whoever asks on whatever
    page; the others wait."""

    def encode(self, password: str, salt: str) -> str:
        with _room:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _room:
            return super().verify(password, encoded)
