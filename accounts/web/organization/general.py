"""An organisation's name and rules, and the way out of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import access, members, organizations
from accounts.access import Access
from accounts.domain import roles
from accounts.web import account
from accounts.web.components import Ask
from accounts.web.organization import forms, tabs
from heartbeet.lib import clock

_page = require_http_methods(["GET", "HEAD", "POST"])


@_page
def index(request: HttpRequest) -> HttpResponse:
    """Everybody sees it; owners and admins change it."""
    who = access.of(request)
    can_edit = roles.manages(who.role)
    if request.method == "POST" and not can_edit:
        raise access.RoleInsufficient(access.RoleInsufficient.__doc__)
    row = who.organization
    known = {"name": row.name, "members_may_reveal": row.members_may_reveal}
    form = forms.General(request.POST or None, initial=known)
    if not form.is_valid():
        shown = {
            "form": form,
            "can_edit": can_edit,
            "may_found": account.may_found(who.user),
            "organization": row,
            "role": who.role.value,
        }
        return render(request, "organization/general.html", {**shown, "tabs": tabs.of(who, "organization:general")})
    organizations.edit(organization=row, changes=form.cleaned_data, by=who.actor, now=clock.now())
    messages.success(request, "Saved.")
    return redirect("organization:general")


@_page
def leave(request: HttpRequest) -> HttpResponse:
    """Asks, then ends one's own membership."""
    who = access.of(request)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(who)})
    try:
        members.remove(membership=who.membership, by=who.actor, now=clock.now())
    except members.LastOwner as refusal:
        messages.error(request, str(refusal))
        return redirect("organization:general")
    messages.success(request, f"You have left “{who.organization.name}”.")
    return redirect("/")


def _question(who: Access) -> Ask:
    return Ask(
        title=f"Leave “{who.organization.name}”?",
        lead="Only an invitation brings you back.",
        losses=(
            "You see nothing of it any more, from now on.",
            "Your access tokens for it are dead at once: scripts that use them get 401.",
            "What you made stays: monitors, channels and incidents belong to the organisation.",
        ),
        button="Leave",
        back=reverse("organization:general"),
        back_label="Settings",
    )
