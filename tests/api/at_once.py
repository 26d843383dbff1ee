"""Requests at the same moment, each on a thread and a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

from tests.api.client import API

AT_ONCE = 6


def at_once(call: Callable[[int], Any], times: int = AT_ONCE) -> list[Any]:
    """What each call answers; every one is given its number."""
    barrier = Barrier(times)

    def run(number: int) -> Any:
        try:
            barrier.wait(timeout=10)
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def caller(plaintext: str) -> API:
    """A client of one's own, with a token."""
    api = API()
    api.use(plaintext)
    return api
