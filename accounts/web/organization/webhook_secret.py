"""The secret that signs the organisation's webhooks: shown once when asked for, and replaced."""

import itertools
import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, queries, webhooks
from accounts.access import Access
from accounts.domain.roles import Scope
from accounts.models import WebhookSecret
from accounts.web import recent, reveal
from accounts.web.components import Ask
from accounts.web.organization import tabs
from heartbeet.lib import clock, words

_ask_then_do = require_http_methods(["GET", "HEAD", "POST"])
_SHOWN = "webhook-secret"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What signs now, masked unless it was just revealed."""
    who = access.require(request, Scope.WEBHOOKS_READ)
    tell = words.Teller.for_zone(clock.now(), who.zone)
    shown = reveal.take(request, _SHOWN, now=tell.now) if request.method == "GET" else ""
    texts = json.loads(shown) if shown else []
    found = queries.webhook_secrets(who.organization, tell.now)
    padded = itertools.chain(texts, itertools.repeat(""))
    rows = [_row(row, text, tell) for row, text in zip(found, padded, strict=False)]
    can_rotate = who.allows(Scope.WEBHOOKS_WRITE)
    page = {"rows": rows, "is_revealed": bool(shown), "can_rotate": can_rotate}
    return render(request, "organization/webhook.html", {**page, "tabs": tabs.of(who, "organization:webhook-secret")})


@require_POST
@recent.required(back="organization:webhook-secret")
def show(request: HttpRequest) -> HttpResponse:
    """Shows the secret on the page that follows, once; audited."""
    who = access.require(request, Scope.WEBHOOKS_READ)
    return _show_once(request, webhooks.read(organization=who.organization, by=who.actor, now=clock.now()))


@_ask_then_do
@recent.required
def rotate(request: HttpRequest) -> HttpResponse:
    """Asks, then replaces the secret."""
    who = _who_rotates(request)
    if request.method != "POST":
        return render(request, "components/confirm.html", {"ask": _question()})
    found = webhooks.rotate(organization=who.organization, by=who.actor, now=clock.now())
    messages.success(request, "This is the new secret. The old one signs beside it for 24 hours.")
    return _show_once(request, found)


def _who_rotates(request: HttpRequest) -> Access:
    who = access.require(request, Scope.WEBHOOKS_READ)
    who.demand(Scope.WEBHOOKS_WRITE)
    return who


def _show_once(request: HttpRequest, found: Sequence[webhooks.Secret]) -> HttpResponse:
    reveal.keep(request, _SHOWN, json.dumps([secret.text for secret in found]), now=clock.now())
    return redirect("organization:webhook-secret")


def _row(row: WebhookSecret, text: str, tell: words.Teller) -> dict[str, Any]:
    return {
        "key": f"webhook-secret-{row.id}",
        "text": text,
        "made": tell.moment(row.created_at),
        "retires": tell.maybe(row.retires_at),
    }


def _question() -> Ask:
    return Ask(
        title="Replace the webhook secret?",
        lead="A new secret is made and shown once. Do this when the old one has leaked, or from time to time.",
        losses=(
            "For 24 hours both sign every message, so that you can move your receivers over one by one.",
            "After that, receivers that still check with the old secret refuse our messages.",
        ),
        button="Replace the secret",
        back=reverse("organization:webhook-secret"),
        back_label="Webhook secret",
        is_destructive=False,
    )
