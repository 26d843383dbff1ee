"""The log of a monitor's pings: a page at a time, of one kind, more of it in place, and each ping with its output."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from heartbeet import bundle
from monitors.models import Monitor, Ping
from monitors.ping_log import Place
from monitors.web import pings
from tests import factories

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
NUMBER = re.compile(r'/pings/(\d+)">')


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitors.web.pings.PAGE_SIZE", 3)
    monkeypatch.setattr("monitors.web.page.PINGS", 3)


def pinged(monitor: Monitor, count: int, *, kind: str = "success", since: datetime = factories.NOON) -> list[int]:
    """The ids of `count` pings, a second apart, the newest first."""
    rows = [Ping(monitor=monitor, received_at=since + number * SECOND, kind=kind) for number in range(count)]
    return [row.id for row in reversed(Ping.objects.bulk_create(rows))]


def shown(page: str) -> list[int]:
    """The ids of the pings on a page, in its order."""
    return [int(number) for number in NUMBER.findall(page)]


def read(client: Client, url: str, **headers: str) -> str:
    return client.get(url, headers=headers).content.decode()


def link(page: str, word: str) -> str:
    """Where the link with this text leads."""
    found = re.search(rf'href="([^"]*)"[^>]*>{word}</a>', page)
    assert found, page
    return found[1].replace("&amp;", "&")


def test_the_log_is_read_page_by_page_to_its_end(owner: Client, alices_monitor: Monitor) -> None:
    ids = pinged(alices_monitor, 7)
    log = f"/monitors/{alices_monitor.id}/pings"

    first = read(owner, log)
    second = read(owner, link(first, "Older"))
    last = read(owner, link(second, "Older"))

    assert [shown(page) for page in (first, second, last)] == [ids[:3], ids[3:6], ids[6:]]
    assert "This is the oldest that is kept." in last
    assert "Newest" not in first
    assert "Newest" in last


def test_pings_of_one_instant_are_all_there_once(owner: Client, alices_monitor: Monitor) -> None:
    rows = [Ping(monitor=alices_monitor, received_at=factories.NOON, kind="success") for _ in range(7)]
    ids = [row.id for row in Ping.objects.bulk_create(rows)]
    log = f"/monitors/{alices_monitor.id}/pings"

    pages = [read(owner, log)]
    for _ in range(2):
        pages.append(read(owner, link(pages[-1], "Older")))

    assert [number for page in pages for number in shown(page)] == sorted(ids, reverse=True)


def test_a_page_stays_the_same_while_pings_come(owner: Client, alices_monitor: Monitor) -> None:
    ids = pinged(alices_monitor, 6)
    log = f"/monitors/{alices_monitor.id}/pings"
    older = link(read(owner, log), "Older")

    pinged(alices_monitor, 2, since=factories.NOON + timedelta(hours=1))

    assert shown(read(owner, older)) == ids[3:]


def test_the_log_shows_one_kind_and_keeps_it_in_its_links(owner: Client, alices_monitor: Monitor) -> None:
    failed = pinged(alices_monitor, 4, kind="fail")
    pinged(alices_monitor, 4, since=factories.NOON + timedelta(hours=1))
    log = f"/monitors/{alices_monitor.id}/pings"

    first = read(owner, f"{log}?kind=fail")
    second = read(owner, link(first, "Older"))

    assert (shown(first), shown(second)) == (failed[:3], failed[3:])


@pytest.mark.parametrize(
    "query",
    ["kind=nonsense", "kind=%00", "before=", "before=yesterday", "before=%00", "before=1-2-3", f"before={'9' * 40}-1"],
)
def test_what_names_no_place_or_kind_begins_with_the_newest(owner: Client, alices_monitor: Monitor, query: str) -> None:
    ids = pinged(alices_monitor, 4)

    assert shown(read(owner, f"/monitors/{alices_monitor.id}/pings?{query}")) == ids[:3]


@pytest.mark.parametrize("before", ["0-0", f"{'9' * 17}-{'9' * 18}"])
def test_a_place_may_lie_beyond_all_pings(owner: Client, alices_monitor: Monitor, before: str) -> None:
    pinged(alices_monitor, 1)

    page = read(owner, f"/monitors/{alices_monitor.id}/pings?before={before}")

    assert len(shown(page)) == (0 if before == "0-0" else 1)
    assert ("No older ping is kept." in page) is (before == "0-0")


def test_an_empty_log_says_how_a_ping_is_sent(owner: Client, alices_monitor: Monitor) -> None:
    assert "No ping yet." in read(owner, f"/monitors/{alices_monitor.id}/pings")
    assert "No ping of this kind is kept." in read(owner, f"/monitors/{alices_monitor.id}/pings?kind=fail")


def test_the_log_takes_a_fixed_number_of_queries(
    owner: Client, alices_monitor: Monitor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    pinged(alices_monitor, 9)

    with django_assert_max_num_queries(7):  # session, user, membership, banner, worst state, monitor, pings
        owner.get(f"/monitors/{alices_monitor.id}/pings")


def test_a_monitors_page_leads_on_to_older_pings_without_a_script(owner: Client, alices_monitor: Monitor) -> None:
    ids = pinged(alices_monitor, 5)

    page = read(owner, f"/monitors/{alices_monitor.id}")

    assert shown(page) == ids[:3]
    assert shown(read(owner, link(page, "Load more"))) == ids[3:]


def test_more_is_a_table_alone_that_goes_on_where_it_should(owner: Client, alices_monitor: Monitor) -> None:
    ids = pinged(alices_monitor, 9)
    page = read(owner, f"/monitors/{alices_monitor.id}")

    more = read(owner, link(page, "Load more"), **{"HX-Request": "true"})
    rest = read(owner, link(more, "Load more"), **{"HX-Request": "true"})

    assert "<html" not in more
    assert (shown(more), shown(rest)) == (ids[3:6], ids[6:])
    assert "This is the oldest that is kept." in rest


def test_a_refresh_leaves_no_hole_above_the_pings_that_were_loaded(owner: Client, alices_monitor: Monitor) -> None:
    ids = pinged(alices_monitor, 5)
    more = read(owner, link(read(owner, f"/monitors/{alices_monitor.id}"), "Load more"), **{"HX-Request": "true"})
    [place] = re.findall(r'name="down_to" value="([^"]+)"', more)
    new = pinged(alices_monitor, 4, since=factories.NOON + timedelta(hours=1))
    later = Place.of(Ping.objects.get(id=ids[-1]))

    refreshed = read(
        owner, f"/monitors/{alices_monitor.id}?down_to={place}&down_to={later}&down_to=x", **{"HX-Request": "true"}
    )

    assert shown(refreshed) == new + ids[:3]
    assert "Load more" not in refreshed


def test_a_refresh_stays_short_on_a_page_that_is_open_for_days(
    owner: Client, alices_monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitors.web.page.MOST_PINGS", 4)
    ids = pinged(alices_monitor, 9)
    place = Place.of(Ping.objects.get(id=ids[-1]))

    refreshed = read(owner, f"/monitors/{alices_monitor.id}?down_to={place}", **{"HX-Request": "true"})

    assert shown(refreshed) == ids[:4]
    assert "those in between are in" in refreshed


def test_a_list_shows_the_ends_of_an_output_and_its_page_the_whole(owner: Client, alices_monitor: Monitor) -> None:
    body = b"begin " + b"x" * 5000 + b"<middle>" + b"y" * 5000 + b" end"
    ping = Ping.objects.create(
        monitor=alices_monitor, received_at=datetime.now(UTC), kind="fail", method="POST", exit_code=3, run_id="run-1",
        value=1.5, duration_sec=61, source="203.0.113.7", body_head=body[:8192], body_tail=body[8192:],
        body_size=len(body),
    )  # fmt: skip

    in_list = read(owner, f"/monitors/{alices_monitor.id}/pings")
    alone = read(owner, f"/monitors/{alices_monitor.id}/pings/{ping.id}")

    assert all(text in in_list for text in ("begin ", " end", "The whole output"))
    assert "&lt;middle&gt;" not in in_list
    assert all(text in alone for text in ("&lt;middle&gt;", "run-1", "1.5", "1 min 1 s", "POST 203.0.113.7", ">3<"))


def test_a_letter_on_the_seam_of_an_output_stays_whole(owner: Client, alices_monitor: Monitor) -> None:
    body = "é".encode() * 5000
    ping = Ping.objects.create(
        monitor=alices_monitor, received_at=datetime.now(UTC), kind="log", body_head=body[:8191], body_tail=body[8191:],
        body_size=len(body),
    )  # fmt: skip

    alone = read(owner, f"/monitors/{alices_monitor.id}/pings/{ping.id}")

    assert "é" * 5000 in alone
    assert "\ufffd" not in alone


@pytest.mark.parametrize(
    ("value", "said"), [(1.0, "1"), (0.0, "0"), (1234567.25, "1,234,567.25"), (0.1, "0.1"), (1e300, "1e+300")]
)
def test_a_value_is_told_as_it_was_sent(owner: Client, alices_monitor: Monitor, value: float, said: str) -> None:
    ping = Ping.objects.create(monitor=alices_monitor, received_at=factories.NOON, kind="success", value=value)

    own = read(owner, f"/monitors/{alices_monitor.id}/pings/{ping.id}")
    listed = read(owner, f"/monitors/{alices_monitor.id}/pings")

    assert f"<dt>Value</dt><dd>{said}</dd>" in own
    assert f"Value <code>{said}</code>" in listed


def test_a_ping_that_carried_nothing_says_so(owner: Client, alices_monitor: Monitor) -> None:
    [number] = pinged(alices_monitor, 1)

    assert "This ping carried nothing." in read(owner, f"/monitors/{alices_monitor.id}/pings/{number}")


def test_where_a_ping_came_from_is_for_those_who_edit_monitors(viewer: Client, alices_monitor: Monitor) -> None:
    ping = Ping.objects.create(
        monitor=alices_monitor, received_at=datetime.now(UTC), kind="success", method="POST", source="203.0.113.7"
    )
    log = f"/monitors/{alices_monitor.id}/pings"

    pages = [read(viewer, log), read(viewer, f"{log}/{ping.id}")]

    assert all("POST" in page and "203.0.113.7" not in page for page in pages)


@pytest.mark.parametrize("number", ["1", "999999999999999999999999999999"])
def test_a_ping_of_another_monitor_is_as_good_as_none(owner: Client, alices_monitor: Monitor, number: str) -> None:
    other = factories.monitor(alices_monitor.organization)
    [theirs] = pinged(other, 1)

    answer = owner.get(f"/monitors/{alices_monitor.id}/pings/{theirs if number == '1' else number}")

    assert answer.status_code == 404


def test_a_full_log_of_long_outputs_is_a_light_page(owner: Client, alices_monitor: Monitor, monkeypatch: Any) -> None:
    monkeypatch.undo()  # pages of full length
    given = {"kind": "fail", "method": "POST", "source": "203.0.113.7", "exit_code": 3, "duration_sec": 61.5}
    body = {"body_head": b"x" * 8192, "body_tail": b"y" * 8192, "body_size": 100_000}
    rows = [Ping(monitor=alices_monitor, received_at=factories.NOON, **given, **body) for _ in range(pings.PAGE_SIZE)]
    Ping.objects.bulk_create(rows)

    page = re.sub(rb"<svg.*?</svg>", b"", owner.get(f"/monitors/{alices_monitor.id}/pings").content, flags=re.DOTALL)

    assert len(page) + sum(len(bundle.of(name).content) for name in bundle.OF_EVERY_PAGE) < 150_000
