"""What the link of an invitation opens: a page that leads each visitor on, and a POST that accepts."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, invitations
from accounts.models import Invitation, User
from accounts.web import pending_invitation
from heartbeet.lib import clock


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_link(request: HttpRequest, code: str) -> HttpResponse:
    """Asks whether to join; a POST joins. Strangers sign in or up first, and come back."""
    try:
        invitation = invitations.find(code, clock.now())
    except invitations.NotOpen:
        return render(request, "organization/invitation_closed.html", status=404)
    if request.method == "POST" and isinstance(request.user, User):
        return _accept(request, request.user, code)
    return render(request, "organization/invitation.html", _shown(request, invitation, code))


@require_POST
def sign_up(request: HttpRequest, code: str) -> HttpResponse:
    """A stranger without an account makes one, and takes the seat with it."""
    try:
        invitations.find(code, clock.now())
    except invitations.NotOpen:
        return render(request, "organization/invitation_closed.html", status=404)
    pending_invitation.keep(request, code=code)
    return redirect("account_signup")


@require_POST
def switch(request: HttpRequest, code: str) -> HttpResponse:
    """Signs out whoever is signed in with another address, and opens the link again."""
    get_adapter().logout(request)
    return redirect("accounts:invitation", code)


def _accept(request: HttpRequest, user: User, code: str) -> HttpResponse:
    by = access.actor_for(request, user)
    try:
        membership = invitations.accept(code=code, user=user, by=by, now=clock.now())
    except (invitations.NotOpen, invitations.WrongAddress) as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:invitation", code)
    messages.success(request, f"Welcome to “{membership.organization.name}”.")
    return redirect(membership.organization.home)


def _shown(request: HttpRequest, invitation: Invitation, code: str) -> dict[str, object]:
    user = request.user
    return {
        "organization": invitation.organization.name,
        "inviter": invitation.invited_by.email if invitation.invited_by else "",
        "email": invitation.email,
        "role": invitation.role,
        "code": code,
        "is_stranger": not user.is_authenticated,
        "signed_in_as": user.email if isinstance(user, User) else "",
        "is_theirs": isinstance(user, User) and user.email == invitation.email,
    }
