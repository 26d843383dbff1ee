"""The charts on a monitor's page, and the page that has only them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Organization
from monitors.models import Incident, Monitor, Ping, StatusChange
from tests import factories

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def job(acme: Organization) -> Monitor:
    """A job every hour that takes its time and counts something, of which one run failed."""
    at = datetime.now(UTC) - timedelta(hours=30)
    monitor = factories.healthy(acme, at=at, name="<import> & export", max_runtime_sec=60)
    StatusChange.objects.create(monitor=monitor, at=at, from_status="new", to_status="up", cause="pinged")
    Ping.objects.bulk_create(
        Ping(
            monitor=monitor,
            received_at=at + timedelta(hours=number),
            kind="fail" if number == 20 else "success",
            duration_sec=30 + number,
            value=number * 1000,
        )
        for number in range(30)
    )
    return monitor


def test_a_monitors_page_shows_availability_durations_and_values(job: Monitor, owner: Client) -> None:
    page = owner.get(job.get_absolute_url()).content.decode()

    for expected in [
        ">Availability</h2>", "<dt>90 days</dt><dd>100 %</dd>", ">Durations</h2>", "longest allowed: 1 min",
        ">Values</h2>", "<summary>Show as a table</summary>", 'title="The last 7 days"', "1 failed",
    ]:  # fmt: skip
        assert expected in page


def test_pictures_have_no_style_of_their_own(job: Monitor, owner: Client) -> None:
    page = owner.get(f"/monitors/{job.id}/charts").content.decode()

    assert "style=" not in page
    assert "<style" not in page


def test_before_the_first_ping_there_are_no_charts(alices_monitor: Monitor, owner: Client) -> None:
    page = owner.get(alices_monitor.get_absolute_url()).content.decode()
    alone = owner.get(f"/monitors/{alices_monitor.id}/charts").content.decode()

    assert "Availability" not in page
    assert "There is nothing to draw before the first ping." in alone


def test_without_durations_and_values_there_is_availability_alone(acme: Organization, owner: Client) -> None:
    monitor = factories.healthy(acme, at=datetime.now(UTC) - timedelta(hours=1))

    page = owner.get(monitor.get_absolute_url()).content.decode()

    assert ">Availability</h2>" in page
    assert ">Durations</h2>" not in page
    assert ">Values</h2>" not in page


def test_a_link_to_a_range_leads_to_a_whole_page_with_tables(job: Monitor, owner: Client) -> None:
    page = owner.get(f"/monitors/{job.id}/charts?range=30d").content.decode()

    assert "<title>Charts of &lt;import&gt; &amp; export" in page
    assert f'href="/monitors/{job.id}/charts?range=30d"' in page
    assert page.count('aria-current="true">30 d</a>') == 1
    assert page.count('<table class="chart-table">') == 2
    assert re.search(r"Nothing was wrong on any of the [23] days on which it was watched\.", page)
    assert "29,000" in page


def test_htmx_gets_durations_and_values_alone_and_the_tables_later(job: Monitor, owner: Client) -> None:
    part = owner.get(f"/monitors/{job.id}/charts?range=7d", headers=HTMX).content.decode()
    table = owner.get(f"/monitors/{job.id}/charts?range=7d&table=durations", headers=HTMX).content.decode()

    assert part.startswith('<div class="stack" id="measures">')
    assert "Availability" not in part
    assert f'hx-get="/monitors/{job.id}/charts?range=7d&amp;table=durations"' in part
    assert "<table" not in part
    assert table.startswith('<table class="chart-table">')
    assert "59.0 s" not in table
    assert "<td>59 s</td>" in table


def test_htmx_gets_the_table_of_days(job: Monitor, owner: Client) -> None:
    Incident.objects.create(monitor=job, cause="missed", title="it missed its ping", opened_at=datetime.now(UTC))

    table = owner.get(f"/monitors/{job.id}/charts?table=availability", headers=HTMX).content.decode()

    assert table.startswith('<table class="chart-table">')
    assert "<td>it missed its ping</td>" in table


def test_the_range_that_nobody_chose_shows_enough_pings(job: Monitor, owner: Client) -> None:
    page = owner.get(job.get_absolute_url()).content.decode()

    assert 'aria-current="true">24 h</a>' in page


@pytest.mark.parametrize("asked", ["", "1y", "24h%00", "\x00"])
def test_a_range_that_is_none_is_the_usual_one(asked: str, job: Monitor, owner: Client) -> None:
    answer = owner.get(f"/monitors/{job.id}/charts", {"range": asked})

    assert 'aria-current="true">24 h</a>' in answer.content.decode()


def test_a_table_of_nothing_says_so(job: Monitor, owner: Client) -> None:
    answer = owner.get(f"/monitors/{job.id}/charts?table=nonsense", headers=HTMX)

    assert "There is nothing to show any more." in answer.content.decode()


def test_a_range_without_runs_says_so_and_leads_to_the_others(acme: Organization, owner: Client) -> None:
    at = datetime.now(UTC) - timedelta(days=5)
    monitor = factories.healthy(acme, at=at)
    Ping.objects.filter(monitor=monitor).update(duration_sec=4)

    page = owner.get(f"/monitors/{monitor.id}/charts?range=24h").content.decode()

    assert "No run that ended in the last 24 hours had said when it began." in page
    assert f"/monitors/{monitor.id}/charts?range=7d" in page


def test_days_are_those_of_the_readers_zone(job: Monitor, owner: Client) -> None:
    owner.cookies["zone"] = "Pacific/Kiritimati"

    page = owner.get(f"/monitors/{job.id}/charts").content.decode()

    assert "Times are +14." in page


def test_hostile_zones_and_values_break_no_chart(job: Monitor, owner: Client) -> None:
    Ping.objects.filter(monitor=job).update(value=1.7e308)
    owner.cookies["zone"] = "<script>"

    page = owner.get(f"/monitors/{job.id}/charts").content.decode()

    assert "Times are UTC." in page
    assert "No ping of the last 24 hours carried a value." in page


def test_titles_of_incidents_are_escaped(job: Monitor, owner: Client) -> None:
    title = "</title><script>1</script>"
    Incident.objects.create(monitor=job, cause="missed", title=title, opened_at=datetime.now(UTC))

    page = owner.get(f"/monitors/{job.id}/charts").content.decode()

    assert "<script>1" not in page
    assert page.count("&lt;script&gt;1&lt;/script&gt;") == 2


def test_charts_take_few_queries(
    job: Monitor, owner: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    owner.get("/incidents")

    with django_assert_max_num_queries(13):
        owner.get(f"/monitors/{job.id}/charts?range=90d")
