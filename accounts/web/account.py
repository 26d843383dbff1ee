"""The pages of one's own account. They belong to a person, whatever organisations that person is in."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, factors, identity, passkeys, queries, sessions
from accounts.domain import devices
from accounts.models import BrowserSession, User
from accounts.web import forms
from alerts import onboarding
from alerts.channels import base
from heartbeet.lib import clock, words

_page = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """On to the first of the pages."""
    return redirect("accounts:profile")


@_page
def profile(request: HttpRequest) -> HttpResponse:
    """Name and time zone."""
    user = access.person(request)
    form = forms.Profile(request.POST or None, initial={"name": user.name, "timezone": user.timezone})
    if not form.is_valid():
        return render(request, "account/profile.html", {"form": form})
    by = access.actor_for(request, user)
    identity.change_profile(user=user, **form.cleaned_data, by=by, now=clock.now())
    messages.success(request, "Saved.")
    return redirect("accounts:profile")


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """How one signs in: address, password, and second factors."""
    user = access.person(request)
    shown = {
        "email": user.email,
        "has_password": user.has_usable_password(),
        "factors": factors.of(user),
        "passkeys_are_possible": passkeys.are_possible(),
    }
    return render(request, "account/security.html", shown)


@require_safe
def browsers(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    user = access.person(request)
    tell = words.Teller.for_zone(clock.now(), access.zone_of(request, user))
    own = _own_digest(request)
    rows = [_row(session, own, tell) for session in queries.sessions_of(user, tell.now)]
    rows.sort(key=lambda row: not row["is_this"])
    return render(request, "account/sessions.html", {"rows": rows, "others": len(rows) - 1})


@require_POST
def end_browser(request: HttpRequest, digest: str) -> HttpResponse:
    """Signs one browser out."""
    user = access.person(request)
    session = queries.sessions_of(user, clock.now()).filter(digest=digest).first()
    if session is None:
        raise Http404
    identity.end_session(session=session, by=access.actor_for(request, user), now=clock.now())
    messages.success(request, f"{devices.name_of(session.user_agent)} is signed out.")
    return redirect("accounts:sessions")


@require_POST
def end_other_browsers(request: HttpRequest) -> HttpResponse:
    """Signs out everywhere else."""
    user = access.person(request)
    by = access.actor_for(request, user)
    identity.end_other_sessions(user=user, keep=_own_digest(request), by=by, now=clock.now())
    messages.success(request, "You are signed out everywhere else.")
    return redirect("accounts:sessions")


def may_found(user: User) -> bool:
    """Whether this person may make an organisation: everybody where registration is open, else operators only."""
    return bool(settings.HEARTBEET_REGISTRATION == "open") or user.is_staff


@_page
def found(request: HttpRequest) -> HttpResponse:
    """The name of a new organisation: the first page of someone who has just signed up, or another one of theirs."""
    user = access.person(request)
    if not may_found(user):
        raise PermissionDenied
    form = forms.NewOrganization(request.POST or None)
    if not form.is_valid():
        return _ask_name(request, form)
    return _found(request, user, form)


def _found(request: HttpRequest, user: User, form: forms.NewOrganization) -> HttpResponse:
    try:
        made = onboarding.found(owner=user, name=form.cleaned_data["name"], now=clock.now())
    except base.BadConfig as refusal:  # the first alerts go to the owner's address, and that is stricter than ours
        form.add_error(None, str(refusal))
        return _ask_name(request, form)
    return redirect(made.organization.home)


def _ask_name(request: HttpRequest, form: forms.NewOrganization) -> HttpResponse:
    return render(request, "account/found.html", {"form": form, "is_first": not access.memberships(request)})


def _own_digest(request: HttpRequest) -> str:
    return sessions.digest_of(request.session.session_key or "")


def _row(session: BrowserSession, own: str, tell: words.Teller) -> dict[str, object]:
    return {
        "digest": session.digest,
        "device": devices.name_of(session.user_agent),
        "ip": session.ip or "unknown",
        "since": tell.moment(session.created_at),
        "seen": tell.moment(session.seen_at),
        "is_this": session.digest == own,
    }
