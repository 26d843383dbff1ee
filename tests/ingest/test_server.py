"""The real server with our application in a process of its own, spoken to over sockets."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from heartbeet.lib import clock
from monitors import operations
from monitors.ingest import replies
from monitors.models import IngestNode, Ping
from tests import factories, servers
from tests.ingest.conftest import Headers
from tests.ingest.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

SERVE = """
import sys
from django.conf import settings
from heartbeet import startup
startup.choose_settings()
settings.DATABASES["default"]["NAME"] = sys.argv[2]
import heartbeet.asgi
from granian import Granian
from granian.constants import Interfaces
Granian("heartbeet.asgi:application", port=int(sys.argv[1]), interface=Interfaces.ASGI, log_enabled=False).serve()
"""


class Process:
    """A server on a port of its own, on the database of this test."""

    def __init__(self, folder: Path) -> None:
        self.port = servers.free_port()
        environment = os.environ | {"HEARTBEET_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "heartbeet.settings.base"}
        name = str(connection.settings_dict["NAME"])
        command = [sys.executable, "-W", "ignore", "-c", SERVE, str(self.port), name]
        self._process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)
        try:
            until(self._listens, within_sec=60)
        except BaseException:
            self.close()
            raise

    def _listens(self) -> bool:
        assert self._process.poll() is None, "the server ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def request(self, path: str, method: str = "GET", **given: Any) -> tuple[int, Headers, bytes]:
        client = self.connect()
        try:
            client.request(method, path, **given)
            answer = client.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            client.close()

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(15)

    def close(self) -> None:
        """End it at once, if it has not ended."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with contextlib.closing(Process(tmp_path)) as made:
        yield made


@pytest.fixture
def job(transactional_db: None) -> operations.Created:
    return factories.created(now=clock.now())


def test_the_answers_over_the_wire(process: Process, job: operations.Created) -> None:
    path = f"/api/v1/heartbeats/{job.secrets.token}"
    beacon = f"/api/v1/beet/{job.secrets.token}"

    assert process.request(path, "POST")[0] == 204
    assert process.request(path)[::2] == (204, b"")
    assert process.request(beacon)[::2] == (200, replies.GIF)
    assert process.request(beacon, "HEAD")[::2] == (200, b"")
    assert process.request("/api/v1/heartbeats/nobody")[::2] == (404, b"")
    assert Ping.objects.count() == 4


def test_a_body_of_thirty_megabytes_is_recorded_and_its_client_gets_the_answer(
    process: Process, job: operations.Created
) -> None:
    path = f"/api/v1/heartbeats/{job.secrets.token}"

    status, _, _ = process.request(path, "POST", body=b"\xff" * 30_000_000)

    assert (status, Ping.objects.get().body_size) == (204, 1024 * 1024)


def test_clients_that_hang_up_at_once_disturb_nobody(process: Process, job: operations.Created) -> None:
    line = f"POST /api/v1/heartbeats/{job.secrets.token}/log HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", process.port)) as client:
            client.sendall(line.encode())

    assert process.request(f"/api/v1/heartbeats/{job.secrets.token}/log")[0] == 204


def test_every_204_before_a_sigterm_under_load_is_in_the_database(process: Process) -> None:
    jobs = [factories.created(now=clock.now()) for _ in range(8)]
    answered: list[int] = []
    threads = [threading.Thread(target=_ping_until_refused, args=(process, each, answered)) for each in jobs]
    for thread in threads:
        thread.start()
    until(lambda: len(answered) > 100)

    process.stop()

    for thread in threads:
        thread.join(20)
    assert Ping.objects.count() >= len(answered)
    assert IngestNode.objects.get().stopped_at is not None


def _ping_until_refused(process: Process, job: operations.Created, answered: list[int]) -> None:
    client = process.connect()
    try:
        while True:
            client.request("GET", f"/api/v1/heartbeats/{job.secrets.token}")
            answer = client.getresponse()
            answer.read()
            if answer.status == 204:
                answered.append(job.monitor.id)
    except (OSError, http.client.HTTPException):
        client.close()
