"""What the keeper of a demo sends, and what it says when it cannot."""

from datetime import timedelta
from urllib.parse import urlsplit

import orjson
import pytest

from accounts.models import Organization
from heartbeet.demo import company, keeper
from heartbeet.demo.habits import Sent
from heartbeet.demo.keeper import Tended
from heartbeet.demo.plan import Habit, Job
from heartbeet.lib import http
from monitors.domain.fields import MonitorFields
from monitors.domain.status import Kind
from monitors.ingest import request
from tests.demo.world import SITE, STORED, World
from tests.factories import NOON


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (Sent(NOON, Kind.SUCCESS), (Kind.SUCCESS, None, "")),
        (Sent(NOON, Kind.START, "a&b/c"), (Kind.START, None, "a&b/c")),
        (Sent(NOON, Kind.SUCCESS, "7", 0), (Kind.SUCCESS, 0, "7")),
        (Sent(NOON, Kind.FAIL, exit_code=3), (Kind.FAIL, 3, "")),
        (Sent(NOON, Kind.LOG), (Kind.LOG, None, "")),
    ],
)
def test_a_ping_goes_where_ingest_reads_the_same(sent: Sent, expected: tuple[Kind, int | None, str]) -> None:
    whose = Tended(Job(MonitorFields(name="job", interval_sec=60), "Shop"), "ab" * 32, None)

    parts = urlsplit(keeper.path(whose, sent))

    asked, run_id = request.parse_path(parts.path), request.parse_run_id(parts.query.encode())
    assert (asked.kind, asked.exit_code, run_id) == expected


def test_the_events_of_a_beet_carry_their_value() -> None:
    bodies: list[bytes] = []

    def send(method: http.Method, url: str, *, body: bytes) -> http.Response:
        bodies.append(body)
        assert urlsplit(url).path == f"/api/v1/beet/{'cd' * 32}"
        return STORED

    world = World()
    beet = next(job for job in company.TURNIP_AND_SONS.jobs if job.name == "Checkouts")
    world.live(world.keeper([Tended(beet, "cd" * 32, NOON)], send), NOON + timedelta(hours=6))

    assert len(bodies) > 5
    assert all(orjson.loads(body)["value"] >= 0 for body in bodies)


def test_trouble_is_told_once_and_so_is_its_end() -> None:
    answers = iter([http.Unreachable(http.Trouble.REFUSED, "nobody is there."), None, 503, 204, 204])

    def send(method: http.Method, url: str, *, body: bytes) -> http.Response:
        answer = next(answers)
        if answer is None or isinstance(answer, Exception):
            raise answer or http.Unreachable(http.Trouble.REFUSED, "nobody is there.")
        return http.Response(answer, "", {}, b"")

    world = World()
    job = Job(MonitorFields(name="job", interval_sec=60), "Shop", Habit(takes_sec=0, jitter_sec=1))
    world.live(world.keeper([Tended(job, "ab" * 32, NOON)], send), NOON + timedelta(minutes=5, seconds=30))

    assert world.said == [f"Pings do not arrive at {SITE}: nobody is there. Going on.", "Pings arrive again."]


def test_an_organisation_without_the_demo_cannot_be_kept(acme: Organization) -> None:
    with pytest.raises(keeper.NoDemo, match="Acme has no monitors of the demo"):
        keeper.tended(acme, company.TURNIP_AND_SONS, lambda monitor: "")
