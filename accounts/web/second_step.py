"""Proving a second factor: after the password, instead of it (passkeys), and again before something dangerous.

The second step is reached only with the right password, so whoever uses up its limit on guesses knows that password.
"""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, factors, passkeys
from accounts.models import User
from accounts.web import factor_forms, passkey_challenge
from heartbeet.lib import clock, durations, ratelimit

View = Callable[[HttpRequest], HttpResponse]
_page = require_http_methods(["GET", "HEAD", "POST"])
_in_second_step: Callable[[View], View] = login_stage_required(
    stage=AuthenticateStage.key, redirect_urlname="account_login"
)


@never_cache
@sensitive_post_parameters("code", "credential")
@_page
@_in_second_step
def authenticate(request: HttpRequest) -> HttpResponse:
    """The second step of signing in."""
    stage = request._login_stage  # type: ignore[attr-defined]  # allauth's decorator puts it there
    factor, problem = _proven(request, stage.login.user)
    if factor is None:
        return _ask(request, "mfa/authenticate.html", stage.login.user, problem)
    post_authentication(request, factor)
    response: HttpResponse = stage.exit()
    return response


@never_cache
@require_POST
@_in_second_step
def authenticate_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to ask for one of the person's passkeys."""
    return _options(request, request._login_stage.login.user)  # type: ignore[attr-defined]


@never_cache
@sensitive_post_parameters("code", "credential")
@_page
def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Prove by a factor that it is still you, then go on to `next`."""
    person = access.person(request)
    factor, problem = _proven(request, person)
    if factor is None:
        return _ask(request, "mfa/reauthenticate.html", person, problem)
    post_authentication(request, factor, reauthenticated=True)
    return HttpResponseRedirect(_next(request))


@never_cache
@require_POST
def reauthenticate_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to ask for one of one's own passkeys."""
    return _options(request, access.person(request))


@never_cache
@sensitive_post_parameters("credential")
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone: it proves the device and, by finger, face or PIN, its person."""
    try:
        ratelimit.check_passwordless(request, address=access.client_address(request))
        passkey = passkeys.check_used(
            request.POST.get("credential", ""), passkey_challenge.take(request), user=None, now=clock.now()
        )
    except (passkeys.BadPasskey, ratelimit.TooManyRequests) as refusal:
        messages.error(request, str(refusal))
        return redirect("account_login")
    post_authentication(request, passkey, passwordless=True)
    response: HttpResponse = perform_login(request, Login(user=passkey.user, redirect_url=_next(request)))
    return response


@never_cache
@require_POST
def sign_in_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to ask for whichever passkey somebody has here."""
    try:
        ratelimit.check_passkey_question(request, address=access.client_address(request))
    except ratelimit.TooManyRequests as refusal:
        return HttpResponse(status=429, headers={"Retry-After": str(refusal.retry_after_sec)})
    return _options(request, None)


def _proven(request: HttpRequest, person: User) -> tuple[Authenticator | None, str]:
    """The factor that what was posted proves; or None, and what went wrong."""
    if request.method != "POST":
        return None, ""
    try:
        return _prove(request, person), ""
    except ratelimit.TooManyRequests as refusal:
        return None, f"Too many tries. Wait {durations.short(refusal.retry_after_sec)}, then try again."
    except (passkeys.BadPasskey, factors.WrongCode) as refusal:
        return None, str(refusal)


def _prove(request: HttpRequest, person: User) -> Authenticator:
    now = clock.now()
    if "credential" in request.POST:
        return passkeys.check_used(request.POST["credential"], passkey_challenge.take(request), user=person, now=now)
    ratelimit.check_code(request, user_id=person.id)
    by = access.actor_for(request, person)
    return factors.use_code(user=person, code=request.POST.get("code", ""), by=by, now=now)


def _ask(request: HttpRequest, template: str, person: User, problem: str) -> HttpResponse:
    have = factors.of(person)
    hint = "From your authenticator app, or one of your recovery codes." if have.app else "Each of them works once."
    shown = {
        "form": factor_forms.Code(label="Code" if have.app else "Recovery code", help_text=hint),
        "problem": problem,
        "takes_codes": have.takes_codes,
        "has_passkeys": bool(have.passkeys) and passkeys.are_possible(),
        "next": request.POST.get("next") or request.GET.get("next", ""),
    }
    return render(request, template, shown)


def _options(request: HttpRequest, person: User | None) -> JsonResponse:
    options, challenge = passkeys.ask_to_use(person, now=clock.now())
    passkey_challenge.keep(request, challenge)
    return JsonResponse(options)


def _next(request: HttpRequest) -> str:
    url = request.POST.get("next", "")
    return url if get_adapter().is_safe_url(url) else "/"
