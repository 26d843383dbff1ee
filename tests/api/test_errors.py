"""Whatever is wrong with a request, the answer has one shape and a code that says what."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership
from monitors import queries
from tests.api.client import API

VALID = b'{"name": "nightly", "intervalSec": 60}'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "cut off"),
        (b"{'name': 1}", "Python, not JSON"),
        (b'{"name": "x", "intervalSec": NaN}', "NaN is not JSON"),
        (b'{"name": "x", "intervalSec": -Infinity}', "nor is Infinity"),
        (b'{"name": "x", "name": "y", "intervalSec": 60}', "a key twice: which one counts?"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested until the parser gives up"),
        (b'{"name": "x", "intervalSec": ' + b"9" * 5000 + b"}", "a number of 5,000 digits"),
    ],
)
def test_what_is_not_json_is_refused_as_such(body: bytes, reason: str, api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.raw("/monitors", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_JSON"), reason
    assert answer.json()["error"].startswith("The body is not JSON. ")


@pytest.mark.parametrize("body", [b"[]", b"7", b'"name"', b"null", b"true"])
def test_a_body_that_is_not_an_object_is_refused(body: bytes, api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.raw("/monitors", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_content_type_is_refused(content_type: str, api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.raw("/monitors", VALID, content_type)

    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert "Content-Type: application/json" in answer.json()["error"]


def test_json_with_a_charset_is_json(api: API, alice: Membership) -> None:
    api.login(alice)

    assert api.raw("/monitors", VALID, "application/json; charset=utf-8").status_code == 201


def test_a_huge_body_is_refused_before_it_is_parsed(api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.raw("/monitors", b'{"name": "' + b"x" * 1_100_000 + b'"}')

    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")


def test_a_method_that_is_not_there_is_named(api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.client.put("/api/v1/monitors", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/", "/api/v2/monitors", "/api/v1/monitors/abc"])
def test_a_path_that_is_not_there_answers_in_json(path: str, client: Client) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_a_page_that_is_not_there_answers_in_html(client: Client) -> None:
    answer = client.get("/nothing")

    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert b"Nothing here" in answer.content


def test_a_mistake_of_ours_tells_nothing_about_itself(
    api: API, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("the password is hunter2")

    api.login(alice)
    api.client.raise_request_exception = False
    monkeypatch.setattr(queries, "live", broken)

    answer = api.get("/monitors")

    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert b"hunter2" not in answer.content


def test_the_accept_header_of_a_browser_still_gets_json(api: API, alice: Membership) -> None:
    api.login(alice)

    answer = api.client.get("/api/v1/me", headers={"Accept": "text/html"})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("path", ["/monitors", "/monitors/", "/me", "/me/", "/incidents", "/incidents/"])
def test_a_trailing_slash_makes_no_difference(path: str, api: API, alice: Membership) -> None:
    api.login(alice)

    assert api.get(path).status_code == 200


def test_head_asks_what_get_asks(api: API, alice: Membership) -> None:
    api.login(alice, "incidents:read")

    assert api.client.head("/api/v1/incidents").status_code == 200
    assert api.client.head("/api/v1/monitors").status_code == 403


def test_answers_are_never_cached(api: API, alice: Membership) -> None:
    api.login(alice)

    assert "no-store" in api.get("/me")["Cache-Control"]
