"""The pages of boards: what they show, how they are put together, and how they keep themselves fresh."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import Organization
from monitors import boards, operations
from monitors.models import Board, Monitor, Pulse, Widget
from monitors.models.boards import KINDS
from monitors.web import board_values
from tests import factories
from tests.monitors import learned

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    now = datetime.now(UTC)
    made = factories.monitor(
        acme, name="Checkouts & <co>", type="beet", interval_sec=None, now=now - timedelta(days=40)
    )
    Pulse.objects.filter(monitor=made).update(status="up", ping_count=9, last_ping_at=now)
    learned.learn(made, now=now)
    return made


@pytest.fixture
def board(acme: Organization) -> Board:
    return boards.create(organization=acme, name="Shop <1>", by=SYSTEM, now=datetime.now(UTC))


def put(board: Board, monitor: Monitor, *kinds: str) -> list[Widget]:
    now = datetime.now(UTC)
    return [boards.add(board=board, kind=kind, monitor=monitor, by=SYSTEM, now=now) for kind in kinds]


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


def test_the_list_teaches_the_first_step(owner: Client, viewer: Client) -> None:
    mine, theirs = text(owner.get("/boards")), text(viewer.get("/boards"))

    assert "<h2>No boards yet</h2>" in mine
    assert "Make a board</button>" in mine
    assert "<h2>No boards yet</h2>" in theirs
    assert "Make a board</button>" not in theirs


def test_a_new_board_is_put_together_at_once(owner: Client, acme: Organization) -> None:
    answer = owner.post("/boards/new", {"name": "Shop"})

    made = acme.boards.get()
    assert answer["Location"] == f"/boards/{made.id}/edit"
    assert "The first widget" in text(owner.get(answer["Location"]))


def test_a_name_that_is_taken_is_refused_in_words(owner: Client, board: Board) -> None:
    page = text(owner.post("/boards/new", {"name": "shop <1>"}, follow=True))

    assert "Another board has this name already." in page
    assert Board.objects.count() == 1


def test_an_empty_board_teaches_the_next_step(owner: Client, viewer: Client, board: Board) -> None:
    mine, theirs = text(owner.get(f"/boards/{board.id}")), text(viewer.get(f"/boards/{board.id}"))

    assert "Put the first widget on it</a>" in mine
    assert "Put the first widget on it</a>" not in theirs
    assert "<h1>Shop &lt;1&gt;</h1>" in mine


def test_without_monitors_there_is_nothing_to_put_on_it_yet(owner: Client, board: Board) -> None:
    page = text(owner.get(f"/boards/{board.id}/edit"))

    assert "There is no monitor to show yet." in page


def test_a_board_shows_every_kind_of_widget(owner: Client, board: Board, beet: Monitor) -> None:
    put(board, beet, *KINDS)

    page = text(owner.get(f"/boards/{board.id}"))

    for expected in [
        "Checkouts &amp; &lt;co&gt;</a>", '<svg class="sparkbars"', "in an hour", '<svg class="plot rate"',
        'data-state="up"', 'data-ago="1"', '<svg class="week"', "usual ", "Events an hour in the last 24 hours",
    ]:  # fmt: skip
        assert expected in page, expected
    assert page.count('class="card widget"') == 6


def test_pictures_have_no_style_of_their_own(owner: Client, board: Board, beet: Monitor) -> None:
    put(board, beet, *KINDS)

    page = text(owner.get(f"/boards/{board.id}")) + text(owner.get(f"/boards/{board.id}/edit"))

    assert "style=" not in page
    assert "<style" not in page


def test_a_heartbeat_shows_how_it_is_and_when_it_was_last_seen(
    owner: Client, board: Board, alices_monitor: Monitor
) -> None:
    incident = factories.incident(alices_monitor)
    put(board, alices_monitor, "status", "last_seen")

    page = text(owner.get(f"/boards/{board.id}"))

    assert re.search(r'widget-fact" data-state="down">.*?Down</span>', page, re.DOTALL)
    assert f'href="/incidents/{incident.id}">Open incident</a>' in page
    assert re.search(r'widget-fact"><time [^>]*data-ago="1">5 min ago</time>', page)


def test_a_monitor_that_was_never_seen_says_so(owner: Client, board: Board, acme: Organization) -> None:
    silent = factories.monitor(acme, type="beet", interval_sec=None)
    put(board, silent, *KINDS)

    page = text(owner.get(f"/boards/{board.id}"))

    learning = "0 of 14 days, 0 of 50 events"
    for expected in ["Never</p>", "None yet</p>", f"{learning}</p>", f"{learning} so far", "last 24 hours: 0 events"]:
        assert expected in page, expected


def test_a_widget_for_which_a_heartbeat_has_nothing_is_refused(
    owner: Client, board: Board, alices_monitor: Monitor
) -> None:
    given = {"kind": "rate", "monitor": alices_monitor.id}

    page = text(owner.post(f"/boards/{board.id}/widgets", given, follow=True))

    assert "only its status and when it was last seen can be shown" in page
    assert not Widget.objects.exists()


@pytest.mark.parametrize("monitor", ["", "x", "999999", "9" * 30, "²", "-1"])
def test_a_monitor_that_is_none_is_refused(owner: Client, board: Board, monitor: str) -> None:
    page = text(owner.post(f"/boards/{board.id}/widgets", {"kind": "status", "monitor": monitor}, follow=True))

    assert "Choose one of your monitors." in page
    assert not Widget.objects.exists()


def test_a_board_is_put_together_by_plain_forms(owner: Client, board: Board, beet: Monitor) -> None:
    at = f"/boards/{board.id}/widgets"
    for kind in ("rate", "week", "record"):
        owner.post(at, {"kind": kind, "monitor": beet.id})
    rate, week, record = boards.widgets(board)

    leads_to = owner.post(f"{at}/{record.id}/move", {"to": "earlier"})["Location"]
    owner.post(f"{at}/{rate.id}/move", {"to": "later"})
    owner.post(f"{at}/{rate.id}/resize", {"to": "wider"})
    owner.post(f"{at}/{record.id}/resize", {"to": "narrower"})
    owner.post(f"{at}/{week.id}/remove")

    assert leads_to == f"/boards/{board.id}/edit#w{record.id}"
    assert [(each.kind, each.width) for each in boards.widgets(board)] == [("record", 1), ("rate", 3)]


def test_a_board_is_renamed(owner: Client, board: Board) -> None:
    owner.post(f"/boards/{board.id}/rename", {"name": "Office"})

    assert Board.objects.get().name == "Office"


def test_before_a_board_is_deleted_it_says_what_is_lost(owner: Client, board: Board, beet: Monitor) -> None:
    put(board, beet, "rate", "week")

    asked = text(owner.get(f"/boards/{board.id}/delete"))
    answer = owner.post(f"/boards/{board.id}/delete")

    assert "Its 2 widgets go with it. The monitors that they show stay as they are." in asked
    assert answer["Location"] == "/boards"
    assert not Board.objects.exists()
    assert Monitor.objects.filter(deleted_at=None).count() == 1


def test_of_many_monitors_a_search_finds_the_one(
    owner: Client, acme: Organization, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_values, "MOST_CHOICES", 2)
    for name in ("alpha", "beta", "gamma"):
        factories.monitor(acme, name=name)

    usual = text(owner.get(f"/boards/{board.id}/edit"))
    searched = text(owner.get(f"/boards/{board.id}/edit?q=GAM"))
    none = text(owner.get(f"/boards/{board.id}/edit?q=delta"))

    assert re.findall(r"<option [^>]+>(\w+)<", usual) == ["alpha", "beta"]
    assert "Not in the list?" in usual
    assert re.findall(r"<option [^>]+>(\w+)<", searched) == ["gamma"]
    assert "No monitor has “delta” in its name." in none


def test_a_refresh_brings_the_widgets_alone(owner: Client, board: Board, beet: Monitor) -> None:
    put(board, beet, "record")

    part = text(owner.get(f"/boards/{board.id}", headers=HTMX))

    assert part.lstrip().startswith('<div id="live-version"')
    assert part.count('class="card widget"') == 1
    assert "<h1>" not in part


def _version(page: str) -> str:
    found = re.search(r'data-version="([^"]+)"', page)
    assert found
    return found[1]


def test_a_board_that_has_not_changed_costs_one_query_more_than_finding_it(
    owner: Client, board: Board, beet: Monitor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    put(board, beet, *KINDS)
    asks = {**HTMX, "Live-Version": _version(text(owner.get(f"/boards/{board.id}")))}

    with django_assert_num_queries(5):  # session, user, membership, the board, what its widgets are made of
        answer = owner.get(f"/boards/{board.id}", headers=asks)

    assert answer.status_code == 204


def _ping(board: Board, monitor: Monitor) -> None:
    Pulse.objects.filter(monitor=monitor).update(ping_count=10)


def _fall(board: Board, monitor: Monitor) -> None:
    Pulse.objects.filter(monitor=monitor).update(status="down")


def _rename(board: Board, monitor: Monitor) -> None:
    operations.edit(monitor=monitor, changes={"name": "Other"}, by=SYSTEM, now=datetime.now(UTC))


def _widen(board: Board, monitor: Monitor) -> None:
    boards.resize(widget=boards.widgets(board)[0], wider=True, by=SYSTEM, now=datetime.now(UTC))


def _delete(board: Board, monitor: Monitor) -> None:
    operations.delete(monitor=monitor, by=SYSTEM, now=datetime.now(UTC))


@pytest.mark.parametrize("change", [_ping, _fall, _rename, _widen, _delete])
def test_what_has_changed_is_shown(owner: Client, board: Board, beet: Monitor, change: Any) -> None:
    put(board, beet, "record")
    asks = {**HTMX, "Live-Version": _version(text(owner.get(f"/boards/{board.id}")))}

    change(board, beet)

    assert owner.get(f"/boards/{board.id}", headers=asks).status_code == 200


def test_a_full_board_takes_as_few_queries_as_one_of_each_kind(
    owner: Client, acme: Organization, board: Board, beet: Monitor, alices_monitor: Monitor
) -> None:
    put(board, beet, *KINDS)
    put(board, alices_monitor, "status")
    few = _queries(owner, board)
    for number in range(5):
        another = factories.monitor(acme, name=f"beet {number}", type="beet", interval_sec=None)
        put(board, another, *KINDS)

    many = _queries(owner, board)

    assert many == few <= 18


def _queries(owner: Client, board: Board) -> int:
    owner.get(f"/boards/{board.id}")
    with CaptureQueriesContext(connection) as captured:
        owner.get(f"/boards/{board.id}")
    return len(captured)
