"""The members of an organisation and the invitations on their way."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, invitations, members, queries, ranks
from accounts.access import Access
from accounts.domain import roles
from accounts.domain.roles import Role, Scope
from accounts.models import Invitation, Membership
from accounts.web import reveal
from accounts.web.components import Ask
from accounts.web.organization import forms, tabs
from heartbeet.lib import clock, durations, ratelimit, words

_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])
_LINK = "invitation"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Everyone, and who was invited."""
    return _show(request, access.require(request, Scope.MEMBERS_READ))


@require_POST
def change_role(request: HttpRequest, member_id: int) -> HttpResponse:
    """Gives a member another role."""
    who, member = _member(request, member_id)
    form = forms.ChangeRole(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("organization:members")
    role = Role(form.cleaned_data["role"])
    try:
        members.change_role(membership=member, role=role, by=who.actor, now=clock.now())
        messages.success(request, f"{member.user.email} is {role.value} now.")
    except (ranks.Outranked, members.LastOwner) as refusal:
        messages.error(request, str(refusal))
    return redirect("organization:members")


@_ask_then_do
def remove(request: HttpRequest, member_id: int) -> HttpResponse:
    """Asks, then removes a member."""
    who, member = _member(request, member_id)
    if member.id == who.membership.id:
        return redirect("organization:leave")
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(member)})
    try:
        members.remove(membership=member, by=who.actor, now=clock.now())
        messages.success(request, f"{member.user.email} is no member any more.")
    except (ranks.Outranked, members.LastOwner) as refusal:
        messages.error(request, str(refusal))
    return redirect("organization:members")


@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Sends an invitation."""
    who = access.require(request, Scope.MEMBERS_WRITE)
    form = forms.Invite(request.POST, own=who.role)
    if form.is_valid() and (made := _invite(request, who, form)):
        return _sent(request, made)
    return _show(request, who, form=form)


@require_POST
def resend(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Sends an invitation again; the link before is dead."""
    who, invitation = _invitation(request, invitation_id)
    try:
        ratelimit.check_invitation(request, organization_id=who.organization.id, email=invitation.email)
        made = invitations.resend(invitation=invitation, by=who.actor, now=clock.now())
    except ratelimit.TooManyRequests as refusal:
        messages.error(request, _wait(refusal))
        return redirect("organization:members")
    except (ranks.Outranked, invitations.NotOpen) as refusal:
        messages.error(request, str(refusal))
        return redirect("organization:members")
    return _sent(request, made)


@_ask_then_do
def revoke(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Asks, then ends an invitation."""
    who, invitation = _invitation(request, invitation_id)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question_of(invitation)})
    try:
        invitations.revoke(invitation=invitation, by=who.actor, now=clock.now())
        messages.success(request, f"The invitation of {invitation.email} is revoked.")
    except ranks.Outranked as refusal:
        messages.error(request, str(refusal))
    return redirect("organization:members")


def _invite(request: HttpRequest, who: Access, form: forms.Invite) -> Invitation | None:
    """The invitation; None if it was refused, which the form then says."""
    given = form.cleaned_data
    try:
        ratelimit.check_invitation(request, organization_id=who.organization.id, email=given["email"])
        return invitations.invite(
            organization=who.organization, email=given["email"], role=Role(given["role"]), by=who.actor, now=clock.now()
        )
    except ratelimit.TooManyRequests as refusal:
        form.add_error(None, _wait(refusal))
    except (invitations.TooManyOpen, ranks.Outranked) as refusal:
        form.add_error(None, str(refusal))
    except (invitations.BadAddress, invitations.AlreadyMember, invitations.AlreadyInvited) as refusal:
        form.add_error("email", str(refusal))
    return None


def _sent(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Without a mail server the link is shown once, to be handed over."""
    if settings.HEARTBEET_SMTP_URL:
        messages.success(request, f"The invitation is on its way to {invitation.email}.")
    else:
        reveal.keep(request, _LINK, invitations.link(invitation), now=clock.now())
    return redirect("organization:members")


def _show(request: HttpRequest, who: Access, form: forms.Invite | None = None) -> HttpResponse:
    tell = words.Teller.for_zone(clock.now(), who.zone)
    can_edit = who.allows(Scope.MEMBERS_WRITE)
    shown = {
        "members": [_row(each, who, tell) for each in queries.members(who.organization)],
        "invitations": [_invited(each, who, tell) for each in queries.open_invitations(who.organization)],
        "form": form or forms.Invite(own=who.role),
        "link": reveal.take(request, _LINK, now=tell.now) if can_edit and request.method == "GET" else "",
        "can_edit": can_edit,
        "tabs": tabs.of(who, "organization:members"),
    }
    return render(request, "organization/members.html", shown)


def _row(member: Membership, who: Access, tell: words.Teller) -> dict[str, Any]:
    role = Role(member.role)
    return {
        "id": member.id,
        "email": member.user.email,
        "name": member.user.name,
        "role": role.value,
        "since": tell.moment(member.created_at),
        "is_own": member.id == who.membership.id,
        "choices": [each.value for each in roles.at_most(who.role)],
        "can_edit": who.allows(Scope.MEMBERS_WRITE) and roles.is_within(who.role, role),
    }


def _invited(invitation: Invitation, who: Access, tell: words.Teller) -> dict[str, Any]:
    is_expired = invitation.expires_at <= tell.now
    return {
        "id": invitation.id,
        "email": invitation.email,
        "role": invitation.role,
        "by": invitation.invited_by.email if invitation.invited_by else "",
        "is_expired": is_expired,
        "expires": tell.moment(invitation.expires_at),
        "can_edit": who.allows(Scope.MEMBERS_WRITE) and roles.is_within(who.role, Role(invitation.role)),
    }


def _member(request: HttpRequest, member_id: int) -> tuple[Access, Membership]:
    """Who asks, and the member; a foreign one is as good as none, whatever the role."""
    who = access.of(request)
    member = get_object_or_404(queries.members(who.organization), id=member_id)
    who.demand(Scope.MEMBERS_WRITE)
    return who, member


def _invitation(request: HttpRequest, invitation_id: int) -> tuple[Access, Invitation]:
    who = access.of(request)
    invitation = get_object_or_404(queries.open_invitations(who.organization), id=invitation_id)
    who.demand(Scope.MEMBERS_WRITE)
    return who, invitation


def _wait(refusal: ratelimit.TooManyRequests) -> str:
    return f"Too many invitations: wait {durations.short(refusal.retry_after_sec)}, then try again."


def _question(member: Membership) -> Ask:
    return Ask(
        title=f"Remove {member.user.email}?",
        lead="Only an invitation brings them back.",
        losses=(
            "They see nothing of the organisation any more, from now on.",
            "Their access tokens for it are dead at once: scripts that use them get 401.",
            "Invitations that they sent are revoked. What they made stays.",
        ),
        button="Remove the member",
        back=reverse("organization:members"),
        back_label="Members",
    )


def _question_of(invitation: Invitation) -> Ask:
    return Ask(
        title=f"Revoke the invitation of {invitation.email}?",
        lead="You can invite the same address again.",
        losses=("Its link is dead at once.",),
        button="Revoke",
        back=reverse("organization:members"),
        back_label="Members",
    )
