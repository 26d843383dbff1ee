"""The operators' page: is our own work done, who listens, and when did nobody?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.web.components import State
from heartbeet import health
from heartbeet.lib import clock, durations
from heartbeet.lib.words import Moment, Teller
from monitors.domain.gaps import Reason
from monitors.models import Deafness, Gap, IngestNode

GAPS = 50
NODES_LAST = timedelta(days=1)
WHY = {
    Reason.STOPPED: "no process was running",
    Reason.REFUSED: "pings were turned away (503)",
    Reason.FROZEN: "the process stood still",
    Reason.CLOCK: "the clock was set, or the machine slept",
    Reason.CANARY: "our own pings through the public address did not come back",
}
"""In the operator's words."""


@dataclass(frozen=True, slots=True)
class NodeRow:
    """An ingest process: what it does, and how far what it received is stored."""

    name: str
    state: State
    since: Moment
    stored: Moment
    about: str


@dataclass(frozen=True, slots=True)
class GapRow:
    """A time in which nobody listened."""

    span: str
    length: str
    why: str
    unknown: int


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Everything `/health/system` knows, for a person. As good as absent for those who run nothing here."""
    who = access.of(request)
    if not who.user.is_staff:
        raise Http404
    now = clock.now()
    tell = Teller.for_zone(now, who.zone)
    shown = {"reasons": health.look(now=now).reasons(), "nodes": _nodes(tell), "gaps": _gaps(tell)}
    return render(request, "operator.html", shown)


def _nodes(tell: Teller) -> list[NodeRow]:
    """Those that are there, and those that ended lately."""
    deaf = {each.node_id: Reason(each.reason) for each in Deafness.objects.filter(ended_at=None)}
    recent = IngestNode.objects.filter(beat_at__gt=tell.now - NODES_LAST).order_by("-listening_since")[:GAPS]
    return [_node(each, deaf.get(each.id), tell) for each in recent]


def _node(node: IngestNode, deaf: Reason | None, tell: Teller) -> NodeRow:
    if node.died_at:
        state, about = State("dead", "Lost"), "it went without goodbye, and the clock waits for it no more"
    elif node.stopped_at:
        state, about = State("disabled", "Stopped"), ""
    elif deaf:
        state, about = State("down", "Not listening"), WHY[deaf]
    elif node.silent_sec:
        silent = durations.short(int(node.silent_sec), units=1)
        state, about = State("late", "Silent"), f"nothing was heard of it for {silent}; judging waits for it"
    else:
        state, about = State("up", "Listening"), ""
    return NodeRow(node.name, state, tell.moment(node.listening_since), tell.moment(node.flushed_through), about)


def _gaps(tell: Teller) -> list[GapRow]:
    found = Gap.objects.annotate(unknown=Count("notices__unheard")).order_by("-ended_at")[:GAPS]
    return [
        GapRow(
            span=tell.span(each.started_at, each.ended_at),
            length=_length(each.started_at, each.ended_at),
            why=WHY[Reason(each.reason)],
            unknown=each.unknown,
        )
        for each in found
    ]


def _length(start: datetime, end: datetime) -> str:
    return durations.short((end - start).total_seconds(), units=2)
