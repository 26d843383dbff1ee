"""Signing in, up and out, and new passwords: django-allauth's views with our forms, our pages and our audit log."""

from typing import Any
from urllib.parse import urlencode

from allauth.account import views as allauth
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import access, identity, oidc, passkeys, queries, sessions
from accounts.models import User
from accounts.web import devices, forms, pending_invitation, recent
from heartbeet.lib import clock, durations, ratelimit

_secret = method_decorator([never_cache, sensitive_post_parameters("password", "password1")], name="dispatch")


class _Limited:
    """A page of a form that may say how long to wait."""

    def form_invalid(self, form: forms.SignIn | forms.SignUp) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        if form.wait_sec:
            response.status_code = 429
            response["Retry-After"] = str(form.wait_sec)
        return response


@_secret
class SignIn(_Limited, allauth.LoginView):  # type: ignore[misc]  # allauth is not typed
    """The sign-in page."""

    form_class = forms.SignIn

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        is_new = not queries.anyone_exists()
        is_open = settings.HEARTBEET_REGISTRATION == "open" and not is_new
        ways = {"provider": oidc.name(), "passkeys_are_possible": passkeys.are_possible()}
        return {**super().get_context_data(**given), **ways, "is_new": is_new, "may_sign_up": is_open}


@_secret
class SignUp(_Limited, allauth.SignupView):  # type: ignore[misc]
    """The sign-up page, for everybody or with an invitation only."""

    form_class = forms.SignUp

    def get_form_kwargs(self) -> dict[str, Any]:
        found = pending_invitation.find(self.request, now=clock.now())
        return {**super().get_form_kwargs(), "request": self.request, "invitation": found}

    def form_valid(self, form: forms.SignUp) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)
        pending_invitation.forget(self.request)
        return response

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**given)
        return {**context, "invitation": context["form"].invitation, "provider": oidc.name()}


class SignOut(allauth.LogoutView):  # type: ignore[misc]
    """Ends the session; a POST, for a link that signs out could be put on any page."""

    http_method_names = ("post",)


@_secret
class ConfirmPassword(allauth.ReauthenticateView):  # type: ignore[misc]
    """Asks for the password, to prove that it is still you. Who has nothing to prove it with signs in again."""

    form_class = forms.ConfirmPassword
    http_method_names = ("get", "head", "post")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = access.person(request)
        if not user.has_usable_password() and not self.get_reauthentication_alternatives():
            return render(request, self.template_name, {**_ways_in_again(request), "provider": oidc.name()})
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            ratelimit.check_proof(request, user_id=access.person(request).id)
        except ratelimit.TooManyRequests as refusal:
            return self._wait(refusal.retry_after_sec)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def _wait(self, wait_sec: int) -> HttpResponse:
        refused = f"Too many tries. Wait {durations.short(wait_sec)}, then try again."
        form = self.form_class(user=self.request.user)
        page: HttpResponse = self.render_to_response(self.get_context_data(refused=refused, form=form))
        page.status_code = 429
        page["Retry-After"] = str(wait_sec)
        return page


class _NewPassword:
    """A password that is changed in one transaction with its audit row and the end of all other sessions."""

    action = ""
    request: HttpRequest

    def form_valid(self, form: Any) -> HttpResponse:
        user: User = form.user
        with transaction.atomic():
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
            by, now = access.actor_for(self.request, user), clock.now()
            identity.record(user=user, by=by, action=self.action, now=now)
            keep = self.request.session.session_key if self.request.user.is_authenticated else ""
            identity.end_other_sessions(user=user, keep=sessions.digest_of(keep) if keep else "", by=by, now=now)
        return response


@_secret
@method_decorator(recent.required, name="dispatch")
class ChangePassword(_NewPassword, allauth.PasswordChangeView):  # type: ignore[misc]
    """A new password instead of the present one."""

    form_class = forms.NewPassword
    action = "PASSWORD_CHANGED"


@_secret
@method_decorator(recent.required, name="dispatch")
class SetPassword(_NewPassword, allauth.PasswordSetView):  # type: ignore[misc]
    """A password for someone who has none, because they sign in by single sign-on."""

    form_class = forms.NewPassword
    action = "PASSWORD_CHANGED"


class ForgotPassword(allauth.PasswordResetView):  # type: ignore[misc]
    """Asks where to send the link for a new password. The answer is the same for every address."""

    form_class = forms.ResetPassword


@_secret
class PasswordByLink(_NewPassword, allauth.PasswordResetFromKeyView):  # type: ignore[misc]
    """A new password for whoever has the link of the letter. It is always a way in: this browser is then a known
    device, so that nobody else's guesses keep its person out."""

    form_class = forms.ResetPasswordByLink
    action = "PASSWORD_RESET"

    def form_valid(self, form: forms.ResetPasswordByLink) -> HttpResponse:
        response = super().form_valid(form)
        devices.remember(self.request, response, form.user)
        return response


@method_decorator(recent.required, name="dispatch")
class Email(allauth.EmailView):  # type: ignore[misc]
    """A new address, which replaces the present one when it is confirmed."""

    form_class = forms.NewEmail


def _ways_in_again(request: HttpRequest) -> dict[str, str]:
    """Where to go on to, and the address that signs out, asks to sign in, and then leads there."""
    back = get_next_redirect_url(request) or reverse("accounts:security")
    sign_in = f"{reverse('account_login')}?{urlencode({'next': back})}"
    return {"redirect_field_value": back, "sign_out_url": f"{reverse('account_logout')}?{urlencode({'next': sign_in})}"}
