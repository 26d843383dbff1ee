"""The list of monitors as finished values for its template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.web import components
from accounts.web.components import Choice, State
from heartbeet.lib.words import Moment, Teller
from monitors import queries
from monitors.board import WORST_FIRST, Asked, Board, Line
from monitors.domain.status import Status
from monitors.domain.uptime import Stretch
from monitors.web import present_charts

_ALWAYS_COUNTED = (Status.DOWN, Status.LATE, Status.UNKNOWN, Status.LEARNING, Status.UP, Status.PAUSED)
ORDERS = (("trouble", "Trouble first"), ("name", "By name"), ("ping", "Last ping"), ("due", "Next due"))
TYPES = (("", "Every type"), ("heartbeat", "Heartbeats"), ("beet", "Beets"))


@dataclass(frozen=True, slots=True)
class Count:
    """A part of the strip of states above the list: how many, and whether the list shows only those."""

    state: State
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tag that the list is narrowed to, and the address of the list without it."""

    tag: str
    url: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list can be narrowed to, and what it is narrowed to now."""

    search: str
    status: str
    orders: Sequence[Choice]
    types: Sequence[Choice]
    projects: Sequence[Choice]
    tags: Sequence[Choice]
    chosen_tags: Sequence[Chosen]
    is_narrowed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list of monitors."""

    id: int
    url: str
    name: str
    state: State
    tags: tuple[str, ...]
    remarks: tuple[str, ...]
    project: str
    schedule: str
    strip: SafeString
    durations: SafeString
    last_ping: Moment | None
    due: SafeString | str


def counts(board: Board, lines: Sequence[Line], chosen: str) -> list[Count]:
    """How many are in which state, the worst first; what is rare is left out while there is none of it."""
    found = board.counts(lines)
    shown = [status for status in WORST_FIRST if found[status] or status in _ALWAYS_COUNTED]
    return [Count(State.of(status), found[status], status == chosen) for status in shown]


def filters(board: Board, asked: Asked, given: QueryDict) -> Filters:
    """The choices, made of what is there; nothing to choose where there is one thing only. `given` is the filter as it
    stands in the address."""
    projects = {line.project__slug: line.project__name for line in board.lines}
    tags = sorted({tag for line in board.lines for tag in line.tags} - set(asked.tags))
    by_name = sorted(projects.items(), key=lambda each: each[1].casefold())
    return Filters(
        search=asked.search,
        status=asked.status,
        orders=components.choices(ORDERS, asked.order),
        types=components.choices(TYPES, asked.type),
        projects=components.choices([("", "Every project"), *by_name], asked.project) if len(projects) > 1 else (),
        tags=components.choices([(tag, tag) for tag in tags], ""),
        chosen_tags=[Chosen(tag, _without(given, tag)) for tag in asked.tags],
        is_narrowed=asked.is_narrowed,
    )


def rows(
    board: Board,
    lines: Sequence[Line],
    strips: Mapping[int, Sequence[Stretch]],
    durations: Mapping[int, Sequence[float]],
    tell: Teller,
) -> list[Row]:
    """The lines as the list shows them, in their order."""
    has_projects = len({line.project__slug for line in board.lines}) > 1
    return [_row(board, line, strips[line.id], durations.get(line.id, ()), has_projects, tell) for line in lines]


def _row(
    board: Board, line: Line, strip: Sequence[Stretch], recent: Sequence[float], has_projects: bool, tell: Teller
) -> Row:
    monitor, outlook = line.monitor(), board.outlook(line)
    flags = {"snoozed": queries.is_snoozed(monitor, tell.now), "locked": line.locked}
    return Row(
        id=line.id,
        url=monitor.get_absolute_url(),
        name=line.name,
        state=State.of(board.status(line)),
        tags=tuple(line.tags),
        remarks=tuple(word for word, is_so in flags.items() if is_so),
        project=line.project__name if has_projects else "",
        schedule=outlook.schedule,
        strip=present_charts.strip(strip, tell),
        durations=present_charts.durations_bar(recent, line.max_runtime_sec),
        last_ping=tell.maybe(line.pulse__last_ping_at),
        due=_due(board, line, tell),
    )


def _due(board: Board, line: Line, tell: Teller) -> SafeString | str:
    due_at = board.outlook(line).next_due_at
    if due_at is None:
        return {Status.NEW: "after the first ping", Status.PAUSED: "paused"}.get(board.status(line), "")
    moment = tell.countdown(due_at)
    return format_html("due {}", moment) if due_at < tell.now else moment.__html__()


def _without(given: QueryDict, tag: str) -> str:
    kept = given.copy()
    kept.setlist("tag", [each for each in given.getlist("tag") if each not in ("", tag)])
    kept.pop("page", None)
    return f"?{kept.urlencode()}"
