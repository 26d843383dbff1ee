"""Cursor pages: every row once, whatever comes and goes meanwhile, and a cursor is good for its own question only."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.signing import Signer

from accounts.models import Organization
from monitors.models import Incident, Monitor
from tests import factories
from tests.api.client import API


@pytest.fixture
def ten(acme: Organization) -> list[Monitor]:
    return [factories.monitor(acme, name=f"job {number}", tags=["prod"]) for number in range(10)]


def _follow(api: API, link: str) -> Any:
    parts = urlsplit(link)
    return api.client.get(f"{parts.path}?{parts.query}").json()


def _pages(api: API, path: str, towards: str = "next", **query: Any) -> Iterator[list[int]]:
    """The ids of each page, read one after the other."""
    page = api.get(path, query).json()
    yield [row["id"] for row in page["results"]]
    while link := page[towards]:
        page = _follow(api, link)
        yield [row["id"] for row in page["results"]]


def test_pages_hold_every_row_once_and_say_when_it_is_over(as_alice: API, ten: list[Monitor]) -> None:
    pages = list(_pages(as_alice, "/monitors", limit=4))

    assert pages == [[row.id for row in ten[first : first + 4]] for first in (0, 4, 8)]


def test_the_last_page_may_be_full(as_alice: API, ten: list[Monitor]) -> None:
    assert [len(page) for page in _pages(as_alice, "/monitors", limit=5)] == [5, 5]


def test_no_rows_are_one_empty_page(as_alice: API) -> None:
    assert as_alice.get("/monitors").json() == {"results": [], "next": None, "previous": None}


def test_the_way_back_is_the_way_there(as_alice: API, ten: list[Monitor]) -> None:
    second = _follow(as_alice, as_alice.get("/monitors", {"limit": 4}).json()["next"])
    last = _follow(as_alice, second["next"])

    back = _follow(as_alice, last["previous"])
    first = _follow(as_alice, back["previous"])

    assert back["results"] == second["results"]
    assert ([row["id"] for row in first["results"]], first["previous"]) == ([row.id for row in ten[:4]], None)
    assert _follow(as_alice, first["next"])["results"] == second["results"]


def test_rows_that_come_and_go_meanwhile_neither_hide_nor_repeat_the_others(
    as_alice: API, ten: list[Monitor], acme: Organization
) -> None:
    pages = _pages(as_alice, "/monitors", limit=3)
    seen = next(pages)

    Monitor.objects.filter(id__in=[ten[0].id, ten[2].id, ten[4].id]).update(deleted_at=factories.NOON)
    added = factories.monitor(acme, name="added")
    rest = [monitor_id for page in pages for monitor_id in page]

    assert seen == [row.id for row in ten[:3]]
    assert rest == [ten[3].id, *(row.id for row in ten[5:]), added.id]


def test_the_newest_first_does_not_repeat_what_moved_down(as_alice: API, acme: Organization) -> None:
    old = [factories.incident(factories.monitor(acme), ago=timedelta(hours=hours)) for hours in range(1, 7)]
    pages = _pages(as_alice, "/incidents", limit=2)
    seen = next(pages)

    factories.incident(factories.monitor(acme), ago=timedelta(0))
    rest = [incident_id for page in pages for incident_id in page]

    assert [*seen, *rest] == [row.id for row in old]


def test_rows_of_the_same_instant_are_told_apart(as_alice: API, acme: Organization) -> None:
    """A storm: everything went down at once, and rows of that instant come and go while somebody reads."""
    storm = [factories.incident(factories.monitor(acme)) for _ in range(7)]
    Incident.objects.update(opened_at=factories.NOON)
    pages = _pages(as_alice, "/incidents", limit=2)
    seen = next(pages)

    Incident.objects.filter(id=seen[0]).delete()
    rest = [incident_id for page in pages for incident_id in page]

    assert [*seen, *rest] == [row.id for row in reversed(storm)]


def test_the_size_of_a_page_may_change_on_the_way(as_alice: API, ten: list[Monitor]) -> None:
    link = as_alice.get("/monitors", {"limit": 2}).json()["next"]

    page = _follow(as_alice, link.replace("limit=2", "limit=200"))

    assert [row["id"] for row in page["results"]] == [row.id for row in ten[2:]]


def test_filters_stay_with_the_pages(as_alice: API, ten: list[Monitor], acme: Organization) -> None:
    factories.monitor(acme, name="not in it")

    pages = list(_pages(as_alice, "/monitors", limit=4, tag="prod", q="job"))

    assert [monitor_id for page in pages for monitor_id in page] == [row.id for row in ten]


@pytest.mark.parametrize(
    ("path", "query", "why"),
    [
        ("/monitors", {"tag": "prod"}, "a filter more"),
        ("/monitors", {"q": "backup"}, "another filter's value"),
        ("/monitors", {}, "a filter less"),
        ("/channels", {"q": "job"}, "another list"),
        ("/incidents", {"q": "job"}, "a list in another order"),
    ],
)
def test_a_cursor_is_good_for_its_own_question_only(
    path: str, query: dict[str, str], why: str, as_alice: API, ten: list[Monitor]
) -> None:
    cursor = _cursor(as_alice.get("/monitors", {"limit": 2, "q": "job"}).json()["next"])

    answer = as_alice.get(path, {**query, "cursor": cursor})

    assert (answer.status_code, answer.json()["fields"][0]["path"]) == (400, "cursor"), why


def test_a_cursor_cannot_be_forged(as_alice: API, ten: list[Monitor]) -> None:
    cursor = _cursor(as_alice.get("/monitors", {"limit": 2}).json()["next"])
    place, _, signature = cursor.partition(":")
    forged = [f"{place[:-2]}xx:{signature}", f"{place}:{signature[:-1]}", Signer().sign_object({"after": [1]}), ""]

    answers = [as_alice.get("/monitors", {"cursor": text}).status_code for text in forged]

    assert answers == [400, 400, 400, 200]  # an empty one is none: the first page


def test_a_slash_at_the_end_makes_no_other_question(as_alice: API, ten: list[Monitor]) -> None:
    cursor = _cursor(as_alice.get("/monitors", {"limit": 2}).json()["next"])

    assert as_alice.get("/monitors/", {"limit": 2, "cursor": cursor}).status_code == 200


def _cursor(link: str) -> str:
    return dict(part.partition("=")[::2] for part in urlsplit(link).query.split("&"))["cursor"].replace("%3A", ":")
