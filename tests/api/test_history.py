"""`/monitors/{id}/pings`, `/stats` and `/timeline`: what was, page by page and added up."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Organization
from monitors.models import Incident, Monitor, Ping, StatusChange
from tests import factories
from tests.api.client import API

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
WINDOW = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-12T00:00:00Z"}


@pytest.fixture
def monitor(acme: Organization) -> Monitor:
    """A monitor that has been up since long before the window."""
    made = factories.monitor(acme, now=START - 30 * DAY)
    change(made, -29, "new", "up", "pinged")
    return made


def change(monitor: Monitor, days: float, before: str, after: str, cause: str = "missed") -> None:
    StatusChange.objects.create(
        monitor=monitor, at=START + days * DAY, from_status=before, to_status=after, cause=cause
    )


def ping(monitor: Monitor, days: float, kind: str = "success", **fields: Any) -> Ping:
    return Ping.objects.create(monitor=monitor, received_at=START + days * DAY, kind=kind, **fields)


def incident(monitor: Monitor, opened: float, resolved: float | None) -> None:
    Incident.objects.create(
        monitor=monitor, cause="missed", title="missed", opened_at=START + opened * DAY,
        resolved_at=None if resolved is None else START + resolved * DAY, resolution="recovered" if resolved else "",
    )  # fmt: skip


def test_a_ping_shows_all_that_was_received(as_alice: API, monitor: Monitor) -> None:
    row = ping(
        monitor, 1, "fail", value=4.5, duration_sec=12.25, exit_code=3, run_id="r1", method="POST",
        source="203.0.113.7", body_head=b"no space \xff", body_size=10,
    )  # fmt: skip

    found = as_alice.get(f"/monitors/{monitor.id}/pings").json()["results"]

    assert found == [{
        "id": row.id, "receivedAt": "2026-03-03T00:00:00Z", "kind": "fail", "value": 4.5, "durationSec": 12.25,
        "exitCode": 3, "runId": "r1", "method": "POST", "source": "203.0.113.7",
        "body": {"head": "no space \ufffd", "tail": ""}, "bodySize": 10, "bodyTruncated": False,
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "head", "tail", "size", "body", "is_truncated"),
    [
        ("none", None, None, 0, None, False),
        ("whole", b"all", None, 3, {"head": "all", "tail": ""}, False),
        ("a character over the cut", "aä".encode()[:2], "ä".encode()[1:], 3, {"head": "aä", "tail": ""}, False),
        ("the middle left out", b"start\xc3", b"\xa4end", 900, {"head": "start\ufffd", "tail": "\ufffdend"}, True),
        ("a NUL", b"a\x00b", None, 3, {"head": "a\x00b", "tail": ""}, False),
        ("nothing kept", None, None, 12, None, True),
    ],
)
def test_a_body_is_text(
    reason: str, head: bytes | None, tail: bytes | None, size: int, body: Any, is_truncated: bool,
    as_alice: API, monitor: Monitor,
) -> None:  # fmt: skip
    ping(monitor, 1, body_head=head, body_tail=tail, body_size=size)

    found = as_alice.get(f"/monitors/{monitor.id}/pings").json()["results"][0]

    assert (found["body"], found["bodyTruncated"], found["bodySize"]) == (body, is_truncated, size), reason


def test_the_address_is_for_those_who_may_edit(api: API, alice: Membership, vera: Membership, monitor: Monitor) -> None:
    ping(monitor, 1, source="203.0.113.7")

    def sources(*scopes: str, of: Membership) -> list[str | None]:
        api.login(of, *scopes)
        return [row["source"] for row in api.get(f"/monitors/{monitor.id}/pings").json()["results"]]

    assert (sources(of=alice), sources("monitors:read", of=alice)) == (["203.0.113.7"], [None])
    assert sources(of=vera) == [None]


def test_pings_come_newest_first_page_by_page(as_alice: API, monitor: Monitor) -> None:
    ids = [ping(monitor, day).id for day in range(5)]

    first = as_alice.get(f"/monitors/{monitor.id}/pings", {"limit": 2}).json()
    ping(monitor, 9)
    parts = urlsplit(first["next"])
    second = as_alice.get(f"{parts.path.removeprefix('/api/v1')}?{parts.query}").json()

    assert [row["id"] for row in first["results"] + second["results"]] == ids[:0:-1]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({}, [3, 2, 1]),
        ({"kind": "fail"}, [2]),
        ({"kind": "log"}, []),
        ({"from": "2026-03-04T00:00:00Z"}, [3, 2]),
        ({"to": "2026-03-04T00:00:00Z"}, [1]),
        ({"from": "2026-03-03T01:00:00+01:00", "to": "2026-03-03T00:00:01Z"}, [1]),
    ],
)
def test_pings_by_kind_and_time(query: dict[str, str], days: list[int], as_alice: API, monitor: Monitor) -> None:
    for day, kind in ((1, "success"), (2, "fail"), (3, "success")):
        ping(monitor, day, kind)

    found = as_alice.get(f"/monitors/{monitor.id}/pings", query).json()["results"]

    assert [row["receivedAt"][:10] for row in found] == [(START + day * DAY).date().isoformat() for day in days]


def test_stats_add_up_across_the_edges_of_the_window(as_alice: API, monitor: Monitor) -> None:
    change(monitor, -1, "up", "down")
    change(monitor, 1, "down", "up", "recovered")
    change(monitor, 4, "up", "unknown", "gap")
    change(monitor, 5, "unknown", "paused", "paused")
    change(monitor, 7, "paused", "up", "resumed")
    change(monitor, 9, "up", "down")
    change(monitor, 12, "down", "up", "recovered")
    for opened, resolved in ((-9, -8), (-1, 1), (2, 3), (9, 12)):
        incident(monitor, opened, resolved)
    for day, kind in ((-1, "success"), (0, "success"), (3, "fail"), (9.99, "success"), (10, "success")):
        ping(monitor, day, kind)

    found = as_alice.get(f"/monitors/{monitor.id}/stats", WINDOW).json()

    day = 86_400
    assert found == {
        "monitorId": monitor.id, "from": WINDOW["from"], "to": WINDOW["to"], "uptime": 71.4285,
        "uptimeSec": 5 * day, "downtimeSec": 2 * day, "unknownSec": day, "pausedSec": 2 * day, "unwatchedSec": 0,
        "incidentCount": 3, "resolvedCount": 2, "mttrSec": 1.5 * day,
        "pings": {"total": 3, "success": 2, "start": 0, "fail": 1, "log": 0},
    }  # fmt: skip


def test_the_timeline_is_the_stats_in_parts(as_alice: API, monitor: Monitor) -> None:
    change(monitor, 2.5, "up", "down")
    change(monitor, 3.25, "down", "up", "recovered")
    for day in (0, 2.9, 3, 9.5):
        ping(monitor, day)

    found = as_alice.get(f"/monitors/{monitor.id}/timeline", {**WINDOW, "buckets": 10}).json()

    parts = found["buckets"]
    assert (found["bucketSec"], len(parts)) == (86_400, 10)
    assert [part["status"] for part in parts] == ["up", "up", "down", "down"] + ["up"] * 6
    assert [part["pings"] for part in parts] == [1, 0, 1, 1, 0, 0, 0, 0, 0, 1]
    assert (parts[2]["upSec"], parts[2]["downSec"], parts[3]["downSec"]) == (43_200, 43_200, 21_600)
    assert (parts[0]["start"], parts[-1]["end"]) == (WINDOW["from"], WINDOW["to"])


@pytest.mark.parametrize(
    ("query", "seconds", "count"),
    [
        ({}, 28_800, 30),
        ({"buckets": "3"}, 288_000, 3),
        ({"buckets": "500"}, 1728, 500),
        ({"bucketSec": "3600"}, 3600, 240),
        ({"bucketSec": "600000"}, 600_000, 2),
        ({"bucketSec": "864000"}, 864_000, 1),
    ],
)
def test_parts_may_be_counted_or_measured(
    query: dict[str, str], seconds: int, count: int, as_alice: API, monitor: Monitor
) -> None:
    found = as_alice.get(f"/monitors/{monitor.id}/timeline", {**WINDOW, **query}).json()

    assert (found["bucketSec"], len(found["buckets"])) == (seconds, count)


def test_the_last_thirty_days_without_a_window(as_alice: API, acme: Organization) -> None:
    made = factories.monitor(acme, now=datetime.now(UTC) - 10 * DAY)

    found = as_alice.get(f"/monitors/{made.id}/stats").json()

    since, until = datetime.fromisoformat(found["from"]), datetime.fromisoformat(found["to"])
    assert until - since == 30 * DAY
    assert abs(until - datetime.now(UTC)) < timedelta(minutes=1)
    assert (found["uptime"], found["mttrSec"], found["unwatchedSec"]) == (None, None, 30 * 86_400)


@pytest.mark.parametrize("path", ["stats", "timeline"])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "0001-01-01T00:00:00Z"}, "to"),
        ({"to": "9999-12-31T23:59:59-12:00"}, "to"),
        ({"from": WINDOW["to"], "to": WINDOW["from"]}, "from"),
        ({"from": WINDOW["to"], "to": WINDOW["to"]}, "from"),
        ({"from": "2020-01-01T00:00:00Z"}, "from"),
    ],
)
def test_a_window_that_cannot_be_is_refused(
    path: str, query: dict[str, str], field: str, as_alice: API, monitor: Monitor
) -> None:
    answer = as_alice.get(f"/monitors/{monitor.id}/{path}", query)

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, field)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"buckets": "0"}, "buckets"),
        ({"buckets": "501"}, "buckets"),
        ({"buckets": "-3"}, "buckets"),
        ({"buckets": "²"}, "buckets"),
        ({"buckets": "9" * 5000}, "buckets"),
        ({"bucketSec": "1"}, "bucketSec"),
        ({"bucketSec": "nan"}, "bucketSec"),
        ({"bucketSec": "3600", "buckets": "7"}, "bucketSec"),
    ],
)
def test_parts_that_cannot_be_are_refused(query: dict[str, str], field: str, as_alice: API, monitor: Monitor) -> None:
    answer = as_alice.get(f"/monitors/{monitor.id}/timeline", {**WINDOW, **query})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, field)


def test_a_filter_of_pings_that_cannot_be_is_refused(as_alice: API, monitor: Monitor) -> None:
    answer = as_alice.get(f"/monitors/{monitor.id}/pings", {"kind": "shout"})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "kind")


@pytest.mark.parametrize("path", ["pings", "stats", "timeline"])
def test_a_foreign_past_is_as_good_as_none(path: str, api: API, charlie: Membership, monitor: Monitor) -> None:
    api.login(charlie)

    assert api.get(f"/monitors/{monitor.id}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["pings", "stats", "timeline"])
def test_the_past_takes_a_bounded_number_of_queries(path: str, as_alice: API, monitor: Monitor) -> None:
    for day in range(8):
        ping(monitor, day)
        change(monitor, day, "up", "down")
        incident(monitor, day, day + 0.5)
    as_alice.get("/me")  # the first request also notes that the token was used

    with CaptureQueriesContext(connection) as caught:
        assert as_alice.get(f"/monitors/{monitor.id}/{path}", WINDOW).status_code == 200

    own = [query for query in caught if "monitors_" in query["sql"]]
    assert len(own) <= 6
