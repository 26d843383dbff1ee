"""Every page, opened by everyone, at its short address and in the organisation's: the exact answer, and nothing changed
where it was refused."""

from typing import Any
from uuid import uuid4

import pytest

from tests.tenancy import browser, dump, houses, page_tables, person_tables, public_tables, routes
from tests.tenancy.conftest import Street, undone
from tests.tenancy.houses import House
from tests.tenancy.table import Row

OF_SOMEBODY = [*page_tables.OF_AN_ORGANIZATION, *person_tables.OF_A_PERSON]
EVERY = [*OF_SOMEBODY, *public_tables.PUBLIC]
FOREIGN = [row for row in EVERY if row.expected["other"] == "404"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
FORGOTTEN = (
    "tests/tenancy has no line for {}: write down what each column gets, in page_tables.py if it belongs to an"
    " organisation, else in person_tables.py, or, with the reason, in public_tables.py if everybody may ask."
)
REFUSALS = {"sign-in", "prove", "403", "404"}


@pytest.mark.parametrize("row", EVERY, ids=str)
def test_everyone_gets_what_the_table_says(row: Row, acme: House, street: Street, settings: Any) -> None:
    assert _answers(row, "", street, settings) == row.expected


@pytest.mark.parametrize("row", page_tables.OF_AN_ORGANIZATION, ids=str)
def test_the_organisation_in_the_address_changes_nothing_but_for_strangers_to_it(
    row: Row, acme: House, street: Street, settings: Any
) -> None:
    answers = _answers(row, acme.organization.home.removesuffix("/"), street, settings)

    assert answers == row.expected | {"other": "404"}


@pytest.mark.parametrize("row", FOREIGN, ids=str)
def test_a_foreign_page_cannot_be_told_from_none(row: Row, acme: House, street: Street) -> None:
    nothing = houses.nothing(acme)

    foreign = browser.ask(row.method, houses.filled(row.path, acme), street.sessions["other"], row.body_for(acme))
    absent = browser.ask(row.method, houses.filled(row.path, nothing), street.sessions["other"], row.body_for(acme))

    assert foreign == absent


@pytest.mark.parametrize("who", ["nobody", "other"])
@pytest.mark.parametrize("row", OF_SOMEBODY, ids=str)
def test_a_foreign_organisation_cannot_be_told_from_none(row: Row, who: str, acme: House, street: Street) -> None:
    path, slug = houses.filled(row.path, acme), acme.organization.slug

    with undone():
        foreign = browser.ask(row.method, f"/o/{slug}{path}", street.sessions[who], row.body_for(acme))
    with undone():
        absent = browser.ask(row.method, f"/o/no-such-one{path}", street.sessions[who], row.body_for(acme))

    assert absent.location == foreign.location.replace(slug, "no-such-one")
    assert absent.status == foreign.status
    if row in page_tables.OF_AN_ORGANIZATION:  # on other pages are one-time numbers
        assert absent.text == foreign.text


@pytest.mark.parametrize("row", [row for row in EVERY if row.is_collection], ids=str)
def test_a_page_of_ones_own_shows_and_touches_nothing_of_another(row: Row, acme: House, street: Street) -> None:
    before = dump.of(acme.organization)

    with undone():
        shown = browser.ask(row.method, houses.filled(row.path, acme), street.sessions["other"], row.body_for(acme))

        assert dump.of(acme.organization) == before
    assert not [secret for secret in acme.secrets if secret in shown.text + shown.location]


@pytest.mark.parametrize("row", [row for row in public_tables.PUBLIC if str(row) not in public_tables.BY_LINK], ids=str)
def test_what_is_public_shows_nothing_of_anybody(row: Row, acme: House, street: Street) -> None:
    with undone():
        shown = browser.ask(row.method, houses.filled(row.path, acme), "", row.body_for(acme))

    assert not [secret for secret in acme.secrets if secret in shown.text + shown.location]


@pytest.mark.parametrize("path", sorted(routes.pages()))
def test_no_other_method_does_anything(path: str, acme: House, street: Street) -> None:
    known = {row.method for row in EVERY if row.path == f"/{path}"}
    others = [method for method in METHODS if method not in known]
    place = houses.filled(f"/{path}", acme)

    owner = {method: browser.ask(method, place, street.sessions["owner"]).status for method in others}
    nobody = {method: browser.ask(method, place, "").status for method in others}

    assert owner == nobody == dict.fromkeys(others, 405)


def test_every_page_is_in_a_table() -> None:
    in_tables = {row.path.removeprefix("/") for row in EVERY}

    missing = sorted(routes.pages() - in_tables)
    assert not missing, FORGOTTEN.format(missing)
    assert sorted(in_tables - routes.pages()) == [], "The tables have lines for what is no page any more."
    assert len({str(row) for row in EVERY}) == len(EVERY), "A line is there twice."


def _answers(row: Row, before: str, street: Street, settings: Any) -> dict[str, str]:
    """What each column gets, as a word. A refusal changes nothing, and nor does a page that is only looked at."""
    rows, answers = dump.everything(), {}
    path = before + houses.filled(row.path, street.acme)
    for column in row.expected:
        settings.RATELIMIT_CACHE_PREFIX = f"{uuid4()}:"
        with undone():
            answer = browser.ask(row.method, path, street.sessions[column], row.body_for(street.acme))
            answers[column] = browser.word(answer, row, street.acme, before)
            if row.method == "GET" or answers[column] in REFUSALS:
                assert dump.everything() == rows, f"{column} changed something"
    return answers
