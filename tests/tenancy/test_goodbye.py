"""Who is removed, switched off or made less is so from the next request on, at every route."""

from typing import Any

import pytest
from django.conf import settings as django_settings

from accounts import members, operations
from accounts.domain.roles import Role
from accounts.models import Membership, User
from heartbeet.lib import clock
from tests.tenancy import api_tables, browser, dump, houses, page_tables, person_tables
from tests.tenancy.conftest import Street
from tests.tenancy.houses import House
from tests.tenancy.test_api import ask, path_of


def _removed(membership: Membership, house: House) -> None:
    by = operations.actor_of(house.members["owner"])
    members.remove(membership=membership, by=by, now=clock.now())


def _switched_off(membership: Membership, house: House) -> None:
    User.objects.filter(id=membership.user_id).update(is_active=False)


@pytest.mark.parametrize("goes", [_removed, _switched_off])
def test_the_tokens_of_who_is_gone_are_dead(goes: Any, acme: House, street: Street) -> None:
    goes(acme.members["admin"], acme)
    before = dump.everything()

    answers = {
        str(row): ask(row.method, path_of(row, acme), street.tokens["admin"], row.body_for(acme)).word
        for row in api_tables.EVERY
    }

    assert answers == dict.fromkeys(answers, "401")
    assert dump.everything() == before


def test_the_pages_of_an_organisation_are_closed_to_who_was_removed(acme: House, street: Street) -> None:
    _removed(acme.members["admin"], acme)
    before, home = dump.everything(), acme.organization.home.removesuffix("/")

    answers = {
        str(row): browser.ask(
            row.method, home + houses.filled(row.path, acme), street.sessions["admin"], row.body_for(acme)
        ).status
        for row in page_tables.OF_AN_ORGANIZATION
    }

    assert answers == dict.fromkeys(answers, 404)
    assert dump.everything() == before


def test_the_browsers_of_who_is_switched_off_are_signed_out(acme: House, street: Street) -> None:
    _switched_off(acme.members["admin"], acme)
    before = dump.everything()

    for row in [*page_tables.OF_AN_ORGANIZATION, *person_tables.OF_A_PERSON]:
        path = houses.filled(row.path, acme)
        answer = browser.ask(row.method, path, street.sessions["admin"], row.body_for(acme))
        assert browser.word(answer, row, acme) == row.expected["nobody"], row

    assert dump.everything() == before


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_a_token_may_no_more_than_the_role_that_its_member_has_now(
    role: str, acme: House, street: Street, settings: Any
) -> None:
    by = operations.actor_of(acme.members["owner"])
    members.change_role(membership=acme.members["admin"], role=Role(role), by=by, now=clock.now())
    refused = [row for row in api_tables.EVERY if row.expected[role] == "role"]
    before = dump.everything()

    answers = {
        str(row): ask(row.method, path_of(row, acme), street.tokens["admin"], row.body_for(acme)).word
        for row in refused
    }

    assert answers == dict.fromkeys(answers, "role")
    assert dump.everything() == before


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_a_browser_may_no_more_than_the_role_that_its_member_has_now(role: str, acme: House, street: Street) -> None:
    by = operations.actor_of(acme.members["owner"])
    members.change_role(membership=acme.members["admin"], role=Role(role), by=by, now=clock.now())
    refused = [row for row in page_tables.OF_AN_ORGANIZATION if row.expected[role] == "403"]
    before = dump.everything()

    answers = {
        str(row): browser.ask(
            row.method, houses.filled(row.path, acme), street.sessions["admin"], row.body_for(acme)
        ).status
        for row in refused
    }

    assert answers == dict.fromkeys(answers, 403)
    assert dump.everything() == before


def test_a_cookie_opens_no_endpoint(acme: House, street: Street) -> None:
    assert django_settings.SESSION_COOKIE_NAME

    answers = {
        str(row): browser.ask(row.method, path_of(row, acme), street.sessions["owner"]).status
        for row in api_tables.EVERY
    }

    assert answers == dict.fromkeys(answers, 401)
