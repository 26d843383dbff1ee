"""`GET /listening-gaps`: when nobody listened, the same for all, with one's own unknown monitors."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Membership, Organization
from monitors.domain.gaps import Reason
from monitors.models import Gap, GapNotice, StatusChange, Unheard
from tests import factories
from tests.api.client import API

pytestmark = pytest.mark.django_db

NOON, MINUTE = factories.NOON, timedelta(minutes=1)


def _gap(begins_min: int, ends_min: int, reason: Reason = Reason.STOPPED) -> Gap:
    return Gap.objects.create(started_at=NOON + begins_min * MINUTE, ended_at=NOON + ends_min * MINUTE, reason=reason)


def _left_unknown(gap: Gap, organization: Organization, *names: str) -> None:
    notice = GapNotice.objects.create(gap=gap, organization=organization, created_at=NOON)
    for name in names:
        Unheard.objects.create(notice=notice, monitor=factories.monitor(organization, name=name), at=NOON)


def _found(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def test_a_gap_says_when_why_and_how_many_of_ones_own_it_left_unknown(
    as_alice: API, acme: Organization, charlie: Membership
) -> None:
    gap = _gap(0, 6)
    _left_unknown(gap, acme, "a", "b")
    _left_unknown(gap, charlie.organization, "c")

    (row,) = _found(as_alice.get("/listening-gaps"))

    assert row == {
        "id": gap.id,
        "startedAt": "2026-01-05T12:00:00Z",
        "endedAt": "2026-01-05T12:06:00Z",
        "durationSec": 360.0,
        "reason": "stopped",
        "monitorsUnknown": 2,
    }


def test_the_newest_comes_first_page_by_page(as_alice: API) -> None:
    ids = [_gap(start, start + 1).id for start in (0, 10, 20)]

    first = as_alice.get("/listening-gaps?limit=2").json()
    second = as_alice.get(first["next"].partition("/api/v1")[2]).json()

    assert [row["id"] for row in first["results"] + second["results"]] == ids[::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from=2026-01-05T12:15:00Z", [20]),
        ("to=2026-01-05T12:15:00Z", [10, 0]),
        ("from=2026-01-05T12:05:00Z&to=2026-01-05T12:15:00Z", [10]),
        ("from=2026-01-05T12:11:00Z&to=2026-01-05T12:11:00Z", [10]),
    ],
)
def test_a_window_leaves_what_has_a_part_in_it(query: str, expected: list[int], as_alice: API) -> None:
    begins = {_gap(start, start + 1).id: start for start in (0, 10, 20)}

    rows = _found(as_alice.get(f"/listening-gaps?{query}"))

    assert [begins[row["id"]] for row in rows] == expected


def test_a_window_that_is_none_is_refused_by_name(as_alice: API) -> None:
    answer = as_alice.get("/listening-gaps?from=yesterday")

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "from")


def test_a_gap_counts_neither_as_up_nor_as_down(as_alice: API, acme: Organization) -> None:
    monitor = factories.healthy(acme, at=NOON - 60 * MINUTE)
    StatusChange.objects.create(
        monitor=monitor, at=NOON - 60 * MINUTE, from_status="new", to_status="up", cause="pinged"
    )
    _gap(0, 15)

    stats = as_alice.get(f"/monitors/{monitor.id}/stats?from=2026-01-05T12:00:00Z&to=2026-01-05T13:00:00Z").json()

    assert (stats["uptimeSec"], stats["unknownSec"], stats["uptime"]) == (45 * 60, 15 * 60, 100)
