"""`GET /monitors` and `GET /incidents`: filters, pages, and a number of queries that does not grow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Organization, Project
from monitors.models import Incident, Monitor, Pulse
from tests import factories
from tests.api.client import API


def _names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


def _follow(api: API, link: str) -> Any:
    parts = urlsplit(link)
    return api.get(f"{parts.path.removeprefix('/api/v1')}?{parts.query}")


def test_pages_go_forth_and_back(as_alice: API, acme: Organization) -> None:
    for number in range(5):
        factories.monitor(acme, name=f"job {number}")

    first = as_alice.get("/monitors", {"limit": 2})
    second = _follow(as_alice, first.json()["next"])
    last = _follow(as_alice, second.json()["next"])
    back = _follow(as_alice, second.json()["previous"])

    assert [_names(page) for page in (first, second, last)] == [["job 0", "job 1"], ["job 2", "job 3"], ["job 4"]]
    assert (first.json()["previous"], last.json()["next"]) == (None, None)
    assert _names(back) == _names(first)


def test_links_to_pages_come_from_our_settings_and_not_from_the_host_header(
    as_alice: API, acme: Organization, settings: Any
) -> None:
    settings.HEARTBEET_SITE_URL = "https://beet.example"
    factories.monitor(acme)
    factories.monitor(acme)

    answer = as_alice.client.get("/api/v1/monitors?limit=1", headers={"Host": "evil.example"})

    assert answer.json()["next"].startswith("https://beet.example/api/v1/monitors?")


@pytest.mark.parametrize("cursor", ["nonsense", "bz1hYmM=", "cD1hYmM=", "cD0xZTk5OQ==", "cD0lMDA="])
@pytest.mark.parametrize("path", ["/monitors", "/incidents", "/channels"])
def test_a_cursor_of_their_own_making_is_refused(path: str, cursor: str, as_alice: API) -> None:
    answer = as_alice.get(path, {"cursor": cursor})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "cursor")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["web backup", "db backup", "invoices"]),
        ({"tag": "prod"}, ["web backup", "db backup"]),
        ({"tag": ["prod", "db"]}, ["db backup"]),
        ({"tag": "pro"}, []),
        ({"tag": 'prod", "db'}, []),
        ({"q": "BACKUP"}, ["web backup", "db backup"]),
        ({"q": "money"}, ["invoices"]),
        ({"q": "%"}, []),
        ({"project": "billing"}, ["invoices"]),
        ({"project": "nowhere"}, []),
        ({"type": "heartbeat", "q": "web"}, ["web backup"]),
        ({"type": "beet"}, []),
        ({"status": "new"}, ["web backup", "db backup", "invoices"]),
        ({"status": "down"}, []),
    ],
)
def test_filters(query: dict[str, Any], found: list[str], as_alice: API, acme: Organization) -> None:
    billing = Project.objects.create(organization=acme, name="Billing", slug="billing", created_at=factories.NOON)
    factories.monitor(acme, name="web backup", tags=["prod", "web"])
    factories.monitor(acme, name="db backup", tags=["prod", "db"])
    invoices = factories.monitor(acme, name="invoices", description="All our money", tags=["production"])
    invoices.project = billing
    invoices.save(update_fields=["project"])

    assert _names(as_alice.get("/monitors", query)) == found


def test_a_beet_that_nobody_has_judged_yet_is_found_as_it_is_shown(as_alice: API, acme: Organization) -> None:
    beet = factories.monitor(acme, name="checkouts", type="beet", interval_sec=None)
    Pulse.objects.filter(monitor=beet).update(status="new")  # as the release before made it
    factories.monitor(acme, name="backup")

    assert as_alice.get(f"/monitors/{beet.id}").json()["status"] == "learning"
    assert _names(as_alice.get("/monitors", {"status": "learning"})) == ["checkouts"]
    assert _names(as_alice.get("/monitors", {"status": "new"})) == ["backup"]


def test_late_is_told_from_up(as_alice: API, acme: Organization) -> None:
    now = datetime.now(UTC)
    factories.healthy(acme, at=now - timedelta(minutes=1), name="on time")
    late = factories.healthy(acme, at=now - timedelta(minutes=62), name="late")
    Pulse.objects.filter(monitor=late).update(deadline=now + timedelta(minutes=3))

    assert _names(as_alice.get("/monitors", {"status": "up"})) == ["on time"]
    assert _names(as_alice.get("/monitors", {"status": "late"})) == ["late"]
    assert as_alice.get(f"/monitors/{late.id}").json()["status"] == "late"


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/monitors", {"status": "sleepy"}, "status"),
        ("/monitors", {"type": "website"}, "type"),
        ("/incidents", {"status": "sleepy"}, "status"),
        ("/incidents", {"monitor": "abc"}, "monitor"),
        ("/incidents", {"monitor": "²"}, "monitor"),
        ("/incidents", {"from": "yesterday"}, "from"),
        ("/incidents", {"to": "2026-02-31T00:00:00Z"}, "to"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(path: str, query: dict[str, str], field: str, as_alice: API) -> None:
    answer = as_alice.get(path, query)

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, field)


def test_incidents_by_status_monitor_and_time(as_alice: API, acme: Organization) -> None:
    one, two = factories.monitor(acme, name="one"), factories.monitor(acme, name="two")
    old = factories.incident(one, ago=timedelta(days=3), resolved=True)
    fresh = factories.incident(one, ago=timedelta(minutes=5))
    taken = factories.incident(two, ago=timedelta(minutes=9))
    Incident.objects.filter(id=taken.id).update(acknowledged_at=datetime.now(UTC))
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()

    def ids(**query: Any) -> list[int]:
        return [row["id"] for row in as_alice.get("/incidents", query).json()["results"]]

    assert ids() == [fresh.id, taken.id, old.id]
    assert (ids(status="open"), ids(status="resolved")) == ([fresh.id, taken.id], [old.id])
    assert (ids(status="acknowledged"), ids(monitor=two.id)) == ([taken.id], [taken.id])
    assert (ids(**{"from": yesterday}), ids(to=yesterday)) == ([fresh.id, taken.id], [old.id])
    assert ids(monitor="9" * 30) == []


@pytest.mark.parametrize("path", ["/monitors", "/incidents"])
def test_a_longer_list_takes_no_more_queries(path: str, as_alice: API, acme: Organization) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert as_alice.get(path).status_code == 200
        return len(caught)

    factories.incident(factories.monitor(acme))
    queries()  # the first request also notes that the token was used
    one = queries()
    for _ in range(5):
        factories.incident(factories.monitor(acme))

    assert queries() == one <= 7


@pytest.mark.parametrize("count", [3, 30])
def test_a_page_of_monitors_of_any_length_takes_eight_queries_at_most(
    count: int, as_alice: API, acme: Organization
) -> None:
    channels = [as_alice.post("/channels", {"kind": "email", "name": to, "config": {"to": to}}).json()["id"]
                for to in ("a@example.com", "b@example.com")]  # fmt: skip
    for number in range(count):
        body = {"name": f"job {number}", "cron": f"{number} * * * *", "tags": ["prod"], "channelIds": channels}
        made = as_alice.post("/monitors", body).json()
        factories.incident(Monitor.objects.get(id=made["id"]))

    with CaptureQueriesContext(connection) as caught:
        rows = as_alice.get("/monitors", {"limit": 100}).json()["results"]

    assert (len(rows), all(row["openIncidentId"] and row["channelIds"] == channels for row in rows)) == (count, True)
    assert len(caught) <= 8
