"""Snippets are run as people run them, against a real server; what that was told is read by the rules of ingest."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import playwright
import pytest

from monitors.domain.status import Kind
from monitors.ingest import request
from monitors.web import snippets
from tests.receivers import HTTPReceiver

TOKEN = "a" * 64
NODE = Path(playwright.__file__).parent / "driver" / "node"
"""The one that drives our browser tests: it is there wherever they are."""

Made = Callable[..., dict[str, str]]


@dataclass(frozen=True)
class Told:
    """A ping as ingest understands it."""

    kind: Kind
    exit_code: int | None
    run_id: str
    body: str


def job(base: str = "https://heartbeet.example.com", **given: Any) -> snippets.Job:
    """A monitor to fill snippets with: every night in Berlin, half an hour at most."""
    usual = snippets.Job(
        name="nightly backup",
        slug="nightly-backup",
        ping_url=f"{base}/api/v1/heartbeats/{TOKEN}",
        beet_url=f"{base}/api/v1/beet/{TOKEN}",
        cron="30 3 * * *",
        timezone="Europe/Berlin",
        max_runtime_sec=1800,
    )
    return replace(usual, **given)


def texts(of: snippets.Job) -> dict[str, str]:
    """What there is to copy, by the keys of the files."""
    return {file.key: file.text for snippet in snippets.of(of) for file in snippet.files}


def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with hardly anything in its environment. Raises if that takes half a minute."""
    env = {"PATH": os.environ["PATH"], **environ}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)


def told(receiver: HTTPReceiver) -> list[Told]:
    """What the receiver was told, in order; everything was a POST to the URL of the monitor."""
    assert {each.method for each in receiver.requests} <= {"POST"}
    return [_told(each.path, each.body.decode()) for each in receiver.requests]


def _told(target: str, body: str) -> Told:
    path, _, query = target.partition("?")
    asked = request.parse_path(path)
    assert asked.token == TOKEN
    return Told(asked.kind, asked.exit_code, request.parse_run_id(query.encode()), body)


@pytest.fixture(scope="session")
def curl() -> str:
    """Where curl is. Without it the tests that need it are left out, except in CI."""
    found = shutil.which("curl")
    if found is None:
        assert not os.environ.get("CI"), "CI must have curl on the PATH."
        pytest.skip("no curl on the PATH: the snippets that use it are left out")
    return found


@pytest.fixture
def made(http_receiver: HTTPReceiver) -> Made:
    """What there is to copy for a monitor of the receiver, by the keys of the files."""
    return lambda **given: texts(job(f"http://127.0.0.1:{http_receiver.port}", **given))
