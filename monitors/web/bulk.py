"""What is done to all monitors that are ticked in the list."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.web.components import Ask
from heartbeet.lib import clock
from monitors import bulk, queries
from monitors.domain import fields
from monitors.models import Monitor

MOST = 100
_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])
_NONE = "Nothing was changed: tick the monitors first."


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Resume or tag what is ticked, or go on to the page that asks before it pauses or deletes it."""
    who = access.require(request, Scope.MONITORS_WRITE)
    found, action = _ticked(who, request.POST), request.POST.get("action", "")
    if not found or action not in {*_ACTIONS, *_ASKING}:
        messages.warning(request, _NONE)
    elif action in _ASKING:
        return redirect(_address_of_asking(action, found, request.POST.get("back", "")))
    else:
        try:
            messages.success(request, _ACTIONS[action](request, who, found))
        except fields.Invalid as invalid:
            messages.error(request, f"Nothing was changed. {invalid.problems[0].message}")
    return _back(request.POST.get("back", ""))


@_ask_then_do
def pause(request: HttpRequest) -> HttpResponse:
    """Asks, with all names, then stops judging them."""
    return _ask(request, _PAUSE, bulk.pause, "paused")


@_ask_then_do
def delete(request: HttpRequest) -> HttpResponse:
    """Asks, with all names, then deletes."""
    return _ask(request, _DELETE, bulk.delete, "deleted")


def _ask(request: HttpRequest, question: Ask, act: Callable[..., None], done: str) -> HttpResponse:
    who = access.require(request, Scope.MONITORS_WRITE)
    given = request.POST if request.method == "POST" else request.GET
    found = _ticked(who, given)
    if not found:
        messages.warning(request, _NONE)
    elif request.method == "POST":
        act(monitors=found, by=who.actor, now=clock.now())
        messages.success(request, _told(found, done))
    else:
        ask = question.about(_count(found), _list(given.get("back", "")))
        return render(request, "monitors/bulk_confirm.html", {"ask": ask, "monitors": found, "back": given.get("back")})
    return _back(given.get("back", ""))


def _address_of_asking(action: str, found: list[Monitor], back: str) -> str:
    asking = QueryDict(mutable=True)
    asking.setlist("id", [str(monitor.id) for monitor in found])
    asking["back"] = back
    return f"{reverse(_ASKING[action])}?{asking.urlencode()}"


def _resume(request: HttpRequest, who: Access, found: list[Monitor]) -> str:
    bulk.resume(monitors=found, by=who.actor, now=clock.now())
    return _told(found, "watched again")


def _tag(request: HttpRequest, who: Access, found: list[Monitor]) -> str:
    tags = request.POST.get("tags", "").replace(",", " ").split()
    if not tags:
        raise fields.Invalid([fields.Problem("tags", "required", "Write one tag or more, such as backup.")])
    is_removal = request.POST["action"] == "untag"
    add, remove = ([], tags) if is_removal else (tags, [])
    bulk.tag(monitors=found, add=add, remove=remove, by=who.actor, now=clock.now())
    return f"{', '.join(tags)}: {'taken from' if is_removal else 'added to'} {_count(found)}."


_ACTIONS: dict[str, Callable[[HttpRequest, Access, list[Monitor]], str]] = {
    "resume": _resume,
    "tag": _tag,
    "untag": _tag,
}
_ASKING = {"pause": "monitors:bulk-pause", "delete": "monitors:bulk-delete"}
_PAUSE = Ask(
    "Pause {}?",
    "Pings are still stored, but nobody is told when they stop.",
    (
        "Open incidents are closed as paused, and their channels are told.",
        "Silence goes unnoticed until someone resumes them. They do not resume by themselves.",
    ),
    "Pause them",
    is_destructive=False,
)
_DELETE = Ask(
    "Delete {}?",
    "This cannot be undone. If they should only be quiet for a while, pause them instead.",
    (
        "Their ping URLs are dead at once: jobs that use them get 404.",
        "Their pings, their history and their settings are removed.",
        "Open incidents are closed, and their channels are told.",
    ),
    "Delete them",
)


def _ticked(who: Access, given: QueryDict) -> list[Monitor]:
    """The monitors that are ticked, as far as they are still there."""
    ids = [int(text) for text in given.getlist("id")[:MOST] if text.isdecimal() and len(text) < 19]
    found = list(queries.live(who.organization).filter(id__in=ids).order_by("name", "id"))
    for monitor in found:
        monitor.organization = who.organization  # it is the same row; the plan is loaded with it
    return found


def _count(found: list[Monitor]) -> str:
    return f"“{found[0].name}”" if len(found) == 1 else f"{len(found)} monitors"


def _told(found: list[Monitor], how: str) -> str:
    return f"{_count(found)} {'is' if len(found) == 1 else 'are'} {how}."


def _back(query: str) -> HttpResponse:
    return redirect(_list(query))


def _list(query: str) -> str:
    """The list as it was narrowed. What came with a form is read and written anew, so it leads nowhere else."""
    kept = QueryDict(query).urlencode()
    return f"{reverse('monitors:list')}{'?' if kept else ''}{kept}"
