"""Boards: what people do with them and with the widgets on them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.domain.actor import SYSTEM
from accounts.models import AuditEvent, Organization
from monitors import boards, operations
from monitors.models import Board, Monitor, Widget
from monitors.models.boards import KINDS
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def board(acme: Organization, now: datetime) -> Board:
    return boards.create(organization=acme, name="Shop", by=SYSTEM, now=now)


@pytest.fixture
def beet(acme: Organization) -> Monitor:
    return factories.monitor(acme, name="Checkouts", type="beet", interval_sec=None)


@pytest.fixture
def three(board: Board, beet: Monitor, now: datetime) -> list[Widget]:
    return [boards.add(board=board, kind=kind, monitor=beet, by=SYSTEM, now=now) for kind in ("rate", "week", "record")]


def kinds(board: Board) -> list[str]:
    return [each.kind for each in boards.widgets(board)]


def actions() -> list[str]:
    found = AuditEvent.objects.filter(resource__startswith="board:").order_by("id")
    return list(found.values_list("action", flat=True))


def test_a_board_is_made_renamed_and_deleted_and_all_of_it_is_written_down(
    board: Board, three: list[Widget], now: datetime
) -> None:
    later = now + timedelta(hours=1)

    boards.rename(board=board, name="  The   shop ", by=SYSTEM, now=later)
    boards.delete(board=board, by=SYSTEM, now=later)

    assert actions() == ["CREATE_BOARD", *["UPDATE_BOARD"] * 4, "DELETE_BOARD"]
    renamed, deleted = AuditEvent.objects.filter(resource__startswith="board:").order_by("id")[4:]
    assert renamed.meta["diff"] == {"name": {"from": "Shop", "to": "The shop"}}
    assert deleted.meta["snapshot"] == {"name": "The shop", "widgets": 3}
    assert not Widget.objects.exists()


def test_the_same_name_again_changes_nothing(board: Board, now: datetime) -> None:
    boards.rename(board=board, name="Shop", by=SYSTEM, now=now)

    assert actions() == ["CREATE_BOARD"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "tab\x00s"])
def test_a_name_that_is_none_is_refused(board: Board, acme: Organization, name: str, now: datetime) -> None:
    with pytest.raises(boards.BadName, match="up to 100 characters"):
        boards.create(organization=acme, name=name, by=SYSTEM, now=now)
    with pytest.raises(boards.BadName):
        boards.rename(board=board, name=name, by=SYSTEM, now=now)

    assert list(acme.boards.values_list("name", flat=True)) == ["Shop"]


def test_two_boards_of_one_name_cannot_be_told_apart(board: Board, acme: Organization, now: datetime) -> None:
    other = boards.create(organization=acme, name="Other", by=SYSTEM, now=now)

    with pytest.raises(boards.NameTaken, match="already"):
        boards.create(organization=acme, name="shop", by=SYSTEM, now=now)
    with pytest.raises(boards.NameTaken):
        boards.rename(board=other, name="SHOP", by=SYSTEM, now=now)

    boards.create(organization=factories.organization("Elsewhere"), name="Shop", by=SYSTEM, now=now)


def test_an_organisation_has_so_many_boards(acme: Organization, now: datetime) -> None:
    for number in range(boards.MAX_BOARDS):
        boards.create(organization=acme, name=f"board {number}", by=SYSTEM, now=now)

    with pytest.raises(boards.TooManyBoards, match="50 boards"):
        boards.create(organization=acme, name="one more", by=SYSTEM, now=now)

    assert acme.boards.count() == boards.MAX_BOARDS == 50


def test_widgets_stand_in_the_order_in_which_they_came(board: Board, three: list[Widget]) -> None:
    assert kinds(board) == ["rate", "week", "record"]
    assert [each.width for each in three] == [2, 2, 1]
    assert AuditEvent.objects.latest("id").meta["added"] == {"widget": "record", "monitorId": three[0].monitor_id}


def test_a_full_board_takes_no_more(board: Board, beet: Monitor, now: datetime) -> None:
    for _ in range(boards.MAX_WIDGETS):
        boards.add(board=board, kind="record", monitor=beet, by=SYSTEM, now=now)

    with pytest.raises(boards.FullBoard, match="up to 40 widgets"):
        boards.add(board=board, kind="record", monitor=beet, by=SYSTEM, now=now)

    assert len(kinds(board)) == boards.MAX_WIDGETS == 40


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_heartbeat_only_its_status_and_when_it_was_last_seen_make_sense(
    board: Board, alices_monitor: Monitor, kind: str, now: datetime
) -> None:
    if kind in {"status", "last_seen"}:
        boards.add(board=board, kind=kind, monitor=alices_monitor, by=SYSTEM, now=now)
    else:
        with pytest.raises(boards.Unsuited, match="only its status and when it was last seen"):
            boards.add(board=board, kind=kind, monitor=alices_monitor, by=SYSTEM, now=now)

    assert kinds(board) == ([kind] if kind in {"status", "last_seen"} else [])


def test_a_kind_that_is_none_is_refused(board: Board, beet: Monitor, now: datetime) -> None:
    with pytest.raises(boards.UnknownKind):
        boards.add(board=board, kind="pie", monitor=beet, by=SYSTEM, now=now)


@pytest.mark.parametrize(
    ("number", "is_earlier", "order"),
    [
        (1, True, ["week", "rate", "record"]),
        (1, False, ["rate", "record", "week"]),
        (0, True, ["rate", "week", "record"]),
        (2, False, ["rate", "week", "record"]),
    ],
)
def test_a_widget_changes_places_with_its_neighbour(
    board: Board, three: list[Widget], number: int, is_earlier: bool, order: list[str], now: datetime
) -> None:
    boards.move(widget=three[number], earlier=is_earlier, by=SYSTEM, now=now)

    assert kinds(board) == order


def test_a_widget_moves_past_those_that_nobody_sees(
    board: Board, three: list[Widget], alices_monitor: Monitor, beet: Monitor, now: datetime
) -> None:
    hidden = boards.add(board=board, kind="status", monitor=alices_monitor, by=SYSTEM, now=now)
    last = boards.add(board=board, kind="counter", monitor=beet, by=SYSTEM, now=now)
    operations.delete(monitor=hidden.monitor, by=SYSTEM, now=now)

    boards.move(widget=last, earlier=True, by=SYSTEM, now=now)

    assert kinds(board) == ["rate", "week", "counter", "record"]


def test_a_widget_is_one_to_four_columns_wide(board: Board, three: list[Widget], now: datetime) -> None:
    widths = []
    for is_wider in [True] * 4 + [False] * 5:
        boards.resize(widget=three[0], wider=is_wider, by=SYSTEM, now=now)
        widths.append(boards.widgets(board)[0].width)

    assert widths == [3, 4, 4, 4, 3, 2, 1, 1, 1]
    assert actions().count("UPDATE_BOARD") == 3 + 5  # what changed nothing is not written down


def test_a_widget_is_removed(board: Board, three: list[Widget], now: datetime) -> None:
    boards.remove(widget=three[1], by=SYSTEM, now=now)

    assert kinds(board) == ["rate", "record"]


def test_the_widgets_of_a_deleted_monitor_are_gone(
    board: Board, acme: Organization, three: list[Widget], alices_monitor: Monitor, now: datetime
) -> None:
    boards.add(board=board, kind="status", monitor=alices_monitor, by=SYSTEM, now=now)

    operations.delete(monitor=three[0].monitor, by=SYSTEM, now=now)

    assert kinds(board) == ["status"]
    assert [vars(each)["widget_count"] for each in boards.of(acme)] == [1]


CHANGES: dict[str, Callable[[Widget, datetime], object]] = {
    "add": lambda it, now: boards.add(board=it.board, kind="rate", monitor=it.monitor, by=SYSTEM, now=now),
    "move": lambda it, now: boards.move(widget=it, earlier=True, by=SYSTEM, now=now),
    "resize": lambda it, now: boards.resize(widget=it, wider=True, by=SYSTEM, now=now),
    "rename": lambda it, now: boards.rename(board=it.board, name="x", by=SYSTEM, now=now),
}


@pytest.mark.parametrize("what", CHANGES)
def test_of_a_board_that_is_gone_nothing_can_be_changed(three: list[Widget], what: str, now: datetime) -> None:
    Widget.objects.all().delete()
    Board.objects.all().delete()

    with pytest.raises(boards.Gone):
        CHANGES[what](three[1], now)

    assert not Widget.objects.exists()


def test_boards_are_listed_with_their_widgets_in_one_query(
    acme: Organization,
    board: Board,
    three: list[Widget],
    now: datetime,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    boards.create(organization=acme, name="Empty", by=SYSTEM, now=now)

    with django_assert_num_queries(1):
        found = [(each.name, vars(each)["widget_count"]) for each in boards.of(acme)]

    assert found == [("Empty", 0), ("Shop", 3)]
