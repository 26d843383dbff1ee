"""What every page promises: a strict CSP, CSRF on each form, no copies in caches, errors in our own design."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from monitors.models import Monitor

pytestmark = pytest.mark.django_db

PAGES = ["/", "/monitors/new", "/incidents", "/channels", "/channels/new", "/absent", "/sign-in"]


@pytest.mark.parametrize("url", PAGES)
def test_the_content_security_policy_allows_nothing_inline(owner: Client, url: str) -> None:
    policy = owner.get(url)["Content-Security-Policy"]

    assert "unsafe-" not in policy
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("url", PAGES)
def test_a_page_is_kept_by_no_cache(owner: Client, url: str) -> None:
    assert "no-store" in owner.get(url)["Cache-Control"]


def test_no_template_has_an_inline_script_or_style() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)

    guilty = [
        path.name for path in Path(settings.BASE_DIR / "templates").rglob("*.html") if inline.search(path.read_text())
    ]

    assert guilty == []


def test_no_page_loads_anything_from_elsewhere() -> None:
    foreign = re.compile(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\(\s*["']?(?:https?:)?//""")
    files = [
        *Path(settings.BASE_DIR / "templates").rglob("*.html"),
        *Path(settings.BASE_DIR / "static/css").rglob("*.css"),
    ]

    guilty = [path.name for path in files if foreign.search(path.read_text())]

    assert guilty == []


def test_a_form_without_its_token_is_refused_in_our_design(alice: Membership) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice.user)

    answers = [browser.post(url) for url in ["/sign-out", "/monitors/new", "/channels/new/email", "/monitors/1/delete"]]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert all("This form has expired" in answer.content.decode() for answer in answers)


@pytest.mark.parametrize("url", ["/absent", "/monitors/99999999999999999999", "/monitors/0", "/static-not-here"])
def test_what_is_not_there_is_said_in_our_design(owner: Client, url: str) -> None:
    response = owner.get(url)

    assert response.status_code == 404
    assert "Nothing here" in response.content.decode()


def test_a_mistake_of_ours_is_said_without_asking_the_database(
    owner: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner.raise_request_exception = False
    monkeypatch.setattr("monitors.web.views.access.require", lambda *_: 1 / 0)

    with django_assert_num_queries(3):  # session, person and organisation: what came before the mistake
        response = owner.get("/")

    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


@pytest.mark.parametrize("body", ["q=%00", "q=" + "x" * 60_000, "page=-1", "page=x", "page=99999999999999999999"])
def test_strange_questions_of_the_list_are_answered(owner: Client, alices_monitor: Monitor, body: str) -> None:
    assert owner.get(f"/?{body}").status_code == 200


def test_a_lost_database_is_an_error_page_too(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    owner.raise_request_exception = False
    monkeypatch.setattr("monitors.web.views.access.require", lose)

    response = owner.get("/")

    assert response.status_code in (500, 503)
    assert "<h1>" in response.content.decode()
