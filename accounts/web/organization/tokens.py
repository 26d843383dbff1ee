"""One's own access tokens: made, shown once, revoked."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, operations, queries
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import AccessToken
from accounts.web import recent, reveal
from accounts.web.components import Ask
from accounts.web.organization import forms, tabs
from heartbeet.lib import clock, words

_page = require_http_methods(["GET", "HEAD", "POST"])
_FIELDS = {"name": "name", "scopes": "scopes", "expiresAt": "expires", "dailyMutationLimit": "daily_limit"}
_NEW = "access-token"


@require_safe
@recent.required
def index(request: HttpRequest) -> HttpResponse:
    """The tokens that work. A new one is shown here, once."""
    who = access.require(request, Scope.TOKENS_WRITE)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    shown = {
        "rows": [_row(token, tell) for token in queries.live_tokens(who.membership, tell.now)],
        "made": reveal.take(request, _NEW, now=tell.now) if request.method == "GET" else "",
        "tabs": tabs.of(who, "organization:tokens"),
    }
    return render(request, "organization/tokens.html", shown)


@_page
@recent.required
def create(request: HttpRequest) -> HttpResponse:
    """The form of a new token."""
    who = access.require(request, Scope.TOKENS_WRITE)
    form = forms.NewToken(request.POST or None, own=who.role)
    if form.is_valid() and _mint(request, who, form):
        return redirect("organization:tokens")
    return render(request, "organization/token_form.html", {"form": form, "presets": _presets(form)})


@_page
@recent.required
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Asks, then ends a token."""
    who = access.of(request)
    now = clock.now()
    token = get_object_or_404(queries.live_tokens(who.membership, now), id=token_id)
    who.demand(Scope.TOKENS_WRITE)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question(token)})
    operations.revoke_token(token=token, by=who.actor, now=now)
    messages.success(request, f"“{token.name}” is revoked.")
    return redirect("organization:tokens")


def _mint(request: HttpRequest, who: Access, form: forms.NewToken) -> bool:
    now = clock.now()
    try:
        minted = operations.mint_token(
            membership=who.membership,
            name=form.cleaned_data["name"],
            scopes=form.granted(),
            expires_at=form.expires_at(now),
            daily_mutation_limit=form.cleaned_data["daily_limit"],
            by=who.actor,
            now=now,
        )
    except operations.BadGrant as refusal:
        for field, problem in refusal.fields.items():
            form.add_error(_FIELDS.get(field), problem)
        return False
    reveal.keep(request, _NEW, minted.plaintext, now=now)
    return True


def _row(token: AccessToken, tell: words.Teller) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "prefix": token.prefix,
        "scopes": token.scopes,
        "last_used": tell.maybe(token.last_used_at),
        "expires": tell.maybe(token.expires_at),
    }


def _presets(form: forms.NewToken) -> list[dict[str, Any]]:
    """Each ready-made set with its radio button and what it means."""
    return [{"radio": radio, "about": form.about(radio.data["value"])} for radio in form["preset"]]


def _question(token: AccessToken) -> Ask:
    return Ask(
        title=f"Revoke “{token.name}”?",
        lead="This cannot be undone.",
        losses=(
            "It is dead at once: whatever still uses it gets 401.",
            "Tokens that were made with it are revoked too.",
        ),
        button="Revoke the token",
        back=reverse("organization:tokens"),
        back_label="Access tokens",
    )
