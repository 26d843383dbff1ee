"""Setting up: the first page of an installation."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import operations, queries
from accounts.web import forms
from alerts import onboarding
from alerts.channels import base
from heartbeet.lib import clock

_page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@sensitive_post_parameters("password", "code")
@_page
def set_up(request: HttpRequest) -> HttpResponse:
    """The first page of an installation: whoever holds the printed link makes the owner."""
    if queries.anyone_exists():
        return redirect("account_login")
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
        return redirect("account_login")
    except base.BadConfig as refusal:  # the first alerts go there, and that is stricter than Django's forms
        form.add_error("email", str(refusal))
        return render(request, "accounts/setup.html", {"form": form})
    response: HttpResponse = perform_login(request, membership.user, redirect_url=resolve_url("monitors:list"))
    return response
