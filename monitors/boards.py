"""Boards: which there are, what stands on them, and what people do with them."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from accounts import audit
from accounts.domain.actor import Actor
from accounts.models import Organization
from monitors.models import Board, Monitor, Widget
from monitors.models.boards import COUNTER, KINDS, LAST_SEEN, RATE, RECORD, STATUS, WEEK

MAX_NAME, MAX_BOARDS, MAX_WIDGETS, COLUMNS = 100, 50, 40, 4
OF_HEARTBEATS = (STATUS, LAST_SEEN)
"""What makes sense for a monitor that counts no events."""
_WIDTHS = {COUNTER: 2, STATUS: 1, LAST_SEEN: 1, RECORD: 1, RATE: 2, WEEK: 2}
"""How wide a widget is at first."""


class Refused(ValueError):
    """What was asked for cannot be done with this board."""


class BadName(Refused):
    """Give the board a name of up to 100 characters."""


class NameTaken(Refused):
    """Another board has this name already. Give this one another."""


class TooManyBoards(Refused):
    """An organisation may have 50 boards. Delete one that nobody looks at, then make another."""


class FullBoard(Refused):
    """A board holds up to 40 widgets. Remove one first, or put this one on another board."""


class Gone(Refused):
    """Somebody has deleted this board meanwhile."""


class UnknownKind(Refused):
    """Choose one of the kinds of widget that the list offers."""


class Unsuited(Refused):
    """This monitor is a heartbeat: it counts no events, so only its status and when it was last seen can be shown."""


def of(organization: Organization) -> QuerySet[Board]:
    """The boards of an organisation by name, each with how many widgets it shows as `widget_count`."""
    shown = Count("widgets", filter=Q(widgets__monitor__deleted_at=None))
    return organization.boards.annotate(widget_count=shown).order_by("name", "id")


def widgets(board: Board) -> QuerySet[Widget]:
    """The widgets of a board in their order, each with its monitor and its pulse; none of a deleted monitor."""
    found = board.widgets.filter(monitor__deleted_at=None).select_related("monitor__pulse", "monitor__project")
    return found.order_by("position", "id")


@transaction.atomic
def create(*, organization: Organization, name: str, by: Actor, now: datetime) -> Board:
    """Make an empty board. Raises BadName, NameTaken or TooManyBoards."""
    clean = _checked(name)
    Organization.objects.select_for_update(no_key=True).get(id=organization.id)  # one at a time, so that 50 is 50
    if organization.boards.count() >= MAX_BOARDS:
        raise TooManyBoards(TooManyBoards.__doc__)
    _refuse_twins(organization.boards.filter(name__iexact=clean))
    board = Board.objects.create(organization=organization, name=clean, created_at=now, updated_at=now)
    _record("CREATE_BOARD", board, by, now, snapshot={"name": clean})
    return board


@transaction.atomic
def rename(*, board: Board, name: str, by: Actor, now: datetime) -> None:
    """Give a board another name. Raises BadName, NameTaken or Gone."""
    before, clean = board.name, _checked(name)
    if before == clean:
        return
    _refuse_twins(Board.objects.filter(organization=board.organization_id, name__iexact=clean).exclude(id=board.id))
    if not Board.objects.filter(id=board.id).update(name=clean, updated_at=now):
        raise Gone(Gone.__doc__)
    board.name = clean
    _record("UPDATE_BOARD", board, by, now, **audit.difference({"name": before}, {"name": clean}))


@transaction.atomic
def delete(*, board: Board, by: Actor, now: datetime) -> None:
    """Delete a board and its widgets. The monitors on it stay as they are."""
    _record("DELETE_BOARD", board, by, now, snapshot={"name": board.name, "widgets": board.widgets.count()})
    board.delete()


@transaction.atomic
def add(*, board: Board, kind: str, monitor: Monitor, by: Actor, now: datetime) -> Widget:
    """Put a widget at the end of a board; both are of one organisation. Raises UnknownKind, Unsuited, FullBoard
    or Gone."""
    if kind not in KINDS:
        raise UnknownKind(UnknownKind.__doc__)
    if monitor.type != Monitor.BEET and kind not in OF_HEARTBEATS:
        raise Unsuited(Unsuited.__doc__)
    shown = _locked(board)
    if len(shown) >= MAX_WIDGETS:
        raise FullBoard(FullBoard.__doc__)
    last = max((each.position for each in shown), default=0)
    widget = Widget.objects.create(
        board=board, monitor=monitor, kind=kind, position=last + 1, width=_WIDTHS.get(kind, 1)
    )
    _changed(board, by, now, added=_subject(widget))
    return widget


@transaction.atomic
def move(*, widget: Widget, earlier: bool, by: Actor, now: datetime) -> None:
    """Change places with the widget before this one, or with the one after it; at the end nothing happens. Raises
    Gone."""
    order = _locked(widget.board)
    place = next((at for at, each in enumerate(order) if each.id == widget.id), None)
    if place is None or not 0 <= (other := place - 1 if earlier else place + 1) < len(order):
        return
    order[place], order[other] = order[other], order[place]
    _number(order)
    _changed(widget.board, by, now, moved=_subject(widget) | {"from": place + 1, "to": other + 1})


@transaction.atomic
def resize(*, widget: Widget, wider: bool, by: Actor, now: datetime) -> None:
    """Make a widget one column wider or narrower; it stays between one and four wide. Raises Gone."""
    shown = next((each for each in _locked(widget.board) if each.id == widget.id), None)
    if shown is None or not 1 <= (width := shown.width + (1 if wider else -1)) <= COLUMNS:
        return
    Widget.objects.filter(id=widget.id).update(width=width)
    _changed(widget.board, by, now, resized=_subject(widget) | {"from": shown.width, "to": width})


@transaction.atomic
def remove(*, widget: Widget, by: Actor, now: datetime) -> None:
    """Take a widget off its board."""
    if Widget.objects.filter(id=widget.id).delete()[0]:
        _changed(widget.board, by, now, removed=_subject(widget))


def _locked(board: Board) -> list[Widget]:
    """The widgets that the board shows, in their order; nobody else changes it until the transaction ends. Raises
    Gone."""
    if Board.objects.select_for_update(no_key=True).filter(id=board.id).first() is None:
        raise Gone(Gone.__doc__)
    return list(widgets(board))


def _number(order: Iterable[Widget]) -> None:
    moved = []
    for position, widget in enumerate(order, start=1):
        if widget.position != position:
            widget.position = position
            moved.append(widget)
    Widget.objects.bulk_update(moved, ["position"])


def _refuse_twins(twins: QuerySet[Board]) -> None:
    """Raises NameTaken: nobody can tell two of one name apart. Losing a race breaks nothing."""
    if twins.exists():
        raise NameTaken(NameTaken.__doc__)


def _checked(name: str) -> str:
    clean = " ".join(name.split())
    if not 1 <= len(clean) <= MAX_NAME or not clean.isprintable():
        raise BadName(BadName.__doc__)
    return clean


def _subject(widget: Widget) -> dict[str, object]:
    return {"widget": widget.kind, "monitorId": widget.monitor_id}


def _changed(board: Board, by: Actor, now: datetime, **meta: object) -> None:
    Board.objects.filter(id=board.id).update(updated_at=now)
    _record("UPDATE_BOARD", board, by, now, **meta)


def _record(action: str, board: Board, by: Actor, now: datetime, **meta: object) -> None:
    audit.record(
        organization=board.organization, by=by, action=action, resource=f"board:{board.id}", meta=meta, now=now
    )
