"""Clients that ask at the same moment, each on a connection of its own; on PostgreSQL two processes answer them."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import Any

import orjson

from tests.chaos.installation import Installation

AT_ONCE = 12
NIGHTLY = orjson.dumps({"name": "asked for at once", "intervalSec": 3600})


def test_one_key_makes_one_monitor_whoever_answers(heartbeet: Installation) -> None:
    barrier = Barrier(AT_ONCE)

    def insist(_: int) -> tuple[int, bool, bytes]:
        barrier.wait(timeout=10)
        while (answer := _post(heartbeet, "at-once", NIGHTLY))[0] == 409:
            assert orjson.loads(answer[2])["code"] == "IDEMPOTENCY_IN_PROGRESS"
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(insist, range(AT_ONCE)))

    assert {(status, body) for status, _, body in answers} == {(201, answers[0][2])}
    assert sorted(is_replay for _, is_replay, _ in answers) == [False] + [True] * (AT_ONCE - 1)
    found = heartbeet.api("GET", "/monitors?q=asked%20for%20at%20once")["results"]
    assert [row["id"] for row in found] == [orjson.loads(answers[0][2])["id"]]


def test_many_keys_do_not_wait_for_each_other(heartbeet: Installation) -> None:
    def create(number: int) -> tuple[int, bool, bytes]:
        return _post(heartbeet, f"many-{number}", orjson.dumps({"name": f"of many {number}", "intervalSec": 60}))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(create, range(AT_ONCE * 2)))

    assert {(status, is_replay) for status, is_replay, _ in answers} == {(201, False)}


def _post(heartbeet: Installation, key: str, body: bytes) -> tuple[int, bool, bytes]:
    """The status, whether it is a replay, and the body."""
    headers: dict[str, Any] = {
        "Authorization": f"Bearer {heartbeet.token}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    with closing(http.client.HTTPConnection("127.0.0.1", heartbeet.port, timeout=30)) as connection:
        connection.request("POST", "/api/v1/monitors", body, headers)
        response = connection.getresponse()
        return response.status, response.getheader("Idempotent-Replayed") == "true", response.read()
