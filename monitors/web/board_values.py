"""What the pages of boards show, read at once and handed over as finished values."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from accounts.models import Organization
from accounts.web import live
from heartbeet.lib.words import Teller
from monitors import boards, queries
from monitors.domain import fields
from monitors.models import Board, Monitor
from monitors.models.boards import KINDS
from monitors.web import present_widgets, widget_values
from monitors.web.widget_values import Wanted

MOST_CHOICES = 300
"""So many monitors are offered at once; a search narrows more of them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of widget to choose."""

    key: str
    name: str
    about: str
    is_for_heartbeats: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A monitor to choose."""

    id: int
    name: str


def version(board: Board) -> str:
    """What a board's widgets are made of, in a word, in one query: every ping counts, so does every change of a state,
    of a monitor, and of the board."""
    rows = boards.widgets(board).values_list(
        "id", "monitor__updated_at", "monitor__snoozed_at", "monitor__pulse__status", "monitor__pulse__status_since",
        "monitor__pulse__misses", "monitor__pulse__ping_count", "monitor__rhythm__learned_at",
    )  # fmt: skip
    return live.digest(board.name, board.updated_at, list(rows))


def shown(board: Board, facts: str, tell: Teller) -> dict[str, Any]:
    """A board and its widgets; `facts` is its `version`."""
    wanted = [Wanted(f"w{each.id}", each.kind, each.monitor, each.width, each.id) for each in boards.widgets(board)]
    found = widget_values.read(wanted, tell)
    return {
        "board": board,
        "widgets": found.widgets,
        "version": live.stamp(facts, tell.now, found.until),
        "served_at": int(tell.now.timestamp() * 1000),
    }


def choices(organization: Organization, given: QueryDict) -> dict[str, Any]:
    """What can be put on a board: the kinds of widget, and the monitors that the search leaves, beets first."""
    search = given.get("q", "").strip()[: fields.MAX_NAME]
    live_ones = queries.live(organization)
    found = live_ones.filter(name__icontains=search) if search else live_ones
    rows = list(found.order_by("type", "name", "id")[: MOST_CHOICES + 1])
    has_projects = len({each.project_id for each in rows}) > 1
    offered = [(each.type, Choice(each.id, _name(each, has_projects))) for each in rows[:MOST_CHOICES]]
    return {
        "kinds": [
            Kind(key, present_widgets.KINDS[key], present_widgets.ABOUT[key], key in boards.OF_HEARTBEATS)
            for key in KINDS
        ],
        "beets": [choice for type_, choice in offered if type_ == Monitor.BEET],
        "heartbeats": [choice for type_, choice in offered if type_ != Monitor.BEET],
        "search": search,
        "is_searchable": bool(search) or len(rows) > MOST_CHOICES,
    }


def _name(monitor: Monitor, has_projects: bool) -> str:
    return f"{monitor.name} ({monitor.project.name})" if has_projects else monitor.name
