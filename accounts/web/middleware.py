"""What all pages share: strangers go to the sign-in page, refusals look like ours, nothing private is cached."""

from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url

from accounts import access
from accounts.web import account, recent
from heartbeet.lib import clock, crypto


class PagesMiddleware:
    """Turns the exceptions of `accounts.access` into pages. The API answers its own before they come here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            # Also keeps a page with a secret out of the browser's own back-and-forward cache.
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Operators prove who they are before they change anything: their pages take passwords and factors away."""
        route = request.resolver_match
        if request.method in ("GET", "HEAD") or not route or route.app_name != "admin" or route.url_name == "logout":
            return None
        is_operator = getattr(request.user, "is_staff", False)
        return recent.ask(request) if is_operator and not recent.is_recent(request, now=clock.now()) else None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, access.NotAuthenticated):
            return _to_sign_in(request)
        if isinstance(exception, access.NotAllowed):
            return render(request, "errors/403.html", status=403)
        if isinstance(exception, crypto.CannotOpen):
            problem = {"status": 409, "error": str(exception)}
            return render(request, "errors/error.html", {"problem": problem}, status=409)
        if isinstance(exception, ReauthenticationRequired):  # allauth itself would keep what was posted, and repeat it
            return recent.ask(request)
        return None


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A page goes on to sign in; a partial tells htmx to take the whole page there."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": resolve_url("account_login")})
    if request.user.is_authenticated:  # a person without any organisation: signing in again would not help
        return (
            redirect("accounts:found")
            if account.may_found(access.person(request))
            else render(request, "errors/403.html", status=403)
        )
    if request.method not in ("GET", "HEAD"):
        return HttpResponseRedirect(resolve_url("account_login"))
    return redirect_to_login(request.get_full_path(), resolve_url("account_login"))
