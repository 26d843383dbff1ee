"""Every method of every endpoint, asked by everyone: the exact answer, and nothing changed where it was refused."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from tests.tenancy import api_tables, browser, dump, houses, routes
from tests.tenancy.conftest import Street, undone
from tests.tenancy.houses import House
from tests.tenancy.table import Row

CODES = {"401": "NOT_AUTHENTICATED", "404": "NOT_FOUND", "scope": "PAT_SCOPE_INSUFFICIENT", "role": "ROLE_INSUFFICIENT"}
WORDS = {code: word for word, code in CODES.items()}
STATUS = {"scope": 403, "role": 403}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
FORGOTTEN = "tests/tenancy/api_tables.py has no line for {}: write down what each column gets, and what body is sent."


@dataclass(frozen=True)
class Answer:
    """What came back. `word` is as in the tables."""

    status: int
    text: str
    word: str


@pytest.mark.parametrize("row", api_tables.EVERY, ids=str)
def test_everyone_gets_what_the_table_says(row: Row, acme: House, street: Street, settings: Any) -> None:
    answers = {}
    before = dump.everything()
    for column, token in street.tokens.items():
        settings.RATELIMIT_CACHE_PREFIX = f"{uuid4()}:"
        with undone():
            answers[column] = ask(row.method, path_of(row, acme), token, row.body_for(acme)).word
            if answers[column] in CODES:
                assert dump.everything() == before, f"{column} was refused, and something changed"

    assert answers == row.expected


@pytest.mark.parametrize("row", api_tables.EVERY, ids=str)
def test_a_slash_at_the_end_changes_nothing(row: Row, acme: House, street: Street) -> None:
    some = ["nobody", "scope", "viewer", "other"]

    with undone():
        answers = [
            ask(row.method, path_of(row, acme) + "/", street.tokens[each], row.body_for(acme)).word for each in some
        ]

    assert answers == [row.expected[each] for each in some]


@pytest.mark.parametrize("row", [row for row in api_tables.EVERY if row.expected["other"] == "404"], ids=str)
def test_a_foreign_row_cannot_be_told_from_none(row: Row, acme: House, street: Street) -> None:
    nothing = houses.nothing(acme)

    foreign = ask(row.method, path_of(row, acme), street.tokens["other"], row.body_for(acme))
    absent = ask(row.method, path_of(row, nothing), street.tokens["other"], row.body_for(nothing))

    assert (foreign.status, foreign.text) == (absent.status, absent.text)


@pytest.mark.parametrize("row", [row for row in api_tables.EVERY if row.is_collection], ids=str)
def test_a_collection_shows_and_touches_only_ones_own(row: Row, acme: House, elsewhere: House, street: Street) -> None:
    before = dump.of(acme.organization)

    with undone():
        theirs = ask(row.method, path_of(row, acme), street.tokens["other"], row.body_for(acme))
        assert dump.of(acme.organization) == before
    own = ask(row.method, path_of(row, acme), street.tokens["owner"], row.body_for(acme))

    assert not [secret for secret in acme.secrets if secret in theirs.text]
    assert not [secret for secret in elsewhere.secrets if secret in own.text]
    if row.method == "GET" and row.path not in api_tables.OF_THE_INSTALLATION:
        assert any(secret in own.text for secret in acme.secrets)
        assert any(secret in theirs.text for secret in elsewhere.secrets)


@pytest.mark.parametrize("path", sorted(routes.endpoints()))
def test_no_other_method_does_anything(path: str, acme: House, street: Street) -> None:
    row = Row("", path.removeprefix(routes.API), {})
    others = [method for method in METHODS if f"{method} {row.path}" not in {str(row) for row in api_tables.EVERY}]
    before = dump.everything()

    owner = {method: ask(method, path_of(row, acme), street.tokens["owner"], {}).status for method in others}
    nobody = {method: ask(method, path_of(row, acme), "", {}).status for method in others}

    assert owner == dict.fromkeys(others, 405)
    assert nobody == dict.fromkeys(others, 401)
    assert dump.everything() == before


def test_every_endpoint_is_in_the_table() -> None:
    in_table = {(row.method, routes.API + row.path) for row in api_tables.EVERY}
    in_urlconf = {(method, path) for path, route in routes.endpoints().items() for method in route.methods}

    missing = sorted(" ".join(one).replace(routes.API, "") for one in in_urlconf - in_table)
    assert not missing, FORGOTTEN.format(", ".join(missing))
    assert sorted(in_table - in_urlconf) == [], "The table has lines for what is no endpoint any more."
    assert len(in_table) == len(api_tables.EVERY), "A line is there twice."


def test_every_endpoint_answers_with_and_without_a_slash_at_the_end() -> None:
    paths = {route.path for route in routes.every() if hasattr(route.view, "cls")}

    assert paths == {path + slash for path in routes.endpoints() for slash in ("", "/")}


def test_every_table_of_the_database_is_watched() -> None:
    assert list(dump.unknown()) == [], "Say in tests/tenancy/dump.py how it knows its organisation, or why it has none."


def path_of(row: Row, house: House) -> str:
    """The address of a row of this house."""
    return f"/{routes.API}{houses.filled(row.path, house)}"


def ask(method: str, path: str, token: str, body: Any) -> Answer:
    """One request, with nothing but this token."""
    client = _client()
    client.credentials(**({"HTTP_AUTHORIZATION": f"Bearer {token}"} if token else {}))
    sent = {} if method == "GET" else {"data": body or {}, "format": "json"}
    answer = client.generic(method, path) if method == "GET" else getattr(client, method.lower())(path, **sent)
    text = browser.text_of(answer)
    status = answer.status_code
    word = WORDS.get(answer.json()["code"], f"{status} {text}") if status >= 400 else str(status)
    assert status == STATUS.get(word, int(word) if word.isdigit() else status)
    return Answer(status, text, word)


@cache
def _client() -> APIClient:
    """One for all, for a new one reads every static file's name again."""
    return APIClient(raise_request_exception=True)
