"""A beet in the list and on its page: it is not judged yet, and both say the same."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organization
from monitors.models import Monitor, Ping, Pulse, Rhythm
from tests import factories
from tests.monitors import learned

pytestmark = pytest.mark.django_db


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="Checkouts", type="beet", interval_sec=None)


@pytest.mark.parametrize(("stored", "shown"), [("new", "Learning"), ("warning", "Warning"), ("up", "Up")])
def test_the_list_and_the_page_agree(owner: Client, beet: Monitor, stored: str, shown: str) -> None:
    Pulse.objects.filter(monitor=beet).update(status=stored, ping_count=5, last_ping_at=datetime.now(UTC))

    pages = [owner.get(url).content.decode() for url in ["/", f"/monitors/{beet.id}"]]

    assert f"{shown}</span>" in pages[0].partition('id="monitor-')[2]
    assert f"<strong>{shown}</strong>" in pages[1]


def test_its_page_gives_the_address_for_events(owner: Client, beet: Monitor) -> None:
    page = owner.get(f"/monitors/{beet.id}").content.decode()

    assert "/api/v1/beet/&lt;token&gt;" in page
    assert "/api/v1/heartbeats/" not in page
    assert "Each call is one event" in page


@pytest.fixture
def known(beet: Monitor) -> Monitor:
    now = datetime.now(UTC)
    Pulse.objects.filter(monitor=beet).update(status="up", ping_count=1234, last_ping_at=now, last_success_at=now)
    learned.learn(beet, now=now)
    return beet


def test_its_page_shows_its_rhythm_in_place_of_what_makes_no_sense_for_it(owner: Client, known: Monitor) -> None:
    Ping.objects.create(monitor=known, received_at=datetime.now(UTC), kind="success", duration_sec=4, value=42)

    page = owner.get(f"/monitors/{known.id}").content.decode()

    for expected in ["<h2>Events</h2>", "<h2>Record</h2>", "<h2>Rate</h2>", "<h2>Usual week</h2>", ">Values</h2>"]:
        assert expected in page, expected
    assert ">Durations</h2>" not in page
    assert "<dd>1,234</dd>" in page


def test_a_refresh_brings_its_widgets_too(owner: Client, known: Monitor) -> None:
    part = owner.get(f"/monitors/{known.id}", headers={"HX-Request": "true"}).content.decode()

    assert '<div class="widgets is-own" id="rhythm" data-live hx-swap-oob="morph">' in part
    assert part.count('class="card widget"') == 4


def test_a_beet_that_learns_says_how_far_it_is(owner: Client, beet: Monitor) -> None:
    now = datetime.now(UTC)
    Pulse.objects.filter(monitor=beet).update(status="learning", ping_count=31, last_ping_at=now)
    learned_from = now - timedelta(days=9, hours=1)
    Rhythm.objects.update_or_create(monitor=beet, defaults={"learned_from": learned_from, "events": 31})

    page = owner.get(f"/monitors/{beet.id}").content.decode()

    assert '9 of 14 days<progress max="14" value="9">' in page
    assert '31 of 50 events<progress max="50" value="31">' in page
    assert "Until then it alerts nobody." in page
    assert ">Availability</h2>" not in page


def test_before_the_first_event_there_are_no_widgets(owner: Client, beet: Monitor) -> None:
    page = owner.get(f"/monitors/{beet.id}").content.decode()

    assert "card widget" not in page
    assert "<progress" not in page
    assert "Waiting for the first event." in page
    assert "call it wherever the event happens" in page


def test_it_says_when_silence_would_be_noticed(owner: Client, known: Monitor) -> None:
    page = owner.get(f"/monitors/{known.id}").content.decode()

    assert re.search(r"If no event comes any more, it alerts <time [^>]*>in 1\d min</time>\.", page)


@pytest.mark.parametrize(
    ("table", "rows"), [("rate-24", 24), ("rate-168", 168), ("week", 24)], ids=["a day", "a week", "the usual week"]
)
def test_the_tables_of_its_widgets_come_when_they_are_opened(
    owner: Client, known: Monitor, table: str, rows: int
) -> None:
    answer = owner.get(f"/monitors/{known.id}/charts?table={table}", headers={"HX-Request": "true"})

    assert answer.content.decode().count('<th scope="row">') == rows


def test_without_scripts_the_tables_are_on_the_page_of_charts(owner: Client, known: Monitor) -> None:
    page = owner.get(f"/monitors/{known.id}/charts").content.decode()

    assert page.count('<th scope="row">') >= 24 + 168 + 24


def test_a_heartbeat_has_no_such_tables(owner: Client, alices_monitor: Monitor) -> None:
    answer = owner.get(f"/monitors/{alices_monitor.id}/charts?table=week", headers={"HX-Request": "true"})

    assert "There is nothing to show any more." in answer.content.decode()


def test_its_page_takes_few_queries(
    owner: Client, known: Monitor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    owner.get("/incidents")

    with django_assert_max_num_queries(25):
        owner.get(f"/monitors/{known.id}")
