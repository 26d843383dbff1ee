"""Signing in with the operator's OpenID Connect provider."""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access, admission, oidc
from accounts.domain.actor import Actor
from accounts.models import User
from heartbeet.lib import clock, ratelimit

View = Callable[[HttpRequest], HttpResponse]


@never_cache
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """On to the provider. It takes a POST, so that no other site can sign somebody in here."""
    _demand_provider()
    try:
        ratelimit.check_passwordless(request, address=access.client_address(request))
        address = oidc.begin(request, next_url=_next(request), is_again=request.user.is_authenticated)
    except oidc.ProviderFailed as trouble:
        return _refuse(request, str(trouble), status=502)
    except ratelimit.TooManyRequests as refusal:
        return _refuse(request, str(refusal), status=429)
    # A redirect would still be the form's doing, which our Content-Security-Policy confines to this site.
    return render(request, "accounts/sign_on_leaving.html", {"address": address, "provider": oidc.name()})


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    _demand_provider()
    try:
        who, next_url = oidc.finish(request)
        user = admission.admit(who=who, by=_stranger(request), now=clock.now())
    except (oidc.NotAsked, oidc.Declined) as trouble:
        return _refuse(request, str(trouble), status=400)
    except oidc.ProviderFailed as trouble:
        return _refuse(request, str(trouble), status=502)
    except admission.NotAdmitted as refusal:
        return _refuse(request, str(refusal), status=403)
    return _sign_in(request, user, next_url)


def _sign_in(request: HttpRequest, user: User, next_url: str) -> HttpResponse:
    """Sign somebody in, past their own second step; who is signed in already has proved that it is still them."""
    is_still_them = request.user == user
    if request.user.is_authenticated and not is_still_them:
        get_adapter().logout(request)
    record_authentication(request, user, "socialaccount", provider="openid_connect", reauthenticated=is_still_them)
    if is_still_them:
        return HttpResponseRedirect(next_url or settings.LOGIN_REDIRECT_URL)
    # The provider has verified the address, whether or not we have.
    login = Login(user=user, email_verification=EmailVerificationMethod.NONE, redirect_url=next_url or None)
    response: HttpResponse = perform_login(request, login)
    return response


def _refuse(request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
    shown = {"reason": reason, "provider": oidc.name()}
    return render(request, "accounts/sign_on_refused.html", shown, status=status)


def _demand_provider() -> None:
    if not oidc.name():
        raise Http404


def _next(request: HttpRequest) -> str:
    url = request.POST.get("next", "")
    return url if get_adapter().is_safe_url(url) else ""


def _stranger(request: HttpRequest) -> Actor:
    """Where a request comes from, before it is known from whom."""
    agent = request.headers.get("User-Agent", "")
    return Actor(ip=access.client_address(request), user_agent=agent)
