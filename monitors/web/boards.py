"""Boards: their list, each as people look at it, and the page on which it is put together."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.web import live
from accounts.web.components import Ask
from heartbeet.lib import clock, words
from monitors import boards, queries
from monitors.models import Board, Monitor, Widget
from monitors.web import board_values

_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All boards of the organisation, and a form for another."""
    who = access.require(request, Scope.MONITORS_READ)
    shown = {"rows": boards.of(who.organization), "can_edit": who.allows(Scope.MONITORS_WRITE)}
    return render(request, "monitors/boards/list.html", shown)


@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Makes a board, and leads to where it is put together."""
    who = access.require(request, Scope.MONITORS_WRITE)
    try:
        name = request.POST.get("name", "")
        board = boards.create(organization=who.organization, name=name, by=who.actor, now=clock.now())
    except boards.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("monitors:boards")
    return redirect("monitors:edit-board", board.id)


@require_safe
def detail(request: HttpRequest, board_id: int) -> HttpResponse:
    """A board; htmx asks for its widgets alone."""
    who, board = _find(request, board_id, Scope.MONITORS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    version = board_values.version(board)
    if live.is_current(request, version, tell.now):
        return live.unchanged()
    shown = board_values.shown(board, version, tell)
    part = "#widgets" if request.headers.get("HX-Request") else ""
    template = f"monitors/boards/detail.html{part}"
    return render(request, template, {**shown, "can_edit": who.allows(Scope.MONITORS_WRITE)})


@require_safe
def edit(request: HttpRequest, board_id: int) -> HttpResponse:
    """Where a board is put together: its widgets with buttons, its name, and a form for another widget."""
    who, board = _find(request, board_id, Scope.MONITORS_WRITE)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    shown = board_values.shown(board, "", tell) | board_values.choices(who.organization, request.GET)
    return render(request, "monitors/boards/edit.html", shown)


@require_POST
def rename(request: HttpRequest, board_id: int) -> HttpResponse:
    """Gives a board another name."""
    who, board = _find(request, board_id, Scope.MONITORS_WRITE)
    name = request.POST.get("name", "")
    return _done(request, board, lambda: boards.rename(board=board, name=name, by=who.actor, now=clock.now()))


@_ask_then_do
def delete(request: HttpRequest, board_id: int) -> HttpResponse:
    """Asks, then deletes a board."""
    who, board = _find(request, board_id, Scope.MONITORS_WRITE)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(board)})
    boards.delete(board=board, by=who.actor, now=clock.now())
    messages.success(request, f"The board “{board.name}” is deleted.")
    return redirect("monitors:boards")


@require_POST
def add(request: HttpRequest, board_id: int) -> HttpResponse:
    """Puts a widget at the end of a board."""
    who, board = _find(request, board_id, Scope.MONITORS_WRITE)
    monitor = _chosen(who, request.POST.get("monitor", ""))
    kind = request.POST.get("kind", "")
    if monitor is None:
        messages.error(request, "Choose one of your monitors.")
        return redirect("monitors:edit-board", board.id)
    return _done(
        request, board, lambda: boards.add(board=board, kind=kind, monitor=monitor, by=who.actor, now=clock.now())
    )


@require_POST
def move(request: HttpRequest, board_id: int, widget_id: int) -> HttpResponse:
    """Moves a widget one place, `to` earlier or later."""
    return _change(request, board_id, widget_id, boards.move, earlier=request.POST.get("to") == "earlier")


@require_POST
def resize(request: HttpRequest, board_id: int, widget_id: int) -> HttpResponse:
    """Makes a widget one column `to` wider or narrower."""
    return _change(request, board_id, widget_id, boards.resize, wider=request.POST.get("to") == "wider")


@require_POST
def remove(request: HttpRequest, board_id: int, widget_id: int) -> HttpResponse:
    """Takes a widget off a board; it is put back in a moment, so nothing is asked."""
    return _change(request, board_id, widget_id, boards.remove)


def _find(request: HttpRequest, board_id: int, scope: Scope) -> tuple[Access, Board]:
    """Who asks, and the board; a foreign one is as good as none, whatever the role."""
    who = access.of(request)
    board = get_object_or_404(boards.of(who.organization).select_related("organization"), id=board_id)
    who.demand(scope)
    return who, board


def _change(request: HttpRequest, board_id: int, widget_id: int, act: Callable[..., Any], **how: bool) -> HttpResponse:
    """Does it to a widget, and leads back to it; of one that was taken off nothing is left to lead to."""
    who, widget = _find_widget(request, board_id, widget_id)
    place = None if act is boards.remove else widget
    return _done(request, widget.board, lambda: act(widget=widget, by=who.actor, now=clock.now(), **how), place)


def _find_widget(request: HttpRequest, board_id: int, widget_id: int) -> tuple[Access, Widget]:
    """Who asks, and the widget of this board."""
    who = access.of(request)
    found = Widget.objects.filter(board__organization=who.organization, board=board_id, monitor__deleted_at=None)
    widget = get_object_or_404(found.select_related("board__organization"), id=widget_id)
    who.demand(Scope.MONITORS_WRITE)
    return who, widget


def _chosen(who: Access, given: str) -> Monitor | None:
    """The monitor of this id, if it is one of the organisation's."""
    is_id = given.isascii() and given.isdecimal() and len(given) < 19
    return queries.live(who.organization).filter(id=given).first() if is_id else None


def _done(request: HttpRequest, board: Board, act: Callable[[], Any], widget: Widget | None = None) -> HttpResponse:
    """Does it, and leads back to where the board is put together: to the widget that it was about, if it is there."""
    try:
        act()
    except boards.Gone as refusal:
        messages.error(request, str(refusal))
        return redirect("monitors:boards")
    except boards.Refused as refusal:
        messages.error(request, str(refusal))
    place = f"#w{widget.id}" if widget else ""
    return redirect(reverse("monitors:edit-board", args=[board.id]) + place)


def _question(board: Board) -> Ask:
    count = int(getattr(board, "widget_count", 0))
    its = {0: "It has no widgets.", 1: "Its one widget goes with it."}.get(count, f"Its {count} widgets go with it.")
    return Ask(
        title=f"Delete the board “{board.name}”?",
        lead="Everybody in the organisation loses it, and it does not come back.",
        losses=(f"{its} The monitors that they show stay as they are.", "Links to it show “not found”."),
        button="Delete the board",
        back=reverse("monitors:edit-board", args=[board.id]),
        back_label=board.name,
    )
