"""The list of monitors."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organization
from heartbeet import bundle
from monitors.models import Pulse
from monitors.web import listing
from tests import factories

pytestmark = pytest.mark.django_db


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def names(page: bytes) -> list[str]:
    return [
        part.split("<")[0] for part in page.decode().split('class="row-link"')[1:] for part in [part.split(">", 1)[1]]
    ]


def test_an_empty_list_teaches_the_first_ping(owner: Client) -> None:
    page = owner.get("/").content.decode()

    assert "curl -fsS -m 10 --retry 5 -o /dev/null &lt;the URL of your monitor&gt;" in page
    assert 'href="/monitors/new"' in page


def test_the_list_says_state_schedule_last_ping_and_next_due(acme: Organization, owner: Client) -> None:
    at = datetime.now(UTC) - timedelta(minutes=10, seconds=5)
    factories.healthy(acme, at=at, name="nightly backup", tags=["backup"])

    page = owner.get("/").content.decode()

    for expected in [
        "nightly backup",
        "\nUp</span>",
        "every hour",
        "10 min ago</time>",
        ">in 49 min ",
        ">backup<",
    ]:
        assert expected in page


def test_trouble_comes_first_and_what_is_paused_last(acme: Organization, owner: Client) -> None:
    rows = {
        name: factories.healthy(acme, at=an_hour_ago(), name=name) for name in ["a paused", "b up", "c late", "d down"]
    }
    for name, status in [("a paused", "paused"), ("d down", "down")]:
        Pulse.objects.filter(monitor=rows[name]).update(status=status)
    Pulse.objects.filter(monitor=rows["b up"]).update(last_success_at=datetime.now(UTC))

    assert names(owner.get("/").content) == ["d down", "c late", "b up", "a paused"]


def test_the_number_of_queries_does_not_grow_with_the_list(
    acme: Organization, owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        factories.healthy(acme, at=an_hour_ago(), name=f"job {number}")

    # session, user, membership, version, lines, runs, gaps, changes, durations, banner
    with django_assert_max_num_queries(10):
        page = owner.get("/")

    assert len(names(page.content)) == 30


def test_a_long_list_is_paged(acme: Organization, owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitors.web.listing.PAGE_SIZE", 2)
    for name in ["a", "b", "c"]:
        factories.monitor(acme, name=name)

    first, second = owner.get("/"), owner.get("/?page=2")

    assert (names(first.content), names(second.content)) == (["a", "b"], ["c"])
    assert b"1\xe2\x80\x932 of 3" in first.content


def test_the_search_finds_by_name_and_says_when_nothing_fits(acme: Organization, owner: Client) -> None:
    factories.monitor(acme, name="Nightly backup")
    factories.monitor(acme, name="Mailer")

    assert names(owner.get("/?q=BACKUP").content) == ["Nightly backup"]
    assert "No monitor has “&lt;b&gt;” in its name" in owner.get("/?q=<b>").content.decode()


def test_a_refresh_brings_the_rows_alone(acme: Organization, owner: Client) -> None:
    factories.monitor(acme, name="Nightly backup")

    page = owner.get("/", headers={"HX-Request": "true"}).content.decode()

    assert "Nightly backup" in page
    assert "<html" not in page


def test_markup_in_a_name_a_tag_or_a_description_is_inert(acme: Organization, owner: Client) -> None:
    evil = "<script>alert(1)</script>"
    monitor = factories.monitor(acme, name=f"{evil}\"'><img src=x>", description=f"{evil}\nsecond line")

    pages = [
        owner.get(url).content.decode() for url in ["/", f"/monitors/{monitor.id}", f"/monitors/{monitor.id}/edit"]
    ]

    assert all("<script>alert" not in page and "<img" not in page for page in pages)
    assert "second line" in pages[1]


def live_version(page: bytes) -> str:
    found = re.search(r'data-version="([^"]+)"', page.decode())
    assert found
    return found[1]


def test_a_refresh_of_what_has_not_changed_is_one_query_and_no_page(
    acme: Organization, owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monitor = factories.healthy(acme, at=datetime.now(UTC))
    shown = {"HX-Request": "true", "Live-Version": live_version(owner.get("/").content)}

    with django_assert_num_queries(4):  # session, user, membership, version
        unchanged = owner.get("/", headers=shown)
    Pulse.objects.filter(monitor=monitor).update(ping_count=2)
    changed = owner.get("/", headers=shown)

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert changed.status_code == 200


def test_a_page_is_made_anew_when_a_monitor_became_late(acme: Organization, owner: Client) -> None:
    monitor = factories.healthy(acme, at=datetime.now(UTC) - timedelta(minutes=59))
    Pulse.objects.filter(monitor=monitor).update(deadline=datetime.now(UTC) + timedelta(minutes=5))
    version = live_version(owner.get("/").content)

    until = datetime.fromtimestamp(int(version.partition(".")[2]) / 1000, UTC)

    assert until <= datetime.now(UTC) + timedelta(minutes=1)


def test_the_strip_of_states_counts_and_leads_to_each(acme: Organization, owner: Client) -> None:
    for name, status in [("a", "up"), ("b", "down"), ("c", "down"), ("d", "unknown")]:
        Pulse.objects.filter(monitor=factories.healthy(acme, at=datetime.now(UTC), name=name)).update(status=status)

    everything, down = owner.get("/"), owner.get("/?status=down")

    counted = dict(
        re.findall(r'class="count[^>]*data-state="(\w+)".*?<strong>(\d+)', everything.content.decode(), re.DOTALL)
    )
    assert counted == {"down": "2", "late": "0", "unknown": "1", "learning": "0", "up": "1", "paused": "0"}
    assert 'href="?status=down"' in everything.content.decode()
    assert names(down.content) == ["b", "c"]
    assert 'data-state="down" href="/" aria-current="true"' in down.content.decode().replace('href="?"', 'href="/"')


def test_filters_stand_in_the_address_and_stay_in_every_link(acme: Organization, owner: Client) -> None:
    factories.healthy(acme, at=datetime.now(UTC), name="Nightly backup", tags=["prod", "nightly"])
    factories.healthy(acme, at=datetime.now(UTC), name="Backup of mail", tags=["prod"])

    page = owner.get("/?q=backup&tag=prod&tag=nightly&sort=name").content

    assert names(page) == ["Nightly backup"]
    assert 'href="?q=backup&amp;tag=prod&amp;tag=nightly&amp;sort=name&amp;status=down"' in page.decode()
    assert 'value="name" selected' in page.decode()


def test_the_tab_shows_the_worst_state(acme: Organization, owner: Client) -> None:
    calm = owner.get("/incidents").content.decode()
    Pulse.objects.filter(monitor=factories.healthy(acme, at=datetime.now(UTC))).update(status="down")
    alarmed = owner.get("/incidents").content.decode()

    assert ("<title>Incidents" in calm, "img/heartbeet.svg" in calm) == (True, True)
    assert ("<title>(1) Incidents" in alarmed, "img/heartbeet-down.svg" in alarmed) == (True, True)


def test_a_full_list_is_a_light_page(acme: Organization, owner: Client) -> None:
    for number in range(listing.PAGE_SIZE):
        factories.healthy(acme, at=an_hour_ago(), name=f"Synchronise the warehouse {number}", tags=["prod", "nightly"])

    page = re.sub(rb"<svg.*?</svg>", b"", owner.get("/").content, flags=re.DOTALL)  # without its pictures

    loaded = len(page) + sum(len(bundle.of(name).content) for name in bundle.OF_EVERY_PAGE)
    assert loaded < 150_000
