"""Who may see and do what on the pages. A foreign thing is as good as none."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, User
from monitors.models import Incident, Monitor
from tests.web.conftest import sign_in

pytestmark = pytest.mark.django_db

At = Callable[[str], str]

READ = ["/", "/incidents", "/incidents?status=open", "/channels", "/monitors/{monitor}", "/incidents/{incident}"]
WRITE = [
    "/monitors/new",
    "/monitors/{monitor}/edit",
    "/monitors/{monitor}/pause",
    "/monitors/{monitor}/delete",
    "/channels/new",
    "/channels/new/email",
    "/channels/new/webhook",
    "/channels/new/slack",
]
SECRET = ["/monitors/{monitor}/rotate"]
POSTS = [
    "/monitors/new",
    "/monitors/{monitor}/edit",
    "/monitors/{monitor}/reveal",
    "/monitors/{monitor}/rotate",
    "/monitors/{monitor}/pause",
    "/monitors/{monitor}/resume",
    "/monitors/{monitor}/delete",
    "/incidents/{incident}/acknowledge",
    "/incidents/{incident}/resolve",
    "/incidents/{incident}/notes",
    "/channels/new/email",
]
POST_ONLY = [url for url in POSTS if url.rsplit("/", 1)[1] in {"reveal", "resume", "acknowledge", "resolve", "notes"}]


@pytest.fixture
def at(alices_monitor: Monitor, incident: Incident) -> At:
    def fill(url: str) -> str:
        return url.format(monitor=alices_monitor.id, incident=incident.id)

    return fill


@pytest.mark.parametrize("url", READ + WRITE + SECRET)
def test_an_owner_sees_every_page(url: str, at: At, owner: Client) -> None:
    assert owner.get(at(url)).status_code == 200


@pytest.mark.parametrize("url", READ)
def test_a_viewer_sees_what_there_is(url: str, at: At, viewer: Client) -> None:
    assert viewer.get(at(url)).status_code == 200


@pytest.mark.parametrize("url", WRITE + SECRET)
def test_a_viewer_is_refused_the_forms(url: str, at: At, viewer: Client) -> None:
    assert viewer.get(at(url)).status_code == 403


@pytest.mark.parametrize("url", POSTS)
def test_a_viewer_changes_nothing(url: str, at: At, viewer: Client) -> None:
    assert viewer.post(at(url)).status_code == 403


@pytest.mark.parametrize("url", ["/", "/channels", "/monitors/{monitor}", "/incidents/{incident}"])
def test_a_viewer_sees_no_buttons_but_the_way_out(url: str, at: At, viewer: Client) -> None:
    page = viewer.get(at(url)).content.decode()

    assert page.count("<form") == page.count('action="/sign-out"') + page.count('role="search"')
    assert "Reveal" not in page
    assert "/edit" not in page


@pytest.mark.parametrize("url", READ + WRITE + SECRET)
def test_a_stranger_is_asked_to_sign_in_and_comes_back(url: str, at: At, client: Client) -> None:
    response = client.get(at(url))

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("url", POSTS)
def test_a_stranger_changes_nothing(url: str, at: At, client: Client) -> None:
    response = client.post(at(url))

    assert (response.status_code, response["Location"]) == (302, "/sign-in")


@pytest.mark.parametrize("url", [url for url in {*READ, *WRITE, *SECRET} if "{" in url])
def test_an_outsider_cannot_tell_a_foreign_page_from_none(url: str, at: At, outsider: Client) -> None:
    foreign = outsider.get(at(url))
    absent = outsider.get(url.format(monitor=999_999, incident=999_999))

    assert (foreign.status_code, foreign.content) == (absent.status_code, absent.content)
    assert foreign.status_code == 404


@pytest.mark.parametrize("url", [url for url in POSTS if "{" in url])
def test_an_outsider_cannot_act_on_a_foreign_thing(url: str, at: At, outsider: Client) -> None:
    assert outsider.post(at(url)).status_code == 404


@pytest.mark.parametrize("url", POST_ONLY)
def test_what_changes_something_is_never_a_get(url: str, at: At, owner: Client) -> None:
    assert owner.get(at(url)).status_code == 405


def test_a_member_edits_but_neither_reveals_nor_rotates(at: At, bob: Membership) -> None:
    browser = sign_in(bob)

    assert browser.get(at("/monitors/{monitor}/edit")).status_code == 200
    assert browser.post(at("/monitors/{monitor}/reveal")).status_code == 403
    assert browser.post(at("/monitors/{monitor}/rotate")).status_code == 403
    assert "Reveal" not in browser.get(at("/monitors/{monitor}")).content.decode()


def test_a_member_reveals_where_the_organisation_allows_it(at: At, acme: Organization, bob: Membership) -> None:
    acme.members_may_reveal = True
    acme.save()

    browser = sign_in(bob)

    assert "Reveal" in browser.get(at("/monitors/{monitor}")).content.decode()
    assert browser.post(at("/monitors/{monitor}/reveal")).status_code == 302


def test_a_person_without_an_organisation_is_told_so_and_not_sent_in_circles(
    client: Client, django_user_model: type[User]
) -> None:
    client.force_login(django_user_model.objects.create_user("lone@example.com", "correct horse battery"))

    assert client.get("/").status_code == 403


def test_a_refresh_after_signing_out_takes_the_whole_page_to_sign_in(client: Client) -> None:
    response = client.get("/", headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Redirect"]) == (204, reverse("account_login"))
