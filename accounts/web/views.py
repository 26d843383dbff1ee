"""Setting up, signing in, signing out."""

import threading

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, operations, queries
from accounts.web import forms
from alerts import onboarding
from alerts.channels import base
from heartbeet.lib import clock, durations, ratelimit

_page = require_http_methods(["GET", "HEAD", "POST"])
CHECKS_AT_ONCE = 2
_checking = threading.BoundedSemaphore(CHECKS_AT_ONCE)
"""Argon2 takes 100 MB for each password; the others wait, so that strangers cannot take the machine's memory."""

WRONG = "The e-mail or the password is not right. Check both; passwords are case-sensitive."


@never_cache
@sensitive_post_parameters("password")
@_page
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page."""
    if request.user.is_authenticated:
        return redirect(_safe(request, request.GET.get("next", "")))
    form = forms.SignIn(request.POST or None, initial={"next": request.GET.get("next", "")})
    if not form.is_valid():
        return _ask(request, form)
    return _try(request, form)


def _try(request: HttpRequest, form: forms.SignIn) -> HttpResponse:
    email, password = form.cleaned_data["email"], form.cleaned_data["password"]
    try:
        ratelimit.check_sign_in(request, address=access.client_address(request), email=email)
    except ratelimit.TooManyRequests as refusal:
        form.add_error(None, f"Too many tries. Wait {durations.short(refusal.retry_after_sec)}, then try again.")
        return _ask(request, form, wait_sec=refusal.retry_after_sec)
    # Django hashes the given password also for an unknown account, so both answers take the same time.
    with _checking:
        user = auth.authenticate(request, username=email, password=password)
    if user is None:
        form.add_error(None, WRONG)
        return _ask(request, form)
    auth.login(request, user)
    return redirect(_safe(request, form.cleaned_data["next"]))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    auth.logout(request)
    messages.success(request, "You are signed out.")
    return redirect("accounts:sign-in")


@never_cache
@sensitive_post_parameters("password", "code")
@_page
def set_up(request: HttpRequest) -> HttpResponse:
    """The first page of an installation: whoever holds the printed link makes the owner."""
    if queries.anyone_exists():
        return redirect("accounts:sign-in")
    code = request.POST.get("code") or request.GET.get("code", "")
    if not operations.is_setup_code(code):
        return render(request, "accounts/setup_closed.html", status=403)
    form = forms.SetUp(request.POST or None, initial={"code": code})
    if not form.is_valid():
        return render(request, "accounts/setup.html", {"form": form})
    return _make_owner(request, form)


def _make_owner(request: HttpRequest, form: forms.SetUp) -> HttpResponse:
    given = form.cleaned_data
    try:
        membership = onboarding.set_up(
            code=given["code"],
            email=given["email"],
            password=given["password"],
            organization_name=given["organization"],
            now=clock.now(),
        )
    except (operations.AlreadySetUp, operations.BadSetupCode) as problem:
        messages.error(request, str(problem))
        return redirect("accounts:sign-in")
    except base.BadConfig as refusal:  # the first alerts go there, and that is stricter than Django's forms
        form.add_error("email", str(refusal))
        return render(request, "accounts/setup.html", {"form": form})
    auth.login(request, membership.user)  # there is one backend, so it needs no name
    return redirect("monitors:list")


def _ask(request: HttpRequest, form: forms.SignIn, *, wait_sec: int = 0) -> HttpResponse:
    shown = {"form": form, "is_new": not queries.anyone_exists()}
    response = render(request, "accounts/sign_in.html", shown, status=429 if wait_sec else 200)
    if wait_sec:
        response["Retry-After"] = str(wait_sec)
    return response


def _safe(request: HttpRequest, url: str) -> str:
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if is_ours and url.startswith("/") else "/"  # Django takes other texts for names of views, and fails
