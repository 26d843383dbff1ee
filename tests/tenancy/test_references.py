"""What a body or a query names of another organisation is as good as none: the same answer, and nothing is changed."""

import json
from typing import Any

import pytest

from tests.tenancy import browser, dump, houses
from tests.tenancy.conftest import Street
from tests.tenancy.houses import House
from tests.tenancy.test_api import ask

NEW = {"name": "hourly", "intervalSec": 3600}
MONITOR_FORM = {"name": "x", "schedule": "interval", "every": "300", "grace": "1 min", "alert_threshold": 1}


def _in_bodies(theirs: House, own: House) -> list[tuple[str, str, dict[str, Any]]]:
    """Calls of `own` that name a row of `theirs`."""
    mine, foreign = own.ids["monitor_id"], theirs.ids["monitor_id"]
    channels = {"channelIds": [own.ids["channel_id"], theirs.ids["channel_id"]]}
    project = {"project": theirs.ids["project"]}
    return [
        ("POST", "/monitors", NEW | channels),
        ("POST", "/monitors", NEW | project),
        ("PATCH", f"/monitors/{mine}", channels),
        ("PATCH", f"/monitors/{mine}", project),
        ("POST", "/monitors/bulk", {"monitors": [NEW, {**NEW, "name": "daily"} | channels]}),
        ("POST", "/monitors/bulk", {"monitors": [NEW, {**NEW, "name": "daily"} | project]}),
        ("PATCH", "/monitors/bulk", {"ids": [mine, foreign], "changes": {"tags": ["x"]}}),
        ("PATCH", "/monitors/bulk", {"ids": [mine], "changes": channels}),
        ("PATCH", "/monitors/bulk", {"monitors": [{"id": mine, "tags": ["x"]}, {"id": foreign, "tags": ["x"]}]}),
        ("DELETE", "/monitors/bulk", {"ids": [mine, foreign]}),
    ]


@pytest.mark.parametrize("number", range(10))
def test_a_body_that_names_a_foreign_row_changes_nothing(number: int, street: Street) -> None:
    method, path, body = _in_bodies(street.acme, street.elsewhere)[number]
    _, _, absent_body = _in_bodies(houses.nothing(street.acme), street.elsewhere)[number]
    before = dump.everything()

    foreign = ask(method, f"/api/v1{path}", street.tokens["other"], body)
    absent = ask(method, f"/api/v1{path}", street.tokens["other"], absent_body)

    assert foreign.status in (400, 404)
    assert _without_ids(foreign.text, street.acme) == _without_ids(absent.text, houses.nothing(street.acme))
    assert dump.everything() == before


NONE = '{"results":[],"next":null,"previous":null}'
UNUSED = ["/monitors?project={project}", "/audit-logs?patId={token_id}"]
"""Acme's project has no monitors, and its token has done nothing."""
QUERIES = [
    *UNUSED,
    "/incidents?monitor={monitor_id}",
    "/monitors?q={canary}",
    "/monitors?tag={canary}",
    "/audit-logs?actor={email}",
    "/audit-logs?actor={user_id}",
    "/audit-logs?action=CREATE_CHANNEL&actor={email}",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_names_a_foreign_row_finds_nothing(query: str, street: Street) -> None:
    path = "/api/v1" + query.format(**_named(street.acme))

    own = ask("GET", path, street.tokens["owner"], None)
    theirs = ask("GET", path, street.tokens["other"], None)

    assert theirs.text == NONE
    assert own.status == 200
    assert (own.text == NONE) is (query in UNUSED)


def test_a_page_of_a_list_cannot_be_turned_in_another_organisation(street: Street) -> None:
    for number in range(2):
        ask("POST", "/api/v1/monitors", street.tokens["owner"], {**NEW, "name": f"canary {number}"})
    first = ask("GET", "/api/v1/monitors?limit=1", street.tokens["owner"], None)
    turned = json.loads(first.text)["next"]

    theirs = ask("GET", turned, street.tokens["other"], None)

    assert not [secret for secret in street.acme.secrets if secret in theirs.text]


@pytest.mark.parametrize("path", ["/api/v1/audit-logs?format=csv", "/settings/audit-log.csv"])
def test_the_file_of_the_audit_log_has_only_ones_own(path: str, street: Street) -> None:
    def file(who: str) -> str:
        if path.startswith("/api"):
            return ask("GET", path, street.tokens[who], None).text
        return browser.ask("GET", path, street.sessions[who]).text

    theirs, own = file("other"), file("owner")

    assert street.elsewhere.canary in theirs
    assert street.acme.canary not in theirs
    assert street.acme.canary in own


@pytest.mark.parametrize("path", ["/monitors/new", "/monitors/{monitor_id}/edit", "/monitors/{monitor_id}/clone"])
def test_a_form_that_names_a_foreign_channel_is_refused(path: str, street: Street) -> None:
    before = dump.everything()
    given = MONITOR_FORM | {"channels": [street.acme.ids["channel_id"]]}

    shown = browser.ask("POST", path.format(**street.elsewhere.ids), street.sessions["other"], given)

    assert shown.status == 200
    assert street.acme.canary not in shown.text
    assert dump.everything() == before


def test_a_widget_of_a_foreign_monitor_is_refused(street: Street) -> None:
    before = dump.everything()
    given = {"kind": "status", "monitor": street.acme.ids["monitor_id"]}

    browser.ask("POST", f"/boards/{street.elsewhere.ids['board_id']}/widgets", street.sessions["other"], given)

    assert dump.everything() == before


def test_a_widget_cannot_be_reached_through_another_board(street: Street) -> None:
    before = dump.everything()
    own, foreign = street.elsewhere.ids["board_id"], street.acme.ids["widget_id"]

    answer = browser.ask("POST", f"/boards/{own}/widgets/{foreign}/remove", street.sessions["other"], {})

    assert answer.status == 404
    assert dump.everything() == before


def _named(house: House) -> dict[str, Any]:
    owner = house.members["owner"].user
    return {**house.ids, "canary": house.canary, "email": owner.email, "user_id": owner.id}


def _without_ids(text: str, house: House) -> str:
    """A refusal may say again what was sent."""
    return text.replace(f"channel {house.ids['channel_id']} ", "channel … ").replace(f"`{house.ids['project']}`", "`…`")
