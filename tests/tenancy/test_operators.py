"""The operators' pages (Django admin) show every organisation, so nobody but operators sees any of them."""

import re
from urllib.parse import quote

import pytest

from tests.tenancy import browser, dump, routes
from tests.tenancy.conftest import Street

OPEN = {"admin/login/": "leads strangers to the sign-in page", "admin/logout/": "signs out"}
PATHS = [path for path in dict.fromkeys(routes.operators()) if path not in OPEN]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_but_operators_opens_any_of_them(method: str, street: Street) -> None:
    before = dump.everything()

    for path in PATHS:
        place = "/" + re.sub(r"<\w+>", "1", path)
        for who in ("nobody", "owner"):
            answer = browser.ask(method, place, street.sessions[who])
            assert (answer.status, answer.location) == (302, f"/admin/login/?next={quote(place)}"), (who, place)

    assert dump.everything() == before


@pytest.mark.parametrize("who", ["viewer", "owner", "other"])
def test_who_is_signed_in_is_not_sent_in_circles(who: str, street: Street) -> None:
    assert browser.ask("GET", "/admin/login/?next=/admin/", street.sessions[who]).status == 403


def test_a_stranger_signs_in_where_everybody_does(street: Street) -> None:
    assert browser.ask("GET", "/admin/login/?next=/admin/", "").location == "/sign-in?next=/admin/"
