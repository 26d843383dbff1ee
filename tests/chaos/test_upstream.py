"""Two installations, of which one watches the other: whoever stops to do its work is told of by the other one."""

from pathlib import Path

import pytest

from tests.chaos.fleet import Fleet, Job, Role
from tests.chaos.installation import Installation, installed, until
from tests.receivers import HTTPReceiver, SMTPReceiver

pytestmark = pytest.mark.sqlite

EVERY_SEC, GRACE_SEC = 5, 10
"""A watched worker looks every two seconds whether it is time, and the sooner we are told the shorter the test."""
HEARD_WITHIN_SEC, TOLD_WITHIN_SEC = 60, 60


def test_a_worker_that_stands_still_is_told_by_who_watches(
    tmp_path: Path, http_receiver: HTTPReceiver, smtp_server: SMTPReceiver
) -> None:
    with (
        installed(_made(tmp_path / "watching"), HEARTBEET_SMTP_URL=smtp_server.url) as watching,
        Fleet(watching, http_receiver, smtp_server) as fleet,
    ):
        (job,) = fleet.hire(Role.RETURNS, 1, grace_sec=GRACE_SEC)
        watching.api("PATCH", f"/monitors/{job.id}", {"intervalSec": EVERY_SEC})
        upstream = {"HEARTBEET_UPSTREAM_PING_URL": job.url, "HEARTBEET_UPSTREAM_PING_SEC": str(EVERY_SEC)}
        with installed(_made(tmp_path / "watched"), **upstream) as watched:
            job.sent = 1  # by somebody else; from now on something is promised of it
            until(lambda: _status(watching, job) == "up", seconds=HEARD_WITHIN_SEC)

            watched.child("worker").suspend()
            http_receiver.wait_for(1, seconds=EVERY_SEC + GRACE_SEC + TOLD_WITHIN_SEC)
            watched.child("worker").resume()
            until(lambda: not fleet.account().open(), seconds=HEARD_WITHIN_SEC + TOLD_WITHIN_SEC)

            assert fleet.account().wrongs() == []
            assert _status(watching, job) == "up"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _status(heartbeet: Installation, job: Job) -> str:
    return str(heartbeet.api("GET", f"/monitors/{job.id}")["status"])
