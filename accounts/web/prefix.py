"""`/o/<organisation>/…`: the address of a page says which organisation it acts in, so that two tabs never mix.

The prefix becomes the script prefix of the request: every `{% url %}`, `reverse` and `get_absolute_url` stays in the
organisation, and views and routes know nothing of it. Who belongs to one organisation may leave the prefix out; who
belongs to several is led to the one used last. Pages of a person (signing in, the account) have no prefix, and nor has
what opens by a link alone (badges, feeds).
"""

import re
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, get_script_prefix, resolve, set_script_prefix

from accounts import access
from accounts.models import Organization

CHOOSE = "You belong to several organisations by now, so nothing was changed. Please do it again here."

_PREFIXED = re.compile(r"/o/([-\w]+)(/.*)?", re.ASCII | re.DOTALL)
_OF_AN_ORGANIZATION = {"monitors", "alerts", "organization", "shell"}
_NO_PAGES = ("/api/", "/admin/", "/health/", "/metrics", "/badge/", "/feed/")


class OrganizationMiddleware:
    """Takes the prefix off the path and enters the organisation. A foreign organisation is as good as none: 404."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if found := _PREFIXED.fullmatch(request.path_info):
            return self._inside(request, found[1], found[2])
        if _is_of_an_organization(request.path_info) and len(access.memberships(request)) > 1:
            return _lead(request)
        return self.get_response(request)

    def _inside(self, request: HttpRequest, slug: str, path: str | None) -> HttpResponse:
        if not path:
            return HttpResponseRedirect(f"/o/{slug}/")
        if path.startswith(_NO_PAGES) or not _is_route(path):
            raise Http404
        request.path_info = path
        if not _is_of_an_organization(path):
            return self._personal(request)
        if not request.user.is_authenticated:
            return self.get_response(request)  # the view sends strangers to sign in, and back to the full path
        if not access.enter(request, slug):
            raise Http404
        return self._enter(request, access.of(request).organization)

    def _enter(self, request: HttpRequest, organization: Organization) -> HttpResponse:
        if request.method == "GET" and "HX-Request" not in request.headers:  # a refresh in a tab behind is no visit
            access.choose(request, organization)
        before = get_script_prefix()
        set_script_prefix(organization.home)
        try:
            return self.get_response(request)
        finally:
            set_script_prefix(before)

    def _personal(self, request: HttpRequest) -> HttpResponse:
        """A link on an organisation's page to one's own account leads there; a form does its work."""
        if request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(_with_query(request.path_info, request))
        return self.get_response(request)


def _lead(request: HttpRequest) -> HttpResponse:
    """From a short address to the organisation used last. A form is not sent on: it was not made for that one."""
    mine = access.current(request)
    assert mine is not None  # there are several
    home = mine.organization.home
    if request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(_with_query(home + request.path_info.removeprefix("/"), request))
    messages.warning(request, CHOOSE)
    return HttpResponseRedirect(home)


def _with_query(path: str, request: HttpRequest) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def _is_route(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _is_of_an_organization(path: str) -> bool:
    try:
        return resolve(path).namespace in _OF_AN_ORGANIZATION
    except Resolver404:
        return False
