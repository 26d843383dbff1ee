"""The list of monitors: everything at a glance, trouble first."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.domain.roles import Scope
from accounts.web import live
from heartbeet.lib import clock, words
from monitors import board, charts, queries
from monitors.board import Asked, Board
from monitors.domain import fields
from monitors.domain.gaps import Gaps
from monitors.domain.status import Status
from monitors.domain.uptime import Window
from monitors.models import Gap, Monitor
from monitors.web import gap_lines, present_list, worst

PAGE_SIZE = 40
DAY = timedelta(days=1)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The monitors that the filter in the address leaves; htmx asks for the living part alone."""
    who = access.require(request, Scope.MONITORS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    version = live.digest(board.version(who.organization))
    if live.is_current(request, version, tell.now):
        return live.unchanged()
    if request.headers.get("HX-Target") == "first":  # the page that teaches the first step makes place for the list
        is_over = Monitor.objects.filter(organization=who.organization, deleted_at=None).exists()
        return HttpResponse(status=204, headers={"HX-Refresh": "true"} if is_over else {})
    found, gaps = board.read(who.organization, tell.now), queries.recent_gaps(who.organization, tell.now, DAY)
    shown = {
        **_shown(found, gaps, request.GET, tell),
        "gaps": gap_lines.lines([gap for gap in gaps if gap.ended_at > who.organization.created_at], tell),
        "can_edit": who.allows(Scope.MONITORS_WRITE),
        "version": live.stamp(version, tell.now, found.changes_at()),
        "served_at": int(tell.now.timestamp() * 1000),
    }
    template = "monitors/list.html#rows" if request.headers.get("HX-Request") else "monitors/list.html"
    return render(request, template, shown)


def asked(given: QueryDict) -> Asked:
    """The filter of an address. What means nothing is left out, so that an old link still shows something."""
    tags = [tag for tag in dict.fromkeys(given.getlist("tag")) if fields.is_tag(tag)]
    return Asked(
        search=given.get("q", "").strip()[: fields.MAX_NAME],
        status=_one_of(given.get("status", ""), list(Status)),
        project=given.get("project", ""),
        type=_one_of(given.get("type", ""), [Monitor.HEARTBEAT, Monitor.BEET]),
        tags=tags[: fields.MAX_TAGS],
        order=_one_of(given.get("sort", ""), board.ORDERS) or board.ORDERS[0],
    )


def _one_of(given: str, known: Any) -> str:
    return given if given in known else ""


def _shown(found: Board, not_heard: Sequence[Gap], given: QueryDict, tell: words.Teller) -> dict[str, Any]:
    narrow = asked(given)
    narrowed = found.narrowed(narrow)
    lines = found.ordered(found.of_status(narrowed, narrow.status), narrow.order)
    shown = Paginator(lines, PAGE_SIZE).get_page(given.get("page"))
    here = list(shown.object_list)
    gaps = Gaps.of((gap.started_at, gap.ended_at) for gap in not_heard)
    strips = charts.strips([line.monitor() for line in here], Window(tell.now - DAY, tell.now), gaps)
    durations = charts.recent_durations([line.id for line in here])
    return {
        "rows": present_list.rows(found, here, strips, durations, tell),
        "page": shown,
        "counts": present_list.counts(found, narrowed, narrow.status),
        "filters": present_list.filters(found, narrow, given),
        "is_first": not found.lines,
        "worst": worst.of(found.counts(found.lines)),
    }
